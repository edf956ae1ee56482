#pragma once

#include <cstdint>
#include <string>

#include "sim/kernel/time.hpp"

// Numbers for people: three significant digits and a unit. Never for files.

namespace weir {

std::string readable_count(double value);          // 950, 12.3 k, 4.56 M, 7.89 G
std::string readable_integer(std::int64_t value);  // 1,999,000
std::string readable_duration(double seconds);     // 35 us, 12.3 ms, 1.25 s, 3 min 20 s, 1 h 5 min, 2 d 3 h
std::string readable_percent(double share);        // 0 %, 0.3 %, 97.5 %, 100 %
std::string exact_seconds(Nanos time_ns);          // 0, 1.5, 1490376318.679000001: to the nanosecond

}  // namespace weir

#pragma once

#include "sim/kernel/time.hpp"

namespace weir {

// Of an instant or a length, for files and people: the number nearest to the decimal one, so that 30 s reads
// 30 and not 30.000000000000004. The simulation itself uses to_seconds(), whose last bit is part of its
// trajectory.
constexpr double written_seconds(Nanos time_ns) {
  return static_cast<double>(time_ns) / 1e9;
}

}  // namespace weir

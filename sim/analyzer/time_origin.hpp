#pragma once

#include "sim/kernel/time.hpp"

namespace weir::analyzer {

// From when on times count that people read, in a trace whose first instant is `first_ns`: where its own
// clock does, unless that reads more than a day (since 1970, mostly): then from its first instant.
constexpr Nanos time_origin_ns(Nanos first_ns) {
  constexpr Nanos day_ns = 86'400 * nanos_per_second;
  return first_ns > day_ns ? first_ns : 0;
}

}  // namespace weir::analyzer

#pragma once

#include <cstdint>
#include <limits>

// Simulated time is an integer count of nanoseconds: additions are exact, equal instants are equal, and no
// order depends on rounding. 2^63 ns are 292 years.

namespace weir {

using Nanos = std::int64_t;

inline constexpr Nanos nanos_per_second = 1'000'000'000;
inline constexpr Nanos never = std::numeric_limits<Nanos>::max();

// Rounds to the nearest nanosecond, halves away from zero. This is the one rounding between SimGrid's (and
// the scenario's) doubles and the calendar. Seconds beyond +-9.2e9 saturate.
constexpr Nanos to_nanos(double seconds) {
  const double nanos = seconds * 1e9;
  if (nanos >= 9.2e18) return never;
  if (nanos <= -9.2e18) return -never;
  return static_cast<Nanos>(nanos >= 0 ? nanos + 0.5 : nanos - 0.5);
}

constexpr double to_seconds(Nanos time_ns) {
  return static_cast<double>(time_ns) * 1e-9;
}

}  // namespace weir

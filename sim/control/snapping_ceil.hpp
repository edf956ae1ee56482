#pragma once

#include <cmath>
#include <limits>

#include "sim/kernel/assert.hpp"

// Rates are divided and multiplied before a policy rounds up, and a quotient that is 3 on paper is
// 3.0000000000000004 in a double: a plain ceil would add an instance that nobody needs. All policies round
// through these two, which take a value within a relative 1e-9 of an integer as that integer.

namespace weir {

inline constexpr double snapping_tolerance = 1e-9;

// Values beyond int's range saturate, so a policy that divides by almost nothing asks for "a lot".
inline int snapping_round_to_int(double integral) {
  if (integral >= static_cast<double>(std::numeric_limits<int>::max()))
    return std::numeric_limits<int>::max();
  if (integral <= static_cast<double>(std::numeric_limits<int>::min()))
    return std::numeric_limits<int>::min();
  return static_cast<int>(integral);
}

inline bool snaps_to(double value, double integral) {
  return std::fabs(value - integral) <= snapping_tolerance * std::fabs(integral);
}

// The least integer not below `value`, but for rounding errors. A tiny positive load is still a load:
// snapping_ceil(1e-12) is 1. NaN is a bug of the caller.
inline int snapping_ceil(double value) {
  WEIR_ASSERT(!std::isnan(value), "snapping_ceil of a NaN");
  if (std::isinf(value)) return snapping_round_to_int(value);
  const double nearest = std::round(value);
  return snapping_round_to_int(snaps_to(value, nearest) ? nearest : std::ceil(value));
}

// The greatest integer not above `value`, but for rounding errors.
inline int snapping_floor(double value) {
  WEIR_ASSERT(!std::isnan(value), "snapping_floor of a NaN");
  if (std::isinf(value)) return snapping_round_to_int(value);
  const double nearest = std::round(value);
  return snapping_round_to_int(snaps_to(value, nearest) ? nearest : std::floor(value));
}

}  // namespace weir

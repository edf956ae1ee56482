#pragma once

#include <algorithm>

#include "sim/kernel/time.hpp"

// What may take as long as it likes: bytes over a slow link, work in front of a server. A time that `never`
// or a few centuries were added to would be one of the past.

namespace weir {

// Beyond the end of every run, which is at 1e9 s at most. Two of them and the time of a run can be added.
inline constexpr Nanos longest_duration = 2'000'000'000 * nanos_per_second;

constexpr Nanos to_duration(double seconds) {
  return std::min(to_nanos(seconds), longest_duration);
}

// So much later, but no later than longest_duration, which is also the latest that `time_ns` may be.
constexpr Nanos later(Nanos time_ns, Nanos by_ns) {
  return std::min(time_ns + std::min(by_ns, longest_duration), longest_duration);
}

}  // namespace weir

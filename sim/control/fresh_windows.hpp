#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "sim/control/policy.hpp"

// Which windows of an observation a policy should look at. A policy that counts "consecutive windows" must
// see each of them once, whatever the ratio of its interval to the metrics interval and however late they
// come; and what was measured of another deployment says nothing about the present one.

namespace weir {

// Measured of the present deployment, with as many instances as are deployed.
inline bool describes_present(const Observation& seen, const MetricWindow& window) {
  if (window.deployment != seen.deployment || window.operators.size() != seen.parallelism.size())
    return false;
  for (std::size_t o = 0; o < window.operators.size(); ++o)
    if (window.operators[o].parallelism() != seen.parallelism[o]) return false;
  return true;
}

// Hands out each window of the present deployment once, oldest first. Windows that were not running
// throughout are swallowed.
class FreshWindows {
 public:
  std::vector<const MetricWindow*> take(const Observation& seen) {
    std::vector<const MetricWindow*> fresh;
    for (const MetricWindow& window : seen.windows) {
      if (window.end_ns <= last_end_ns_) continue;
      if (window.running && describes_present(seen, window)) fresh.push_back(&window);
    }
    if (!seen.windows.empty()) last_end_ns_ = std::max(last_end_ns_, seen.windows.back().end_ns);
    return fresh;
  }

 private:
  Nanos last_end_ns_ = -1;
};

}  // namespace weir

#pragma once

#include <algorithm>
#include <vector>

#include "sim/kernel/durations.hpp"

// Threads of a broker that take requests in the order in which they come, and its disk, which is one of them.
// In closed form: a request that comes now is done when the thread that is free first has dealt with it.

namespace weir::kafka {

class Servers {
 public:
  explicit Servers(int count) : free_ns_(static_cast<std::size_t>(count), 0) {}
  // When it is done.
  Nanos serve(Nanos now, Nanos length_ns) {
    const auto first = std::min_element(free_ns_.begin(), free_ns_.end());
    *first = later(std::max(*first, now), length_ns);
    busy_ns_ = later(busy_ns_, length_ns);
    return *first;
  }
  Nanos busy_ns() const { return busy_ns_; }

 private:
  std::vector<Nanos> free_ns_;
  Nanos busy_ns_ = 0;
};

}  // namespace weir::kafka

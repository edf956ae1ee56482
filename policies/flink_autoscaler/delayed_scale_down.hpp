#pragma once

#include <deque>
#include <optional>

#include "sim/kernel/time.hpp"

// An operator shrinks only when it should for a whole interval, and then to the most that was recommended in
// it. Source: DelayedScaleDown of apache/flink-kubernetes-operator (since 1.10).

namespace weir::flink_autoscaler {

struct Recommended {
  int parallelism = 1;
  bool outside = false;  // it was outside of the thresholds then
};

// Of one operator.
class DelayedScaleDown {
 public:
  // A recommendation; what to do now, if anything.
  std::optional<Recommended> recommend(Nanos now_ns, Nanos interval_ns, Recommended recommended);
  // It should grow, or stay, or the job was rescaled.
  void clear();
  bool pending() const { return first_ns_.has_value(); }

 private:
  struct At {
    Nanos time_ns;
    Recommended recommended;
  };
  std::optional<Nanos> first_ns_;
  std::deque<At> falling_;  // in time order, each smaller than the one before
};

}  // namespace weir::flink_autoscaler

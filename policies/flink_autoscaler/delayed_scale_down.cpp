#include "policies/flink_autoscaler/delayed_scale_down.hpp"

namespace weir::flink_autoscaler {

std::optional<Recommended> DelayedScaleDown::recommend(Nanos now_ns, Nanos interval_ns,
                                                       Recommended recommended) {
  if (interval_ns <= 0) return recommended;
  if (!first_ns_) first_ns_ = now_ns;
  // What is not larger than a later one is never the largest again.
  while (!falling_.empty() && falling_.back().recommended.parallelism <= recommended.parallelism)
    falling_.pop_back();
  falling_.push_back({now_ns, recommended});
  if (now_ns - interval_ns < *first_ns_) return std::nullopt;
  while (falling_.front().time_ns < now_ns - interval_ns) falling_.pop_front();
  return falling_.front().recommended;
}

void DelayedScaleDown::clear() {
  first_ns_.reset();
  falling_.clear();
}

}  // namespace weir::flink_autoscaler

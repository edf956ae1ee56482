#include "policies/kubernetes/behavior.hpp"

#include <algorithm>
#include <limits>

#include "sim/control/snapping_ceil.hpp"

namespace weir::kubernetes {

namespace {

int replicas_at_period_start(int present, std::span<const Change> changes, double period_s, Nanos now_ns) {
  const Nanos begin_ns = now_ns - to_nanos(period_s);
  for (const Change& change : changes)
    if (change.at_ns > begin_ns) present -= change.by;
  return present;
}

}  // namespace

ScalingRules default_scale_up() {
  return {.stabilization_s = 0,
          .select = Select::max,
          .policies = {{RateUnit::pods, 4, 15}, {RateUnit::percent, 100, 15}},
          .tolerance = {}};
}

ScalingRules default_scale_down() {
  return {.stabilization_s = 300,
          .select = Select::max,
          .policies = {{RateUnit::percent, 100, 15}},
          .tolerance = {}};
}

int stabilized(int present, int desired, std::span<const Recommendation> earlier, const Behavior& behavior,
               Nanos now_ns) {
  const Nanos up_begin_ns = now_ns - to_nanos(behavior.up.stabilization_s);
  const Nanos down_begin_ns = now_ns - to_nanos(behavior.down.stabilization_s);
  int lowest = desired, highest = desired;
  for (const Recommendation& recommendation : earlier) {
    if (recommendation.at_ns > up_begin_ns) lowest = std::min(lowest, recommendation.replicas);
    if (recommendation.at_ns > down_begin_ns) highest = std::max(highest, recommendation.replicas);
  }
  // lowest <= desired <= highest: what runs stays where it is between them.
  return std::clamp(present, lowest, highest);
}

int scale_up_limit(int present, std::span<const Change> changes, const ScalingRules& up, Nanos now_ns) {
  if (up.select == Select::disabled) return present;
  const bool least = up.select == Select::min;
  int limit = least ? std::numeric_limits<int>::max() : std::numeric_limits<int>::min();
  for (const RatePolicy& policy : up.policies) {
    const double start = replicas_at_period_start(present, changes, policy.period_s, now_ns);
    const int allowed = snapping_ceil(policy.type == RateUnit::pods ? start + policy.value
                                                                    : start * (1 + policy.value / 100.0));
    limit = least ? std::min(limit, allowed) : std::max(limit, allowed);
  }
  return std::max(limit, present);
}

int scale_down_limit(int present, std::span<const Change> changes, const ScalingRules& down, Nanos now_ns) {
  if (down.select == Select::disabled) return present;
  const bool least = down.select == Select::min;
  int limit = least ? std::numeric_limits<int>::min() : std::numeric_limits<int>::max();
  for (const RatePolicy& policy : down.policies) {
    const double start = replicas_at_period_start(present, changes, policy.period_s, now_ns);
    const int left = snapping_floor(policy.type == RateUnit::pods ? start - policy.value
                                                                  : start * (1 - policy.value / 100.0));
    limit = least ? std::max(limit, left) : std::min(limit, left);
  }
  return std::min(limit, present);
}

Limited limited(int present, int desired, const Limits& limits, std::span<const Change> changes,
                const Behavior& behavior, Nanos now_ns) {
  if (desired > present) {
    const int by_rate = scale_up_limit(present, changes, behavior.up, now_ns);
    const int most = std::min(limits.max, by_rate);
    if (desired > most) return {most, limits.max > by_rate ? Limit::rate : Limit::bounds};
  } else if (desired < present) {
    const int by_rate = scale_down_limit(present, changes, behavior.down, now_ns);
    const int least = std::max(limits.min, by_rate);
    if (desired < least) return {least, limits.min < by_rate ? Limit::rate : Limit::bounds};
  }
  return {desired, Limit::none};
}

}  // namespace weir::kubernetes

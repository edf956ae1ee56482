#include "policies/kubernetes/autoscaler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace weir::kubernetes {

namespace {

Nanos longest_period_ns(const Behavior& behavior) {
  double longest_s = 0;
  for (const ScalingRules* rules : {&behavior.up, &behavior.down})
    for (const RatePolicy& policy : rules->policies) longest_s = std::max(longest_s, policy.period_s);
  return to_nanos(longest_s);
}

}  // namespace

Autoscaler::Autoscaler(Behavior behavior, Limits limits)
    : behavior_(std::move(behavior)),
      limits_(limits),
      remembered_recommendations_ns_(
          to_nanos(std::max(behavior_.up.stabilization_s, behavior_.down.stabilization_s))),
      remembered_changes_ns_(longest_period_ns(behavior_)) {}

Outcome Autoscaler::sync(Nanos now_ns, Nanos changed_ns, int present, std::optional<int> desired) {
  // What ran when the autoscaler began counts as its first recommendation: it does not shrink at once.
  if (!last_) recommendations_.push_back({now_ns, present});
  if (last_ && *last_ != present) changes_.push_back({changed_ns, present - *last_});
  last_ = present;
  std::erase_if(changes_, [&](const Change& c) { return c.at_ns <= now_ns - remembered_changes_ns_; });
  std::erase_if(recommendations_,
                [&](const Recommendation& r) { return r.at_ns <= now_ns - remembered_recommendations_ns_; });
  const Outcome outcome = decide(now_ns, present, desired);
  ++tally_.syncs;
  ++tally_.of[static_cast<int>(outcome.verdict)];
  return outcome;
}

Outcome Autoscaler::decide(Nanos now_ns, int present, std::optional<int> desired) {
  if (present > limits_.max) return {limits_.max, Verdict::out_of_range};
  if (present < limits_.min) return {limits_.min, Verdict::out_of_range};
  if (!desired) return {present, Verdict::no_metric};
  const int stable = stabilized(present, *desired, recommendations_, behavior_, now_ns);
  recommendations_.push_back({now_ns, *desired});
  const Limited result = limited(present, stable, limits_, changes_, behavior_, now_ns);
  if (result.replicas != present)
    return {result.replicas, result.by == Limit::none ? Verdict::followed : Verdict::limited, result.by};
  if (*desired == present) return {present, Verdict::wanted_none};
  if (stable == present) return {present, Verdict::stabilized};
  return {present, Verdict::at_limit, result.by};
}

std::string describe(const Tally& tally) {
  std::string text;
  const auto add = [&](std::int64_t times, const char* what) {
    if (times > 0)
      text += fmt::format("{}{} {} {}", text.empty() ? "" : ", ", times, times == 1 ? "time" : "times", what);
  };
  add(tally[Verdict::wanted_none], "the metric asked for what ran");
  add(tally[Verdict::stabilized], "an earlier recommendation held it");
  add(tally[Verdict::at_limit], "a rate policy or the least or largest number allowed no change");
  add(tally[Verdict::no_metric], "there was no metric");
  add(tally[Verdict::followed] + tally[Verdict::limited] + tally[Verdict::out_of_range],
      "the operators' own limits left what ran");
  return text;
}

}  // namespace weir::kubernetes

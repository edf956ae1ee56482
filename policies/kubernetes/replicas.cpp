#include "policies/kubernetes/replicas.hpp"

#include <algorithm>

#include "sim/control/snapping_ceil.hpp"

namespace weir::kubernetes {

namespace {

struct Sums {
  double usage = 0, request = 0;
  int pods = 0;

  void add(double more_usage, double more_request) {
    usage += more_usage;
    request += more_request;
    ++pods;
  }
};

// The algorithm of both kinds of metric. `metric_of(sums)` is what is compared with the target,
// `when_missing(pod)` the usage of a pod without a metric when the others ask for fewer.
template <class MetricOf, class WhenMissing>
std::optional<Proposal> propose(std::span<const Pod> pods, int present, double target,
                                const Tolerances& tolerances, MetricOf metric_of, WhenMissing when_missing) {
  Sums sums;
  int unready = 0, missing = 0;
  for (const Pod& pod : pods) {
    if (pod.state == PodState::counted) sums.add(pod.usage, pod.request);
    unready += pod.state == PodState::unready;
    missing += pod.state == PodState::missing;
  }
  if (sums.pods == 0) return std::nullopt;
  const double metric = metric_of(sums), ratio = metric / target;
  const bool up = ratio > 1;
  if (missing == 0 && !(up && unready > 0)) {
    if (is_within(tolerances, ratio)) return Proposal{present, metric};
    return Proposal{snapping_ceil(ratio * sums.pods), metric};
  }
  for (const Pod& pod : pods) {
    // Of a metric that is at the target nobody knows which way missing ones should lean.
    if (pod.state == PodState::missing && ratio != 1) sums.add(up ? 0 : when_missing(pod), pod.request);
    if (pod.state == PodState::unready && up) sums.add(0, pod.request);
  }
  const double damped = metric_of(sums) / target;
  if (is_within(tolerances, damped) || (up ? damped < 1 : damped > 1)) return Proposal{present, metric};
  const int replicas = snapping_ceil(damped * sums.pods);
  // The number of pods may have changed meanwhile: no reason to turn around.
  if (damped < 1 ? replicas > present : replicas < present) return Proposal{present, metric};
  return Proposal{replicas, metric};
}

}  // namespace

bool is_within(const Tolerances& tolerances, double ratio) {
  const double low = 1 - tolerances.down, high = 1 + tolerances.up;
  return (ratio >= low || snaps_to(ratio, low)) && (ratio <= high || snaps_to(ratio, high));
}

std::optional<Proposal> by_utilization(std::span<const Pod> pods, int present, int target_percent,
                                       const Tolerances& tolerances) {
  const double missing_share = std::max(100, target_percent) / 100.0;
  return propose(
      pods, present, target_percent, tolerances,
      [](const Sums& sums) { return static_cast<double>(snapping_floor(100 * sums.usage / sums.request)); },
      [&](const Pod& pod) { return missing_share * pod.request; });
}

std::optional<Proposal> by_average(std::span<const Pod> pods, int present, double target,
                                   const Tolerances& tolerances) {
  return propose(
      pods, present, target, tolerances, [](const Sums& sums) { return sums.usage / sums.pods; },
      [&](const Pod&) { return target; });
}

Proposal by_external_average(double total, int present, double target_per_pod, const Tolerances& tolerances) {
  const double mean = total / present;
  if (is_within(tolerances, mean / target_per_pod)) return {present, mean};
  return {snapping_ceil(total / target_per_pod), mean};
}

std::optional<int> largest(std::span<const std::optional<Proposal>> proposals, int present) {
  std::optional<int> most;
  bool all_known = true;
  for (const std::optional<Proposal>& proposal : proposals) {
    all_known = all_known && proposal.has_value();
    if (proposal) most = std::max(most.value_or(proposal->replicas), proposal->replicas);
  }
  if (!all_known && most && *most < present) return std::nullopt;
  return most;
}

}  // namespace weir::kubernetes

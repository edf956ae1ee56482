#include "policies/kubernetes/deployment.hpp"

#include <algorithm>
#include <limits>

namespace weir::kubernetes {

namespace {

bool is_told(const AutoscalerParams& params, const OperatorView& op) {
  const std::vector<std::string>& told = params.operators;
  return told.empty() || std::find(told.begin(), told.end(), op.name) != told.end();
}

// As wide as the widest of its operators: each is cut to its own limits by itself.
Limits limits_of(const JobView& job, const std::vector<int>& operators, const AutoscalerParams& params) {
  Limits limits{std::numeric_limits<int>::max(), 1};
  for (const int id : operators) {
    const OperatorView& op = job.operators[static_cast<std::size_t>(id)];
    limits.min = std::min(limits.min, op.min_parallelism);
    limits.max = std::max(limits.max, op.max_parallelism);
  }
  limits.max = std::min(limits.max, params.max_replicas.value_or(limits.max));
  limits.min = std::min(std::max(limits.min, params.min_replicas), limits.max);
  return limits;
}

}  // namespace

int Deployment::replicas(std::span<const int> parallelism) const {
  int most = 1;
  for (const int id : operators) most = std::max(most, parallelism[static_cast<std::size_t>(id)]);
  return most;
}

void Deployment::add_targets(const Observation& seen, int wanted, std::vector<ScaleTarget>& targets) const {
  if (workers) return targets.push_back({all_workers, wanted});
  for (const int id : operators) {
    const auto index = static_cast<std::size_t>(id);
    const int to = clamp_parallelism(seen.job.operators[index], wanted);
    if (to != seen.parallelism[index]) targets.push_back({id, to});
  }
}

std::vector<Deployment> make_deployments(const JobView& job, const AutoscalerParams& params, bool together) {
  std::vector<Deployment> deployments;
  for (std::size_t i = 0; i < job.operators.size(); ++i) {
    const OperatorView& op = job.operators[i];
    if (!job.uniform_workers && (!may_scale(op) || !is_told(params, op))) continue;
    const bool joins = (together || job.uniform_workers) && !deployments.empty();
    if (!joins) deployments.push_back({.name = op.name, .operators = {}, .limits = {}});
    deployments.back().operators.push_back(static_cast<int>(i));
    if (joins) deployments.back().name = job.uniform_workers ? "workers" : "the job";
  }
  for (Deployment& deployment : deployments) {
    deployment.limits = limits_of(job, deployment.operators, params);
    deployment.workers = job.uniform_workers;
  }
  return deployments;
}

const MetricWindow* newest_running(std::span<const MetricWindow> windows) {
  for (std::size_t i = windows.size(); i-- > 0;)
    if (windows[i].running && windows[i].end_ns > windows[i].start_ns) return &windows[i];
  return nullptr;
}

std::string diagnose(const Outcome& outcome, int present) {
  if (outcome.verdict == Verdict::out_of_range)
    return outcome.replicas < present ? "more than the largest number" : "fewer than the least number";
  const std::string side = outcome.replicas > present ? "above target" : "below target";
  if (outcome.by == Limit::rate) return side + ", held back by a rate policy";
  if (outcome.by == Limit::bounds)
    return side +
           (outcome.replicas > present ? ", as far as the largest number" : ", down to the least number");
  return side;
}

}  // namespace weir::kubernetes

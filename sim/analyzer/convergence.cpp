#include "sim/analyzer/convergence.hpp"

#include <algorithm>
#include <limits>
#include <map>

#include "sim/record/catching_up.hpp"

namespace weir::analyzer {

namespace {

// As the simulator judges it: that many chances to act were let pass.
constexpr double quiet_intervals = 5;

ScalingInput scaling_input(const RunJob& job, double end_s) {
  ScalingInput input;
  input.end_s = end_s;
  input.quiet_s = quiet_intervals * job.policy_interval_s.value_or(0);
  for (const OperatorSeries& op : job.operators)
    input.operators.push_back({op.name, op.initial_parallelism, op.optimum});
  for (const RecordedChange& change : job.changes)
    input.actions.push_back({change.action_id, change.operator_id, change.from, change.to, change.requested_s,
                             change.ended_s, change.carried_out()});
  return input;
}

std::vector<StepCost> steps_of(const RunJob& job) {
  std::vector<StepCost> steps;
  for (const RecordedChange& change : job.changes) {
    if (!change.carried_out()) continue;
    if (steps.empty() || steps.back().action_id != change.action_id)
      steps.push_back({change.action_id,
                       change.requested_s,
                       *change.ended_s,
                       {},
                       change.downtime_s,
                       change.state_moved_bytes,
                       change.records_lost,
                       {}});
    steps.back().changes.push_back({change.operator_id, change.from, change.to});
  }
  return steps;
}

// The backlog at the end of the last window that ended by `time_s`; 0 before the first.
double backlog_before(const std::vector<JobWindow>& windows, double time_s) {
  const auto after = std::upper_bound(windows.begin(), windows.end(), time_s,
                                      [](double t, const JobWindow& window) { return t < window.end_s; });
  return after == windows.begin() ? 0 : std::prev(after)->backlog_records;
}

// When the first action after it was asked for that was not refused.
double next_action_s(const RunJob& job, const StepCost& step) {
  double next_s = std::numeric_limits<double>::infinity();
  for (const RecordedChange& change : job.changes)
    if (change.status != "refused" && change.requested_s > step.asked_s)
      next_s = std::min(next_s, change.requested_s);
  return next_s;
}

void note_catching_up(const RunJob& job, std::vector<StepCost>& steps) {
  for (StepCost& step : steps) {
    const double next_s = next_action_s(job, step);
    const double before = backlog_before(job.windows, step.asked_s);
    auto window = std::upper_bound(job.windows.begin(), job.windows.end(), step.done_s,
                                   [](double t, const JobWindow& w) { return t < w.end_s; });
    for (; window != job.windows.end(); ++window) {
      if (window->end_s > next_s) break;
      if (!caught_up(window->backlog_records, before, window->offered_per_s)) continue;
      step.caught_up_s = window->end_s - step.asked_s;
      break;
    }
  }
}

OperatorOvershoot overshoot_of(const ScalingInput& input, int op) {
  OperatorOvershoot result;
  const std::vector<SlotStep> counts = parallelism_over_time(input, op);
  const std::vector<SlotStep>& optimum = input.operators[op].optimum;
  result.final_parallelism = value_at(counts, input.end_s);
  if (!optimum.empty()) result.final_optimum = value_at(optimum, input.end_s);
  for (std::size_t i = 1; i < counts.size(); ++i) {
    const int from = counts[i - 1].value, to = counts[i].value;
    if (to > from) result.peak_over_final = std::max(result.peak_over_final, to - result.final_parallelism);
    if (optimum.empty()) continue;
    const int best = value_at(optimum, counts[i].time_s);
    if (to > from) result.overshoot_slots = std::max(result.overshoot_slots, to - best);
    if (to < from) result.undershoot_slots = std::max(result.undershoot_slots, best - to);
  }
  return result;
}

void note_windows(const RunJob& job, const ConvergenceOptions& options, Convergence& result) {
  std::optional<double> good_since_s;
  for (const JobWindow& window : job.windows) {
    const double length_s = window.duration_s();
    result.observed_s += length_s;
    result.backpressured_s += window.backpressured_share * length_s;
    if (window.backlog_records > result.backlog_records_max) {
      result.backlog_records_max = window.backlog_records;
      result.backlog_max_at_s = window.end_s;
    }
    result.backlog_records_end = window.backlog_records;
    const bool enough = window.achieved_per_s >= options.throughput_share_min * window.offered_per_s;
    if (!enough) result.throughput_violated_s += length_s;
    if (!enough)
      good_since_s.reset();
    else if (!good_since_s)
      good_since_s = window.start_s;
    if (!window.latency_p99_s)
      result.without_results_s += length_s;
    else if (*window.latency_p99_s > options.latency_p99_max_s)
      result.latency_violated_s += length_s;
  }
  result.throughput_settled_s = good_since_s;
}

void note_actions(const RunJob& job, Convergence& result) {
  std::int64_t last_id = -1;
  for (const RecordedChange& change : job.changes) {
    if (change.action_id == last_id) continue;  // the operators of one action follow one another
    last_id = change.action_id;
    if (change.status == "refused") ++result.refused;
    if (change.status == "failed") ++result.failed;
    if (change.status == "refused") continue;
    result.downtime_s += change.downtime_s;
    result.records_lost += change.records_lost;
  }
}

}  // namespace

Convergence convergence_of(const RunJob& job, double end_s, const ConvergenceOptions& options) {
  Convergence result;
  const ScalingInput input = scaling_input(job, end_s);
  result.score = score_scaling(input);
  if (job.policy_idle) {
    result.score.converged = false;
    result.score.convergence_time_s.reset();
  }
  result.settled_s = result.score.convergence_time_s;
  result.steps = steps_of(job);
  note_catching_up(job, result.steps);
  for (const StepCost& step : result.steps)
    result.last_step_asked_s = std::max(result.last_step_asked_s, step.asked_s);
  for (const ScalingPhase& phase : result.score.phases)
    if (phase.settling_s)
      result.longest_settling_s = std::max(result.longest_settling_s.value_or(0), *phase.settling_s);
  result.decisions = job.decisions;
  for (std::size_t op = 0; op < job.operators.size(); ++op) {
    result.operators.push_back(overshoot_of(input, static_cast<int>(op)));
    if (job.operators[op].scalable) result.final_slots += result.operators.back().final_parallelism;
  }
  note_actions(job, result);
  note_windows(job, options, result);
  return result;
}

std::optional<double> Convergence::quantity(const std::string& name) const {
  if (name == "steps") return static_cast<double>(score.steps);
  if (name == "last_step_asked_s") return last_step_asked_s;
  if (name == "settled_s") return settled_s;
  if (name == "final_slots") return static_cast<double>(final_slots);
  return std::nullopt;
}

}  // namespace weir::analyzer

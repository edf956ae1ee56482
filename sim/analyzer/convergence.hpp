#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/analyzer/run_metrics.hpp"

// How a scaling policy came to rest, from the metrics and decisions of a run. Definitions, because papers
// differ; those of steps, rest, settling per phase, oscillation and slot-seconds are those of
// sim/record/scaling_score.hpp, from which summary.json has them too.
//
// - *Steps* (DS2, OSDI '18, section 5): reconfigurations that were carried out, all operators of one
// together.
//   `last_step_asked_s` is when the last was decided: what the DS2 paper calls the time at which a policy
//   converges (60 s against 2,000 s in its section 5.2). `settled_s` is when it was done, the settling time
//   of the parallelism; none while the run had not come to rest.
// - *Settling time of the throughput*: the start of the first window from which on, to the end of the run,
//   every window took in at least 1 - band of what was offered. Control theory's settling time with a band of
//   2 or 5 % (Ogata, Modern Control Engineering, section 5.3), one-sided, because a job that works off a
//   backlog takes in more than is offered and is none the worse for it.
// - *Overshoot* of an operator: the most instances that a step up went to above the optimum of that moment;
//   *undershoot*: the most that a step down went to below it. DS2 claims (section 3.4) to do neither.
//   `peak_over_final` is control theory's maximum overshoot: the largest count after a step up, less the last
//   one.
// - *Oscillation*: a reversal of direction of an operator; explained if its optimum moved the same way.
// - *Backpressured*: time in which sources were held back by the job; of several the worst, of its instances
//   the mean, so that half of the instances for 10 s is 5 s.
// - *Lag*: records offered and not taken in, at the end of windows.
// - *Violations* of a service-level objective: windows whose 99th percentile of latency was above
//   `latency_p99_max_s`, and windows that took in less than `throughput_share_min` of what was offered; each
//   counts for its length. A window in which no result reached a sink has no latency, and is counted apart.
// - *Cost of a step*: how long the job stood still, what it lost, the state that was moved, and from the
//   request on the time until no more waited outside than before it, or none if another step came first.

namespace weir::analyzer {

struct ConvergenceOptions {
  double latency_p99_max_s = 1;        // as the target of DS2's figure 9
  double throughput_share_min = 0.95;  // 5 %: see above
};

struct StepCost {
  struct Change {
    int operator_id;
    int from, to;
  };
  std::int64_t action_id = 0;
  double asked_s = 0, done_s = 0;
  std::vector<Change> changes;
  double downtime_s = 0;
  double state_moved_bytes = 0;
  std::int64_t records_lost = 0;
  std::optional<double> caught_up_s;  // after asked_s
};

struct OperatorOvershoot {
  int overshoot_slots = 0;
  int undershoot_slots = 0;
  int peak_over_final = 0;
  int final_parallelism = 0;
  std::optional<int> final_optimum;
};

struct Convergence {
  ScalingScore score;
  std::vector<StepCost> steps;
  std::int64_t decisions = 0, refused = 0, failed = 0;
  double last_step_asked_s = 0;                // 0: no step
  std::optional<double> settled_s;             // of the parallelism; 0: no step
  std::optional<double> throughput_settled_s;  // none: not at the end
  std::optional<double> longest_settling_s;    // of the phases that settled
  std::vector<OperatorOvershoot> operators;    // as in RunJob::operators
  int final_slots = 0;                         // of the scalable operators
  double observed_s = 0;                       // all windows
  double backpressured_s = 0;
  double downtime_s = 0;
  std::int64_t records_lost = 0;
  double backlog_records_max = 0, backlog_max_at_s = 0, backlog_records_end = 0;
  double latency_violated_s = 0, throughput_violated_s = 0, without_results_s = 0;

  // By the name that published numbers have (PublishedNumber::quantity); none if the run has no such value.
  std::optional<double> quantity(const std::string& name) const;
};

// `end_s`: of the run.
Convergence convergence_of(const RunJob& job, double end_s, const ConvergenceOptions& options = {});

}  // namespace weir::analyzer

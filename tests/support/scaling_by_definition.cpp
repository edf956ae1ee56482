#include "tests/support/scaling_by_definition.hpp"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "sim/kernel/assert.hpp"

namespace weir::test {

namespace {

bool carried_out(const ScoredAction& action) {
  return action.done && action.ended_s.has_value();
}

// Actions of one operator that changed something, in the order of their end.
std::vector<ScoredAction> changes_of(const ScalingInput& input, int operator_id) {
  std::vector<ScoredAction> changes;
  for (const ScoredAction& action : input.actions)
    if (action.operator_id == operator_id && carried_out(action)) changes.push_back(action);
  std::stable_sort(changes.begin(), changes.end(),
                   [](const ScoredAction& a, const ScoredAction& b) { return *a.ended_s < *b.ended_s; });
  return changes;
}

// Times in (from_s, to_s) at which one of the counts changes, with both bounds: all are constant
// between neighbours.
std::vector<double> breakpoints(const std::vector<const std::vector<SlotStep>*>& counts, double from_s,
                                double to_s) {
  std::vector<double> times{from_s, to_s};
  for (const auto* steps : counts) {
    auto step = std::upper_bound(steps->begin(), steps->end(), from_s,
                                 [](double t, const SlotStep& s) { return t < s.time_s; });
    for (; step != steps->end() && step->time_s < to_s; ++step) times.push_back(step->time_s);
  }
  std::sort(times.begin(), times.end());
  times.erase(std::unique(times.begin(), times.end()), times.end());
  return times;
}

double integrate(const std::vector<SlotStep>& actual, double from_s, double to_s) {
  double sum = 0;
  const auto times = breakpoints({&actual}, from_s, to_s);
  for (std::size_t i = 0; i + 1 < times.size(); ++i)
    sum += (times[i + 1] - times[i]) * value_at(actual, times[i]);
  return sum;
}

struct OverUnder {
  double over_slot_s = 0;
  double under_slot_s = 0;
};

OverUnder against_optimum(const std::vector<SlotStep>& actual, const std::vector<SlotStep>& optimum,
                          double from_s, double to_s) {
  OverUnder sum;
  const auto times = breakpoints({&actual, &optimum}, from_s, to_s);
  for (std::size_t i = 0; i + 1 < times.size(); ++i) {
    const int above = value_at(actual, times[i]) - value_at(optimum, times[i]);
    (above > 0 ? sum.over_slot_s : sum.under_slot_s) += (times[i + 1] - times[i]) * std::abs(above);
  }
  return sum;
}

// The last time in the phase from which on the count stays near the optimum, or none.
std::optional<double> near_from(const std::vector<SlotStep>& actual, const std::vector<SlotStep>& optimum,
                                double from_s, double to_s, int tolerance) {
  const auto times = breakpoints({&actual, &optimum}, from_s, to_s);
  std::optional<double> since;
  for (std::size_t i = times.size() - 1; i-- > 0;) {
    if (std::abs(value_at(actual, times[i]) - value_at(optimum, times[i])) > tolerance) break;
    since = times[i];
  }
  return since;
}

struct Reversals {
  std::int64_t all = 0;
  std::int64_t unexplained = 0;
};

Reversals reversals(const std::vector<ScoredAction>& changes, const std::vector<SlotStep>& optimum) {
  Reversals count;
  int direction = 0;
  double last_s = 0;
  for (const ScoredAction& change : changes) {
    const int now = (change.to > change.from) - (change.to < change.from);
    if (now == 0) continue;
    if (direction != 0 && now != direction) {
      ++count.all;
      const int moved =
          optimum.empty() ? 0 : value_at(optimum, change.requested_s) - value_at(optimum, last_s);
      if (moved * now <= 0) ++count.unexplained;
    }
    direction = now;
    last_s = change.requested_s;
  }
  return count;
}

// The start, and every change of an operator's optimum after it.
std::vector<double> phase_starts(const ScalingInput& input) {
  std::set<double> starts{input.start_s};
  for (const ScoredOperator& op : input.operators)
    for (const SlotStep& step : op.optimum)
      if (step.time_s > input.start_s && step.time_s < input.end_s) starts.insert(step.time_s);
  return {starts.begin(), starts.end()};
}

std::vector<ScalingPhase> score_phases(const ScalingInput& input,
                                       const std::vector<std::vector<SlotStep>>& actual) {
  std::vector<ScalingPhase> phases;
  const std::vector<double> starts = phase_starts(input);
  for (std::size_t p = 0; p < starts.size(); ++p) {
    const double end_s = p + 1 < starts.size() ? starts[p + 1] : input.end_s;
    ScalingPhase phase{starts[p], 0.0};
    for (std::size_t op = 0; op < actual.size() && phase.settling_s; ++op) {
      const auto since =
          near_from(actual[op], input.operators[op].optimum, starts[p], end_s, input.tolerance_slots);
      if (since)
        phase.settling_s = std::max(*phase.settling_s, *since - starts[p]);
      else
        phase.settling_s.reset();
    }
    phases.push_back(phase);
  }
  return phases;
}

void score_convergence(const ScalingInput& input, ScalingScore& score) {
  std::set<std::int64_t> steps;
  double last_step_s = input.start_s;
  for (const ScoredAction& action : input.actions) {
    const double last_s = action.ended_s.value_or(action.requested_s);
    if (!action.ended_s || last_s > input.end_s - input.quiet_s) score.converged = false;
    if (!carried_out(action)) continue;
    steps.insert(action.action_id);
    last_step_s = std::max(last_step_s, *action.ended_s);
  }
  score.steps = static_cast<std::int64_t>(steps.size());
  if (score.converged) score.convergence_time_s = last_step_s - input.start_s;
}

void score_against_optimum(const ScalingInput& input, const std::vector<std::vector<SlotStep>>& actual,
                           ScalingScore& score) {
  OverUnder sum;
  std::int64_t final_over = 0, final_under = 0;
  for (std::size_t op = 0; op < actual.size(); ++op) {
    const auto& optimum = input.operators[op].optimum;
    const OverUnder one = against_optimum(actual[op], optimum, input.start_s, input.end_s);
    sum.over_slot_s += one.over_slot_s;
    sum.under_slot_s += one.under_slot_s;
    const int above = value_at(actual[op], input.end_s) - value_at(optimum, input.end_s);
    (above > 0 ? final_over : final_under) += std::abs(above);
  }
  score.over_provisioned_slot_s = sum.over_slot_s;
  score.under_provisioned_slot_s = sum.under_slot_s;
  score.final_over_slots = final_over;
  score.final_under_slots = final_under;
  score.phases = score_phases(input, actual);
  score.phase_count = static_cast<std::int64_t>(score.phases.size());
  score.phases_settled =
      std::count_if(score.phases.begin(), score.phases.end(),
                    [](const ScalingPhase& phase) { return phase.settling_s.has_value(); });
  if (score.phase_count > ScalingScore::phases_listed_max) score.phases.clear();
}

}  // namespace

ScalingScore score_by_definition(const ScalingInput& input) {
  WEIR_ASSERT(input.end_s >= input.start_s && input.quiet_s >= 0, "a run ends after its start");
  for (const ScoredAction& action : input.actions)
    WEIR_ASSERT(action.operator_id >= 0 && action.operator_id < static_cast<int>(input.operators.size()),
                "an action names an operator of the input");
  ScalingScore score;
  score_convergence(input, score);
  std::vector<std::vector<SlotStep>> actual;
  bool optimum_known = !input.operators.empty();
  for (int op = 0; op < static_cast<int>(input.operators.size()); ++op) {
    actual.push_back(parallelism_over_time(input, op));
    score.slot_seconds += integrate(actual.back(), input.start_s, input.end_s);
    const auto& optimum = input.operators[op].optimum;
    optimum_known = optimum_known && !optimum.empty();
    const Reversals count = reversals(changes_of(input, op), optimum);
    score.oscillations += count.all;
    score.unexplained_oscillations += count.unexplained;
  }
  if (optimum_known) score_against_optimum(input, actual, score);
  return score;
}

}  // namespace weir::test

#include "sim/record/scaling_score.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <tuple>

#include "sim/kernel/assert.hpp"

namespace weir {

namespace {

bool carried_out(const ScoredAction& action) {
  return action.done && action.ended_s.has_value();
}

bool ended_earlier(const ScoredAction& a, const ScoredAction& b) {
  return std::tie(*a.ended_s, a.action_id) < std::tie(*b.ended_s, b.action_id);
}

}  // namespace

// ---------------------------------------------------------------- counts over time

int value_at(const std::vector<SlotStep>& steps, double time_s) {
  WEIR_ASSERT(!steps.empty(), "a piecewise constant count has a first step");
  auto after = std::upper_bound(steps.begin(), steps.end(), time_s,
                                [](double t, const SlotStep& step) { return t < step.time_s; });
  return after == steps.begin() ? after->value : std::prev(after)->value;
}

std::vector<SlotStep> parallelism_over_time(const ScalingInput& input, int operator_id) {
  std::vector<ScoredAction> changes;
  for (const ScoredAction& action : input.actions)
    if (action.operator_id == operator_id && carried_out(action)) changes.push_back(action);
  std::stable_sort(changes.begin(), changes.end(), ended_earlier);
  std::vector<SlotStep> steps{{input.start_s, input.operators[operator_id].initial_parallelism}};
  for (const ScoredAction& change : changes) {
    if (steps.back().time_s == *change.ended_s) steps.back().value = change.to;
    if (steps.back().value != change.to) steps.push_back({*change.ended_s, change.to});
  }
  return steps;
}

// ---------------------------------------------------------------- while a run goes on

ScalingScorer::ScalingScorer(double start_s, int tolerance_slots, const std::vector<int>& initial_parallelism)
    : start_s_(start_s),
      tolerance_slots_(tolerance_slots),
      last_step_s_(start_s),
      last_action_s_(start_s),
      phase_start_s_(start_s) {
  for (const int parallelism : initial_parallelism) operators_.push_back({parallelism, start_s, start_s});
}

void ScalingScorer::began(const ScoredAction& action) {
  WEIR_ASSERT(action.operator_id >= 0 && action.operator_id < static_cast<int>(operators_.size()),
              "an action names an operator that there is");
  waiting_.push_back({action, {}});
}

void ScalingScorer::ended(const ScoredAction& action) {
  WEIR_ASSERT(action.ended_s && *action.ended_s >= action.requested_s, "an action ends after its begin");
  last_action_s_ = any_action_ ? std::max(last_action_s_, *action.ended_s) : *action.ended_s;
  any_action_ = true;
  const auto begun = std::find_if(waiting_.begin(), waiting_.end(), [&](const Waiting& one) {
    return one.action.action_id == action.action_id && one.action.operator_id == action.operator_id &&
           !one.action.ended_s;
  });
  if (!carried_out(action)) {
    if (begun != waiting_.end()) waiting_.erase(begun);
    return;
  }
  if (action.action_id != last_step_id_) ++sums_.steps;
  last_step_id_ = action.action_id;
  last_step_s_ = std::max(last_step_s_, *action.ended_s);
  if (begun == waiting_.end()) return began(action);
  begun->action = action;
}

void ScalingScorer::known_until(double time_s) {
  std::vector<Waiting> due;
  const auto still = std::stable_partition(waiting_.begin(), waiting_.end(), [&](const Waiting& one) {
    return !one.action.ended_s || *one.action.ended_s >= time_s;
  });
  if (still == waiting_.end()) return;
  due.assign(std::make_move_iterator(still), std::make_move_iterator(waiting_.end()));
  waiting_.erase(still, waiting_.end());
  carry_out(due, time_s);
}

// What ends after `known_s` counts as a step, and changes nothing before.
void ScalingScorer::carry_out(std::vector<Waiting>& changes, double known_s) {
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Waiting& a, const Waiting& b) { return ended_earlier(a.action, b.action); });
  for (auto change = changes.begin(); change != changes.end(); ++change) {
    Operator& op = operators_[change->action.operator_id];
    note_direction(op, *change);
    const double at_s = *change->action.ended_s;
    if (at_s > known_s) continue;
    const bool last_of_instant = std::none_of(std::next(change), changes.end(), [&](const Waiting& later) {
      return later.action.operator_id == change->action.operator_id && *later.action.ended_s == at_s;
    });
    change_actual(op, at_s, change->action.to, last_of_instant);
  }
}

void ScalingScorer::note_direction(Operator& op, const Waiting& change) {
  const int from = change.action.from, to = change.action.to;
  const int direction = (to > from) - (to < from);
  if (direction == 0) return;
  const std::optional<int> optimum = change.optimum ? change.optimum : op.optimum;
  if (op.direction != 0 && direction != op.direction) {
    ++sums_.oscillations;
    const int moved = optimum && op.optimum_before ? *optimum - *op.optimum_before : 0;
    if (moved * direction <= 0) ++sums_.unexplained_oscillations;
  }
  op.direction = direction;
  op.optimum_before = optimum;
}

void ScalingScorer::change_actual(Operator& op, double time_s, int value, bool last_of_instant) {
  if (value != op.actual) {
    compare_until(op, time_s);
    op.slot_s += (time_s - op.actual_since_s) * op.actual;
    op.actual_since_s = time_s;
    op.actual = value;
  }
  if (last_of_instant) note_near(op, time_s);
}

void ScalingScorer::compare_until(Operator& op, double time_s) {
  if (op.optimum) {
    const int above = op.actual - *op.optimum;
    (above > 0 ? op.over_slot_s : op.under_slot_s) += (time_s - op.compared_since_s) * std::abs(above);
  }
  op.compared_since_s = time_s;
}

bool ScalingScorer::near(const Operator& op) const {
  return op.optimum && std::abs(op.actual - *op.optimum) <= tolerance_slots_;
}

void ScalingScorer::note_near(Operator& op, double time_s) {
  if (!near(op)) {
    op.near_since_s.reset();
  } else if (!op.near_since_s) {
    op.near_since_s = time_s;
  }
}

void ScalingScorer::optimum(int operator_id, double time_s, int value) {
  Operator& op = operators_[operator_id];
  if (op.optimum && *op.optimum == value) return;
  if (!op.optimum || time_s <= start_s_) {
    WEIR_ASSERT(op.compared_since_s == start_s_, "the first optimum is told before anything is folded in");
    op.optimum = value;
    return note_near(op, start_s_);
  }
  known_until(time_s);
  for (Waiting& one : waiting_) {
    if (one.action.operator_id == operator_id && !one.optimum && one.action.requested_s < time_s)
      one.optimum = op.optimum;
  }
  if (time_s > phase_start_s_) {
    end_phase();
    phase_start_s_ = time_s;
    for (Operator& each : operators_) {
      each.near_since_s.reset();
      note_near(each, time_s);
    }
  }
  compare_until(op, time_s);
  op.optimum = value;
  note_near(op, time_s);
}

void ScalingScorer::end_phase() {
  ScalingPhase phase{phase_start_s_, 0.0};
  for (const Operator& op : operators_) {
    if (!phase.settling_s) break;
    if (op.near_since_s)
      phase.settling_s = std::max(*phase.settling_s, *op.near_since_s - phase_start_s_);
    else
      phase.settling_s.reset();
  }
  ++sums_.phase_count;
  if (phase.settling_s) ++sums_.phases_settled;
  if (sums_.phase_count <= ScalingScore::phases_listed_max)
    sums_.phases.push_back(phase);
  else
    sums_.phases.clear();
}

// ---------------------------------------------------------------- the result

ScalingScore ScalingScorer::score(double end_s, double quiet_s) const {
  WEIR_ASSERT(end_s >= start_s_ && quiet_s >= 0, "a run ends after its start");
  const bool under_way =
      std::any_of(waiting_.begin(), waiting_.end(), [](const Waiting& one) { return !one.action.ended_s; });
  ScalingScorer all = *this;
  all.finish(end_s);
  ScalingScore& score = all.sums_;
  score.converged = !under_way && !(any_action_ && last_action_s_ > end_s - quiet_s);
  if (score.converged) score.convergence_time_s = last_step_s_ - start_s_;
  return score;
}

void ScalingScorer::finish(double end_s) {
  std::erase_if(waiting_, [](const Waiting& one) { return !one.action.ended_s; });
  // What ends with the run still counts for where it ends.
  std::vector<Waiting> rest = std::move(waiting_);
  waiting_.clear();
  const bool known = !operators_.empty() && std::all_of(operators_.begin(), operators_.end(),
                                                        [](const Operator& op) { return op.optimum; });
  const auto at_end = std::stable_partition(rest.begin(), rest.end(),
                                            [&](const Waiting& one) { return *one.action.ended_s < end_s; });
  std::vector<Waiting> last(std::make_move_iterator(at_end), std::make_move_iterator(rest.end()));
  rest.erase(at_end, rest.end());
  carry_out(rest, end_s);
  if (known && (end_s > phase_start_s_ || phase_start_s_ == start_s_)) end_phase();
  carry_out(last, end_s);
  double over_s = 0, under_s = 0;
  std::int64_t final_over = 0, final_under = 0;
  for (Operator& op : operators_) {
    compare_until(op, end_s);
    sums_.slot_seconds += op.slot_s + (end_s - op.actual_since_s) * op.actual;
    over_s += op.over_slot_s;
    under_s += op.under_slot_s;
    const int above = op.actual - op.optimum.value_or(op.actual);
    (above > 0 ? final_over : final_under) += std::abs(above);
  }
  if (!known) {
    sums_.phase_count = sums_.phases_settled = 0;
    sums_.phases.clear();
    return;
  }
  sums_.over_provisioned_slot_s = over_s;
  sums_.under_provisioned_slot_s = under_s;
  sums_.final_over_slots = final_over;
  sums_.final_under_slots = final_under;
}

ScalingScore score_scaling(const ScalingInput& input) {
  std::vector<int> initial;
  for (const ScoredOperator& op : input.operators) initial.push_back(op.initial_parallelism);
  ScalingScorer scorer(input.start_s, input.tolerance_slots, initial);

  // The optimum in the order of time, after what was asked for or ended before.
  struct Event {
    double time_s;
    int kind;  // 0: began, 1: ended, 2: optimum
    const ScoredAction* action;
    int operator_id;
    int value;
  };
  std::vector<Event> events;
  for (const ScoredAction& action : input.actions) {
    events.push_back({action.requested_s, 0, &action, 0, 0});
    if (action.ended_s) events.push_back({*action.ended_s, 1, &action, 0, 0});
  }
  for (int op = 0; op < static_cast<int>(input.operators.size()); ++op) {
    const std::vector<SlotStep>& steps = input.operators[op].optimum;
    if (!steps.empty()) scorer.optimum(op, input.start_s, value_at(steps, input.start_s));
    for (const SlotStep& step : steps)
      if (step.time_s > input.start_s && step.time_s <= input.end_s)
        events.push_back({step.time_s, 2, nullptr, op, step.value});
  }
  std::stable_sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    const std::int64_t ids[] = {a.action ? a.action->action_id : 0, b.action ? b.action->action_id : 0};
    return std::tie(a.time_s, a.kind, ids[0]) < std::tie(b.time_s, b.kind, ids[1]);
  });
  for (const Event& event : events) {
    if (event.kind == 0) {
      ScoredAction begun = *event.action;
      begun.ended_s.reset();
      scorer.began(begun);
    } else if (event.kind == 1) {
      scorer.ended(*event.action);
    } else {
      scorer.optimum(event.operator_id, event.time_s, event.value);
    }
  }
  return scorer.score(input.end_s, input.quiet_s);
}

}  // namespace weir

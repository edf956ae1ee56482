#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// How well a run was scaled: pure functions of what was done (actions), and of what would have been right
// (the optimum over time). Definitions, because papers differ:
//
// - A *step* is one reconfiguration that was carried out (all operators moved by one action together).
//   That is how DS2 (OSDI '18, section 5) counts.
// - The run has *converged* when no action is under way at its end, and none was requested or ended in its
//   last `quiet_s`. It says that the policy came to rest, not that it rested at a good place: that is what
//   `final_over_slots` and `final_under_slots` say. A policy that was never asked, or never had anything to
//   go by, has not converged (recorder.cpp).
// - `convergence_time_s`: from the start to the end of the last step; 0 without steps; none if not
//   converged.
// - *Settling* is judged per phase: a phase begins at the start and at each change of the optimum. Its time
//   is that from its begin until every operator stays within `tolerance_slots` of the optimum up to the
//   phase's end.
// - An *oscillation* is a reversal of direction of one operator: a step up after a step down, or the
//   reverse. It is *explained* when the optimum of that operator, too, moved in the new direction between
//   the two steps.
// - `over_provisioned` and `under_provisioned` integrate, over time and operators, the slots above and below
//   the optimum (slot-seconds); `slot_seconds` all slots. An operator keeps its slots during a restart.

namespace weir {

// A piecewise constant count: `value` from `time_s` on.
struct SlotStep {
  double time_s = 0;
  int value = 0;
};

struct ScoredAction {
  std::int64_t action_id = 0;  // shared by the operators of one reconfiguration
  int operator_id = 0;         // index into ScalingInput::operators
  int from = 0;
  int to = 0;
  double requested_s = 0;
  std::optional<double> ended_s;  // none: still under way at the end
  bool done = true;               // carried out: not refused, not failed
};

struct ScoredOperator {
  std::string name;
  int initial_parallelism = 1;
  std::vector<SlotStep> optimum;  // ascending in time, the first at or before the start; empty: unknown
};

struct ScalingInput {
  double start_s = 0;
  double end_s = 0;
  // The driver's choice is at least five evaluations of the policy: that many chances to act were let pass.
  double quiet_s = 0;
  int tolerance_slots = 0;
  std::vector<ScoredOperator> operators;
  std::vector<ScoredAction> actions;  // in any order
};

struct ScalingPhase {
  double start_s = 0;
  std::optional<double> settling_s;  // none: the optimum was never held to the phase's end
};

struct ScalingScore {
  // Under a load that always moves there is a phase per metric window: then they are only counted.
  static constexpr std::int64_t phases_listed_max = 200;

  std::int64_t steps = 0;
  bool converged = true;
  std::optional<double> convergence_time_s;
  std::int64_t oscillations = 0;
  std::int64_t unexplained_oscillations = 0;
  double slot_seconds = 0;
  // None unless the optimum of every operator is known.
  std::optional<double> over_provisioned_slot_s;
  std::optional<double> under_provisioned_slot_s;
  std::optional<std::int64_t> final_over_slots;
  std::optional<std::int64_t> final_under_slots;
  std::int64_t phase_count = 0;  // 0 when the optimum is unknown
  std::int64_t phases_settled = 0;
  std::vector<ScalingPhase> phases;  // all of them, or none when they are more than phases_listed_max
};

// The parallelism of operator `operator_id` over time: its initial one, and every action's `to` from its end
// on. Equal neighbours are merged.
std::vector<SlotStep> parallelism_over_time(const ScalingInput& input, int operator_id);

// Value of a piecewise constant count at `time_s`; before its first step that step's value.
int value_at(const std::vector<SlotStep>& steps, double time_s);

ScalingScore score_scaling(const ScalingInput& input);

// The same while a run goes on, in memory that does not grow with it: what is over is folded into sums.
//
//   ScalingScorer scorer(start_s, tolerance_slots, {1, 1});
//   scorer.began(action); … scorer.ended(action);      // in the order of their ends
//   scorer.known_until(window_start_s);                // the optimum before that has been told
//   scorer.optimum(op, window_start_s, value); …       // from then on
//   scorer.score(end_s, quiet_s);                      // whenever asked
//
// The optimum may be told late (a window's, when it has closed): actions wait for it, and only these are
// kept. Its first value of an operator holds from the start, and is told before any known_until() after the
// start.
class ScalingScorer {
 public:
  ScalingScorer(double start_s, int tolerance_slots, const std::vector<int>& initial_parallelism);

  // Told of each operator of an action. What ends at once, and is refused, need not begin.
  void began(const ScoredAction& action);
  void ended(const ScoredAction& action);
  void known_until(double time_s);
  void optimum(int operator_id, double time_s, int value);

  // Of everything up to end_s, which is not before anything it was told of the optimum.
  ScalingScore score(double end_s, double quiet_s) const;

 private:
  // Counted up to `since_s`.
  struct Operator {
    int actual;
    double actual_since_s;
    double compared_since_s;
    std::optional<int> optimum = {};
    double slot_s = 0, over_slot_s = 0, under_slot_s = 0;
    std::optional<double> near_since_s = {};
    int direction = 0;                       // of its last step
    std::optional<int> optimum_before = {};  // when that was asked for
  };
  struct Waiting {
    ScoredAction action;
    std::optional<int> optimum;  // when it was asked for; none: still the present one
  };

  bool near(const Operator& op) const;
  void compare_until(Operator& op, double time_s);
  void change_actual(Operator& op, double time_s, int value, bool last_of_instant);
  void note_near(Operator& op, double time_s);
  void note_direction(Operator& op, const Waiting& change);
  void carry_out(std::vector<Waiting>& changes, double known_s);
  void end_phase();
  void finish(double end_s);

  double start_s_;
  int tolerance_slots_;
  std::vector<Operator> operators_;
  std::vector<Waiting> waiting_;  // begun, or ended and not yet folded in
  std::int64_t last_step_id_ = -1;
  double last_step_s_;
  double last_action_s_;
  bool any_action_ = false;
  double phase_start_s_;
  ScalingScore sums_;
};

}  // namespace weir

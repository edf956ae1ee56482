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
//   `final_over_slots` and `final_under_slots` say.
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
  std::vector<ScalingPhase> phases;  // empty when the optimum is unknown
};

// The parallelism of operator `operator_id` over time: its initial one, and every action's `to` from its end
// on. Equal neighbours are merged.
std::vector<SlotStep> parallelism_over_time(const ScalingInput& input, int operator_id);

// Value of a piecewise constant count at `time_s`; before its first step that step's value.
int value_at(const std::vector<SlotStep>& steps, double time_s);

ScalingScore score_scaling(const ScalingInput& input);

}  // namespace weir

#pragma once

#include <span>
#include <vector>

// The equations of DS2 alone: measured rates in, required instances out. Source: V. Kalavri et al., "Three
// steps is all you need", OSDI 2018, section 3.2, equations 5-8.
//
//   source o_j:    out* = the target rate from outside
//   operator o_i:  in*  = sum of out* over the operators before it
//                  pi   = in* / (true processing rate / parallelism)      a fraction: ceil comes later
//                  out* = in* * (true output rate / true processing rate)
//
// One pass in topological order gives every operator its value. What is passed on is the rate that is
// needed, never what the rounded-up parallelism could do: so nothing accumulates, and a plan never
// overshoots where true rates per instance do not depend on the parallelism.

namespace weir::ds2 {

struct Input {
  int from = 0;        // operator id
  double share = 1.0;  // how much of the output of `from` comes along this edge: 1 in the paper
};

struct OperatorRates {
  bool source = false;
  int parallelism = 1;
  bool measured = false;             // false: nothing was processed, so the rates say nothing
  double true_processing_per_s = 0;  // over all instances
  double true_output_per_s = 0;
  double target_per_s = 0;  // sources only
  std::vector<Input> inputs;
};

// Edges that close a loop (from an operator that is not earlier).
enum class Feedback { ignore, iterate };

struct Requirement {
  // False: the operator, or one before it, was not measured. (An operator that nothing will be sent to is
  // known to need nothing, if it was measured.)
  bool known = false;
  double input_per_s = 0;
  double instances = 0;  // fractional; of a source: its parallelism, sources are never scaled
};

// By operator id. With Feedback::iterate passes are repeated until the rates settle, and a loop whose gain
// is 1 or more (it never settles) counts as if its feedback edges were not there; the paper has only DAGs.
std::vector<Requirement> required_instances(std::span<const OperatorRates> operators,
                                            Feedback feedback = Feedback::ignore);

}  // namespace weir::ds2

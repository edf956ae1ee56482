#include "policies/ds2/model.hpp"

#include <cmath>

#include "sim/kernel/assert.hpp"

namespace weir::ds2 {
namespace {

constexpr int passes_max = 1000;
constexpr double settled = 1e-12;  // relative, well inside the tolerance of snapping_ceil

struct Flow {
  bool known = false;
  double input_per_s = 0, output_per_s = 0;
};

// One pass in topological order. Returns the largest relative change of an output.
double pass(std::span<const OperatorRates> operators, bool with_feedback, std::vector<Flow>& flows) {
  double change = 0;
  for (std::size_t i = 0; i < operators.size(); ++i) {
    const OperatorRates& op = operators[i];
    Flow flow;
    if (op.source) {
      flow = {true, 0, op.target_per_s};
    } else {
      flow.known = true;
      for (const Input& input : op.inputs) {
        const auto from = static_cast<std::size_t>(input.from);
        WEIR_ASSERT(from < operators.size(), "an edge from an operator that does not exist");
        const bool loop = from >= i;
        if (loop && !with_feedback) continue;
        flow.known = flow.known && (loop || flows[from].known);
        flow.input_per_s += input.share * flows[from].output_per_s;
      }
      const bool usable = op.measured && op.true_processing_per_s > 0;
      flow.known = flow.known && usable;
      if (usable) flow.output_per_s = flow.input_per_s * (op.true_output_per_s / op.true_processing_per_s);
    }
    const double before = flows[i].output_per_s;
    if (flow.output_per_s != before)
      change = std::max(change, std::fabs(flow.output_per_s - before) / std::max(flow.output_per_s, before));
    flows[i] = flow;
  }
  return change;
}

bool has_loop(std::span<const OperatorRates> operators) {
  for (std::size_t i = 0; i < operators.size(); ++i)
    for (const Input& input : operators[i].inputs)
      if (static_cast<std::size_t>(input.from) >= i) return true;
  return false;
}

std::vector<Flow> settle(std::span<const OperatorRates> operators, Feedback feedback) {
  std::vector<Flow> flows(operators.size());
  if (feedback == Feedback::iterate && has_loop(operators)) {
    for (int i = 0; i < passes_max; ++i)
      if (pass(operators, true, flows) <= settled) return flows;
    flows.assign(operators.size(), Flow{});
  }
  pass(operators, false, flows);
  return flows;
}

}  // namespace

std::vector<Requirement> required_instances(std::span<const OperatorRates> operators, Feedback feedback) {
  const std::vector<Flow> flows = settle(operators, feedback);
  std::vector<Requirement> required(operators.size());
  for (std::size_t i = 0; i < operators.size(); ++i) {
    const OperatorRates& op = operators[i];
    WEIR_ASSERT(op.parallelism >= 1, "an operator without instances");
    required[i] = {flows[i].known, flows[i].input_per_s, static_cast<double>(op.parallelism)};
    if (!op.source && flows[i].known)
      required[i].instances = flows[i].input_per_s / (op.true_processing_per_s / op.parallelism);
  }
  return required;
}

}  // namespace weir::ds2

#include "sim/control/backpressure.hpp"

#include <algorithm>
#include <vector>

namespace weir {

namespace {

// Of the window: what is less comes of rounding.
constexpr double least_share = 1e-6;

double blocked_most_s(const OperatorMetrics& op) {
  double most = 0;
  for (const InstanceMetrics& instance : op.instances) most = std::max(most, instance.blocked_s);
  return most;
}

bool names_somebody(const MetricWindow& window) {
  return std::any_of(window.operators.begin(), window.operators.end(),
                     [](const OperatorMetrics& op) { return op.backpressure_s() > 0; });
}

// Of an operator: who surely held up those before it, who waited for `held_up_s` at most.
void attribute(OperatorMetrics& op, double held_up_s, double window_s) {
  std::vector<double> held_s;
  double most_s = 0, sum_s = 0;
  for (const InstanceMetrics& instance : op.instances) {
    const double busy_s = window_s - instance.waiting_s - instance.blocked_s;
    const bool passes_on = instance.blocked_s > busy_s;
    held_s.push_back(passes_on ? 0 : std::max(0.0, busy_s + held_up_s - window_s));
    most_s = std::max(most_s, held_s.back());
    sum_s += held_s.back();
  }
  if (most_s < least_share * window_s) return;
  for (std::size_t i = 0; i < held_s.size(); ++i) op.instances[i].backpressure_s = most_s * held_s[i] / sum_s;
}

}  // namespace

void BackpressureAttribution::complete(std::span<const OperatorView> operators, MetricWindow& window) {
  const double window_s = window.duration_s();
  engine_names_ = engine_names_ || names_somebody(window);
  if (engine_names_ || window_s <= 0) return;
  for (std::size_t id = 0; id < window.operators.size(); ++id) {
    double held_up_s = 0;
    for (const int from : operators[id].upstream)
      held_up_s = std::max(held_up_s, blocked_most_s(window.operators[static_cast<std::size_t>(from)]));
    if (held_up_s >= least_share * window_s) attribute(window.operators[id], held_up_s, window_s);
  }
}

}  // namespace weir

#include "sim/control/true_capacity.hpp"

#include <algorithm>
#include <limits>

#include "sim/control/policy.hpp"
#include "sim/control/snapping_ceil.hpp"

namespace weir {

TrueCapacity::TrueCapacity(const Job& job) : job_(job) {
  speed_ = std::numeric_limits<double>::infinity();
  for (int host = 0; host < job.cluster().host_count(); ++host) {
    speed_ = std::min(speed_, job.cluster().host(host).speed);
  }
  for (const LogicalOperator& op : job.graph().operators) {
    if (op.source) {
      selectivity_.push_back(1);
    } else {
      OperatorContext context{job.seed(), "truth"};
      selectivity_.push_back(op.operator_spec.logic.build(context)->mean_selectivity());
    }
  }
}

double TrueCapacity::demand_per_s(int operator_id, double from_s, double to_s) const {
  const LogicalOperator& op = job_.graph().operators[operator_id];
  double rate = 0;
  if (op.source) {
    for (int i = 0; i < op.parallelism(); ++i)
      rate += job_.instance(operator_id, i).max_rate_per_s(from_s, to_s);
    return rate;
  }
  for (const int edge : op.inputs) {
    const LogicalEdge& in = job_.graph().edges[edge];
    if (in.spec.feedback) continue;
    rate += demand_per_s(in.from, from_s, to_s) * selectivity_[in.from];
  }
  return rate;
}

double TrueCapacity::instance_rate_per_s(int operator_id, int parallelism) const {
  const LogicalOperator& op = job_.graph().operators[operator_id];
  double cost_s = mean_cost_per_record_s(op.cost(), op.input_bytes);
  if (!op.source) cost_s *= op.operator_spec.contention.factor(parallelism);
  return cost_s > 0 ? speed_ / cost_s : std::numeric_limits<double>::infinity();
}

int TrueCapacity::optimal_workers(double from_s, double to_s) const {
  const auto& operators = job_.graph().operators;
  int most = std::numeric_limits<int>::max();
  bool linear = true;
  for (const LogicalOperator& op : operators) {
    if (op.source) continue;
    most = std::min(most, op.operator_spec.max_parallelism);
    linear = linear && op.operator_spec.contention.sigma == 0 && op.operator_spec.contention.kappa == 0;
  }
  for (int workers = 1;; ++workers) {
    double needed = 0;
    for (int op = 0; op < static_cast<int>(operators.size()); ++op) {
      if (!operators[op].source) needed += demand_per_s(op, from_s, to_s) / instance_rate_per_s(op, workers);
    }
    if (linear || workers >= most) return std::min(most, std::max(workers, snapping_ceil(needed)));
    if (snapping_ceil(needed) <= workers) return workers;
  }
}

int TrueCapacity::optimal_parallelism(int operator_id, double from_s, double to_s) const {
  if (operator_id == all_workers) return optimal_workers(from_s, to_s);
  const LogicalOperator& op = job_.graph().operators[operator_id];
  if (op.source) return op.parallelism();
  const double demand = demand_per_s(operator_id, from_s, to_s);
  const int most = op.operator_spec.max_parallelism;
  for (int p = op.operator_spec.min_parallelism; p <= most; ++p) {
    const double instances = demand / instance_rate_per_s(operator_id, p);
    if (snapping_ceil(instances) <= p) return p;
    // With linear scaling the answer is known at once.
    if (op.operator_spec.contention.sigma == 0 && op.operator_spec.contention.kappa == 0) {
      return std::min(most, std::max(p, snapping_ceil(instances)));
    }
  }
  return most;
}

}  // namespace weir

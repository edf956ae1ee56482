#include "sim/control/true_capacity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

#include "sim/control/policy.hpp"
#include "sim/control/snapping_ceil.hpp"

namespace weir {

namespace {

// 0 of infinitely many are none: nothing comes into the loop, or nothing out of it.
double times(double a, double b) {
  return a == 0 || b == 0 ? 0 : a * b;
}

// 1 + gain + gain^2 + …
double all_rounds(double gain) {
  constexpr double rounding = 1e-12;
  return gain < 1 - rounding ? 1 / (1 - gain) : std::numeric_limits<double>::infinity();
}

}  // namespace

TrueCapacity::TrueCapacity(const Job& job) : job_(job) {
  for (const LogicalOperator& op : job.graph().operators) {
    if (op.source) {
      selectivity_.push_back(1);
    } else {
      OperatorContext context{job.seed(), "truth"};
      selectivity_.push_back(op.operator_spec.logic.build(context)->mean_selectivity());
    }
  }
  find_loops();
}

// What reaches the ends of loops is linear in what comes back from them: r = G r + g. The least solution is
// (1 + G + G^2 + …) g, also where it is infinite (Kleene's elimination).
void TrueCapacity::find_loops() {
  const LogicalGraph& graph = job_.graph();
  looping_position_.assign(graph.operators.size(), -1);
  for (const LogicalEdge& edge : graph.edges) {
    if (!edge.spec.feedback || looping_position_[edge.from] >= 0) continue;
    looping_position_[edge.from] = static_cast<int>(looping_.size());
    looping_.push_back(edge.from);
  }
  const std::size_t count = looping_.size();
  gain_.assign(count, std::vector<double>(count, 0));
  for (std::size_t from = 0; from < count; ++from) {
    std::vector<double> returned_per_s(count, 0);
    returned_per_s[from] = 1;
    std::vector<double> rate_per_s(graph.operators.size(), 0);
    propagate(rate_per_s, returned_per_s);
    for (std::size_t to = 0; to < count; ++to) gain_[from][to] = rate_per_s[looping_[to]];
  }
  for (std::size_t over = 0; over < count; ++over) {
    const double rounds = all_rounds(gain_[over][over]);
    const std::vector<std::vector<double>> once = gain_;
    for (std::size_t from = 0; from < count; ++from)
      for (std::size_t to = 0; to < count; ++to)
        gain_[from][to] += times(times(once[from][over], rounds), once[over][to]);
  }
  for (std::size_t i = 0; i < count; ++i) gain_[i][i] += 1;
}

void TrueCapacity::propagate(std::vector<double>& rate_per_s,
                             const std::vector<double>& returned_per_s) const {
  // Ids are in topological order, feedback aside.
  const LogicalGraph& graph = job_.graph();
  for (std::size_t op = 0; op < graph.operators.size(); ++op) {
    for (const int edge : graph.operators[op].inputs) {
      const LogicalEdge& in = graph.edges[edge];
      const double sent = in.spec.feedback ? returned_per_s[looping_position_[in.from]] : rate_per_s[in.from];
      rate_per_s[op] += times(sent, selectivity_[in.from]);
    }
  }
}

double TrueCapacity::demand_per_s(int operator_id, double from_s, double to_s) const {
  if (!demand_per_s_.empty() && demand_from_s_ == from_s && demand_to_s_ == to_s)
    return demand_per_s_[operator_id];
  const auto& operators = job_.graph().operators;
  std::vector<double> offered(operators.size(), 0);
  for (int op = 0; op < static_cast<int>(operators.size()); ++op) {
    if (!operators[op].source) continue;
    for (int i = 0; i < operators[op].parallelism(); ++i)
      offered[op] += job_.instance(op, i).max_rate_per_s(from_s, to_s);
  }
  const std::size_t loops = looping_.size();
  std::vector<double> returned_per_s(loops, 0);
  if (loops > 0) {
    std::vector<double> first_round = offered;
    propagate(first_round, returned_per_s);
    for (std::size_t from = 0; from < loops; ++from)
      for (std::size_t to = 0; to < loops; ++to)
        returned_per_s[to] += times(first_round[looping_[from]], gain_[from][to]);
  }
  demand_per_s_ = std::move(offered);
  propagate(demand_per_s_, returned_per_s);
  demand_from_s_ = from_s;
  demand_to_s_ = to_s;
  return demand_per_s_[operator_id];
}

double TrueCapacity::speed(int operator_id) const {
  if (speed_deployment_ != job_.deployment() || speed_.empty()) {
    constexpr double none = std::numeric_limits<double>::infinity();
    const Cluster& cluster = job_.cluster();
    speed_.assign(job_.graph().operators.size(), none);
    for (const PlacedInstance& placed : job_.placed()) {
      double& slowest = speed_[placed.operator_id];
      slowest = std::min(slowest, cluster.host(placed.host).speed);
    }
    double anywhere = none;
    for (int host = 0; host < cluster.host_count(); ++host) {
      if (cluster.host(host).slots > 0) anywhere = std::min(anywhere, cluster.host(host).speed);
    }
    std::replace(speed_.begin(), speed_.end(), none, anywhere);
    speed_deployment_ = job_.deployment();
  }
  return speed_[operator_id];
}

double TrueCapacity::instance_rate_per_s(int operator_id, int parallelism) const {
  const LogicalOperator& op = job_.graph().operators[operator_id];
  double cost_s = mean_cost_per_record_s(op.cost(), op.input_bytes);
  if (!op.source) cost_s *= op.operator_spec.contention.factor(parallelism);
  return cost_s > 0 ? speed(operator_id) / cost_s : std::numeric_limits<double>::infinity();
}

double TrueCapacity::instances_needed(int operator_id, int parallelism, double from_s, double to_s) const {
  const double rate = instance_rate_per_s(operator_id, parallelism);
  return std::isinf(rate) ? 0 : demand_per_s(operator_id, from_s, to_s) / rate;
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
      if (!operators[op].source) needed += instances_needed(op, workers, from_s, to_s);
    }
    if (needed > most) return most;
    if (linear || workers >= most) return std::min(most, std::max(workers, snapping_ceil(needed)));
    if (snapping_ceil(needed) <= workers) return workers;
  }
}

int TrueCapacity::optimal_parallelism(int operator_id, double from_s, double to_s) const {
  if (operator_id == all_workers) return optimal_workers(from_s, to_s);
  const LogicalOperator& op = job_.graph().operators[operator_id];
  if (op.source) return op.parallelism();
  const int most = op.operator_spec.max_parallelism;
  for (int p = op.operator_spec.min_parallelism; p <= most; ++p) {
    const double instances = instances_needed(operator_id, p, from_s, to_s);
    if (instances > most) return most;
    if (snapping_ceil(instances) <= p) return p;
    // With linear scaling the answer is known at once.
    if (op.operator_spec.contention.sigma == 0 && op.operator_spec.contention.kappa == 0) {
      return std::min(most, std::max(p, snapping_ceil(instances)));
    }
  }
  return most;
}

}  // namespace weir

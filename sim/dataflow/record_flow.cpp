#include "sim/dataflow/record_flow.hpp"

#include <algorithm>
#include <limits>

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

double Reaching::total_per_s(double instances) const {
  return shared_per_s + of_first_per_s + times(of_each_per_s, instances);
}

double Reaching::most_per_s(double instances) const {
  return shared_per_s / instances + of_first_per_s + of_each_per_s;
}

RecordFlow::RecordFlow(const LogicalGraph& graph, std::uint64_t seed) : graph_(graph) {
  for (const LogicalOperator& op : graph.operators) {
    OperatorContext context{seed, "truth"};
    selectivity_.push_back(op.source ? 1 : op.operator_spec.logic.build(context)->mean_selectivity());
  }
  looping_position_.assign(graph.operators.size(), -1);
  for (const LogicalEdge& edge : graph.edges) {
    broadcasts_ = broadcasts_ || edge.spec.partitioning == Partitioning::broadcast;
    if (!edge.spec.feedback || looping_position_[edge.from] >= 0) continue;
    looping_position_[edge.from] = static_cast<int>(looping_.size());
    looping_.push_back(edge.from);
  }
  if (!broadcasts_) gain_ = gains(std::vector<int>(graph.operators.size(), 1));
}

double RecordFlow::total_per_s(const std::vector<Reaching>& reaching, int operator_id,
                               const std::vector<int>& parallelism) const {
  return reaching[operator_id].total_per_s(parallelism[operator_id]);
}

// What reaches the ends of loops is linear in what comes back from them: r = G r + g. The least solution is
// (1 + G + G^2 + …) g, also where it is infinite (Kleene's elimination).
RecordFlow::Matrix RecordFlow::gains(const std::vector<int>& parallelism) const {
  const std::size_t count = looping_.size();
  Matrix gain(count, std::vector<double>(count, 0));
  const std::vector<double> nothing(graph_.operators.size(), 0);
  for (std::size_t from = 0; from < count; ++from) {
    std::vector<double> returned_per_s(count, 0);
    returned_per_s[from] = 1;
    const std::vector<Reaching> once = propagate(nothing, returned_per_s, parallelism);
    for (std::size_t to = 0; to < count; ++to) gain[from][to] = total_per_s(once, looping_[to], parallelism);
  }
  for (std::size_t over = 0; over < count; ++over) {
    const double rounds = all_rounds(gain[over][over]);
    const Matrix once = gain;
    for (std::size_t from = 0; from < count; ++from)
      for (std::size_t to = 0; to < count; ++to)
        gain[from][to] += times(times(once[from][over], rounds), once[over][to]);
  }
  for (std::size_t i = 0; i < count; ++i) gain[i][i] += 1;
  return gain;
}

double RecordFlow::rounds(const std::vector<int>& parallelism) const {
  const Matrix gain = broadcasts_ ? gains(parallelism) : gain_;
  double most = 1;
  for (std::size_t i = 0; i < looping_.size(); ++i) most = std::max(most, gain[i][i]);
  return most;
}

std::vector<Reaching> RecordFlow::propagate(const std::vector<double>& offered_per_s,
                                            const std::vector<double>& returned_per_s,
                                            const std::vector<int>& parallelism) const {
  // Ids are in topological order, feedback aside.
  std::vector<Reaching> reaching(graph_.operators.size());
  for (std::size_t op = 0; op < graph_.operators.size(); ++op) {
    reaching[op].shared_per_s = offered_per_s[op];
    for (const int edge : graph_.operators[op].inputs) {
      const LogicalEdge& in = graph_.edges[edge];
      const double taken = in.spec.feedback ? returned_per_s[looping_position_[in.from]]
                                            : total_per_s(reaching, in.from, parallelism);
      const double sent = times(taken, selectivity_[in.from]);
      Reaching& here = reaching[op];
      (in.spec.partitioning == Partitioning::broadcast ? here.of_each_per_s
       : in.spec.partitioning == Partitioning::global  ? here.of_first_per_s
                                                       : here.shared_per_s) += sent;
    }
  }
  return reaching;
}

std::vector<Reaching> RecordFlow::reaching(const std::vector<double>& offered_per_s,
                                           const std::vector<int>& parallelism) const {
  const std::size_t loops = looping_.size();
  std::vector<double> returned_per_s(loops, 0);
  if (loops > 0) {
    const std::vector<Reaching> first_round = propagate(offered_per_s, returned_per_s, parallelism);
    const Matrix gain = broadcasts_ ? gains(parallelism) : gain_;
    for (std::size_t from = 0; from < loops; ++from)
      for (std::size_t to = 0; to < loops; ++to)
        returned_per_s[to] += times(total_per_s(first_round, looping_[from], parallelism), gain[from][to]);
  }
  return propagate(offered_per_s, returned_per_s, parallelism);
}

}  // namespace weir

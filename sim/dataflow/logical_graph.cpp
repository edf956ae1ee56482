#include "sim/dataflow/logical_graph.hpp"

#include <algorithm>
#include <numeric>

namespace weir {

CostDistribution cost_distribution(const CostSpec& spec) {
  switch (spec.law) {
    case CostLaw::deterministic:
      return CostDistribution::deterministic();
    case CostLaw::exponential:
      return CostDistribution::exponential();
    case CostLaw::gamma:
      return CostDistribution::gamma_cv(spec.cv);
    case CostLaw::lognormal:
      return CostDistribution::lognormal_cv(spec.cv);
    case CostLaw::empirical:
      return CostDistribution::empirical(spec.values_us);
  }
  WEIR_ASSERT(false, "an unknown cost law");
}

double mean_cost_per_record_s(const CostSpec& spec, double record_bytes, double records_out,
                              double output_bytes) {
  double cost_s = spec.per_record_us * 1e-6 + record_bytes * spec.per_byte_ns * 1e-9;
  cost_s += spec.deserialization_per_record_us * 1e-6;
  cost_s += records_out *
            (spec.serialization_per_record_us * 1e-6 + output_bytes * spec.serialization_per_byte_ns * 1e-9);
  return cost_s;
}

int LogicalGraph::find(std::string_view name) const {
  for (std::size_t id = 0; id < operators.size(); ++id) {
    if (operators[id].name == name) return static_cast<int>(id);
  }
  return -1;
}

bool LogicalGraph::pulls(int operator_id) const {
  const std::vector<int>& inputs = operators[operator_id].inputs;
  return std::any_of(inputs.begin(), inputs.end(),
                     [&](int edge) { return edges[edge].spec.partitioning == Partitioning::pull; });
}

LogicalGraph resolve(const DataflowSpec& spec) {
  std::vector<LogicalOperator> nodes;
  for (const SourceSpec& source : spec.sources) {
    LogicalOperator node;
    node.name = source.name;
    node.source = true;
    node.source_spec = source;
    nodes.push_back(std::move(node));
  }
  for (const OperatorSpec& op : spec.operators) {
    LogicalOperator node;
    node.name = op.name;
    node.operator_spec = op;
    if (op.cost.law == CostLaw::empirical) {
      const auto& values = op.cost.values_us;
      node.operator_spec.cost.per_record_us =
          std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
    }
    nodes.push_back(std::move(node));
  }
  const auto position = [&](const std::string& name) {
    const auto it = std::find_if(nodes.begin(), nodes.end(), [&](const auto& n) { return n.name == name; });
    WEIR_ASSERT(it != nodes.end(), "the dataflow was checked");
    return static_cast<std::size_t>(it - nodes.begin());
  };
  // Kahn's algorithm, always taking the first node that is free.
  std::vector<int> missing(nodes.size(), 0);
  for (const EdgeSpec& edge : spec.edges) {
    if (!edge.feedback) ++missing[position(edge.to)];
  }
  std::vector<std::size_t> order;
  std::vector<bool> taken(nodes.size(), false);
  while (order.size() < nodes.size()) {
    std::size_t next = 0;
    while (next < nodes.size() && (taken[next] || missing[next] > 0)) ++next;
    WEIR_ASSERT(next < nodes.size(), "the dataflow was checked for cycles");
    taken[next] = true;
    order.push_back(next);
    for (const EdgeSpec& edge : spec.edges) {
      if (!edge.feedback && position(edge.from) == next) --missing[position(edge.to)];
    }
  }
  LogicalGraph graph;
  for (const std::size_t at : order) graph.operators.push_back(nodes[at]);
  for (const EdgeSpec& edge : spec.edges) {
    const auto id = static_cast<int>(graph.edges.size());
    graph.edges.push_back({graph.find(edge.from), graph.find(edge.to), edge});
    graph.operators[graph.edges[id].from].outputs.push_back(id);
    graph.operators[graph.edges[id].to].inputs.push_back(id);
  }
  for (LogicalOperator& op : graph.operators) {
    for (const int edge : op.inputs) {
      op.input_bytes +=
          graph.operators[graph.edges[edge].from].output_bytes() / static_cast<double>(op.inputs.size());
    }
  }
  return graph;
}

std::vector<int> initial_parallelism(const LogicalGraph& graph) {
  std::vector<int> parallelism;
  for (const LogicalOperator& op : graph.operators) parallelism.push_back(op.parallelism());
  return parallelism;
}

}  // namespace weir

#include "models/engines/spark/stages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace weir::spark {

bool is_shuffle(const LogicalGraph& graph, int edge) {
  const LogicalEdge& e = graph.edges[static_cast<std::size_t>(edge)];
  return !graph.operators[static_cast<std::size_t>(e.from)].source &&
         e.spec.partitioning != Partitioning::forward;
}

namespace {

void add_once(std::vector<int>& list, int item) {
  if (std::find(list.begin(), list.end(), item) == list.end()) list.push_back(item);
}

// Of each operator, the first one that forward edges join it with.
std::vector<int> groups_of(const LogicalGraph& graph) {
  std::vector<int> group(graph.operators.size());
  std::iota(group.begin(), group.end(), 0);
  for (std::size_t edge = 0; edge < graph.edges.size(); ++edge) {
    const int from = graph.edges[edge].from, to = graph.edges[edge].to;
    if (graph.operators[static_cast<std::size_t>(from)].source || is_shuffle(graph, static_cast<int>(edge)))
      continue;
    const int old = group[static_cast<std::size_t>(to)], now = group[static_cast<std::size_t>(from)];
    std::replace(group.begin(), group.end(), std::max(old, now), std::min(old, now));
  }
  return group;
}

}  // namespace

// A stage is numbered when all its parents are: the stage that an operator ends is behind all that lead to
// it.
Stages stages_of(const LogicalGraph& graph) {
  const std::vector<int> group = groups_of(graph);
  Stages stages;
  stages.of_operator.assign(graph.operators.size(), -1);
  // By their last operators, which come in the order of the stages: whatever a stage needs is before its
  // last.
  std::vector<int> last(graph.operators.size(), -1);
  for (std::size_t op = 0; op < group.size(); ++op)
    last[static_cast<std::size_t>(group[op])] = static_cast<int>(op);
  for (std::size_t op = 0; op < group.size(); ++op) {
    if (graph.operators[op].source || last[static_cast<std::size_t>(group[op])] != static_cast<int>(op))
      continue;
    const int number = static_cast<int>(stages.list.size());
    Stage stage;
    for (std::size_t member = 0; member < group.size(); ++member) {
      if (group[member] != group[op]) continue;
      stage.operators.push_back(static_cast<int>(member));
      stages.of_operator[member] = number;
    }
    stages.list.push_back(std::move(stage));
  }
  for (std::size_t edge = 0; edge < graph.edges.size(); ++edge) {
    const int from = graph.edges[edge].from;
    const int to = stages.of_operator[static_cast<std::size_t>(graph.edges[edge].to)];
    Stage& stage = stages.list[static_cast<std::size_t>(to)];
    if (graph.operators[static_cast<std::size_t>(from)].source) {
      stage.inputs.push_back(static_cast<int>(edge));
    } else if (is_shuffle(graph, static_cast<int>(edge))) {
      const int parent = stages.of_operator[static_cast<std::size_t>(from)];
      stage.shuffles.push_back(static_cast<int>(edge));
      add_once(stage.parents, parent);
      add_once(stages.list[static_cast<std::size_t>(parent)].children, to);
    }
  }
  return stages;
}

bool reduces_by_key(const LogicalGraph& graph, int op) {
  if (op < 0 || graph.operators[static_cast<std::size_t>(op)].inputs.size() != 1) return false;
  const int edge = graph.operators[static_cast<std::size_t>(op)].inputs.front();
  return is_shuffle(graph, edge) &&
         graph.edges[static_cast<std::size_t>(edge)].spec.partitioning == Partitioning::key;
}

bool may_be_windowed(const LogicalGraph& graph, int op) {
  if (!reduces_by_key(graph, op)) return false;
  const Stages stages = stages_of(graph);
  const Stage& stage =
      stages.list[static_cast<std::size_t>(stages.of_operator[static_cast<std::size_t>(op)])];
  return stage.inputs.empty() && stage.shuffles.size() == 1 &&
         stages.list[static_cast<std::size_t>(stage.parents.front())].shuffles.empty();
}

std::vector<std::string> graph_problems(const LogicalGraph& graph) {
  std::vector<std::string> wrong;
  int sinks = 0;
  for (const LogicalOperator& op : graph.operators) {
    sinks += op.sink() ? 1 : 0;
    if (op.outputs.size() > 1)
      wrong.push_back(
          fmt::format("{} has {} outgoing edges: each output of a batch would be a job of its own, "
                      "and there is one (one outgoing edge at most)",
                      op.name, op.outputs.size()));
    // One task would be on two threads: its own and the one of where its records come from.
    int within = 0, from_operators = 0;
    for (const int edge : op.inputs) {
      if (graph.operators[static_cast<std::size_t>(graph.edges[static_cast<std::size_t>(edge)].from)].source)
        continue;
      ++from_operators;
      within += is_shuffle(graph, edge) ? 0 : 1;
    }
    if (within > 0 && from_operators > 1)
      wrong.push_back(fmt::format(
          "{} has {} inputs from operators, and is in the stage of {}: stages meet in shuffles (one "
          "forward edge by itself, or key, rebalance, shuffle and global edges only)",
          op.name, from_operators, within == 1 ? "one of them" : "several of them"));
  }
  if (sinks != 1)
    wrong.push_back(
        fmt::format("the dataflow has {} ends: each would be a job of its own, and there is one "
                    "for a batch (one end)",
                    sinks));
  for (const LogicalEdge& edge : graph.edges) {
    const std::string where = fmt::format("edge {} -> {}", edge.spec.from, edge.spec.to);
    const Partitioning way = edge.spec.partitioning;
    if (way == Partitioning::broadcast)
      wrong.push_back(where + ": a broadcast edge (forward: the same stage; any other: a shuffle)");
    if (graph.operators[static_cast<std::size_t>(edge.from)].source && way == Partitioning::key)
      wrong.push_back(where +
                      ": tasks read blocks, files or partitions as they are, and no task sends before "
                      "the first shuffle (another partitioning, or an operator between)");
    if (way == Partitioning::key && edge.spec.keys.law == KeyLaw::sender)
      wrong.push_back(where + ": keys that the sender tells, for instances that Spark has not (another law)");
  }
  return wrong;
}

}  // namespace weir::spark

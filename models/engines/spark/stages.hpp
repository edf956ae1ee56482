#pragma once

#include <string>
#include <vector>

#include "sim/dataflow/logical_graph.hpp"

// A job's stages: what a task does without data of other tasks.
//
//   source ─▶ filter ─forward─▶ map ─key─▶ count ─forward─▶ sink
//             └───── stage 0 ─────┘ shuffle └──── stage 1 ─────┘
//
// Operators that forward edges join are in one stage; any other edge between operators is a shuffle. Spark,
// DAGScheduler.scala.

namespace weir::spark {

bool is_shuffle(const LogicalGraph& graph, int edge);

struct Stage {
  std::vector<int> operators;  // in topological order
  std::vector<int> inputs;     // edges from sources
  std::vector<int> shuffles;   // edges from other stages
  std::vector<int> parents;    // their stages, each once
  std::vector<int> children;
};

// In topological order; and of each operator, the stage (-1: a source).
struct Stages {
  std::vector<Stage> list;
  std::vector<int> of_operator;
};
Stages stages_of(const LogicalGraph& graph);

// Whether what comes to an operator (-1: there is none) comes by one shuffle by key.
bool reduces_by_key(const LogicalGraph& graph, int op);
// Whether windows can be made of what comes to an operator (-1: there is none): by one shuffle by key, to a
// stage that reads nothing else, from a stage that reads sources alone.
bool may_be_windowed(const LogicalGraph& graph, int op);

// Why the graph is no job of this engine; empty if it is.
std::vector<std::string> graph_problems(const LogicalGraph& graph);

}  // namespace weir::spark

#pragma once

#include <string>
#include <vector>

#include "models/engines/spark/params.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/dataflow/engine.hpp"
#include "sim/dataflow/logical_graph.hpp"

// The hosts and the operators that the engine's parameters name.

namespace weir::spark {

// -1: none is named, or it is not there.
int host_named(const Cluster& cluster, const std::string& name);

// Of the chosen input; empty: none.
const std::string& host_of_input(const SparkParams& params);

// Names of what is not there, chosen or not, and of operators that are no place for what is said of them.
std::vector<ParameterProblem> problems_of_names(const LogicalGraph& graph, const Cluster& cluster,
                                                const SparkParams& params);

}  // namespace weir::spark

#pragma once

#include <string>
#include <vector>

#include "models/engines/synergy/params.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/dataflow/engine.hpp"
#include "sim/dataflow/logical_graph.hpp"
#include "sim/dataflow/placement.hpp"
#include "sim/dataflow/shared_nodes.hpp"

namespace weir {

// Names of operators and hosts that are not there, and the like.
std::vector<ParameterProblem> synergy_parameter_problems(const LogicalGraph& graph, const Cluster& cluster,
                                                         const SynergyParams& params);
// What keeps the job from being a network of applications on shared nodes; a sentence each.
std::vector<std::string> synergy_problems(const LogicalGraph& graph, const Cluster& cluster,
                                          const std::vector<PlacedInstance>& placed,
                                          const SynergyParams& params);

// The network that it is, if nothing keeps it from being one. Declared rates are left out.
SharedNodes synergy_nodes(const LogicalGraph& graph, const Cluster& cluster,
                          const std::vector<PlacedInstance>& placed, const SynergyParams& params,
                          std::uint64_t seed);

}  // namespace weir

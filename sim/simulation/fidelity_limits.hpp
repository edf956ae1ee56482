#pragma once

#include <string>
#include <vector>

#include "sim/dataflow/engine.hpp"
#include "sim/dataflow/logical_graph.hpp"

// Where the accuracy dial is known to cost latencies more than docs/accuracy.md's few percent.

namespace weir {

class Cluster;

// What of the job and its cluster needs a smaller span for its latencies to mean something, in words; empty
// if nothing does, or if the simulation is record by record.
std::vector<std::string> too_coarse_for(const FidelitySpec& fidelity, const LogicalGraph& graph,
                                        const Cluster& cluster);

}  // namespace weir

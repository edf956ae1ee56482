#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sim/dataflow/shared_nodes.hpp"
#include "sim/simulation/scenario.hpp"

namespace weir {

struct NodesOfJob {
  std::string job;
  std::shared_ptr<const SharedNodes> nodes;
};

// Of the jobs whose engines split rates among instances, as they are placed at the start. Builds the cluster:
// once per process, and instead of a simulation.
std::vector<NodesOfJob> shared_nodes_of(const LoadedScenario& loaded);

}  // namespace weir

#pragma once

#include <string>
#include <vector>

#include "sim/simulation/scenario.hpp"

// Whether the jobs of a scenario can be placed as they begin. A placement needs the cluster, and a process
// can have only one: so this is tried in a child process, which also keeps a SimGrid that aborts on a
// platform from taking us along.

namespace weir {

struct PlacementError {
  std::size_t job = 0;
  std::string what;
};

std::vector<PlacementError> check_placement(const LoadedScenario& scenario);

}  // namespace weir

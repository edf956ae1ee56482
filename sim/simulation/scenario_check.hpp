#pragma once

#include "sim/simulation/scenario.hpp"

// What only the whole scenario can tell: whether the workloads' files can be read, the engines have what the
// dataflows ask for, the ids of a run suffice, and the jobs fit the cluster.

namespace weir {

// Each check goes as far as what it looks at is sound (sim/scenario/errors.hpp); `errors` are those of
// reading `loaded` from `root`. Adds the files that are read besides the scenario to `loaded`.
void check_scenario(LoadedScenario& loaded, const Node& root, Errors& errors);

}  // namespace weir

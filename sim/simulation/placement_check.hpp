#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sim/simulation/scenario.hpp"

// Whether jobs can be placed as they begin. A placement needs the cluster, and a process can have only one:
// so this is tried in a child process, which also keeps a SimGrid that aborts on a platform from taking us
// along.

namespace weir {

struct PlacementTrial {
  ClusterSpec cluster;
  std::string base_dir;
  std::uint64_t seed = 1;
  bool may_fit = true;  // false: that there are too few slots is known
  struct OfJob {
    const JobSpec* job;
    const DataflowSpec* dataflow;  // that can be resolved
  };
  std::vector<OfJob> jobs;
  std::vector<const BrokerSpec*> brokers;
};

struct PlacementError {
  std::optional<std::size_t> job;     // of the trial
  std::optional<std::size_t> broker;  // of the trial; neither: the cluster cannot be built
  std::string what;
  std::string parameter = "placement";  // where, below the job, with dots
  std::string allowed = "hosts of the cluster with free slots";
  bool idle = false;  // no error: the parameter has no effect, `what` says why
};

std::vector<PlacementError> check_placement(const PlacementTrial& trial);

}  // namespace weir

#pragma once

#include <cstdint>
#include <string>
#include <vector>

// What an engine that hosts its instances in containers, started and stopped one by one while the job runs,
// tells of where they may be. The parallelism of an operator is how many places there are for its containers;
// how many run is another matter.
//
//   host that may have containers ─▶ worker
//   instance                      ─▶ place for a container, on one worker

namespace weir {

struct ContainerPlaces {
  struct Worker {
    std::string name;
    int host = 0;
    int cores = 1;
  };
  std::vector<Worker> workers;
  // The worker of each instance, by operator; empty for those that are in no container (sources).
  std::vector<std::vector<int>> worker_of;
};

// A container of the operator is to be started on the worker.
struct ContainerTarget {
  int operator_id = 0;
  int worker = 0;  // index into ContainerPlaces::workers
  bool operator==(const ContainerTarget&) const = default;
};

}  // namespace weir

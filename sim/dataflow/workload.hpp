#pragma once

#include "sim/dataflow/logical_graph.hpp"
#include "sim/scenario/registry.hpp"

// A workload makes a dataflow from a few parameters: word count, chains, benchmarks; `dataflow` is the one
// that takes it as written. Registered in models/workloads, one file each.

namespace weir {

struct WorkloadContext {};

class Workload {
 public:
  static constexpr RegistryKind registry_kind{"workload", "workloads"};
  virtual ~Workload() = default;
  virtual DataflowSpec dataflow() const = 0;
};

using WorkloadRegistry = Registry<Workload, WorkloadContext>;

}  // namespace weir

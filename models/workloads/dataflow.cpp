// The dataflow as the scenario writes it: sources, operators and edges.

#include "models/workloads/parts.hpp"

namespace weir {
namespace {

const auto registered = WorkloadRegistry::add<DataflowSpec>(
    {.name = "dataflow",
     .help = "Sources, operators and edges as written in the scenario.",
     .source = "dataflow model"},
    dataflow_table(), [](const DataflowSpec& p, WorkloadContext&) -> std::unique_ptr<Workload> {
      return std::make_unique<FixedWorkload>(p);
    });

}  // namespace
}  // namespace weir

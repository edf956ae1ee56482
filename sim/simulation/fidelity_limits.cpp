#include "sim/simulation/fidelity_limits.hpp"

#include <fmt/format.h>

#include "sim/cluster/cluster.hpp"

namespace weir {

std::vector<std::string> too_coarse_for(const FidelitySpec& fidelity, const LogicalGraph& graph,
                                        const Cluster& cluster) {
  std::vector<std::string> what;
  if (fidelity.batch_records == 1 || fidelity.span_ns() == 0) return what;
  for (const LogicalEdge& edge : graph.edges) {
    const bool pull = edge.spec.partitioning == Partitioning::pull;
    if (pull || edge.spec.feedback)
      what.push_back(fmt::format("the {} edge {} -> {}", pull ? "pull" : "feedback",
                                 graph.operators[edge.from].name, graph.operators[edge.to].name));
  }
  int crowded = 0;
  for (int host = 0; host < cluster.host_count(); ++host)
    crowded += cluster.host(host).slots > cluster.host(host).cores ? 1 : 0;
  if (crowded > 0)
    what.push_back(fmt::format("cores shared by slots on {}",
                               crowded == 1 ? "1 host" : fmt::format("{} hosts", crowded)));
  return what;
}

}  // namespace weir

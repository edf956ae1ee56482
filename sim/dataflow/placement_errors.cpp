#include "sim/dataflow/placement_errors.hpp"

#include "sim/cluster/cluster.hpp"
#include "sim/dataflow/logical_graph.hpp"

namespace weir {

namespace {

template <typename NameOf>
std::string first_of(int count, NameOf name_of) {
  std::string text;
  for (int i = 0; i < count && i < 10; ++i) text += (i == 0 ? "" : ", ") + name_of(i);
  return count > 10 ? text + ", …" : text;
}

}  // namespace

std::string operator_names(const LogicalGraph& graph) {
  return first_of(static_cast<int>(graph.operators.size()),
                  [&](int op) { return graph.operators[static_cast<std::size_t>(op)].name; });
}

std::string host_names(const Cluster& cluster) {
  return first_of(cluster.host_count(), [&](int host) { return cluster.host(host).name; });
}

}  // namespace weir

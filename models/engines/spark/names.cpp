#include "models/engines/spark/names.hpp"

#include <fmt/format.h>

#include "models/engines/spark/stages.hpp"
#include "sim/scenario/errors.hpp"

namespace weir::spark {

namespace {

class Names {
 public:
  Names(const LogicalGraph& graph, const Cluster& cluster) : graph_(graph), cluster_(cluster) {
    for (const LogicalOperator& op : graph.operators)
      if (!op.source) operators_.push_back(op.name);
    for (int host = 0; host < cluster.host_count(); ++host) hosts_.push_back(cluster.host(host).name);
  }

  void host(const std::string& at, const std::string& name) {
    if (name.empty() || host_named(cluster_, name) >= 0) return;
    problems.push_back({at, fmt::format("there is no host {}", weir::quoted(name)),
                        "a host of the cluster, with slots or without: " + allowed_names(name, hosts_)});
  }

  void behind_shuffle(const std::string& at, const std::string& name) {
    if (is_operator(at, name) && !reduces_by_key(graph_, graph_.find(name)))
      problems.push_back({at, fmt::format("what {} gets is not partitioned by key", weir::quoted(name)),
                          "an operator whose only input is a shuffle by key"});
  }

  void first_behind_shuffle(const std::string& at, const std::string& name) {
    if (is_operator(at, name) && !may_be_windowed(graph_, graph_.find(name)))
      problems.push_back(
          {at,
           fmt::format("{} does not get what one shuffle by key brings from a stage that reads sources alone",
                       weir::quoted(name)),
           "an operator whose only input is an edge by key, first of its stage"});
  }

  std::vector<ParameterProblem> problems;

 private:
  bool is_operator(const std::string& at, const std::string& name) {
    const int id = graph_.find(name);
    if (id >= 0 && !graph_.operators[static_cast<std::size_t>(id)].source) return true;
    problems.push_back({at, fmt::format("there is no operator {} besides the sources", weir::quoted(name)),
                        allowed_names(name, operators_)});
    return false;
  }

  const LogicalGraph& graph_;
  const Cluster& cluster_;
  std::vector<std::string> operators_, hosts_;
};

}  // namespace

int host_named(const Cluster& cluster, const std::string& name) {
  for (int host = 0; host < cluster.host_count() && !name.empty(); ++host)
    if (cluster.host(host).name == name) return host;
  return -1;
}

const std::string& host_of_input(const SparkParams& params) {
  switch (params.input) {
    case InputKind::file:
      return params.file.host;
    case InputKind::direct:
      return params.direct.host;
    case InputKind::receiver:
      break;
  }
  return params.receiver.host;
}

std::vector<ParameterProblem> problems_of_names(const LogicalGraph& graph, const Cluster& cluster,
                                                const SparkParams& params) {
  Names names(graph, cluster);
  names.host("receiver.host", params.receiver.host);
  names.host("file.host", params.file.host);
  names.host("direct.host", params.direct.host);
  names.host("checkpoint.host", params.checkpoint.host);
  for (std::size_t i = 0; i < params.combine.size(); ++i)
    names.behind_shuffle(fmt::format("combine.{}", i), params.combine[i]);
  for (const auto& [name, window] : params.windows) names.first_behind_shuffle("windows." + name, name);
  for (const auto& [name, state] : params.states) names.first_behind_shuffle("states." + name, name);
  for (const auto& [name, join] : params.joins) {
    names.behind_shuffle("joins." + name, name);
    names.host(fmt::format("joins.{}.host", name), join.host);
  }
  return std::move(names.problems);
}

}  // namespace weir::spark

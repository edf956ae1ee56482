#include "models/engines/synergy/nodes_of.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "sim/allocation/projection_tree.hpp"
#include "sim/allocation/region.hpp"
#include "sim/scenario/errors.hpp"

namespace weir {

namespace {

// The source of each operator; -1 where there are several.
std::vector<int> source_of(const LogicalGraph& graph) {
  std::vector<int> source(graph.operators.size(), -1);
  for (std::size_t op = 0; op < graph.operators.size(); ++op) {
    if (graph.operators[op].source) source[op] = static_cast<int>(op);
    bool first = true;
    for (const int edge : graph.operators[op].inputs) {
      const int from = source[graph.edges[edge].from];
      source[op] = first || from == source[op] ? from : -1;
      first = false;
    }
  }
  return source;
}

double cost_of(const LogicalOperator& op, double selectivity) {
  return mean_cost_per_record_s(op.operator_spec.cost, op.input_bytes, selectivity,
                                op.operator_spec.output_bytes);
}

double selectivity_of(const LogicalOperator& op, std::uint64_t seed) {
  OperatorContext context{seed, "nodes"};
  return op.operator_spec.logic.build(context)->mean_selectivity();
}

void check_operator(const LogicalGraph& graph, const std::string& at, const std::string& name,
                    std::vector<ParameterProblem>& problems) {
  std::vector<std::string> names;
  for (const LogicalOperator& op : graph.operators)
    if (!op.source) names.push_back(op.name);
  if (std::find(names.begin(), names.end(), name) == names.end())
    problems.push_back(
        {at, fmt::format("there is no operator {:?} besides the sources", name), allowed_names(name, names)});
}

void check_resources(const LogicalGraph& graph, const Cluster& cluster, const SynergyParams& params,
                     std::vector<ParameterProblem>& problems) {
  std::vector<std::string> hosts;
  for (int host = 0; host < cluster.host_count(); ++host) hosts.push_back(cluster.host(host).name);
  std::set<std::string> names{"cpu"};
  for (std::size_t i = 0; i < params.resources.size(); ++i) {
    const SynergyResource& resource = params.resources[i];
    const std::string at = fmt::format("resources.{}", i);
    if (resource.name.empty()) problems.push_back({at + ".name", "is empty", "a name"});
    if (!names.insert(resource.name).second)
      problems.push_back({at + ".name", fmt::format("there is another resource {:?}", resource.name),
                          "a name of its own; cpu is the processor"});
    for (const auto& [host, capacity] : resource.nodes)
      if (std::find(hosts.begin(), hosts.end(), host) == hosts.end())
        problems.push_back({fmt::format("{}.nodes.{}", at, host), fmt::format("there is no host {:?}", host),
                            allowed_names(host, hosts)});
    for (const auto& [name, use] : resource.uses)
      check_operator(graph, fmt::format("{}.uses.{}", at, name), name, problems);
  }
}

void check_applications(const LogicalGraph& graph, std::vector<std::string>& problems) {
  const std::vector<int> source = source_of(graph);
  int applications = 0;
  for (std::size_t op = 0; op < graph.operators.size(); ++op) {
    applications += graph.operators[op].source;
    if (source[op] < 0)
      problems.push_back(
          fmt::format("operator {:?} gets records of several sources, and an application has one",
                      graph.operators[op].name));
  }
  if (applications > allocation::ProjectionTree::applications_max)
    problems.push_back(fmt::format("{} sources, and there may be {} applications at most", applications,
                                   allocation::ProjectionTree::applications_max));
  for (const LogicalEdge& edge : graph.edges) {
    const Partitioning p = edge.spec.partitioning;
    if (edge.spec.feedback || (p != Partitioning::rebalance && p != Partitioning::shuffle))
      problems.push_back(
          fmt::format("edge {} -> {}: rates are split among instances by shares; only rebalance "
                      "and shuffle leave that open",
                      edge.spec.from, edge.spec.to));
  }
}

}  // namespace

std::vector<ParameterProblem> synergy_parameter_problems(const LogicalGraph& graph, const Cluster& cluster,
                                                         const SynergyParams& params) {
  std::vector<ParameterProblem> problems;
  check_resources(graph, cluster, params, problems);
  for (const auto& [what, of] :
       {std::pair{"cost_factors", &params.cost_factors}, {"shares", &params.shares}}) {
    for (const auto& [name, values] : *of) {
      const std::string at = fmt::format("{}.{}", what, name);
      check_operator(graph, at, name, problems);
      const int op = graph.find(name);
      if (op < 0 || graph.operators[op].source) continue;
      if (static_cast<int>(values.by_instance.size()) != graph.operators[op].parallelism())
        problems.push_back({at + ".by_instance", fmt::format("{} values", values.by_instance.size()),
                            fmt::format("one for each of {} instances", graph.operators[op].parallelism())});
    }
  }
  return problems;
}

std::vector<std::string> synergy_problems(const LogicalGraph& graph, const Cluster& cluster,
                                          const std::vector<PlacedInstance>& placed,
                                          const SynergyParams& params) {
  std::vector<std::string> problems;
  check_applications(graph, problems);
  std::set<int> crowded;
  for (const PlacedInstance& instance : placed)
    if (cluster.host(instance.host).cores != 1 && !graph.operators[instance.operator_id].source &&
        cost_of(graph.operators[instance.operator_id], 1) > 0)
      crowded.insert(instance.host);
  for (const int host : crowded)
    problems.push_back(fmt::format("host {} has {} cores: a node's processor is one, with a higher speed",
                                   cluster.host(host).name, cluster.host(host).cores));
  if (!problems.empty()) return problems;
  const SharedNodes nodes = synergy_nodes(graph, cluster, placed, params, 1);
  try {
    for (const int application : allocation::Region(nodes.network).unlimited_applications())
      problems.push_back(fmt::format("application {:?} uses no resource of any node",
                                     nodes.network.applications[static_cast<std::size_t>(application)]));
  } catch (const allocation::Unsolvable& error) {
    problems.push_back(error.what());
  }
  return problems;
}

SharedNodes synergy_nodes(const LogicalGraph& graph, const Cluster& cluster,
                          const std::vector<PlacedInstance>& placed, const SynergyParams& params,
                          std::uint64_t seed) {
  SharedNodes result;
  allocation::Network& network = result.network;
  network.resources.push_back("cpu");
  for (const SynergyResource& resource : params.resources) network.resources.push_back(resource.name);
  for (int host = 0; host < cluster.host_count(); ++host) {
    allocation::Node node{cluster.host(host).name, {1}};
    for (const SynergyResource& resource : params.resources) {
      const auto own = resource.nodes.find(node.name);
      node.capacity.push_back(own == resource.nodes.end() ? resource.per_s : own->second.per_s);
    }
    network.nodes.push_back(std::move(node));
  }
  const std::vector<int> source = source_of(graph);
  std::map<int, int> application, service;
  for (std::size_t op = 0; op < graph.operators.size(); ++op) {
    const int id = static_cast<int>(op);
    const LogicalOperator& spec = graph.operators[op];
    if (spec.source) {
      application[id] = static_cast<int>(result.sources.size());
      result.sources.push_back(id);
      network.applications.push_back(spec.name);
      continue;
    }
    service[id] = static_cast<int>(result.operators.size());
    result.operators.push_back(id);
    allocation::Service of{spec.name, application[source[op]], false, {}};
    for (const int edge : spec.inputs) {
      const int from = graph.edges[edge].from;
      if (graph.operators[from].source) {
        of.first = true;
      } else {
        of.upstream.push_back(service[from]);
      }
    }
    network.services.push_back(std::move(of));
  }
  for (const PlacedInstance& instance : placed) {
    const LogicalOperator& op = graph.operators[instance.operator_id];
    if (op.source) continue;
    allocation::Component component{
        service[instance.operator_id], instance.host, {}, selectivity_of(op, seed)};
    const auto factor = params.cost_factors.find(op.name);
    component.use.push_back(cost_of(op, component.selectivity) / cluster.host(instance.host).speed *
                            (factor == params.cost_factors.end()
                                 ? 1
                                 : factor->second.by_instance[static_cast<std::size_t>(instance.index)]));
    for (const SynergyResource& resource : params.resources) {
      const auto use = resource.uses.find(op.name);
      component.use.push_back(use == resource.uses.end() ? 0 : use->second.per_record);
    }
    network.components.push_back(std::move(component));
    result.instances.push_back({instance.operator_id, instance.index});
  }
  return result;
}

}  // namespace weir

// Hosts by operator, as the scenario says; operators that are not named go one host after the other, over all
// hosts.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "sim/dataflow/logical_graph.hpp"
#include "sim/dataflow/placement.hpp"
#include "sim/dataflow/placement_errors.hpp"

namespace weir {
namespace {

struct OperatorHosts {
  std::vector<std::string> hosts;
};

struct ExplicitParams {
  std::map<std::string, OperatorHosts> operators;
};

class Explicit final : public Placement {
 public:
  Explicit(const ExplicitParams& params, const PlacementContext& context) : Placement(context) {
    hosts_.resize(context.graph.operators.size());
    next_.resize(hosts_.size() + 1);
    std::vector<PlacementParameterError::Problem> problems;
    if (context.slots_shared)
      problems.push_back(
          {"", "hosts by operator, where a slot has an instance of each operator", "another placement"});
    for (const auto& [name, chosen] : params.operators) {
      const int op = context.graph.find(name);
      if (op < 0)
        problems.push_back({"operators." + name, fmt::format("there is no operator {:?}", name),
                            operator_names(context.graph)});
      for (const std::string& host : chosen.hosts) {
        const int found = find(context, host);
        if (found < 0)
          problems.push_back({"operators." + name + ".hosts", fmt::format("there is no host {:?}", host),
                              host_names(context.cluster)});
        if (op >= 0 && found >= 0) hosts_[static_cast<std::size_t>(op)].push_back(found);
      }
    }
    if (!problems.empty()) throw PlacementParameterError(std::move(problems));
  }

 private:
  static int find(const PlacementContext& context, const std::string& name) {
    for (int host = 0; host < context.cluster.host_count(); ++host) {
      if (context.cluster.host(host).name == name) return host;
    }
    return -1;
  }
  int choose(const InstanceToPlace& instance, const PlacementState& state) override {
    const auto op = static_cast<std::size_t>(instance.operator_id);
    const std::vector<int>& own = hosts_[op];
    std::size_t& next = own.empty() ? next_.back() : next_[op];
    const std::size_t hosts = own.empty() ? static_cast<std::size_t>(state.hosts()) : own.size();
    for (std::size_t tried = 0; tried < hosts; ++tried) {
      const std::size_t at = (next + tried) % hosts;
      const int host = own.empty() ? static_cast<int>(at) : own[at];
      if (!state.has_room(host)) continue;
      next = at + 1;
      return host;
    }
    return -1;
  }
  bool allowed(const InstanceToPlace& instance, int host) const override {
    const std::vector<int>& own = hosts_[static_cast<std::size_t>(instance.operator_id)];
    return own.empty() || std::find(own.begin(), own.end(), host) != own.end();
  }
  std::vector<std::vector<int>> hosts_;  // by operator; empty: anywhere
  std::vector<std::size_t> next_;        // by operator; the last one for those that may be anywhere
};

ParamTable<ExplicitParams> table() {
  ParamTable<OperatorHosts> hosts("hosts of an operator");
  hosts.texts("hosts", &OperatorHosts::hosts,
              {.help = "Names of hosts, taken in turn while they have free slots."});
  hosts.required("hosts");
  ParamTable<ExplicitParams> t;
  t.objects("operators", &ExplicitParams::operators, hosts, {.help = "By the operator's name."});
  return t;
}

const auto registered = PlacementRegistry::add<ExplicitParams>(
    {.name = "explicit", .help = "The hosts of each operator, by name.", .source = "the scenario"}, table(),
    [](const ExplicitParams& params, PlacementContext& context) {
      return std::make_unique<Explicit>(params, context);
    });

}  // namespace
}  // namespace weir

// Each node offers a few services of a catalogue, drawn at random; an operator called `application-service`
// has its instances on the nodes that offer the service. Everything else is outside, on hosts that offer
// none.

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <stdexcept>

#include "sim/dataflow/logical_graph.hpp"
#include "sim/dataflow/placement.hpp"
#include "sim/dataflow/placement_errors.hpp"
#include "sim/kernel/random.hpp"
#include "sim/scenario/errors.hpp"

namespace weir {
namespace {

struct ByServiceParams {
  std::vector<std::string> outside;
  int services_per_node = 5;
  int seed = 1;
};

ParamTable<ByServiceParams> table() {
  ParamTable<ByServiceParams> t;
  t.texts("outside", &ByServiceParams::outside,
          {.help = "Hosts that are no nodes: sources and ends of applications are there."});
  t.required("outside");
  t.integer("services_per_node", &ByServiceParams::services_per_node,
            {.help = "How many services a node offers.", .source = "the evaluation of BARRE (IPDPS 2009): 5"},
            between(1, 1000));
  t.integer("seed", &ByServiceParams::seed, {.help = "Draws them; the seed of a run does not change them."},
            between(0, 1e9));
  return t;
}

class ByService final : public Placement {
 public:
  ByService(const ByServiceParams& params, const PlacementContext& context) : Placement(context) {
    std::vector<int> nodes;
    for (int host = 0; host < context.cluster.host_count(); ++host) {
      const bool outside =
          std::count(params.outside.begin(), params.outside.end(), context.cluster.host(host).name);
      (outside ? outside_ : nodes).push_back(host);
    }
    check_outside(params, context.cluster);
    std::map<std::string, std::vector<int>> operators;
    for (std::size_t op = 0; op < context.graph.operators.size(); ++op) {
      const LogicalOperator& spec = context.graph.operators[op];
      const std::size_t dash = spec.name.rfind('-');
      if (!spec.source && !spec.sink() && dash != std::string::npos)
        operators[spec.name.substr(dash + 1)].push_back(static_cast<int>(op));
    }
    hosts_.resize(context.graph.operators.size());
    deal(operators, nodes, params);
  }

 private:
  static void check_outside(const ByServiceParams& params, const Cluster& cluster) {
    std::vector<std::string> hosts;
    for (int host = 0; host < cluster.host_count(); ++host) hosts.push_back(cluster.host(host).name);
    std::vector<PlacementParameterError::Problem> problems;
    for (const std::string& name : params.outside)
      if (std::find(hosts.begin(), hosts.end(), name) == hosts.end())
        problems.push_back(
            {"outside", fmt::format("there is no host {:?}", name), allowed_names(name, hosts)});
    if (params.outside.empty())
      problems.push_back({"outside", "is empty", "one host or more, for sources and ends"});
    if (!problems.empty()) throw PlacementParameterError(problems);
  }

  // Shuffled catalogues one after the other, and each node takes the next services that it does not have.
  void deal(const std::map<std::string, std::vector<int>>& operators, const std::vector<int>& nodes,
            const ByServiceParams& params) {
    std::vector<const std::vector<int>*> catalogue;
    for (const auto& [service, of] : operators) catalogue.push_back(&of);
    if (static_cast<std::size_t>(params.services_per_node) > catalogue.size() ||
        catalogue.size() > nodes.size() * static_cast<std::size_t>(params.services_per_node))
      throw PlacementParameterError({{"services_per_node",
                                      fmt::format("{} services a node on {} nodes, and there are {} services",
                                                  params.services_per_node, nodes.size(), catalogue.size()),
                                      "at most as many as there are services, and each on a node at least"}});
    RandomStream random(static_cast<std::uint64_t>(params.seed), "by-service", "deal");
    std::vector<std::size_t> deck;
    for (const int node : nodes) {
      std::vector<std::size_t> own;
      while (own.size() < static_cast<std::size_t>(params.services_per_node)) {
        const auto fresh = std::find_if(deck.begin(), deck.end(), [&](std::size_t service) {
          return std::find(own.begin(), own.end(), service) == own.end();
        });
        if (fresh == deck.end()) {
          add_shuffled(deck, catalogue.size(), random);
          continue;
        }
        own.push_back(*fresh);
        for (const int op : *catalogue[*fresh]) hosts_[static_cast<std::size_t>(op)].push_back(node);
        deck.erase(fresh);
      }
    }
  }

  static void add_shuffled(std::vector<std::size_t>& deck, std::size_t services, RandomStream& random) {
    const std::size_t begin = deck.size();
    for (std::size_t i = 0; i < services; ++i) {
      const auto at = begin + static_cast<std::size_t>(random.uniform01() * static_cast<double>(i + 1));
      deck.insert(deck.begin() + static_cast<std::ptrdiff_t>(std::min(at, deck.size())), i);
    }
  }

  int choose(const InstanceToPlace& instance, const PlacementState& state) override {
    const std::vector<int>& own = hosts_[static_cast<std::size_t>(instance.operator_id)];
    const std::vector<int>& hosts = own.empty() ? outside_ : own;
    for (std::size_t tried = 0; tried < hosts.size(); ++tried) {
      const int host = hosts[(static_cast<std::size_t>(instance.index) + tried) % hosts.size()];
      if (state.has_room(host)) return host;
    }
    return -1;
  }

  std::vector<int> outside_;
  std::vector<std::vector<int>> hosts_;  // by operator; empty: outside
};

const auto registered = PlacementRegistry::add<ByServiceParams>(
    {.name = "by-service",
     .help = "Nodes offer services at random, and have the components of what is called after them.",
     .source = "the evaluation of BARRE: Drougas and Kalogeraki, IPDPS 2009"},
    table(), [](const ByServiceParams& params, PlacementContext& context) {
      return std::make_unique<ByService>(params, context);
    });

}  // namespace
}  // namespace weir

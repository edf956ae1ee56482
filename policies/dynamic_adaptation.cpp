// Dynamic adaptation: when rates or nodes have changed, applications are composed anew for what was measured,
// of the least of the nodes; with and without a reserved part of every node. Baselines of BARRE (Drougas and
// Kalogeraki, IPDPS 2009; the adaptation is that of RASC, IPDPS 2007, whose cost function is not known here).

#include <nlohmann/json.hpp>

#include "policies/allocation/plans.hpp"
#include "policies/allocation/rate_monitor.hpp"

namespace weir {
namespace {

struct AdaptationParams : MonitorParams {
  double reserve = 0;
};

struct ReservedAdaptationParams : AdaptationParams {
  ReservedAdaptationParams() { reserve = 0.2; }
};

template <class Params>
ParamTable<Params> table() {
  ParamTable<Params> t;
  add_monitor_parameters(t);
  t.real("reserve", static_cast<double Params::*>(&AdaptationParams::reserve),
         {.help = "the part of each node's resources that is kept free, as long as rates fit into the rest",
          .source = "the evaluation's 20 %, where there is one"},
         between(0, 0.99));
  return t;
}

class DynamicAdaptation final : public Policy {
 public:
  explicit DynamicAdaptation(const AdaptationParams& params) : p_(params), monitor_(params.threshold) {}
  double interval_s() const override { return p_.interval_s; }
  double first_evaluation_s() const override { return 0; }
  double history_s() const override { return 4 * p_.interval_s; }

  std::vector<Decision> evaluate(const Observation& seen) override {
    const SharedNodes& nodes = *seen.job.nodes;
    if (last_action_failed(seen)) splits_.forget();
    if (adaptations_ == 0) {
      monitor_.plan_rates(nodes.declared_per_s);
      monitor_.plan_nodes(std::vector<double>(nodes.network.nodes.size(), 1));
      return {compose(nodes, nodes.declared_per_s, {}, "the applications are admitted")};
    }
    if (!monitor_.look(seen) || seen.action_running) return {};
    if (!monitor_.rates_changed() && !monitor_.nodes_changed()) return {};
    const std::string change = monitor_.change(seen.job);
    monitor_.plan_rates(monitor_.rates_per_s());
    monitor_.plan_nodes(monitor_.availability());
    return {compose(nodes, monitor_.rates_per_s(), monitor_.availability(), change)};
  }
  nlohmann::json state() const override { return {{"adaptations", adaptations_}}; }
  std::string why_nothing(const JobView&) const override { return "no service has two components"; }

 private:
  Decision compose(const SharedNodes& nodes, const std::vector<double>& rates_per_s,
                   const std::vector<double>& availability, std::string symptom) {
    ++adaptations_;
    const allocation::Network network = available(nodes.network, availability);
    const auto reserved =
        allocation::Region(allocation::scaled(network, 1 - p_.reserve)).cheapest(rates_per_s);
    Decision decision{std::move(symptom),
                      "the composition is for other rates",
                      reserved ? "composed anew" : "composed anew without the reserve",
                      {}};
    decision.splits = splits_.towards(nodes, reserved ? *reserved : cheapest_plan(network, rates_per_s));
    return decision;
  }

  AdaptationParams p_;
  RateMonitor monitor_;
  Splits splits_;
  int adaptations_ = 0;
};

template <class Params>
std::unique_ptr<Policy> make(const Params& p, PolicyContext&) {
  return std::make_unique<DynamicAdaptation>(p);
}

const auto registered = PolicyRegistry::add<AdaptationParams>(
    {.name = "dynamic-adaptation",
     .help = "Composes applications anew when rates or nodes have changed.",
     .source = "Drougas and Kalogeraki, IPDPS 2009: a baseline (RASC, IPDPS 2007)",
     .splits_rates = true},
    table<AdaptationParams>(), make<AdaptationParams>);

const auto registered_with_reserve = PolicyRegistry::add<ReservedAdaptationParams>(
    {.name = "adaptation-with-reservation",
     .help =
         "Composes applications anew when rates or nodes have changed, and keeps a part of every node free.",
     .source = "Drougas and Kalogeraki, IPDPS 2009: a baseline",
     .splits_rates = true},
    table<ReservedAdaptationParams>(), make<ReservedAdaptationParams>);

}  // namespace
}  // namespace weir

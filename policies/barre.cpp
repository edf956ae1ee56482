// BARRE: before the system runs, index points of the feasible region and their plans are found; while it
// runs, the plan that leaves every application as much room to grow as possible is looked up whenever rates
// or nodes have changed. Drougas and Kalogeraki, "Accommodating bursts in distributed stream processing
// systems", IPDPS 2009. The mathematics is in sim/allocation.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <stdexcept>

#include "policies/allocation/plans.hpp"
#include "policies/allocation/rate_monitor.hpp"
#include "sim/allocation/plan_index.hpp"

namespace weir {
namespace {

using allocation::Search;

struct BarreParams : MonitorParams {
  Search search = Search::automatic;
  double tolerance = 0.02;
  int rounds_max = 0;
  double search_s = 1;
};

ParamTable<BarreParams> table() {
  ParamTable<BarreParams> t;
  add_monitor_parameters(t);
  t.choice(
      "search", &BarreParams::search,
      {.help = "how index points are found: by the published search along the normals of sides' middles, "
               "exactly, or exactly for up to 4 applications",
       .source = "IPDPS 2009; the exact search is weir's own"},
      {{"automatic", Search::automatic}, {"exact", Search::exact}, {"midpoint", Search::midpoint}});
  t.real(
      "tolerance", &BarreParams::tolerance,
      {.help = "of the published search: a middle that moves by no more than this part of the greatest rate "
               "stays",
       .source = "not published"},
      Range{.low = 1e-4, .high = 1});
  t.integer("rounds_max", &BarreParams::rounds_max,
            {.help = "of the published search: how often a side is divided at most; 0: until no middle moves",
             .source = "not published"},
            between(0, 100));
  t.real("search_s", &BarreParams::search_s,
         {.unit = "s",
          .help = "what a new search takes when nodes have changed; until then old plans are used",
          .source = "the evaluation: up to 1.8 s at 12 applications"},
         waiting_range());
  return t;
}

class Barre final : public Policy {
 public:
  explicit Barre(const BarreParams& params) : p_(params), monitor_(params.threshold) {}
  double interval_s() const override { return p_.interval_s; }
  double first_evaluation_s() const override { return 0; }
  double history_s() const override { return 4 * p_.interval_s; }

  std::vector<Decision> evaluate(const Observation& seen) override {
    const SharedNodes& nodes = *seen.job.nodes;
    if (last_action_failed(seen)) splits_.forget();
    if (!plans_) {
      if (!search(seen, nodes.network)) return {};
      monitor_.plan_nodes(std::vector<double>(nodes.network.nodes.size(), 1));
      return {look_up(nodes, nodes.declared_per_s, "the applications are admitted")};
    }
    if (!monitor_.look(seen) || seen.action_running) return {};
    const bool nodes_changed = search_when_due(seen);
    if (!nodes_changed && !monitor_.rates_changed()) return {};
    return {look_up(nodes, monitor_.rates_per_s(), monitor_.change(seen.job))};
  }

  nlohmann::json state() const override {
    if (!plans_) return nullptr;
    return {{"index_points", plans_->index().points.size()},
            {"sides", plans_->index().sides.size()},
            {"searches", searches_},
            {"look_ups", look_ups_}};
  }
  std::string why_nothing(const JobView&) const override { return "no service has two components"; }

 private:
  // False where the run is to end: there is no time for it any more.
  bool search(const Observation& seen, const allocation::Network& network) {
    const allocation::Region region(network);
    try {
      plans_.emplace(allocation::index_points(region, p_.search, p_.tolerance, p_.rounds_max,
                                              {.interrupted = seen.job.interrupted}));
    } catch (const allocation::SearchInterrupted&) {
      return false;
    }
    ++searches_;
    return true;
  }

  // Whether plans are new: of nodes that have changed, and were searched anew by now.
  bool search_when_due(const Observation& seen) {
    if (!monitor_.nodes_changed()) {
      search_due_ns_ = never;
      return false;
    }
    if (search_due_ns_ == never) search_due_ns_ = seen.now_ns + to_nanos(p_.search_s);
    if (seen.now_ns < search_due_ns_) return false;
    search_due_ns_ = never;
    if (!search(seen, available(seen.job.nodes->network, monitor_.availability()))) return false;
    monitor_.plan_nodes(monitor_.availability());
    return true;
  }

  Decision look_up(const SharedNodes& nodes, const std::vector<double>& rates_per_s, std::string symptom) {
    ++look_ups_;
    monitor_.plan_rates(rates_per_s);
    const allocation::PlanIndex::Answer answer = plans_->at(rates_per_s);
    Decision decision{
        std::move(symptom),
        answer.headroom < 0 ? "not feasible" : "another plan leaves more room",
        fmt::format("headroom {:.1f}/s, of {} index points", answer.headroom, answer.weights.size()),
        {}};
    decision.splits = splits_.towards(nodes, answer.plan);
    return decision;
  }

  BarreParams p_;
  RateMonitor monitor_;
  std::optional<allocation::PlanIndex> plans_;
  Splits splits_;
  Nanos search_due_ns_ = never;
  int searches_ = 0, look_ups_ = 0;
};

const auto registered = PolicyRegistry::add<BarreParams>(
    {.name = "barre",
     .help = "Plans that leave every application room to grow, found before and looked up at a burst.",
     .source =
         "Drougas and Kalogeraki, Accommodating bursts in distributed stream processing systems, IPDPS 2009",
     .splits_rates = true},
    table(), [](const BarreParams& p, PolicyContext&) -> std::unique_ptr<Policy> {
      return std::make_unique<Barre>(p);
    });

}  // namespace
}  // namespace weir

// Static reservation: a part of every node is kept free for bursts. Applications are composed once, of the
// least of the nodes, within what is left. A baseline of BARRE (Drougas and Kalogeraki, IPDPS 2009).

#include <fmt/format.h>

#include "policies/allocation/plans.hpp"

namespace weir {
namespace {

struct ReservationParams {
  double reserve = 0.2;
};

ParamTable<ReservationParams> table() {
  ParamTable<ReservationParams> t;
  t.real("reserve", &ReservationParams::reserve,
         {.help = "the part of each node's resources that is kept free", .source = "the evaluation's 20 %"},
         between(0, 0.99));
  return t;
}

class StaticReservation final : public Policy {
 public:
  explicit StaticReservation(const ReservationParams& params) : reserve_(params.reserve) {}
  double interval_s() const override { return 60; }
  double first_evaluation_s() const override { return 0; }

  std::vector<Decision> evaluate(const Observation& seen) override {
    if (composed_) return {};
    composed_ = true;
    const SharedNodes& nodes = *seen.job.nodes;
    const auto plan = cheapest_plan(allocation::scaled(nodes.network, 1 - reserve_), nodes.declared_per_s);
    Decision decision{"the applications are admitted",
                      "none",
                      fmt::format("composed with {:.0f} % of each node reserved", 100 * reserve_),
                      {}};
    decision.splits = splits_.towards(nodes, plan);
    return {decision};
  }
  std::string why_nothing(const JobView&) const override { return "no service has two components"; }

 private:
  double reserve_;
  bool composed_ = false;
  Splits splits_;
};

const auto registered = PolicyRegistry::add<ReservationParams>(
    {.name = "static-reservation",
     .help = "Keeps a part of every node free for bursts, and composes applications once.",
     .source = "Drougas and Kalogeraki, IPDPS 2009: a baseline",
     .splits_rates = true},
    table(), [](const ReservationParams& p, PolicyContext&) -> std::unique_ptr<Policy> {
      return std::make_unique<StaticReservation>(p);
    });

}  // namespace
}  // namespace weir

#include "policies/allocation/plans.hpp"

#include <algorithm>
#include <cmath>

namespace weir {

namespace {

constexpr double availability_min = 1e-6;  // of a node that stands still: capacities are positive

// Solvers differ in their last digits, and a run must not.
double snapped(double share) {
  return std::round(share * 0x1p30) * 0x1p-30;
}

// The largest share takes what rounding left.
void add_up_to_one(std::vector<double>& shares) {
  double rest = 1;
  for (double& share : shares) rest -= share = snapped(share);
  *std::max_element(shares.begin(), shares.end()) += rest;
}

}  // namespace

allocation::Network available(const allocation::Network& network, std::span<const double> availability) {
  allocation::Network result = network;
  for (std::size_t n = 0; n < std::min(availability.size(), result.nodes.size()); ++n)
    result.nodes[n].capacity[0] *= std::max(availability_min, availability[n]);
  return result;
}

allocation::ComponentRates cheapest_plan(const allocation::Network& network,
                                         const allocation::Rates& rates_per_s) {
  const allocation::Region region(network);
  if (auto plan = region.cheapest(rates_per_s)) return std::move(*plan);
  return region.outward(rates_per_s).end.plan;
}

std::vector<SplitTarget> Splits::towards(const SharedNodes& nodes, const allocation::ComponentRates& plan) {
  const std::vector<double> shares = allocation::shares(nodes.network, plan);
  std::vector<SplitTarget> wanted;
  for (const int op : nodes.operators) {
    SplitTarget target{op, {}};
    for (std::size_t c = 0; c < shares.size(); ++c)
      if (nodes.instances[c].operator_id == op) target.shares.push_back(shares[c]);
    if (target.shares.size() < 2) continue;
    add_up_to_one(target.shares);
    wanted.push_back(std::move(target));
  }
  std::vector<SplitTarget> changed;
  std::set_difference(wanted.begin(), wanted.end(), last_.begin(), last_.end(), std::back_inserter(changed),
                      [](const SplitTarget& a, const SplitTarget& b) {
                        return std::pair(a.operator_id, a.shares) < std::pair(b.operator_id, b.shares);
                      });
  last_ = std::move(wanted);
  return changed;
}

bool last_action_failed(const Observation& seen) {
  return !seen.reports.empty() && (seen.reports.back().status == ActionReport::Status::refused ||
                                   seen.reports.back().status == ActionReport::Status::failed);
}

}  // namespace weir

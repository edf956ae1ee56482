#pragma once

#include <span>
#include <vector>

#include "sim/allocation/region.hpp"
#include "sim/control/policy.hpp"

namespace weir {

// The network with that part of its nodes' processors; all of them where `availability` is empty.
allocation::Network available(const allocation::Network& network, std::span<const double> availability);

// The plan for these rates that uses the least part of the nodes; where they are too much, the one for as
// large a part of them as is feasible.
allocation::ComponentRates cheapest_plan(const allocation::Network& network,
                                         const allocation::Rates& rates_per_s);

// Splits that make the shares of instances those of plans; remembers what was asked for, and asks only for
// what changes.
class Splits {
 public:
  std::vector<SplitTarget> towards(const SharedNodes& nodes, const allocation::ComponentRates& plan);
  // They were not carried out: nothing is known of the shares.
  void forget() { last_.clear(); }

 private:
  std::vector<SplitTarget> last_;
};

// Whether the last action was refused or failed.
bool last_action_failed(const Observation& seen);

}  // namespace weir

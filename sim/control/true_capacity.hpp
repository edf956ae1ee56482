#pragma once

#include "sim/control/truth.hpp"
#include "sim/dataflow/job.hpp"

// The truth that the oracle policy and the scores look at: the costs, selectivities and arrival rates that
// the scenario gave, not what was measured. Skew is left out: the optimum of DS2's skew experiment (OSDI
// 2018, 4.2.3) is that without skew too. Feedback edges are left out. Hosts count at the speed of the
// slowest.

namespace weir {

class TrueCapacity final : public Truth {
 public:
  explicit TrueCapacity(const Job& job);

  // Of all_workers: every operator runs on every worker, so what they need adds up.
  int optimal_parallelism(int operator_id, double from_s, double to_s) const override;
  // Peak rate of records that reach the operator, if nothing upstream held them back.
  double demand_per_s(int operator_id, double from_s, double to_s) const;
  // Of one instance when there are `parallelism`; infinity when records cost nothing.
  double instance_rate_per_s(int operator_id, int parallelism) const;

 private:
  int optimal_workers(double from_s, double to_s) const;

  const Job& job_;
  double speed_ = 1;
  std::vector<double> selectivity_;
};

}  // namespace weir

#pragma once

#include <vector>

#include "sim/control/truth.hpp"
#include "sim/dataflow/job.hpp"

// The truth that the oracle policy and the scores look at: the costs, selectivities and arrival rates that
// the scenario gave, not what was measured. Skew is left out: the optimum of DS2's skew experiment (OSDI
// 2018, 4.2.3) is that without skew too. Loops count with all their rounds. An instance counts at the speed
// of the slowest host that holds an instance of its operator now; before the first deployment, of the
// slowest that has slots.

namespace weir {

class TrueCapacity final : public Truth {
 public:
  explicit TrueCapacity(const Job& job);

  // Of all_workers: every operator runs on every worker, so what they need adds up.
  int optimal_parallelism(int operator_id, double from_s, double to_s) const override;
  // Peak rate of records that reach the operator, if nothing upstream held them back; infinity in and behind
  // a loop that returns as many records as it gets, or more.
  double demand_per_s(int operator_id, double from_s, double to_s) const;
  // Of one instance when there are `parallelism`; infinity when records cost nothing.
  double instance_rate_per_s(int operator_id, int parallelism) const;

 private:
  int optimal_workers(double from_s, double to_s) const;
  double instances_needed(int operator_id, int parallelism, double from_s, double to_s) const;
  void find_loops();
  // Adds to `rate_per_s`, by operator, what the others send; `returned_per_s` is what reaches the operators
  // of looping_.
  void propagate(std::vector<double>& rate_per_s, const std::vector<double>& returned_per_s) const;
  double speed(int operator_id) const;

  const Job& job_;
  std::vector<double> selectivity_;
  std::vector<int> looping_;               // operators from which feedback edges come
  std::vector<int> looping_position_;      // by operator, in looping_; -1: none
  std::vector<std::vector<double>> gain_;  // of looping_, from and to: over all rounds

  // Asked for operator by operator: kept for the window and the deployment that were asked for last.
  mutable std::vector<double> demand_per_s_;
  mutable double demand_from_s_ = 0;
  mutable double demand_to_s_ = -1;
  mutable std::vector<double> speed_;
  mutable int speed_deployment_ = -2;
};

}  // namespace weir

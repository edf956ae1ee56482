#pragma once

#include <optional>
#include <vector>

#include "sim/control/truth.hpp"
#include "sim/dataflow/job.hpp"
#include "sim/dataflow/record_flow.hpp"

// The truth that the oracle policy and the scores look at: the costs, selectivities and arrival rates that
// the scenario gave, not what was measured. Skew is left out: the optimum of DS2's skew experiment (OSDI
// 2018, 4.2.3) is that without skew too. A peak is one that lasts, or the mean of a second or two
// (docs/decisions/metrics.md). Loops count with all their rounds. An instance counts at the speed
// of the slowest host that holds an instance of its operator now; before the first deployment, of the
// slowest that has slots.
//
// A broadcast edge makes a copy of each record for every instance of its receiver, so demand depends on
// parallelism: the present one, or, for optima, the optimum that the receiver has itself. More instances do
// not make the copies for each of them fewer, nor what a global edge brings to the first of them: where one
// cannot bear that, no number can.

namespace weir {

// What no allowed parallelism of an operator bears.
struct Unborne {
  int allowed = 0;                // at most
  std::optional<int> would_bear;  // the fewest instances that would, if any number does
};

class TrueCapacity final : public Truth {
 public:
  explicit TrueCapacity(const Job& job);

  // Of all_workers: every operator runs on every worker, so what they need adds up.
  int optimal_parallelism(int operator_id, double from_s, double to_s) const override;
  // Whether even the optimum does not bear the peak of that time, and what would.
  std::optional<Unborne> unborne(int operator_id, double from_s, double to_s) const;
  // By operator, when sources offer so much.
  std::vector<int> optima(const std::vector<double>& offered_per_s) const;
  // Peak rate of records that reach the operator, if nothing upstream held them back, at the present
  // parallelism; infinity in and behind a loop that returns as many records as it gets, or more.
  double demand_per_s(int operator_id, double from_s, double to_s) const;
  // False where records go round a loop more than rounds_max times in the mean (a driver that begins the next
  // round when the last has come back): then how long a round takes says how much there is to do, and not
  // what is offered, and an optimum means nothing. Nor where a source reads what another job writes.
  static constexpr double rounds_max = 100;
  bool has_optimum() const;
  // Of one instance when there are `parallelism`; infinity when records cost nothing.
  double instance_rate_per_s(int operator_id, int parallelism) const;

 private:
  // What was asked for last: it is asked for operator by operator.
  struct Window {
    double from_s = 0;
    double to_s = -1;
    int deployment = -2;
    std::vector<double> offered_per_s;  // by operator: of sources
    std::vector<double> present_per_s;  // at the present parallelism
    std::vector<int> optima;            // empty: not asked for
  };

  const Window& window(double from_s, double to_s) const;
  int optimal_workers(double from_s, double to_s) const;
  int fitting_parallelism(int operator_id, const Reaching& reaching) const;
  int bearing_parallelism(int operator_id, const Reaching& reaching, int least, int most) const;
  int least_busy_parallelism(int operator_id, const Reaching& reaching, int least, int most) const;
  // Whether some instance gets more than its even share, whatever their number.
  static bool is_concentrated(const Reaching& reaching) {
    return reaching.of_each_per_s > 0 || reaching.of_first_per_s > 0;
  }
  double instances_needed(int operator_id, int parallelism, const Reaching& reaching) const;
  bool is_linear(int operator_id) const;
  std::vector<int> present_parallelism() const;
  double speed(int operator_id) const;

  const Job& job_;
  RecordFlow flow_;
  mutable Window window_;
  mutable std::vector<double> speed_;
  mutable int speed_deployment_ = -2;
};

}  // namespace weir

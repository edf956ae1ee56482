#pragma once

// What no controller of a real cluster can know: the costs that the simulator was given. Only the `oracle`
// policy, which exists to score the others, may look.

namespace weir {

class Truth {
 public:
  virtual ~Truth() = default;
  // The least parallelism of the operator whose true capacity, with the law of contention, covers the peak
  // rate offered in [from_s, to_s] of simulated time, propagated through the true selectivities. At least 1;
  // when none that is allowed covers it, the fewest instances with which the busiest has least to do: the
  // maximum where they share the work, the minimum where one of them gets all, or each. For a source: what it
  // has.
  // The id may be all_workers (policy.hpp): the least number of workers that carry all operators together.
  virtual int optimal_parallelism(int operator_id, double from_s, double to_s) const = 0;
};

}  // namespace weir

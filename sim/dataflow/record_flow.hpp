#pragma once

#include <cstdint>
#include <vector>

#include "sim/dataflow/logical_graph.hpp"

// How many records reach each operator in the mean, if nothing is held back: what sources offer, times the
// selectivities on the way. Loops count with all their rounds. A broadcast edge makes a copy for every
// instance of its receiver, so the flow depends on parallelism.

namespace weir {

// What reaches an operator, each second.
struct Reaching {
  double shared_per_s = 0;    // by its instances together
  double of_each_per_s = 0;   // by each of its instances: copies
  double of_first_per_s = 0;  // by its first instance alone, over global edges
  // By `instances` of it together.
  double total_per_s(double instances) const;
  // By the one of `instances` that gets most, if what they share is shared evenly.
  double most_per_s(double instances) const;
};

class RecordFlow {
 public:
  // The graph must stay.
  explicit RecordFlow(const LogicalGraph& graph, std::uint64_t seed);

  // By operator. `offered_per_s` is what comes into the graph there: of sources. Infinite in and behind a
  // loop that returns as many records as it gets, or more.
  std::vector<Reaching> reaching(const std::vector<double>& offered_per_s,
                                 const std::vector<int>& parallelism) const;
  bool depends_on_parallelism() const { return broadcasts_; }
  // How often, in the mean, what enters the loop that goes round most goes through it: 1 / (1 - gain) for a
  // loop by itself; 1 without loops, infinite for one that returns as much as it gets.
  double rounds(const std::vector<int>& parallelism) const;

  // Records out for each record in; 1 for a source.
  double selectivity(int operator_id) const { return selectivity_[operator_id]; }

 private:
  using Matrix = std::vector<std::vector<double>>;
  Matrix gains(const std::vector<int>& parallelism) const;
  // `returned_per_s` is what reaches the operators of looping_.
  std::vector<Reaching> propagate(const std::vector<double>& offered_per_s,
                                  const std::vector<double>& returned_per_s,
                                  const std::vector<int>& parallelism) const;
  double total_per_s(const std::vector<Reaching>& reaching, int operator_id,
                     const std::vector<int>& parallelism) const;

  const LogicalGraph& graph_;
  std::vector<double> selectivity_;
  bool broadcasts_ = false;
  std::vector<int> looping_;           // operators from which feedback edges come
  std::vector<int> looping_position_;  // by operator, in looping_; -1: none
  Matrix gain_;                        // of looping_, from and to: over all rounds; empty when it depends
};

}  // namespace weir

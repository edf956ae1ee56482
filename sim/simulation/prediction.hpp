#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/control/true_capacity.hpp"
#include "sim/dataflow/job.hpp"
#include "sim/simulation/scenario.hpp"

// What a run will need of the machine, told before it begins.

namespace weir {

// Between senders and receivers with these numbers of instances: one of each to each, or one of each sender
// where it has one receiver for ever.
std::int64_t channel_count(const LogicalGraph& graph, const std::vector<int>& parallelism);

// What a job does in a second.
struct JobRates {
  std::vector<double> offered_per_s;  // arrives at sources, by operator, whether they can take it in or not
  std::vector<double> input_per_s;    // that operators take in
  // More is offered than is served, and senders wait for room: until that is used up, sources take in more.
  bool held_up = false;
};

// With what sources offer in the mean of a run. Where senders wait for room, the slowest instance holds all
// of them up; where a backlog takes everything (containers), each does what it can. Infinite where a loop
// grows.
JobRates rates_of(const Job& job, const Engine& engine, const TrueCapacity& truth, double until_s,
                  const std::vector<int>& parallelism);

// Of the calendar, in such a second. Within a factor of 2 of the mean of a run
// (tests/end_to_end/prediction_test.cpp): restarts and the moments of flushes are not looked at. An engine
// may know it itself, of a run until then.
double events_per_s(const Job& job, const Engine& engine, const FidelitySpec& fidelity, const JobRates& rates,
                    const std::vector<int>& parallelism, double until_s);

// What sources offer in the mean of a run until then, by operator.
std::vector<double> mean_offered_per_s(const Job& job, double until_s);

// Of instances and channels at this parallelism, without what queues; within a third of what is measured
// (tests/end_to_end/prediction_test.cpp).
double memory_bytes(const LogicalGraph& graph, const std::vector<int>& parallelism);

// Of this machine, or what the control group allows of it.
double machine_memory_bytes();

// Legal, but hardly what is meant: sentences about a scenario without errors.
std::vector<std::string> warnings_of(const Scenario& scenario);

}  // namespace weir

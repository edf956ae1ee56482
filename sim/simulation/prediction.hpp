#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/dataflow/job.hpp"
#include "sim/simulation/scenario.hpp"

// What a run will need of the machine, told before it begins.

namespace weir {

// Between senders and receivers with these numbers of instances: one of each to each, or one of each sender
// where it has one receiver for ever.
std::int64_t channel_count(const LogicalGraph& graph, const std::vector<int>& parallelism);

// Of the calendar, in a second in which the operators get these rates, while the job keeps up. Within a
// factor of 2 of the mean of a run, where that is known to keep up (tests/end_to_end/prediction_test.cpp):
// what waits for room, restarts and the moments of flushes are not looked at.
double events_per_s(const Job& job, const Engine& engine, const FidelitySpec& fidelity,
                    const std::vector<double>& input_per_s, const std::vector<int>& parallelism);

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

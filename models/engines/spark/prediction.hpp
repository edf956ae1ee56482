#pragma once

#include <vector>

#include "models/engines/spark/params.hpp"
#include "sim/dataflow/engine.hpp"
#include "sim/dataflow/job.hpp"

// What a run will come to, for `weir explain`: jobs as many as batches, slides, the driver and the cores let
// be; of each its tasks, and of each task what it serves and fetches.

namespace weir::spark {

// Events a second in the mean of a run until then, with sources; without brokers. `offered_per_s`: of
// sources, by operator.
double events_per_s(const Job& job, const SparkParams& params, const FidelitySpec& fidelity,
                    const std::vector<double>& offered_per_s, double until_s);

}  // namespace weir::spark

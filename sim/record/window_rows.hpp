#pragma once

#include <cstdint>

#include "sim/control/metrics.hpp"
#include "sim/record/rows.hpp"

// Metric windows as rows of run.h5. The driver fills in what a window does not know: ids of the run, sources,
// the optimum, what is in flight.

namespace weir {

// Operator `index` of the window. `source`: whether offered rate and backlog mean anything.
OperatorWindowRow operator_window_row(const MetricWindow& window, int index, std::int32_t operator_id,
                                      bool source);

InstanceWindowRow instance_window_row(const MetricWindow& window, int index, int instance_index,
                                      std::int32_t operator_id, std::int64_t instance_id);

// Window, deployment and latency; offered and achieved rates are set from the operators that are sources.
JobWindowRow job_window_row(const MetricWindow& window, std::int32_t job_id,
                            const std::vector<bool>& sources);

}  // namespace weir

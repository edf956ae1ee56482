#pragma once

#include <optional>
#include <string>

#include "sim/dataflow/tracing_cost.hpp"
#include "sim/scenario/params.hpp"

// Parameters of the engine harmonicio. Sources: HASTE-project/HarmonicIO and its branch with the Intelligent
// Resource Manager; what is not published says so.

namespace weir {

struct HarmonicIoParams {
  std::string master_host;  // empty: the first host
  double request_ms = 1;
  int ports_per_worker = 10;
  double container_start_s = 1;
  double container_idle_timeout_s = 60;
  std::optional<int> initial_containers;  // of each operator
  double metrics_interval_s = 1;
  double metrics_delay_s = 0;
  TracingCost tracing_cost;
};

ParamTable<HarmonicIoParams> harmonicio_table();

}  // namespace weir

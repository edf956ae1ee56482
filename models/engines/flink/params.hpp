#pragma once

#include "models/engines/flink/checkpoints.hpp"
#include "models/engines/flink/network_stack.hpp"
#include "models/engines/flink/state_backend.hpp"
#include "sim/dataflow/tracing_cost.hpp"
#include "sim/scenario/params.hpp"

// What can be set of the engine flink. Defaults are those of Flink 1.18 where it has them.

namespace weir::flink {

enum class Rescale {
  stop_with_savepoint,
  in_place,  // after the next checkpoint, from it (Flink 2: FLIP-461)
  reactive   // at once, from the latest checkpoint (reactive mode, or a failure)
};

struct FlinkParams {
  NetworkParams network;
  CheckpointParams checkpoints;
  BackendParams state_backend;
  int max_parallelism = 0;
  bool slot_sharing = true;
  bool operator_chaining = true;
  double metrics_interval_s = 5;
  double metrics_delay_s = 0;
  Rescale rescale = Rescale::stop_with_savepoint;
  int max_checkpoint_failures = 2;
  double cancel_s = 1;
  double allocate_s = 0;
  double deploy_s = 3;
  double restore_mb_per_s = 100;
  TracingCost tracing_cost;
};

ParamTable<FlinkParams> flink_table();

}  // namespace weir::flink

#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "sim/record/fixed_text.hpp"
#include "sim/record/table.hpp"

// The rows of run.h5. Every struct is one table, every member one column; what a column means is said once,
// in the schema functions at the end (rows.cpp), from which docs/reference/run-h5.md is generated too.
//
// Ids are dense integers that count from 0 over the whole run: job_id, operator_id (all jobs together),
// host_id, instance_id. Unknown reals are NaN, unknown integers -1.

namespace weir {

inline constexpr double unknown_real = std::numeric_limits<double>::quiet_NaN();
inline constexpr std::int32_t unknown_integer = -1;

// --- who is who: written at the start -----------------------------------------------------------------

struct JobRow {
  std::int32_t job_id = 0;
  FixedText<64> name;
  FixedText<32> engine;
  FixedText<48> policy;
  double policy_interval_s = unknown_real;
};

struct OperatorRow {
  std::int32_t operator_id = 0;
  std::int32_t job_id = 0;
  FixedText<64> name;
  FixedText<32> type;
  bool source = false;
  bool sink = false;
  bool scalable = true;
  std::int32_t initial_parallelism = 1;
  std::int32_t max_parallelism = unknown_integer;
};

struct HostRow {
  std::int32_t host_id = 0;
  FixedText<64> name;
  std::int32_t cores = 1;
  double speed_flops_per_s = unknown_real;
};

// --- appended while the run goes on ---------------------------------------------------------------------

struct InstanceRow {
  std::int64_t instance_id = 0;
  std::int32_t operator_id = 0;
  std::int32_t index = 0;
  std::int32_t host_id = 0;
  std::int32_t deployment = 0;
  double start_s = 0;
};

struct InstanceStopRow {
  std::int64_t instance_id = 0;
  double stop_s = 0;
};

struct OperatorWindowRow {
  double start_s = 0;
  double end_s = 0;
  std::int32_t operator_id = 0;
  std::int32_t deployment = 0;
  bool running = true;
  std::int32_t parallelism = 0;
  std::int64_t records_in = 0;
  std::int64_t records_out = 0;
  double useful_s = 0;
  double waiting_s = 0;
  double blocked_s = 0;
  double overhead_s = 0;
  double backpressure_s = 0;
  double true_processing_rate_per_s = unknown_real;
  double true_output_rate_per_s = unknown_real;
  double observed_processing_rate_per_s = unknown_real;
  double observed_output_rate_per_s = unknown_real;
  double queue_records = 0;
  double queue_bytes = 0;
  double queue_records_max = 0;
  double offered_per_s = unknown_real;
  double backlog_records = unknown_real;
  std::int32_t optimal_parallelism = unknown_integer;
};

struct InstanceWindowRow {
  double start_s = 0;
  double end_s = 0;
  std::int64_t instance_id = 0;
  std::int32_t operator_id = 0;
  std::int64_t records_in = 0;
  std::int64_t records_out = 0;
  double useful_s = 0;
  double waiting_s = 0;
  double blocked_s = 0;
  double overhead_s = 0;
  double backpressure_s = 0;
  double queue_records = 0;
  double queue_bytes = 0;
  double queue_records_max = 0;
};

struct JobWindowRow {
  double start_s = 0;
  double end_s = 0;
  std::int32_t job_id = 0;
  std::int32_t deployment = 0;
  bool running = true;
  double offered_per_s = unknown_real;
  double achieved_per_s = unknown_real;
  std::int64_t latency_count = 0;
  double latency_mean_s = unknown_real;
  double latency_p50_s = unknown_real;
  double latency_p95_s = unknown_real;
  double latency_p99_s = unknown_real;
  double latency_max_s = unknown_real;
  std::int64_t in_flight_records = 0;
  double sources_stopped_share = unknown_real;
};

struct HostWindowRow {
  double start_s = 0;
  double end_s = 0;
  std::int32_t host_id = 0;
  std::int32_t job_id = 0;
  double cpu_used_share = 0;
  double sent_bytes = 0;
  double received_bytes = 0;
};

struct DecisionRow {
  std::int64_t decision_id = 0;
  std::int32_t job_id = 0;
  double time_s = 0;
  FixedText<48> policy;
  FixedText<64> symptom;
  FixedText<96> diagnosis;
  FixedText<240> reason;
  std::int32_t targets = 0;
};

// One row per operator of an action (a reconfiguration), appended when it has ended.
struct ActionRow {
  std::int64_t action_id = 0;
  std::int64_t decision_id = -1;
  std::int32_t job_id = 0;
  std::int32_t operator_id = 0;
  std::int32_t from_parallelism = 0;
  std::int32_t to_parallelism = 0;
  double requested_s = 0;
  double ended_s = unknown_real;
  FixedText<16> status;
  double downtime_s = 0;
  double state_moved_bytes = 0;
  std::int64_t records_lost = 0;
  FixedText<160> detail;
};

// One row per instance of each operator whose input an action splits anew, appended when it has ended.
struct SplitRow {
  std::int64_t action_id = 0;
  std::int64_t decision_id = -1;
  std::int32_t job_id = 0;
  std::int32_t operator_id = 0;
  std::int32_t instance = 0;
  double share = 0;
  double requested_s = 0;
  double ended_s = unknown_real;
  FixedText<16> status;
};

struct CatchUpRow {
  std::int64_t action_id = 0;
  std::int32_t job_id = 0;
  double catch_up_s = unknown_real;
};

// One row per batch of an engine in micro-batches, appended when its job is over.
struct MicroBatchRow {
  std::int32_t job_id = 0;
  std::int64_t batch = 0;
  double made_s = 0;
  double submitted_s = 0;
  double started_s = 0;
  double ended_s = 0;
  std::int64_t records = 0;
  std::int64_t tasks = 0;
};

// --- written at the end ---------------------------------------------------------------------------------

struct LatencyBucketRow {
  std::int32_t job_id = 0;
  double from_s = 0;
  double to_s = 0;
  std::int64_t records = 0;
};

struct FinalRow {
  double simulated_s = 0;
  double wall_s = 0;
  std::int64_t events = 0;
  FixedText<32> fingerprint;
  bool complete = true;
};

struct FinalOperatorRow {
  std::int32_t operator_id = 0;
  std::int32_t parallelism = 0;
  std::int64_t records_in = 0;
  std::int64_t records_out = 0;
  std::int32_t optimal_parallelism = unknown_integer;
};

struct FinalJobRow {
  std::int32_t job_id = 0;
  std::int64_t emitted_records = 0;
  std::int64_t delivered_records = 0;
  std::int64_t filtered_records = 0;
  std::int64_t dropped_records = 0;
  std::int64_t replayed_records = 0;
  std::int64_t in_flight_records = 0;
  bool policy_idle = false;
};

// The schema of a row's table.
template <class Row>
const TableSchema<Row>& schema_of();

// Every table of run.h5, in the order of the reference page.
std::vector<const TableInfo*> run_file_tables();

}  // namespace weir

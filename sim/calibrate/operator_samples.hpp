#pragma once

#include <atomic>
#include <string>
#include <vector>

#include "sim/scenario/errors.hpp"

// What was recorded of single operators, whoever wrote it down:
//
//   DS2's rates files   operator_id, instance, number of instances, time (ns), true and observed rates
//   Flink's metrics     a column for each metric, or rows `time, metric, …, value`
//   a run of weir       run.h5
//
// One sample is one instance (or all instances of an operator together) over one reporting window.

namespace weir::calibrate {

struct OperatorSample {
  int operator_id = 0;  // index into OperatorData::names
  double time_s = 0;    // since the first sample
  int parallelism = 1;
  int instances = 1;  // how many of them the sample is the sum of
  double busy = 0;    // seconds of work per second, of what is summed here
  double in_per_s = 0;
  double out_per_s = 0;
};

struct OperatorData {
  std::vector<std::string> names;
  std::vector<OperatorSample> samples;  // in the order of time
  std::size_t rows_read = 0;
  std::size_t idle_rows = 0;  // that show no cost: nothing was processed
};

enum class OperatorFormat { ds2, flink };

// DS2: `operator_id,operator_instance_id,total_number_of_operator_instances,epoch_timestamp,
// true_processing_rate,true_output_rate,observed_processing_rate,observed_output_rate`. A source has true
// processing rate 0. One file for all instances or several.
//
// Flink: columns time, task (or task_name, operator, …), subtask (or subtask_index, …),
// numRecordsInPerSecond, numRecordsOutPerSecond, busyTimeMsPerSecond, with or without a prefix as
// Prometheus has (flink_taskmanager_job_task_); or columns time, metric, value and the same labels.
OperatorData read_operators(const std::vector<std::string>& files, OperatorFormat format, Errors& errors,
                            const std::atomic<bool>* stop = nullptr);

// The metric windows of a run of weir: `path` is its directory or its run.h5. Windows in which the job was
// restarted are left out. TraceError (sim/analyzer/trace_source.hpp).
OperatorData read_operators_of_run(const std::string& path);

bool looks_like_ds2(const std::vector<std::string>& names, std::size_t columns);
bool looks_like_flink(const std::vector<std::string>& names);

}  // namespace weir::calibrate

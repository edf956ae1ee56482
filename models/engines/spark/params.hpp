#pragma once

#include <optional>
#include <string>

#include "models/engines/spark/formulas.hpp"
#include "sim/scenario/params.hpp"

namespace weir::spark {

enum class Scheduling { fifo, fair };
enum class InputKind { receiver, file, direct };

struct ReceiverParams {
  double block_interval_ms = 200;
  bool replicate = true;
};

struct FileParams {
  double listing_per_file_ms = 0.4;
  double kept_s = 60;
  std::string host;
};

struct DirectParams {
  int partitions = 8;
  std::string host;
};

// What the driver's threads take, in time of their own.
struct DriverParams {
  double generation_ms = 5;
  double stage_ms = 50;
  double task_ms = 4.5;
  double result_ms = 0;
  double rpc_ms = 0.5;
};

struct BackpressureParams : PidGains {
  bool enabled = false;
};

struct SparkParams {
  double batch_interval_s = 1;
  std::optional<double> first_batch_s;
  int concurrent_jobs = 1;
  Scheduling scheduling = Scheduling::fifo;
  InputKind input = InputKind::receiver;
  ReceiverParams receiver;
  FileParams file;
  DirectParams direct;
  BackpressureParams backpressure;
  DriverParams driver;
  int shuffle_partitions = 0;  // 0: as many as there are cores
  double task_setup_ms = 3;
  int executor_cores = 1;
  std::optional<int> initial_executors;  // not set: all
  double executor_start_s = 1;
  double metrics_interval_s = 1;
  double metrics_delay_s = 0;
};

ParamTable<SparkParams> spark_table();

}  // namespace weir::spark

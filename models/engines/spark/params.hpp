#pragma once

#include <map>
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
  std::string host;
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

// Drizzle's.
struct GroupParams {
  int batches = 1;
  double local_launch_ms = 0.5;
};

// Of what a shuffle by key brings to an operator.
struct WindowParams {
  double length_s = 30;
  double slide_s = 10;
  bool inverse = false;
  bool combine = true;
  double merge_per_key_us = 1;
};

// Of what a shuffle by key brings to an operator: DStream.updateStateByKey.
struct StateParams {
  double update_per_key_us = 1;
};

// Of the state, and of a window with an inverse function.
struct CheckpointParams {
  std::optional<double> interval_s;  // not set: by Spark's formula
  double write_per_key_us = 1;
  double read_per_key_us = 1;
  std::string host;
};

// What happens when an executor is lost.
struct RecoveryParams {
  bool external_shuffle = false;
  double fetch_wait_s = 15;
  double resubmit_ms = 200;
};

// A data set of a batch job that an operator joins each batch with.
struct DataSetParams {
  double keys = 10000;
  double bytes_per_key = 100;
  double merge_per_key_us = 1;
  bool cached = true;
  std::string host;
};

struct SparkParams {
  double batch_interval_s = 1;
  std::optional<double> first_batch_s;
  std::optional<int> batches_max;
  int concurrent_jobs = 1;
  Scheduling scheduling = Scheduling::fifo;
  InputKind input = InputKind::receiver;
  ReceiverParams receiver;
  FileParams file;
  DirectParams direct;
  BackpressureParams backpressure;
  DriverParams driver;
  GroupParams group;
  std::vector<std::string> combine;             // operators
  std::map<std::string, WindowParams> windows;  // by operator
  std::map<std::string, StateParams> states;
  CheckpointParams checkpoint;
  std::map<std::string, DataSetParams> joins;
  RecoveryParams recovery;
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

#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "sim/record/record_error.hpp"
#include "sim/record/rows.hpp"
#include "sim/record/table.hpp"

// run.h5: what a run measured and decided, as fixed tall tables (docs/reference/run-h5.md).
//
//   RunFile file(directory, meta, dimensions);  // creates both; removes a stale summary.json
//   RecordTable<Edge>& edges = file.create_table(…);  // optional, only before start()
//   file.start();                               // no object is created from here on: readers may follow
//   file.add(OperatorWindowRow{…}); …           // once per window, decision, action
//   file.flush();                               // every few seconds of wall time
//   file.finish(final);                         // the last row, flush, close
//
// It is told, and never asks: it knows the rows above and nothing of the simulation. Every error of the file
// system or of HDF5 is a RecordError that names file and operation. Destroying an unfinished RunFile closes
// the file quietly (after a flush, when an error is on its way out); the table `final` is empty then.

namespace weir {

inline constexpr std::int32_t run_file_schema_version = 1;

struct RunMeta {
  std::string scenario;
  std::string policy;  // several jobs: their policies, separated by commas
  std::string engine;
  std::uint64_t seed = 0;
  std::string scenario_sha256;
  double metrics_interval_s = 0;  // of the first job
};

struct RunDimensions {
  std::vector<JobRow> jobs;
  std::vector<OperatorRow> operators;
  std::vector<HostRow> hosts;
};

struct RunFileSettings {
  // instance_windows is written while at most this many instances live; 0: never.
  std::int64_t instance_windows_max_instances = 2000;
};

class RunFile {
 public:
  RunFile(const std::filesystem::path& directory, const RunMeta& meta, const RunDimensions& dimensions,
          const RunFileSettings& settings = {});
  ~RunFile();
  RunFile(const RunFile&) = delete;
  RunFile& operator=(const RunFile&) = delete;

  // A table of somebody else (the program activity graph), in the same file. Only before start().
  template <class Row>
  RecordTable<Row>& create_table(const TableSchema<Row>& schema) {
    WEIR_ASSERT(!started_, "no object is created after the start");
    auto table = std::make_unique<RecordTable<Row>>(file_id(), schema, path_.string());
    RecordTable<Row>& reference = *table;
    tables_.push_back(std::move(table));
    return reference;
  }

  void start();

  void add(const InstanceRow& row);
  void add(const InstanceStopRow& row);
  void add(const OperatorWindowRow& row);
  void add(const InstanceWindowRow& row);
  void add(const JobWindowRow& row);
  void add(const HostWindowRow& row);
  void add(const DecisionRow& row);
  void add(const ActionRow& row);
  void add(const SplitRow& row);
  void add(const CatchUpRow& row);
  void add(const MicroBatchRow& row);
  void add(const LatencyBucketRow& row);
  void add(const FinalOperatorRow& row);
  void add(const FinalJobRow& row);

  // Whether rows of instance_windows are wanted now: asked once per window, so that nobody builds them for
  // nothing.
  bool wants_instance_windows() const {
    return live_instances_ > 0 && live_instances_ <= settings_.instance_windows_max_instances;
  }

  void flush();
  void finish(const FinalRow& row);

  const std::filesystem::path& path() const { return path_; }

 private:
  struct File;
  struct Tables;

  std::int64_t file_id() const;
  Tables& started();

  std::filesystem::path path_;
  RunFileSettings settings_;
  std::int64_t live_instances_ = 0;
  bool started_ = false;
  bool finished_ = false;
  // Destroyed in reverse order: the tables close their datasets before the file closes.
  std::unique_ptr<File> file_;
  std::vector<std::unique_ptr<TableBase>> tables_;
  std::unique_ptr<Tables> own_;
};

}  // namespace weir

#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "sim/record/scaling_score.hpp"

// What a run.h5 holds of metrics and decisions (docs/reference/run-h5.md), job by job, for the convergence
// report. Every run has it, traced or not.

namespace weir::analyzer {

// One metric window of one job, summed over its source operators where they are many.
struct JobWindow {
  double start_s = 0, end_s = 0;
  double offered_per_s = 0;
  double achieved_per_s = 0;
  std::int64_t results = 0;             // that reached sinks
  std::optional<double> latency_p99_s;  // none: no result
  double backlog_records = 0;           // outside of the job, when the window ended
  // Share of the window in which the sources were held back: the worst source, the mean of its instances.
  double backpressured_share = 0;

  double duration_s() const { return end_s - start_s; }
};

struct OperatorSeries {
  std::string name;
  bool source = false;
  bool scalable = true;
  int initial_parallelism = 1;
  std::vector<SlotStep> optimum;  // equal neighbours are merged; empty: not recorded
};

// What was done of one action to one operator.
struct RecordedChange {
  std::int64_t action_id = 0;
  int operator_id = 0;  // index into RunJob::operators
  int from = 0, to = 0;
  double requested_s = 0;
  std::optional<double> ended_s;  // none: under way when the run ended
  std::string status;             // done, clipped, refused, failed, running
  double downtime_s = 0;
  double state_moved_bytes = 0;
  std::int64_t records_lost = 0;  // by the whole action

  bool carried_out() const { return ended_s && (status == "done" || status == "clipped"); }
};

// A published number of the paper that the scenario reproduces, from the manifest beside the run.
struct PublishedNumber {
  std::string what;      // in words
  std::string quantity;  // as in the scenario: steps, last_step_asked_s, settled_s, final_slots
  double number = 0;
  bool calibrated = false;  // the scenario was fitted to it: no prediction
};

struct RunJob {
  std::string name, engine, policy;
  std::optional<double> policy_interval_s;
  std::vector<OperatorSeries> operators;
  std::vector<JobWindow> windows;
  std::vector<RecordedChange> changes;  // in the order of their ends
  std::int64_t decisions = 0;
  // It was never asked, or never had anything to go by; false while that is not known yet.
  bool policy_idle = false;
};

struct RunMetrics {
  std::string path;
  std::string scenario;
  std::uint64_t seed = 0;
  bool complete = false;  // it came to its end
  double end_s = 0;
  std::vector<RunJob> jobs;
  std::vector<PublishedNumber> published;
};

// What there is to read in a run.h5. TraceError if it is no HDF5 file.
struct RunFileContents {
  bool metrics = false;
  bool activity_graph = false;
};
RunFileContents contents_of_run_file(const std::filesystem::path& path);

// `path`: a run.h5, finished or not, or the directory of one; what is published is taken from manifest.json
// beside it, if there is one. TraceError (trace_source.hpp).
RunMetrics read_run_metrics(const std::filesystem::path& path);

}  // namespace weir::analyzer

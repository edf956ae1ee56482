#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "sim/scenario/errors.hpp"

// What was recorded of a job as a whole, on an even grid of times:
//
//   time | offered records/s | achieved records/s | latency | workers
//
// from one table with a column for each, or from one table `time|value` for each of them.

namespace weir::calibrate {

struct JobSeries {
  double origin_s = 0;  // the time of row 0 as the files have it
  double step_s = 1;
  // One value a row. NaN: not recorded. Offered is known everywhere: a gap holds the value before.
  std::vector<double> offered_per_s, achieved_per_s;
  std::vector<double> latency_s;  // empty: not recorded at all
  std::vector<double> workers;    // empty: not known

  std::size_t size() const { return offered_per_s.size(); }
  double time_s(std::size_t row) const { return static_cast<double>(row) * step_s; }
  double duration_s() const { return time_s(size()); }
  bool has_latency() const { return !latency_s.empty(); }

  // What was done to come to an even grid, for the report.
  std::size_t rows_read = 0;
  std::size_t offered_gaps = 0, achieved_gaps = 0, latency_gaps = 0;
  std::size_t rows_merged = 0;  // more than one in a step: the last counts
  double latency_unit_s = 0;    // that latencies were taken to be in
};

enum class LatencyUnit { automatic, seconds, milliseconds, microseconds };

struct JobFiles {
  std::string table;  // all columns in one file; or:
  std::string offered, achieved, latency, workers;
  std::map<std::string, std::string> columns;  // offered, achieved, latency, workers, time: other names
  LatencyUnit latency_unit = LatencyUnit::automatic;  // by the column's name (…_s, …_us), else milliseconds
  double workers_always = 0;                          // 0: from a column or a file, if there is one
};

inline constexpr std::size_t job_rows_max = 20'000'000;  // of the grid

// What is wrong goes to `errors`; the result counts only if there is nothing new in them.
JobSeries read_job_series(const JobFiles& files, Errors& errors, const std::atomic<bool>* stop = nullptr);

// Whether a header names what a job's table has: an offered and an achieved rate.
bool looks_like_job_table(const std::vector<std::string>& names);

}  // namespace weir::calibrate

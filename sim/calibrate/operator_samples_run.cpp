// The metric windows in run.h5 as samples of operators (docs/reference/run-h5.md).

#include <algorithm>
#include <vector>

#include "sim/analyzer/open_trace.hpp"
#include "sim/analyzer/readers/run_columns.hpp"
#include "sim/calibrate/operator_samples.hpp"

namespace weir::calibrate {
namespace {

using analyzer::Column;
using analyzer::RunColumnsFile;
using analyzer::TraceError;

// Of a run that was killed, or still goes on, columns differ in length: the shortest counts.
class Windows {
 public:
  explicit Windows(const RunColumnsFile& file) : file_(file) {
    for (const char* name : {"start_s", "end_s", "operator_id", "running", "parallelism", "records_in",
                             "records_out", "useful_s"})
      rows_ = rows_ < 0 ? column(name).rows() : std::min(rows_, column(name).rows());
  }
  std::vector<double> reals(const char* name) const {
    return column(name).all<double>(rows_, H5T_NATIVE_DOUBLE);
  }
  std::vector<std::int64_t> integers(const char* name) const {
    return column(name).all<std::int64_t>(rows_, H5T_NATIVE_INT64);
  }
  std::vector<std::int8_t> flags(const char* name) const { return column(name).flags(rows_); }

 private:
  Column column(const char* name) const { return {file_, std::string("operator_windows/") + name}; }
  const RunColumnsFile& file_;
  std::int64_t rows_ = -1;
};

// Operators by name; of several jobs, with the job's name before it.
std::vector<std::string> operator_names(const RunColumnsFile& file) {
  const Column jobs(file, "jobs/name"), names(file, "operators/name"), of_job(file, "operators/job_id");
  const std::vector<std::string> job = jobs.texts(jobs.rows());
  std::vector<std::string> name = names.texts(names.rows());
  const auto job_id = of_job.all<std::int64_t>(names.rows(), H5T_NATIVE_INT64);
  for (std::size_t i = 0; i < name.size() && job.size() > 1; ++i)
    name[i] = job.at(static_cast<std::size_t>(job_id[i])) + "/" + name[i];
  return name;
}

}  // namespace

OperatorData read_operators_of_run(const std::string& path) {
  const auto at = analyzer::run_file_at(path);
  if (!at) throw TraceError(path + ": is no run (a directory with run.h5, or such a file)");
  const RunColumnsFile file(at->string());
  if (!file.has("operator_windows") || !file.has("operators") || !file.has("jobs"))
    throw TraceError(path + ": holds no metrics of a run (weir run writes them)");
  OperatorData data;
  data.names = operator_names(file);
  const Windows windows(file);
  const auto start = windows.reals("start_s"), end = windows.reals("end_s"),
             useful = windows.reals("useful_s");
  const auto id = windows.integers("operator_id"), p = windows.integers("parallelism"),
             in = windows.integers("records_in"), out = windows.integers("records_out");
  const auto running = windows.flags("running");
  for (std::size_t i = 0; i < start.size(); ++i) {
    if (id[i] < 0 || static_cast<std::size_t>(id[i]) >= data.names.size())
      throw TraceError(path + ": a row is of no operator (damaged)");
    ++data.rows_read;
    const double length_s = end[i] - start[i];
    if (!running[i] || !(length_s > 0) || !(useful[i] > 0) || p[i] < 1 || (in[i] <= 0 && out[i] <= 0)) {
      ++data.idle_rows;
      continue;
    }
    data.samples.push_back({.operator_id = static_cast<int>(id[i]),
                            .time_s = start[i],
                            .parallelism = static_cast<int>(p[i]),
                            .instances = static_cast<int>(p[i]),
                            .busy = useful[i] / length_s,
                            .in_per_s = static_cast<double>(in[i]) / length_s,
                            .out_per_s = static_cast<double>(out[i]) / length_s});
  }
  if (data.samples.empty()) throw TraceError(path + ": no window shows work");
  return data;
}

}  // namespace weir::calibrate

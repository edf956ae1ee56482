// Metrics and decisions in run.h5 (sim/record/rows.hpp). Columns are read whole: some tens of bytes for each
// operator and window.

#include "sim/analyzer/run_metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

#include "sim/analyzer/readers/run_columns.hpp"
#include "sim/analyzer/trace_source.hpp"

namespace weir::analyzer {

namespace {

using File = RunColumnsFile;

// Columns of one table by name. Of a run that was killed, or still goes on, their lengths may differ: as many
// rows as the shortest has.
class Table {
 public:
  Table(const File& file, std::string name, const std::vector<std::string>& columns)
      : file_(file), name_(std::move(name)) {
    rows_ = std::numeric_limits<std::int64_t>::max();
    for (const std::string& column : columns) rows_ = std::min(rows_, at(column).rows());
  }
  std::size_t rows() const { return static_cast<std::size_t>(rows_); }
  std::vector<double> reals(const char* column) const {
    return at(column).all<double>(rows_, H5T_NATIVE_DOUBLE);
  }
  std::vector<std::int64_t> integers(const char* column) const {
    return at(column).all<std::int64_t>(rows_, H5T_NATIVE_INT64);
  }
  std::vector<std::int8_t> flags(const char* column) const { return at(column).flags(rows_); }
  std::vector<std::string> texts(const char* column) const { return at(column).texts(rows_); }

 private:
  Column at(const std::string& column) const { return {file_, name_ + "/" + column}; }

  const File& file_;
  std::string name_;
  std::int64_t rows_ = 0;
};

std::optional<double> known(double value) {
  return std::isfinite(value) ? std::optional<double>(value) : std::nullopt;
}
double or_zero(double value) {
  return std::isfinite(value) ? value : 0;
}

std::string meta_text(const File& file, const char* name) {
  const hdf5::Id group(H5Gopen2(file.get(), "meta", H5P_DEFAULT), H5Gclose);
  const hdf5::Id attribute(group.get() < 0 ? -1 : H5Aopen(group.get(), name, H5P_DEFAULT), H5Aclose);
  if (attribute.get() < 0) return {};
  const hdf5::Id type(H5Aget_type(attribute.get()), H5Tclose);
  if (type.get() < 0 || H5Tget_class(type.get()) != H5T_STRING || H5Tis_variable_str(type.get()) != 0)
    return {};
  std::string text(H5Tget_size(type.get()), '\0');
  if (H5Aread(attribute.get(), type.get(), text.data()) < 0) return {};
  return text.substr(0, text.find('\0'));
}

std::uint64_t meta_natural(const File& file, const char* name) {
  const hdf5::Id group(H5Gopen2(file.get(), "meta", H5P_DEFAULT), H5Gclose);
  const hdf5::Id attribute(group.get() < 0 ? -1 : H5Aopen(group.get(), name, H5P_DEFAULT), H5Aclose);
  std::uint64_t value = 0;
  if (attribute.get() < 0 || H5Aread(attribute.get(), H5T_NATIVE_UINT64, &value) < 0) return 0;
  return value;
}

// Where an operator of the file is among the jobs.
struct Place {
  std::size_t job;
  int index;
};

class Reader {
 public:
  Reader(const std::filesystem::path& path, RunMetrics& run) : file_(path.string()), run_(run) {
    if (!file_.has("job_windows") || !file_.has("operator_windows") || !file_.has("jobs"))
      throw TraceError(fmt::format("{}: holds no metrics of a run (weir run writes them)", path.string()));
    run.scenario = meta_text(file_, "scenario");
    run.seed = meta_natural(file_, "seed");
    read_jobs();
    read_operators();
    read_job_windows();
    read_operator_windows();
    read_actions();
    read_end();
  }

 private:
  [[noreturn]] void contradicts(const char* what) const {
    throw TraceError(fmt::format("{}: {} (damaged)", file_.path(), what));
  }
  RunJob& job(std::int64_t id) {
    if (id < 0 || static_cast<std::size_t>(id) >= run_.jobs.size()) contradicts("a row is of no job");
    return run_.jobs[static_cast<std::size_t>(id)];
  }
  const Place& place(std::int64_t operator_id) const {
    if (operator_id < 0 || static_cast<std::size_t>(operator_id) >= places_.size())
      contradicts("a row is of no operator");
    return places_[static_cast<std::size_t>(operator_id)];
  }

  void read_jobs() {
    const Table table(file_, "jobs", {"name", "engine", "policy"});
    const auto names = table.texts("name"), engines = table.texts("engine"), policies = table.texts("policy");
    // Files of earlier versions do not have it.
    std::vector<double> intervals(table.rows(), std::nan(""));
    if (file_.has("jobs/policy_interval_s"))
      intervals = Table(file_, "jobs", {"policy_interval_s"}).reals("policy_interval_s");
    intervals.resize(table.rows(), std::nan(""));
    for (std::size_t i = 0; i < table.rows(); ++i)
      run_.jobs.push_back({names[i], engines[i], policies[i], known(intervals[i]), {}, {}, {}, 0, false});
  }

  void read_operators() {
    const Table table(file_, "operators", {"job_id", "name", "source", "scalable", "initial_parallelism"});
    const auto jobs = table.integers("job_id"), initial = table.integers("initial_parallelism");
    const auto names = table.texts("name");
    const auto sources = table.flags("source"), scalable = table.flags("scalable");
    for (std::size_t i = 0; i < table.rows(); ++i) {
      RunJob& of = job(jobs[i]);
      places_.push_back({static_cast<std::size_t>(jobs[i]), static_cast<int>(of.operators.size())});
      of.operators.push_back({names[i], sources[i] != 0, scalable[i] != 0, static_cast<int>(initial[i]), {}});
    }
  }

  void read_job_windows() {
    const Table table(
        file_, "job_windows",
        {"start_s", "end_s", "job_id", "offered_per_s", "achieved_per_s", "latency_count", "latency_p99_s"});
    const auto starts = table.reals("start_s"), ends = table.reals("end_s");
    const auto offered = table.reals("offered_per_s"), achieved = table.reals("achieved_per_s");
    const auto p99 = table.reals("latency_p99_s");
    const auto jobs = table.integers("job_id"), results = table.integers("latency_count");
    for (std::size_t i = 0; i < table.rows(); ++i) {
      job(jobs[i]).windows.push_back(
          {starts[i], ends[i], or_zero(offered[i]), or_zero(achieved[i]), results[i], known(p99[i]), 0, 0});
    }
  }

  // Every window of a job has a row for each of its operators: the nth row of an operator is of the nth
  // window of its job.
  void read_operator_windows() {
    const Table table(file_, "operator_windows",
                      {"start_s", "end_s", "operator_id", "parallelism", "blocked_s", "backlog_records",
                       "optimal_parallelism"});
    const auto starts = table.reals("start_s"), ends = table.reals("end_s"),
               blocked = table.reals("blocked_s");
    const auto backlog = table.reals("backlog_records");
    const auto operators = table.integers("operator_id"), parallelism = table.integers("parallelism");
    const auto optimum = table.integers("optimal_parallelism");
    std::vector<std::size_t> seen(places_.size(), 0);
    for (std::size_t i = 0; i < table.rows(); ++i) {
      const Place& at = place(operators[i]);
      RunJob& of = run_.jobs[at.job];
      OperatorSeries& op = of.operators[at.index];
      const std::size_t number = seen[static_cast<std::size_t>(operators[i])]++;
      if (number >= of.windows.size()) continue;  // the job's row was not flushed any more
      JobWindow& window = of.windows[number];
      if (window.start_s != starts[i] || window.end_s != ends[i])
        contradicts("windows of operators are not those of their job");
      if (optimum[i] >= 0 && (op.optimum.empty() || op.optimum.back().value != optimum[i]))
        op.optimum.push_back({starts[i], static_cast<int>(optimum[i])});
      if (!op.source) continue;
      window.backlog_records += or_zero(backlog[i]);
      const double all_s = static_cast<double>(parallelism[i]) * window.duration_s();
      if (all_s > 0)
        window.backpressured_share = std::max(window.backpressured_share, std::min(1.0, blocked[i] / all_s));
    }
  }

  void read_actions() {
    const Table table(
        file_, "actions",
        {"action_id", "job_id", "operator_id", "from_parallelism", "to_parallelism", "requested_s", "ended_s",
         "status", "downtime_s", "state_moved_bytes", "records_lost"});
    const auto ids = table.integers("action_id"), operators = table.integers("operator_id");
    const auto from = table.integers("from_parallelism"), to = table.integers("to_parallelism");
    const auto lost = table.integers("records_lost");
    const auto requested = table.reals("requested_s"), ended = table.reals("ended_s");
    const auto downtime = table.reals("downtime_s"), moved = table.reals("state_moved_bytes");
    const auto statuses = table.texts("status");
    for (std::size_t i = 0; i < table.rows(); ++i) {
      if (operators[i] < 0) continue;  // workers: no operator has more slots or fewer
      const Place& at = place(operators[i]);
      run_.jobs[at.job].changes.push_back({ids[i], at.index, static_cast<int>(from[i]),
                                           static_cast<int>(to[i]), requested[i], known(ended[i]),
                                           statuses[i], downtime[i], moved[i], lost[i]});
    }
    const Table decisions(file_, "decisions", {"job_id"});
    for (const std::int64_t id : decisions.integers("job_id")) ++job(id).decisions;
  }

  void read_end() {
    // Files of earlier versions do not have it.
    if (file_.has("final_jobs/policy_idle")) {
      const Table jobs(file_, "final_jobs", {"job_id", "policy_idle"});
      const auto ids = jobs.integers("job_id");
      const auto idle = jobs.flags("policy_idle");
      for (std::size_t i = 0; i < jobs.rows(); ++i) job(ids[i]).policy_idle = idle[i] != 0;
    }
    for (const RunJob& of : run_.jobs)
      if (!of.windows.empty()) run_.end_s = std::max(run_.end_s, of.windows.back().end_s);
    if (!file_.has("final")) return;
    const Table table(file_, "final", {"simulated_s", "complete"});
    if (table.rows() == 0) return;  // killed, or still under way
    run_.end_s = table.reals("simulated_s")[0];
    run_.complete = table.flags("complete")[0] != 0;
  }

  File file_;
  RunMetrics& run_;
  std::vector<Place> places_;
};

// A manifest that cannot be read says nothing: the run can.
std::vector<PublishedNumber> published_beside(const std::filesystem::path& run_file) {
  std::ifstream stream(run_file.parent_path() / "manifest.json");
  const auto manifest = nlohmann::json::parse(stream, nullptr, /*allow_exceptions=*/false);
  std::vector<PublishedNumber> numbers;
  const nlohmann::json::json_pointer where("/scenario/paper/published");
  if (!manifest.is_object() || !manifest.contains(where) || !manifest[where].is_array()) return numbers;
  try {
    for (const nlohmann::json& value : manifest[where]) {
      if (value.value("quantity", "none") == "none") continue;
      numbers.push_back({value.value("what", ""), value.value("quantity", ""), value.value("number", 0.0),
                         value.value("calibrated", false)});
    }
  } catch (const nlohmann::json::exception&) {
    numbers.clear();  // no manifest of weir's
  }
  return numbers;
}

}  // namespace

RunFileContents contents_of_run_file(const std::filesystem::path& path) {
  const File file(path.string());
  return {file.has("job_windows") && file.has("operator_windows") && file.has("jobs"),
          file.has("pag_edges") && file.has("pag_blocks")};
}

RunMetrics read_run_metrics(const std::filesystem::path& path) {
  RunMetrics run;
  run.path = path.string();
  const std::filesystem::path file = std::filesystem::is_directory(path) ? path / "run.h5" : path;
  if (!std::filesystem::exists(file)) throw TraceError(fmt::format("{}: cannot be opened", file.string()));
  Reader(file, run);
  run.published = published_beside(file);
  return run;
}

}  // namespace weir::analyzer

#include "sim/calibrate/operator_samples.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <tuple>

#include "sim/calibrate/table_file.hpp"
#include "sim/scenario/text_fields.hpp"

namespace weir::calibrate {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double rate_max = 1e15;

// Names of operators as small numbers, and the samples with absolute times until all are known.
class Collected {
 public:
  int id_of(std::string_view name) {
    const auto [entry, added] = ids_.try_emplace(std::string(name), static_cast<int>(data.names.size()));
    if (added) data.names.emplace_back(name);
    return entry->second;
  }
  OperatorData finish() {
    std::stable_sort(data.samples.begin(), data.samples.end(),
                     [](const OperatorSample& a, const OperatorSample& b) { return a.time_s < b.time_s; });
    const double first_s = data.samples.empty() ? 0 : data.samples.front().time_s;
    for (OperatorSample& sample : data.samples) sample.time_s -= first_s;
    return std::move(data);
  }
  OperatorData data;

 private:
  std::map<std::string, int> ids_;
};

// What all readers of a row say.
class RowErrors {
 public:
  RowErrors(const std::string& path, Errors& errors) : path_(path), errors_(errors) {}
  bool number(const TableRow& row, std::size_t column, const char* name, double* value) {
    const std::string_view field = column < row.fields.size() ? row.fields[column] : std::string_view{};
    *value = nan;
    if (is_gap(field) || same_word(field, "nan")) return true;
    if (parse_value(field, value) && std::isfinite(*value) && *value >= 0 && *value <= rate_max) return true;
    wrong(row, name, fmt::format("is {}", weir::quoted(field)), "a number from 0 to 1e15, or null for a gap");
    return false;
  }
  void wrong(const TableRow& row, const char* name, std::string what, std::string allowed) {
    errors_.add_file(path_, row.line, name, std::move(what), std::move(allowed));
  }

 private:
  const std::string& path_;
  Errors& errors_;
};

// ---------------------------------------------------------------- DS2

class Ds2File {
 public:
  Ds2File(const std::string& path, Collected& collected, Errors& errors)
      : path_(path), errors_(errors), row_errors_(path, errors), collected_(collected) {}

  bool begin(std::size_t columns) {
    if (columns == 8) return true;
    errors_.add_file(
        path_, 1, "$", fmt::format("has {} columns", columns),
        "8: operator_id, operator_instance_id, total_number_of_operator_instances, epoch_timestamp, "
        "true_processing_rate, true_output_rate, observed_processing_rate, observed_output_rate");
    return false;
  }

  void row(const TableRow& row) {
    if (row.fields.size() != 8)
      return row_errors_.wrong(row, "$", fmt::format("has {} columns", row.fields.size()), "8");
    if (row.fields[0].empty()) return row_errors_.wrong(row, "operator_id", "is empty", "a name");
    double parallelism, time_ns, rates[4];
    bool good = row_errors_.number(row, 2, "total_number_of_operator_instances", &parallelism) &&
                row_errors_.number(row, 3, "epoch_timestamp", &time_ns);
    static constexpr const char* names[] = {"true_processing_rate", "true_output_rate",
                                            "observed_processing_rate", "observed_output_rate"};
    for (std::size_t i = 0; i < 4; ++i) good = row_errors_.number(row, 4 + i, names[i], &rates[i]) && good;
    if (!good) return;
    if (!(parallelism >= 1 && parallelism <= 16384 && parallelism == std::floor(parallelism)))
      return row_errors_.wrong(row, "total_number_of_operator_instances", fmt::format("is {}", parallelism),
                               "a whole number from 1 to 16384");
    if (std::isnan(time_ns)) return row_errors_.wrong(row, "epoch_timestamp", "is missing", "nanoseconds");
    ++collected_.data.rows_read;
    // Useful time is what makes a true rate of an observed one.
    const bool source = !(rates[0] > 0);
    const double true_rate = source ? rates[1] : rates[0], observed = source ? rates[3] : rates[2];
    if (!(true_rate > 0) || !(observed > 0)) {
      ++collected_.data.idle_rows;
      return;
    }
    // Observed rates count whole windows, useful time buffers: a busy instance may seem a little busier than
    // one.
    if (observed > 1.05 * true_rate)
      return row_errors_.wrong(row, source ? names[3] : names[2],
                               fmt::format("is {} and the true rate {}", observed, true_rate),
                               "an observed rate is at most the true one");
    collected_.data.samples.push_back({.operator_id = collected_.id_of(row.fields[0]),
                                       .time_s = time_ns * 1e-9,
                                       .parallelism = static_cast<int>(parallelism),
                                       .busy = observed / true_rate,
                                       .in_per_s = source ? 0 : observed,
                                       .out_per_s = std::isnan(rates[3]) ? 0 : rates[3]});
  }

 private:
  const std::string& path_;
  Errors& errors_;
  RowErrors row_errors_;
  Collected& collected_;
};

// ---------------------------------------------------------------- Flink

enum FlinkMetric : std::size_t { records_in, records_out, busy_ms, flink_metrics };
constexpr std::string_view flink_names[] = {"numRecordsInPerSecond", "numRecordsOutPerSecond",
                                            "busyTimeMsPerSecond"};
constexpr std::string_view task_names[] = {"task",          "task_name", "operator",
                                           "operator_name", "vertex",    "vertex_name"};
constexpr std::string_view subtask_names[] = {"subtask", "subtask_index", "instance", "instance_id", "index"};
constexpr std::string_view flink_time_names[] = {"time", "timestamp", "ts", "time_s", "time_ms"};

// A metric's name, whatever scope stands before it.
bool is_metric(std::string_view name, std::string_view metric) {
  if (name.size() < metric.size() || !same_word(name.substr(name.size() - metric.size()), metric))
    return false;
  if (name.size() == metric.size()) return true;
  const char before = name[name.size() - metric.size() - 1];
  return before == '_' || before == '.' || before == ':';
}

std::size_t metric_column(const std::vector<std::string>& names, std::string_view metric) {
  for (std::size_t i = 0; i < names.size(); ++i)
    if (is_metric(names[i], metric)) return i;
  return std::string::npos;
}

class FlinkFile {
 public:
  // (time, task, subtask): what is there of it.
  using Key = std::tuple<std::int64_t, int, std::string>;
  struct Values {
    double of[flink_metrics] = {nan, nan, nan};
  };

  FlinkFile(const std::string& path, Collected& collected, std::map<Key, Values>& values, Errors& errors)
      : path_(path), errors_(errors), row_errors_(path, errors), collected_(collected), values_(values) {}

  bool begin(const std::vector<std::string>& names) {
    time_ = find_column(names, flink_time_names);
    task_ = find_column(names, task_names);
    subtask_ = find_column(names, subtask_names);
    static constexpr std::string_view metric_name[] = {"metric", "metric_name", "name", "__name__"};
    static constexpr std::string_view value_name[] = {"value"};
    metric_ = find_column(names, metric_name);
    value_ = find_column(names, value_name);
    for (std::size_t m = 0; m < flink_metrics; ++m) column_[m] = metric_column(names, flink_names[m]);
    long_ = metric_ != std::string::npos && value_ != std::string::npos;
    bool good = needs(time_, "time") & needs(task_, "task");
    if (!long_)
      for (std::size_t m = 0; m < flink_metrics; ++m)
        good = needs(column_[m], std::string(flink_names[m])) && good;
    return good;
  }

  void row(const TableRow& row) {
    std::int64_t time_ns = 0;
    if (!time_of(row, &time_ns)) return;
    const auto field = [&](std::size_t column) {
      return column < row.fields.size() ? row.fields[column] : std::string_view{};
    };
    if (field(task_).empty()) return row_errors_.wrong(row, "task", "is empty", "a name");
    if (long_ && metric_of(field(metric_)) == flink_metrics) return;  // another metric
    ++collected_.data.rows_read;
    Values& values = values_[{time_ns, collected_.id_of(field(task_)), std::string(field(subtask_))}];
    if (long_) {
      const std::size_t metric = metric_of(field(metric_));
      double value;
      if (!row_errors_.number(row, value_, "value", &value)) return;
      if (!std::isnan(values.of[metric]))
        return row_errors_.wrong(row, "$", "the same metric of the same subtask and time is there before",
                                 "once");
      values.of[metric] = value;
    } else {
      for (const double value : values.of)
        if (!std::isnan(value))
          return row_errors_.wrong(row, "$", "the same subtask and time is there before", "once");
      for (std::size_t m = 0; m < flink_metrics; ++m)
        row_errors_.number(row, column_[m], flink_names[m].data(), &values.of[m]);
    }
    if (values.of[busy_ms] > 1050)
      row_errors_.wrong(row, flink_names[busy_ms].data(), fmt::format("is {}", values.of[busy_ms]),
                        "at most 1000 ms per second");
  }

 private:
  bool needs(std::size_t column, std::string name) {
    if (column != std::string::npos) return true;
    errors_.add_file(path_, 1, "$", fmt::format("no column is {}", name),
                     "time, task, subtask, and numRecordsInPerSecond, numRecordsOutPerSecond, "
                     "busyTimeMsPerSecond, or metric and value");
    return false;
  }
  static std::size_t metric_of(std::string_view name) {
    std::size_t metric = 0;
    while (metric < flink_metrics && !is_metric(name, flink_names[metric])) ++metric;
    return metric;
  }
  bool time_of(const TableRow& row, std::int64_t* time_ns) {
    const std::string_view field = time_ < row.fields.size() ? row.fields[time_] : std::string_view{};
    double number = 0;
    const bool iso = looks_like_iso_time(field);
    if (!iso && unit_ns_ == 0 && parse_value(field, &number))
      unit_ns_ = number < 1e11 ? 1'000'000'000 : number < 1e14 ? 1'000'000 : number < 1e17 ? 1'000 : 1;
    if (iso ? parse_iso_time(field, time_ns) : unit_ns_ > 0 && parse_time_number(field, unit_ns_, time_ns))
      return true;
    row_errors_.wrong(row, "time", fmt::format("{} is not a time", weir::quoted(field)),
                      "a number, or ISO 8601");
    return false;
  }

  const std::string& path_;
  Errors& errors_;
  RowErrors row_errors_;
  Collected& collected_;
  std::map<Key, Values>& values_;
  std::size_t time_ = 0, task_ = 0, subtask_ = 0, metric_ = 0, value_ = 0;
  std::size_t column_[flink_metrics] = {};
  bool long_ = false;
  std::int64_t unit_ns_ = 0;
};

// A task has as many subtasks as report at a time.
void add_flink_samples(const std::map<FlinkFile::Key, FlinkFile::Values>& values, Collected& collected) {
  std::map<std::pair<std::int64_t, int>, int> parallelism;
  for (const auto& [key, unused] : values) ++parallelism[{std::get<0>(key), std::get<1>(key)}];
  for (const auto& [key, value] : values) {
    const double in = value.of[records_in], out = value.of[records_out], busy = value.of[busy_ms] / 1000;
    if (!(busy > 0) || (!(in > 0) && !(out > 0))) {
      ++collected.data.idle_rows;
      continue;
    }
    collected.data.samples.push_back({.operator_id = std::get<1>(key),
                                      .time_s = static_cast<double>(std::get<0>(key)) * 1e-9,
                                      .parallelism = parallelism[{std::get<0>(key), std::get<1>(key)}],
                                      .busy = busy,
                                      .in_per_s = in > 0 ? in : 0,
                                      .out_per_s = out > 0 ? out : 0});
  }
}

}  // namespace

bool looks_like_ds2(const std::vector<std::string>& names, std::size_t columns) {
  static constexpr std::string_view rate[] = {"true_processing_rate", "true_proc"};
  return columns == 8 && (names.empty() || find_column(names, rate) != std::string::npos);
}

bool looks_like_flink(const std::vector<std::string>& names) {
  static constexpr std::string_view metric[] = {"metric", "metric_name", "__name__"};
  return metric_column(names, flink_names[busy_ms]) != std::string::npos ||
         (find_column(names, metric) != std::string::npos &&
          find_column(names, task_names) != std::string::npos);
}

OperatorData read_operators(const std::vector<std::string>& files, OperatorFormat format, Errors& errors,
                            const std::atomic<bool>* stop) {
  Collected collected;
  std::map<FlinkFile::Key, FlinkFile::Values> flink;
  const std::size_t before = errors.count();
  for (const std::string& path : files) {
    if (format == OperatorFormat::ds2) {
      Ds2File file(path, collected, errors);
      read_table(path,
                 {[&](const auto&, std::size_t columns) { return file.begin(columns); },
                  [&](const TableRow& row) { file.row(row); }},
                 errors, stop);
    } else {
      FlinkFile file(path, collected, flink, errors);
      read_table(path,
                 {[&](const auto& names, std::size_t) { return file.begin(names); },
                  [&](const TableRow& row) { file.row(row); }},
                 errors, stop);
    }
  }
  if (format == OperatorFormat::flink) add_flink_samples(flink, collected);
  OperatorData data = collected.finish();
  if (errors.count() == before && data.samples.empty() && !files.empty())
    errors.add_file(files.front(), 1, "$", fmt::format("no row shows work ({} rows read)", data.rows_read),
                    "rows with records and busy time");
  return data;
}

}  // namespace weir::calibrate

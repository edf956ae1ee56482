#include "sim/calibrate/job_series.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string_view>

#include "sim/calibrate/table_file.hpp"
#include "sim/scenario/text_fields.hpp"

namespace weir::calibrate {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double value_max = 1e15;

enum Metric : std::size_t { offered, achieved, latency, workers, metrics };
constexpr std::string_view metric_names[] = {"offered", "achieved", "latency", "workers"};

std::span<const std::string_view> usual_names(Metric metric) {
  static constexpr std::string_view of_offered[] = {"offered",      "offered_per_s", "workrate", "input_rate",
                                                    "arrival_rate", "source_rate",   "load"};
  static constexpr std::string_view of_achieved[] = {"achieved",   "achieved_per_s", "thrrate",
                                                     "throughput", "processed",      "processed_per_s"};
  static constexpr std::string_view of_latency[] = {"latency",        "latency_s",      "latency_ms",
                                                    "latency_us",     "latency_p95_s",  "latency_p99_s",
                                                    "latency_p95_ms", "latency_p99_ms", "e2e_latency"};
  static constexpr std::string_view of_workers[] = {"workers",    "parallelism", "instances",
                                                    "numworkers", "num_workers", "taskmanagers"};
  switch (metric) {
    case offered:
      return of_offered;
    case achieved:
      return of_achieved;
    case latency:
      return of_latency;
    default:
      return of_workers;
  }
}

constexpr std::string_view time_names[] = {"time",    "timestamp", "ts",   "t",        "time_s",
                                           "time_ms", "epoch",     "date", "datetime", "seconds"};

struct Point {
  std::int64_t time_ns;
  double value;
};
using Points = std::vector<Point>;

// A number beyond 1e11 cannot be seconds of our time: milliseconds, microseconds, nanoseconds.
std::int64_t unit_of(double number) {
  return number < 1e11 ? 1'000'000'000 : number < 1e14 ? 1'000'000 : number < 1e17 ? 1'000 : 1;
}

// One table: a time and some of the metrics.
class TableOfMetrics {
 public:
  TableOfMetrics(const JobFiles& files, const std::string& path, std::vector<Metric> wanted, Errors& errors)
      : files_(files), path_(path), wanted_(std::move(wanted)), errors_(errors) {}

  bool read(const std::atomic<bool>* stop) {
    const std::size_t before = errors_.count();
    const bool whole = read_table(path_,
                                  {[this](const auto& names, std::size_t n) { return begin(names, n); },
                                   [this](const TableRow& row) { this->row(row); }},
                                  errors_, stop);
    if (whole && errors_.count() == before && rows_ == 0)
      errors_.add_file(path_, 1, "$", "there is a header, but no row", "rows of time and values");
    return whole && errors_.count() == before;
  }

  Points points[metrics];
  std::size_t rows() const { return rows_; }
  bool has(Metric metric) const { return column_[metric] != std::string::npos; }
  double latency_unit_s() const { return unit_s_; }

 private:
  bool begin(const std::vector<std::string>& names, std::size_t columns) {
    columns_ = columns;
    std::fill(std::begin(column_), std::end(column_), std::string::npos);
    const auto time = named("time", names);
    bool good = !time || *time != std::string::npos || no_such_column("time", names);
    time_ = time ? *time : find_column(names, time_names);
    if (time_ == std::string::npos) time_ = 0;
    for (const Metric metric : wanted_) good = choose(metric, names) && good;
    return good;
  }

  bool choose(Metric metric, const std::vector<std::string>& names) {
    const std::string name(metric_names[metric]);
    if (const auto chosen = named(name, names)) {
      column_[metric] = *chosen;
      if (metric == latency) unit_s_ = latency_unit(names);
      if (*chosen != std::string::npos) return true;
      return no_such_column(name, names);
    }
    column_[metric] = find_column(names, usual_names(metric));
    if (wanted_.size() == 1 && column_[metric] == std::string::npos && columns_ == 2)
      column_[metric] = time_ == 0 ? 1 : 0;  // `timestamp|value`
    if (column_[metric] != std::string::npos) {
      if (metric == latency) unit_s_ = latency_unit(names);
      return true;
    }
    if (metric == latency || metric == workers) return wanted_.size() > 1 || missing(metric, names);
    return missing(metric, names);
  }

  bool missing(Metric metric, const std::vector<std::string>& names) {
    std::vector<std::string> others(usual_names(metric).begin(), usual_names(metric).end());
    errors_.add_file(
        path_, 1, "$",
        names.empty() ? fmt::format("there is no header, so no column is {}", metric_names[metric])
                      : fmt::format("no column is {}", metric_names[metric]),
        fmt::format("a column {}, or --column {}=NAME", fmt::join(others, ", "), metric_names[metric]));
    return false;
  }

  bool no_such_column(const std::string& what, const std::vector<std::string>& names) {
    errors_.add_argument(fmt::format("--column {}={}", what, files_.columns.at(what)), what,
                         "is no column of " + path_, allowed_names(files_.columns.at(what), names));
    return false;
  }

  // The column that --column names; none: it names none.
  std::optional<std::size_t> named(const std::string& what, const std::vector<std::string>& names) const {
    const auto chosen = files_.columns.find(what);
    if (chosen == files_.columns.end()) return std::nullopt;
    const std::string_view wanted[] = {chosen->second};
    return find_column(names, wanted);
  }

  double latency_unit(const std::vector<std::string>& names) const {
    switch (files_.latency_unit) {
      case LatencyUnit::seconds:
        return 1;
      case LatencyUnit::milliseconds:
        return 1e-3;
      case LatencyUnit::microseconds:
        return 1e-6;
      case LatencyUnit::automatic:
        break;
    }
    const std::string name = column_[latency] < names.size() ? names[column_[latency]] : "";
    if (name.ends_with("_us")) return 1e-6;
    return name.ends_with("_s") ? 1 : 1e-3;
  }

  void wrong(const TableRow& row, std::string_view column, std::string what, std::string allowed) {
    errors_.add_file(path_, row.line, std::string(column), std::move(what), std::move(allowed));
  }

  void row(const TableRow& row) {
    std::int64_t time_ns = 0;
    if (!time_of(row, &time_ns)) return;
    for (const Metric metric : wanted_) {
      if (column_[metric] == std::string::npos) continue;
      double value = nan;
      if (column_[metric] >= row.fields.size())
        return wrong(row, metric_names[metric], fmt::format("the row has {} columns", row.fields.size()),
                     fmt::format("{} as in the header", columns_));
      if (!value_of(row, metric, &value)) return;
      points[metric].push_back({time_ns, value});
    }
    ++rows_;
  }

  bool time_of(const TableRow& row, std::int64_t* time_ns) {
    const std::string_view field = time_ < row.fields.size() ? row.fields[time_] : std::string_view{};
    double number = 0;
    const bool iso = looks_like_iso_time(field);
    if (!iso && unit_ns_ == 0 && parse_value(field, &number)) unit_ns_ = unit_of(number);
    if (!(iso ? parse_iso_time(field, time_ns)
              : unit_ns_ > 0 && parse_time_number(field, unit_ns_, time_ns))) {
      wrong(row, "time", fmt::format("{} is not a time", weir::quoted(field)),
            "a number, or ISO 8601 such as 2022-01-25 07:20:23");
      return false;
    }
    if (any_ && *time_ns <= last_ns_) {
      wrong(row, "time",
            *time_ns == last_ns_ ? "the time is the same as in the row before" : "the time goes back",
            "times in rising order");
      return false;
    }
    any_ = true;
    last_ns_ = *time_ns;
    return true;
  }

  bool value_of(const TableRow& row, Metric metric, double* value) {
    const std::string_view field = row.fields[column_[metric]];
    *value = nan;
    if (is_gap(field) || same_word(field, "nan")) return true;  // not recorded
    if (!parse_value(field, value) || !std::isfinite(*value) || *value < 0 || *value > value_max) {
      wrong(row, metric_names[metric], fmt::format("is {}", weir::quoted(field)),
            "a number from 0 to 1e15, or null for a gap");
      return false;
    }
    if (metric == latency) *value *= unit_s_;
    return true;
  }

  const JobFiles& files_;
  const std::string& path_;
  const std::vector<Metric> wanted_;
  Errors& errors_;
  std::size_t columns_ = 0, time_ = 0, rows_ = 0;
  std::size_t column_[metrics] = {std::string::npos, std::string::npos, std::string::npos, std::string::npos};
  double unit_s_ = 1e-3;
  std::int64_t unit_ns_ = 0, last_ns_ = 0;
  bool any_ = false;
};

// The usual distance of two rows.
double median_step_s(const Points& points) {
  std::vector<std::int64_t> steps;
  for (std::size_t i = 1; i < points.size(); ++i) steps.push_back(points[i].time_ns - points[i - 1].time_ns);
  if (steps.empty()) return 0;
  const auto middle = steps.begin() + static_cast<std::ptrdiff_t>((steps.size() - 1) / 2);
  std::nth_element(steps.begin(), middle, steps.end());
  return static_cast<double>(*middle) * 1e-9;
}

// Values at the nearest times of the grid; NaN where there is none.
std::vector<double> on_grid(const Points& points, std::int64_t from_ns, double step_s, std::size_t size,
                            std::size_t* merged) {
  std::vector<double> values(size, nan);
  std::size_t last = size;
  for (const Point& point : points) {
    const double at = std::round(static_cast<double>(point.time_ns - from_ns) * 1e-9 / step_s);
    if (at < 0 || at >= static_cast<double>(size)) continue;
    const auto row = static_cast<std::size_t>(at);
    *merged += row == last;
    values[last = row] = point.value;
  }
  return values;
}

std::size_t count_gaps(const std::vector<double>& values) {
  return static_cast<std::size_t>(
      std::count_if(values.begin(), values.end(), [](double v) { return std::isnan(v); }));
}

void hold_before(std::vector<double>& values) {
  for (std::size_t i = 1; i < values.size(); ++i)
    if (std::isnan(values[i])) values[i] = values[i - 1];
}

JobSeries on_one_grid(Points (&points)[metrics], const std::string& file, Errors& errors) {
  JobSeries series;
  Points& load = points[offered];
  std::erase_if(load, [](const Point& p) { return std::isnan(p.value); });
  if (load.size() < 2) {
    errors.add_file(file, 1, "offered", "there are less than two rows with an offered rate", "two or more");
    return series;
  }
  series.step_s = median_step_s(load);
  const std::int64_t from_ns = load.front().time_ns;
  series.origin_s = static_cast<double>(from_ns) * 1e-9;
  const double rows =
      std::round(static_cast<double>(load.back().time_ns - from_ns) * 1e-9 / series.step_s) + 1;
  if (rows > static_cast<double>(job_rows_max)) {
    errors.add_file(file, 1, "time",
                    fmt::format("rows every {:g} s for so long are {:.3g}", series.step_s, rows),
                    fmt::format("at most {}", job_rows_max));
    return series;
  }
  const auto size = static_cast<std::size_t>(rows);
  const auto fill = [&](Metric metric) {
    return on_grid(points[metric], from_ns, series.step_s, size, &series.rows_merged);
  };
  series.offered_per_s = fill(offered);
  series.offered_gaps = count_gaps(series.offered_per_s);
  hold_before(series.offered_per_s);
  series.achieved_per_s = fill(achieved);
  series.achieved_gaps = count_gaps(series.achieved_per_s);
  if (!points[latency].empty()) {
    series.latency_s = fill(latency);
    series.latency_gaps = count_gaps(series.latency_s);
  }
  if (!points[workers].empty()) {
    series.workers = fill(workers);
    hold_before(series.workers);
    const auto first =
        std::find_if(series.workers.begin(), series.workers.end(), [](double w) { return !std::isnan(w); });
    if (first != series.workers.end()) std::fill(series.workers.begin(), first, *first);
  }
  if (series.achieved_gaps == size)
    errors.add_file(file, 1, "achieved", "no achieved rate lies within the times of the offered one",
                    "files of one run");
  return series;
}

void check_workers(const JobSeries& series, const std::string& file, Errors& errors) {
  for (std::size_t i = 0; i < series.workers.size(); ++i) {
    const double w = series.workers[i];
    if (w >= 1 && w <= 16384 && w == std::floor(w)) continue;
    errors.add_file(file, 1, "workers", fmt::format("is {} at {:g} s", w, series.time_s(i)),
                    "a whole number from 1 to 16384");
    return;
  }
}

}  // namespace

bool looks_like_job_table(const std::vector<std::string>& names) {
  return find_column(names, usual_names(offered)) != std::string::npos &&
         find_column(names, usual_names(achieved)) != std::string::npos;
}

JobSeries read_job_series(const JobFiles& files, Errors& errors, const std::atomic<bool>* stop) {
  Points points[metrics];
  std::size_t rows = 0;
  double latency_unit_s = 0;
  bool good = true;
  const auto read = [&](const std::string& path, std::vector<Metric> wanted) {
    if (path.empty()) return;
    TableOfMetrics table(files, path, wanted, errors);
    good = table.read(stop) && good;
    for (const Metric metric : wanted) points[metric] = std::move(table.points[metric]);
    if (table.has(latency)) latency_unit_s = table.latency_unit_s();
    rows += table.rows();
  };
  if (!files.table.empty()) {
    read(files.table, files.workers.empty() ? std::vector<Metric>{offered, achieved, latency, workers}
                                            : std::vector<Metric>{offered, achieved, latency});
  } else {
    read(files.offered, {offered});
    read(files.achieved, {achieved});
    read(files.latency, {latency});
  }
  read(files.workers, {workers});  // instead of a column, if there is one
  if (!good) return {};
  const std::string& file = files.table.empty() ? files.offered : files.table;
  JobSeries series = on_one_grid(points, file, errors);
  series.rows_read = rows;
  series.latency_unit_s = latency_unit_s;
  if (files.workers_always > 0) series.workers.assign(series.size(), files.workers_always);
  check_workers(series, files.workers.empty() ? file : files.workers, errors);
  return series;
}

}  // namespace weir::calibrate

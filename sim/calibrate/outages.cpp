#include "sim/calibrate/outages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "sim/calibrate/instrument.hpp"
#include "sim/calibrate/table_file.hpp"
#include "sim/scenario/text_fields.hpp"

namespace weir::calibrate {
namespace {

constexpr double hardly_any = 0.05;
constexpr std::size_t prior_rows_min = 10;

class Finder {
 public:
  Finder(const JobSeries& series, std::size_t window_rows, const OutageRule& rule)
      : series_(series),
        achieved_(series.achieved_per_s),
        reference_(trailing_mean(series.offered_per_s, window_rows)),
        window_(window_rows),
        prior_span_(std::max(window_rows, prior_rows_min)),
        fall_(static_cast<std::size_t>(std::ceil(rule.drop * static_cast<double>(window_rows)))),
        rule_(rule),
        load_min_(rule.load_min *
                  *std::max_element(series.offered_per_s.begin(), series.offered_per_s.end())) {}

  Outages find() {
    std::size_t row = prior_span_ + fall_;
    while (row < series_.size()) {
      const double before = prior(row);
      if (!down(row, before)) {
        ++row;
        continue;
      }
      const std::size_t end = end_of_run(row, before);
      take(row, end, before);
      row = end + window_;
    }
    return std::move(outages_);
  }

 private:
  double prior(std::size_t row) {
    values_.clear();
    for (std::size_t i = row - fall_ - prior_span_; i < row - fall_; ++i)
      if (!std::isnan(achieved_[i])) values_.push_back(achieved_[i]);
    if (values_.empty()) return 0;
    const auto middle = values_.begin() + static_cast<std::ptrdiff_t>(values_.size() / 2);
    std::nth_element(values_.begin(), middle, values_.end());
    return *middle;
  }
  bool down(std::size_t row, double prior) const {
    const double normal = std::min(prior, reference_[row]);
    return normal > load_min_ && achieved_[row] < (1 - rule_.drop) * normal;  // false for NaN
  }
  // The first row behind; rows without a value belong to what is around them.
  std::size_t end_of_run(std::size_t row, double prior) const {
    std::size_t end = row;
    for (std::size_t i = row; i < series_.size() && (down(i, prior) || std::isnan(achieved_[i])); ++i)
      if (!std::isnan(achieved_[i])) end = i;
    return end + 1;
  }

  // What is left of the rate before, where the load itself fell: of the load.
  double left(std::size_t row, double prior) const {
    return achieved_[row] / std::min(prior, reference_[row]);
  }

  void take(std::size_t from, std::size_t to, double prior) {
    std::size_t lowest = from, last_nothing = from;
    bool nothing = false;
    for (std::size_t i = from; i < to; ++i) {
      if (std::isnan(achieved_[i])) continue;
      if (left(i, prior) < left(lowest, prior)) lowest = i;
      if (left(i, prior) < hardly_any) last_nothing = i, nothing = true;
    }
    if (!nothing && to - from > 3 * window_) {
      ++outages_.slow;
      return;
    }
    const double window_s = static_cast<double>(window_) * series_.step_s;
    // A meter over one row tells the row at once.
    const double start_s = series_.time_s(from) - rule_.drop * (window_s - series_.step_s);
    double end_s = start_s + window_s * (1 - std::min(1.0, achieved_[lowest] / prior));
    if (nothing) end_s = std::max(end_s, series_.time_s(last_nothing + 1));
    const double earliest_s = outages_.found.empty() ? 0 : outages_.found.back().end_s;
    if (end_s > std::max(start_s, earliest_s))
      outages_.found.push_back({std::max(start_s, earliest_s), std::min(end_s, series_.duration_s())});
  }

  const JobSeries& series_;
  const std::vector<double>& achieved_;
  const std::vector<double> reference_;
  const std::size_t window_, prior_span_, fall_;
  const OutageRule rule_;
  const double load_min_;
  std::vector<double> values_;
  Outages outages_;
};

}  // namespace

Outages find_outages(const JobSeries& series, std::size_t window_rows, const OutageRule& rule) {
  return Finder(series, window_rows, rule).find();
}

std::vector<Outage> read_outages(const std::string& path, Errors& errors) {
  std::vector<Outage> outages;
  const auto take = [&](const TableRow& row) {
    Outage outage;
    if (row.fields.size() < 2 || !parse_value(row.fields[0], &outage.start_s) ||
        !parse_value(row.fields[1], &outage.end_s) || !(outage.start_s >= 0) ||
        !(outage.end_s > outage.start_s) || !std::isfinite(outage.end_s)) {
      errors.add_file(path, row.line, "$", "is no outage", "start_s,end_s in seconds, 0 <= start < end");
    } else if (!outages.empty() && outage.start_s < outages.back().end_s) {
      errors.add_file(path, row.line, "start_s", "begins before the outage before has ended",
                      "outages in the order of time");
    } else {
      outages.push_back(outage);
    }
  };
  read_table(path, {[](const auto&, std::size_t) { return true; }, take}, errors);
  return outages;
}

}  // namespace weir::calibrate

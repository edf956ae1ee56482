#include "sim/calibrate/meter_window.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "sim/calibrate/job_fit.hpp"
#include "sim/calibrate/job_model.hpp"

namespace weir::calibrate {
namespace {

constexpr std::size_t rows_enough = 200'000;  // a meter does not change: more rows would only take longer
constexpr double as_good = 1 + 1e-4;

class Search {
 public:
  Search(const JobSeries& series, const OutageRule& rule, const std::optional<std::vector<Outage>>& given,
         std::size_t train_rows, std::size_t rows_max, const std::atomic<bool>* stop)
      : series_(series),
        rule_(rule),
        given_(given),
        rows_(std::min(train_rows, rows_enough)),
        rows_max_(rows_max),
        stop_(stop) {
    for (std::size_t i = 0; i < rows_; ++i) {
      const double workers = series.workers.empty() ? 1 : series.workers[i];
      if (!std::isnan(series.achieved_per_s[i]))
        largest_ = std::max(largest_, series.achieved_per_s[i] / workers);
      if (!series.workers.empty() && workers != series.workers[0]) sigmas_ = {0, 0.05, 0.2};
    }
  }

  // Ever finer steps around the best.
  MeterWindow find() {
    for (double rows = 1; rows <= static_cast<double>(rows_max_); rows *= 1.2) try_rows(rows);
    try_rows(static_cast<double>(rows_max_));
    for (const double step : {0.1, 0.05, 0.02}) {
      const auto best = static_cast<double>(shortest_of_the_best());
      try_rows(best * (1 - step));
      try_rows(best * (1 + step));
    }
    const std::size_t rows = shortest_of_the_best();
    const double best = errors_.at(rows);
    return {rows, std::any_of(errors_.begin(), errors_.end(),
                              [&](const auto& tried) { return tried.second > best * as_good; })};
  }

 private:
  void try_rows(double wanted) {
    const auto rows = static_cast<std::size_t>(std::llround(wanted));
    if (rows < 1 || rows > rows_max_ || errors_.contains(rows)) return;
    const std::vector<Outage> outages = given_ ? *given_ : find_outages(series_, rows, rule_).found;
    const JobQueue queue(series_, outages, rows);
    double least = error(queue, HUGE_VAL, 0);
    for (const double sigma : sigmas_)
      for (double share = 0.5; share < 2; share *= 1.05)
        least = std::min(least, error(queue, share * largest_, sigma));
    errors_[rows] = least;
  }

  // All windows are compared over the same rows.
  double error(const JobQueue& queue, double rate_per_s, double sigma) const {
    if (stop_ != nullptr && *stop_) throw Interrupted();
    JobModel model;
    model.rate_per_s = rate_per_s;
    model.sigma = sigma;
    const std::vector<double> achieved = queue.achieved(model, rows_);
    double sum = 0;
    for (std::size_t i = rows_max_; i < rows_; ++i) {
      const double difference = achieved[i] - series_.achieved_per_s[i];
      if (!std::isnan(difference)) sum += difference * difference;
    }
    return sum;
  }

  std::size_t shortest_of_the_best() const {
    double least = HUGE_VAL;
    for (const auto& [rows, error] : errors_) least = std::min(least, error);
    for (const auto& [rows, error] : errors_)
      if (error <= least * as_good) return rows;
    return 1;
  }

  const JobSeries& series_;
  const OutageRule& rule_;
  const std::optional<std::vector<Outage>>& given_;
  const std::size_t rows_, rows_max_;
  const std::atomic<bool>* stop_;
  double largest_ = 0;                // achieved by a worker
  std::vector<double> sigmas_ = {0};  // that are tried: of one number of workers, any will do
  std::map<std::size_t, double> errors_;
};

}  // namespace

MeterWindow find_window(const JobSeries& series, const OutageRule& rule,
                        const std::optional<std::vector<Outage>>& given, std::size_t train_rows,
                        std::size_t rows_max, const std::atomic<bool>* stop) {
  return Search(series, rule, given, train_rows, rows_max, stop).find();
}

}  // namespace weir::calibrate

#include "sim/calibrate/job_fit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <span>

#include "sim/calibrate/least_squares.hpp"

namespace weir::calibrate {
namespace {

constexpr double block_s_min = 60;
constexpr double sigma_max = 1, imbalance_max = 0.95;
// A change that counts: a tenth of the capacity, the sigma of a chatty job, a tenth more than even.
constexpr double capacity_scale = 0.1, sigma_scale = 0.03, imbalance_scale = 0.1;

// What a vector of the solver means. Capacity is that of all workers together at their usual number, so that
// it can be seen where sigma cannot.
struct Meaning {
  double workers = 1;
  bool sigma = false, imbalance = false;  // among the parameters
  JobModel fixed;                         // everything else

  JobModel model(std::span<const double> x) const {
    JobModel model = fixed;
    std::size_t next = 1;
    if (sigma) model.sigma = std::clamp(x[next++], 0.0, sigma_max);
    if (imbalance) model.imbalance = std::clamp(x[next++], 0.0, imbalance_max);
    model.rate_per_s = std::exp(x[0]) / workers * (1 + model.sigma * (workers - 1));
    return model;
  }
  Vector vector(const JobModel& model) const {
    Vector x = {std::log(model.capacity_per_s(workers))};
    if (sigma) x.push_back(model.sigma);
    if (imbalance) x.push_back(model.imbalance);
    return x;
  }
  Vector scales() const {
    Vector scales = {capacity_scale};
    if (sigma) scales.push_back(sigma_scale);
    if (imbalance) scales.push_back(imbalance_scale);
    return scales;
  }
};

class Fitter {
 public:
  Fitter(const JobSeries& series, std::span<const Outage> outages, const Seen& seen,
         const JobFitOptions& options)
      : series_(series),
        seen_(seen),
        options_(options),
        queue_(series, outages, options.window_rows),
        block_(std::max(2 * options.window_rows, static_cast<std::size_t>(block_s_min / series.step_s))) {
    for (std::size_t i = options.window_rows; i < options.train_rows; ++i)
      if (!std::isnan(series.achieved_per_s[i])) rows_.push_back(i);
    weights_.assign(options.train_rows, 1);
  }

  JobFit fit() {
    JobFit result;
    std::map<double, std::size_t> waiting_by_workers = waiting();
    for (const auto& [workers, rows] : waiting_by_workers)
      if (rows >= waiting_by_workers[result.workers]) result.workers = workers;
    if (waiting_by_workers.empty() && !series_.workers.empty()) result.workers = series_.workers[0];
    result.capacity_at_least_per_s = seen_.calm_achieved_per_s;
    meaning_ = {.workers = result.workers,
                .imbalance = options_.fit_imbalance && workers_constant(),
                .fixed = {.rate_per_s = 0,
                          .sigma = options_.sigma,
                          .imbalance = 0,
                          .replay_s = options_.replay_s,
                          .floor_s = seen_.calm_latency_s}};
    std::erase_if(waiting_by_workers, [](const auto& entry) { return entry.second == 0; });
    result.capacity_known = !waiting_by_workers.empty() && !rows_.empty();
    if (!result.capacity_known) return unknown_capacity(std::move(result));
    meaning_.sigma = waiting_by_workers.size() > 1;
    Minimum best = solve(start());
    Identified seen = identify(scaled_jacobian(residuals(), best.x, meaning_.scales()));
    if (meaning_.sigma && !seen.parameter[1]) {  // it is there, and shows nothing
      const JobModel model = meaning_.model(best.x);
      meaning_.sigma = false;
      best = solve(meaning_.vector(model));
      seen = identify(scaled_jacobian(residuals(), best.x, meaning_.scales()));
    }
    result.model = meaning_.model(best.x);
    result.capacity_per_s = result.model.capacity_per_s(result.workers);
    result.converged = best.converged;
    resample(best.x);
    describe(result, seen, waiting_by_workers);
    return result;
  }

 private:
  // In how many rows something waited, by the number of workers.
  std::map<double, std::size_t> waiting() const {
    std::map<double, std::size_t> rows;
    for (std::size_t i = 0; i < options_.train_rows; ++i)
      if (seen_.waiting[i]) ++rows[series_.workers.empty() ? 1 : series_.workers[i]];
    return rows;
  }
  bool workers_constant() const {
    return !series_.workers.empty() && std::all_of(series_.workers.begin(), series_.workers.end(),
                                                   [&](double w) { return w == series_.workers[0]; });
  }

  Residuals residuals() const {
    return [this](std::span<const double> x) {
      if (options_.stop != nullptr && *options_.stop) throw Interrupted();
      const std::vector<double> predicted = queue_.achieved(meaning_.model(x), options_.train_rows);
      Vector difference;
      difference.reserve(rows_.size());
      for (const std::size_t i : rows_)
        difference.push_back((predicted[i] - series_.achieved_per_s[i]) * std::sqrt(weights_[i]));
      return difference;
    };
  }
  double error(const Vector& x) const {
    double sum = 0;
    for (const double r : residuals()(x)) sum += r * r;
    return sum;
  }

  // The best of a coarse search: the sum of squares has flat parts, where nothing waits any more.
  Vector start() const {
    JobModel model = meaning_.fixed;
    Vector best;
    double least = HUGE_VAL;
    const double largest = largest_achieved();
    for (const double sigma : meaning_.sigma ? std::vector{0.0, 0.03, 0.1, 0.3} : std::vector{model.sigma}) {
      for (const double imbalance : meaning_.imbalance ? std::vector{0.05, 0.2, 0.4} : std::vector{0.0}) {
        model.sigma = sigma;
        model.imbalance = imbalance;
        for (double share = 0.5; share < 1.6; share *= 1.04) {
          model.rate_per_s = share * largest / meaning_.workers * (1 + sigma * (meaning_.workers - 1));
          const Vector x = meaning_.vector(model);
          if (const double now = error(x); now < least) least = now, best = x;
        }
      }
    }
    return best;
  }
  // While something waited for the usual number of workers.
  double largest_achieved() const {
    double largest = 0;
    for (std::size_t i = 0; i < options_.train_rows; ++i)
      if (seen_.waiting[i] && !std::isnan(series_.achieved_per_s[i]) &&
          (series_.workers.empty() || series_.workers[i] == meaning_.workers))
        largest = std::max(largest, series_.achieved_per_s[i]);
    return largest;
  }
  Minimum solve(const Vector& from) const {
    return least_squares_with_kinks(residuals(), from, meaning_.scales());
  }

  void resample(const Vector& best) {
    RandomStream random(options_.seed, "calibrate", "blocks");
    for (int i = 0; i < options_.resamples; ++i) {
      weights_ = drawn_in_blocks(random, options_.train_rows, block_);
      const JobModel model = meaning_.model(solve(best).x);
      capacities_.push_back(model.capacity_per_s(meaning_.workers));
      rates_.push_back(model.rate_per_s);
      sigmas_.push_back(model.sigma);
      imbalances_.push_back(model.imbalance);
    }
    weights_.assign(options_.train_rows, 1);
  }

  std::string seen_in() const {
    return fmt::format("seen in {} of catch-up ({:.0f} s of {:.0f} s)",
                       seen_.windows_before(options_.train_rows) == 1
                           ? std::string("1 window")
                           : fmt::format("{} windows", seen_.windows_before(options_.train_rows)),
                       series_.time_s(seen_.rows_before(options_.train_rows)),
                       series_.time_s(options_.train_rows));
  }
  std::string workers_text(const std::map<double, std::size_t>& waiting) const {
    if (series_.workers.empty()) return "the number of workers was not recorded";
    std::vector<std::string> numbers;
    for (const auto& entry : waiting) numbers.push_back(fmt::format("{:g}", entry.first));
    if (numbers.size() == 1)
      return fmt::format("something waits with one number of workers only, {}", numbers[0]);
    return fmt::format("something waits with {} workers", fmt::join(numbers, ", "));
  }

  void describe(JobFit& result, const Identified& seen, const std::map<double, std::size_t>& waiting) const {
    const JobModel& model = result.model;
    result.parameters.push_back(
        {.name = fmt::format("capacity of {:g} worker{}", result.workers, result.workers == 1 ? "" : "s"),
         .unit = "records/s",
         .value = result.capacity_per_s,
         .identified = seen.parameter[0],
         .interval = middle_of(capacities_),
         .why = seen.parameter[0] ? seen_in()
                                  : seen_in() + ", and the achieved rate is not the better for any other"});
    std::size_t next = 1;
    const bool sigma = meaning_.sigma && seen.parameter[next++];
    result.parameters.push_back(
        {.name = "sigma",
         .unit = "",
         .value = model.sigma,
         .identified = sigma,
         .interval = sigma ? middle_of(sigmas_) : std::nullopt,
         .why = sigma ? workers_text(waiting)
                      : fmt::format("contention cannot be seen: {}", workers_text(waiting))});
    result.parameters.push_back(
        {.name = "rate of one worker alone",
         .unit = "records/s",
         .value = model.rate_per_s,
         .identified = sigma || result.workers == 1,
         .interval = sigma || result.workers == 1 ? middle_of(rates_) : std::nullopt,
         .why = sigma || result.workers == 1
                    ? "capacity and sigma"
                    : fmt::format("it is the capacity's share with sigma {:g}", model.sigma)});
    if (!options_.fit_imbalance) return;
    const bool imbalance = meaning_.imbalance && seen.parameter[next];
    result.parameters.push_back(
        {.name = "imbalance",
         .unit = "",
         .value = model.imbalance,
         .identified = imbalance,
         .interval = imbalance ? middle_of(imbalances_) : std::nullopt,
         .why = imbalance ? "how a catch-up fades out"
                : meaning_.imbalance
                    ? "the achieved rate does not show it"
                    : "it is fitted for one number of workers only, and that is not recorded"});
  }

  JobFit unknown_capacity(JobFit result) const {
    result.model = meaning_.fixed;
    result.model.rate_per_s = HUGE_VAL;
    result.parameters.push_back(
        {.name = fmt::format("capacity of {:g} workers", result.workers),
         .unit = "records/s",
         .value = result.capacity_at_least_per_s,
         .why = fmt::format(
             "nothing ever waits in the first {:.0f} s, so achieved = offered: only that it is at "
             "least so much can be said",
             series_.time_s(options_.train_rows))});
    result.parameters.push_back({.name = "sigma",
                                 .unit = "",
                                 .value = options_.sigma,
                                 .why = "contention cannot be seen without capacity"});
    return result;
  }

  const JobSeries& series_;
  const Seen& seen_;
  const JobFitOptions& options_;
  const JobQueue queue_;
  const std::size_t block_;
  std::vector<std::size_t> rows_;
  std::vector<double> weights_;
  Meaning meaning_;
  std::vector<double> capacities_, rates_, sigmas_, imbalances_;  // of the resamples
};

}  // namespace

JobFit fit_job(const JobSeries& series, std::span<const Outage> outages, const Seen& seen,
               const JobFitOptions& options) {
  return Fitter(series, outages, seen, options).fit();
}

}  // namespace weir::calibrate

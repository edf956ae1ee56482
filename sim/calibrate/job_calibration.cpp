#include "sim/calibrate/job_calibration.hpp"

#include <algorithm>
#include <cmath>

#include "sim/calibrate/meter_window.hpp"

namespace weir::calibrate {
namespace {

std::size_t rows_of(double time_s, const JobSeries& series) {
  return std::min(series.size(), static_cast<std::size_t>(std::llround(time_s / series.step_s)));
}

double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const auto at = values.begin() +
                  static_cast<std::ptrdiff_t>(std::llround(share * static_cast<double>(values.size() - 1)));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

// From the begin of each outage to the end of the catch-up behind it.
std::vector<bool> around_outages(const JobCalibration& all) {
  std::vector<bool> around(all.series.size(), false);
  for (const Outage& outage : all.outages.found) {
    std::size_t i = rows_of(outage.start_s, all.series);
    const std::size_t blurred =
        rows_of(outage.end_s, all.series) + all.window_rows;  // the meters still hold the standstill
    for (; i < around.size() && (i < blurred || all.seen.waiting[i]); ++i) around[i] = true;
  }
  return around;
}

std::vector<Score> scores(const JobCalibration& all) {
  const Scored what{all.series, all.prediction, all.window_rows, all.seen.calm_latency_s};
  const std::size_t end = all.series.size();
  std::vector<Score> scores = {score(what, "train", 0, all.train_rows)};
  if (all.train_rows == end) return scores;
  scores.push_back(score(what, "held out", all.train_rows, end));
  const std::vector<bool> around = around_outages(all);
  if (std::find(around.begin() + static_cast<std::ptrdiff_t>(all.train_rows), around.end(), true) !=
      around.end())
    scores.push_back(score(what, "held out, outages and catch-up", all.train_rows, end, &around));
  return scores;
}

OtherWorkers with_workers(const JobCalibration& all, int workers, double sigma, bool assumed) {
  JobModel model = all.fit.model;
  const double here = all.fit.workers;
  model.sigma = sigma;
  model.rate_per_s = all.fit.capacity_per_s / here * (1 + sigma * (here - 1));
  const JobQueue queue(all.series, all.outages.found, all.window_rows, workers);
  JobPrediction prediction = queue.predict(model, all.series.size());
  const auto skip = static_cast<std::ptrdiff_t>(std::min(all.window_rows, all.series.size() - 1));
  for (std::vector<double>* values : {&prediction.achieved_per_s, &prediction.latency_s})
    values->erase(values->begin(), values->begin() + skip);
  double sum = 0;
  for (const double rate : prediction.achieved_per_s) sum += rate;
  return {.workers = workers,
          .sigma = sigma,
          .sigma_assumed = assumed,
          .capacity_per_s = model.capacity_per_s(workers),
          .achieved_p99_per_s = quantile(prediction.achieved_per_s, 0.99),
          .achieved_mean_per_s = sum / static_cast<double>(prediction.achieved_per_s.size()),
          .latency_p50_s = quantile(prediction.latency_s, 0.5),
          .latency_p99_s = quantile(prediction.latency_s, 0.99)};
}

std::vector<OtherWorkers> other_workers(const JobCalibration& all) {
  std::vector<OtherWorkers> others;
  if (!all.fit.capacity_known) return others;
  const bool known = std::any_of(all.fit.parameters.begin(), all.fit.parameters.end(),
                                 [](const Parameter& p) { return p.name == "sigma" && p.identified; });
  for (const int workers : all.question.predict_workers) {
    others.push_back(with_workers(all, workers, all.fit.model.sigma, !known));
    if (!known && workers != static_cast<int>(all.fit.workers) && all.question.sigma != sigma_of_chatty_jobs)
      others.push_back(with_workers(all, workers, sigma_of_chatty_jobs, true));
  }
  return others;
}

}  // namespace

JobCalibration calibrate_job(JobSeries series, const JobQuestion& question) {
  JobCalibration all;
  all.series = std::move(series);
  all.question = question;
  const std::size_t rows = all.series.size();
  all.train_rows = question.train_until_s ? rows_of(*question.train_until_s, all.series) : rows / 3;
  all.window_given = question.window_s.has_value();
  const std::size_t window_max =
      std::max<std::size_t>(1, std::min(rows_of(window_s_max, all.series), all.train_rows / 4));
  if (all.window_given) {
    all.window_rows = std::max<std::size_t>(1, rows_of(*question.window_s, all.series));
  } else {
    const MeterWindow found = find_window(all.series, question.outage_rule, question.outages, all.train_rows,
                                          window_max, question.stop);
    all.window_rows = found.rows;
    all.window_seen = found.seen;
  }
  all.outages_given = question.outages.has_value();
  all.outages = all.outages_given ? Outages{*question.outages, 0}
                                  : find_outages(all.series, all.window_rows, question.outage_rule);
  all.seen = find_catch_up(all.series, all.outages.found, all.window_rows, all.train_rows);
  all.fit = fit_job(all.series, all.outages.found, all.seen,
                    {.train_rows = all.train_rows,
                     .window_rows = all.window_rows,
                     .fit_imbalance = question.fit_imbalance,
                     .sigma = question.sigma,
                     .replay_s = question.replay_s,
                     .resamples = question.resamples,
                     .seed = question.seed,
                     .stop = question.stop});
  all.prediction = JobQueue(all.series, all.outages.found, all.window_rows).predict(all.fit.model, rows);
  all.scores = scores(all);
  all.others = other_workers(all);
  return all;
}

}  // namespace weir::calibrate

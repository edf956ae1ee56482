#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/calibrate/catch_up.hpp"
#include "sim/calibrate/job_fit.hpp"
#include "sim/calibrate/job_model.hpp"
#include "sim/calibrate/outages.hpp"
#include "sim/calibrate/scores.hpp"

// The whole way from a recording of a job to a fitted model and its errors:
//
//   series ─▶ meter's window ─▶ outages ─▶ catch-up windows ─▶ fit (first part) ─▶ prediction ─▶ scores
//                                                                                      └▶ other numbers of
//                                                                                      workers

namespace weir::calibrate {

struct JobQuestion {
  std::optional<double> train_until_s;  // the first third
  std::optional<double> window_s;       // of the meters; fitted
  OutageRule outage_rule;
  std::optional<std::vector<Outage>> outages;  // found by the rule
  bool fit_imbalance = false;
  double sigma = 0, replay_s = 0;
  int resamples = 200;
  std::uint64_t seed = 1;
  std::vector<int> predict_workers;
  const std::atomic<bool>* stop = nullptr;
};

// The same load and outages with another number of workers.
struct OtherWorkers {
  int workers = 0;
  double sigma = 0;
  bool sigma_assumed = false;
  double capacity_per_s = 0;
  double achieved_p99_per_s = 0, achieved_mean_per_s = 0;  // as recorded: over the meter's window
  double latency_p50_s = 0, latency_p99_s = 0;
};

struct JobCalibration {
  JobSeries series;
  std::size_t window_rows = 1, train_rows = 0;
  bool window_given = false, outages_given = false;
  bool window_seen = false;  // the data show it
  Outages outages;
  Seen seen;
  JobFit fit;
  JobPrediction prediction;
  std::vector<Score> scores;  // train, held out; of held out, what is around outages
  std::vector<OtherWorkers> others;
  JobQuestion question;
};

// Where sigma is not identified, other numbers of workers are predicted with the one that was taken and with
// this: the contention that was measured on a Flink job of small records (ContTune's published rates).
inline constexpr double sigma_of_chatty_jobs = 0.03;
// The longest window of a meter that is looked for.
inline constexpr double window_s_max = 180;

JobCalibration calibrate_job(JobSeries series, const JobQuestion& question);

}  // namespace weir::calibrate

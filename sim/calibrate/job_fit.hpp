#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <vector>

#include "sim/calibrate/catch_up.hpp"
#include "sim/calibrate/job_model.hpp"
#include "sim/calibrate/parameter.hpp"

// Fits the model of a job to the rates of the first rows. Latencies are not fitted (but for the one without a
// queue, which is the median of calm rows): what the model says of them is a prediction, also there.
//
// All rows count: those of catch-up windows because they show the capacity, calm ones because they bound it
// from below. A model whose capacity is too small lags behind there.

namespace weir::calibrate {

class Interrupted : public std::runtime_error {
 public:
  Interrupted() : std::runtime_error("interrupted") {}
};

struct JobFitOptions {
  std::size_t train_rows = 0;
  std::size_t window_rows = 1;
  bool fit_imbalance = false;
  double sigma = 0;                         // taken where the data do not show it
  double replay_s = 0;                      // input that is read again after an outage
  int resamples = 200;                      // for intervals; 0: none
  std::uint64_t seed = 1;                   // of the resampling
  const std::atomic<bool>* stop = nullptr;  // Interrupted is thrown then
};

struct JobFit {
  JobModel model;
  double workers = 1;           // that capacity_per_s is for: the most frequent number where something waited
  double capacity_per_s = 0;    // all of them together
  bool capacity_known = false;  // else the model is "achieved = offered"
  double capacity_at_least_per_s = 0;  // what was achieved by a job that kept up
  bool converged = true;
  std::vector<Parameter> parameters;  // capacity, rate of an instance, sigma, imbalance
};

JobFit fit_job(const JobSeries& series, std::span<const Outage> outages, const Seen& seen,
               const JobFitOptions& options);

}  // namespace weir::calibrate

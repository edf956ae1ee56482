#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "sim/calibrate/job_model.hpp"
#include "sim/calibrate/job_series.hpp"

// How far a prediction is from what was recorded, beside what knows nothing: "achieved = offered", and a
// latency that is always the calm one.

namespace weir::calibrate {

struct RateError {
  double rmse_per_s = 0;  // root of the mean square
  double mae_per_s = 0;   // mean of the absolute difference
};
struct LatencyError {
  double log_rmse = 0;  // of the natural logarithm of predicted / recorded: 0.69 is a factor of two
  double mae_s = 0;
};

// Of some rows of the recording.
struct Score {
  std::string part;  // train, held out, …
  std::size_t rows = 0, latency_rows = 0;
  double mean_per_s = 0;  // recorded
  RateError model = {}, offered = {}, offered_as_measured = {};
  LatencyError model_latency = {}, calm_latency = {};
};

struct Scored {
  const JobSeries& series;
  const JobPrediction& prediction;
  std::size_t window_rows = 1;
  double calm_latency_s = 0;
};

// Rows from `from` to `to`; with `only`, those of them that are set there. Rows in the meter's first window
// do not count.
Score score(const Scored& what, std::string part, std::size_t from, std::size_t to,
            const std::vector<bool>* only = nullptr);

}  // namespace weir::calibrate

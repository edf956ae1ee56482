#pragma once

#include <cstdint>
#include <memory>

#include "sim/kernel/time.hpp"

// What will come in. A forecaster is told the mean rate of each interval of time, and says how many records
// the next ones bring, together. Phoebe's is an ensemble of ARIMA models; these are simpler ones, named for
// what they are. A new one is a class here and a word in the policy's table.

namespace weir::twres {

class Forecaster {
 public:
  virtual ~Forecaster() = default;
  // The mean rate of the `length_s` that ended now; in order of time.
  virtual void observe(double rate_per_s, double length_s) = 0;
  // Records of the next `horizon_s`; never negative.
  virtual double records_in(double horizon_s) const = 0;
};

enum class ForecastMethod : std::uint8_t {
  last,  // as now
  mean,  // as the mean over the last horizon
  holt   // level and trend, each smoothed exponentially: Holt 1957
};

struct ForecastParams {
  ForecastMethod method = ForecastMethod::holt;
  double level_weight = 0.5, trend_weight = 0.1;  // of the newest interval; holt
  double mean_over_s = 600;                       // mean
};

std::unique_ptr<Forecaster> make_forecaster(const ForecastParams& params);

}  // namespace weir::twres

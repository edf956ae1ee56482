#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>

#include "models/arrivals/curve_arrivals.hpp"
#include "models/arrivals/grown_curve.hpp"
#include "sim/kernel/math.hpp"
#include "sim/kernel/random.hpp"

// A curve like a day on a social network, without any recorded data: a daily wave and quieter weekends, times
// a slow random drift, plus bursts of heavy-tailed height that die away within the hour.
//
// The defaults were measured on the Twitter mentions of AAPL of the Numenta Anomaly Benchmark (5-minute
// counts, February to April 2015): hourly medians from 21 to 72, highest around 18 h UTC, weekends at 0.6 of
// weekdays; 3.4 bursts a day above four times the hour's median, their height Pareto with exponent 1.43
// (median 6.5, the highest 280 times); autocorrelation of the counts 0.86, 0.72, 0.60 after 5, 10, 15
// minutes; logarithm of the rest drifting with a correlation of about 0.6 after an hour.

namespace weir {
namespace {

constexpr double two_pi = 6.28318530717958647692;
constexpr double day_s = 86400;
constexpr int steps_a_day = 288;

struct DailyBurstyParams {
  double base_rate_per_s = 1000;
  double daily_amplitude = 0.55;
  double peak_h = 18;
  double weekend_factor = 0.6;
  double drift_cv = 0.3;
  double drift_s = 7200;
  double bursts_per_day = 3.4;
  double burst_height_min = 4;
  double burst_height_max = 300;
  double burst_exponent = 1.43;
  double burst_decay_s = 1500;
  double speed_up = 1;
  ArrivalSpacing spacing = ArrivalSpacing::even;
};

ParamTable<DailyBurstyParams> table() {
  using P = DailyBurstyParams;
  const std::string measured = "Twitter mentions of AAPL, Numenta Anomaly Benchmark";
  ParamTable<P> t;
  t.real("base_rate_per_s", &P::base_rate_per_s,
         {.unit = "records/s", .help = "Rate of all instances together: mean of a weekday without bursts."},
         between(0, 1e6));
  t.real("daily_amplitude", &P::daily_amplitude,
         {.unit = "share of the base", .help = "Swing of the daily wave.", .source = measured},
         between(0, 1));
  t.real("peak_h", &P::peak_h,
         {.unit = "h",
          .help = "Hour of the day with the highest rate; time 0 is midnight to Monday.",
          .source = measured},
         between(0, 24));
  t.real("weekend_factor", &P::weekend_factor, {.help = "Of the rate, on days 6 and 7.", .source = measured},
         between(0, 10));
  t.real("drift_cv", &P::drift_cv, {.help = "Coefficient of variation of the slow random drift."},
         between(0, 2));
  t.real("drift_s", &P::drift_s, {.unit = "s", .help = "Correlation time of the drift.", .source = measured},
         between(1, 1e7));
  t.real("bursts_per_day", &P::bursts_per_day,
         {.unit = "1/day", .help = "Mean number of bursts.", .source = measured}, between(0, 288));
  t.real("burst_height_min", &P::burst_height_min,
         {.unit = "times the rate", .help = "What a burst adds at least.", .source = measured},
         between(0, 1000));
  t.real("burst_height_max", &P::burst_height_max,
         {.unit = "times the rate", .help = "What a burst adds at most.", .source = measured},
         between(0, 1000));
  t.real("burst_exponent", &P::burst_exponent,
         {.help = "Of the Pareto distribution of the heights: small is wild.", .source = measured},
         between(0.1, 100));
  t.real("burst_decay_s", &P::burst_decay_s,
         {.unit = "s", .help = "Time constant with which a burst dies away.", .source = measured},
         between(1, 1e6));
  t.real("speed_up", &P::speed_up,
         {.help = "All times of this list are that much shorter; the rates stay as they are."},
         between(1e-3, 1e5));
  add_spacing(t);
  t.check({"burst_height_min", "burst_height_max"}, [](const P& p, const Node& at, Errors& errors) {
    if (p.burst_height_max < p.burst_height_min) {
      errors.add(at.at_or_self("burst_height_max"), "burst_height_max is below burst_height_min",
                 "burst_height_max >= burst_height_min");
    }
  });
  return t;
}

class DailyBurstySteps {
 public:
  DailyBurstySteps(const DailyBurstyParams& p, const ArrivalContext& context)
      : p_(p), stream_(context.seed, context.entity, curve_purpose) {
    const double step_s = day_s / steps_a_day;
    step_ns_ = to_nanos(step_s / p.speed_up);
    drift_kept_ = math_exp(-step_s / p.drift_s);
    burst_kept_ = math_exp(-step_s / p.burst_decay_s);
    // Lognormal with mean 1: its logarithm is an autoregression of first order.
    drift_variance_ = math_log(1 + p.drift_cv * p.drift_cv);
    drift_ = std::sqrt(drift_variance_) * stream_.normal();
    rate_per_s_ = point_rate();
  }

  RateStep next() {
    ++step_;
    drift_ = drift_kept_ * drift_ +
             std::sqrt(drift_variance_ * (1 - drift_kept_ * drift_kept_)) * stream_.normal();
    burst_ *= burst_kept_;
    if (stream_.uniform01() < p_.bursts_per_day / steps_a_day) {
      const double tail = math_pow(stream_.uniform01(), -1 / p_.burst_exponent);
      burst_ = std::max(burst_, std::min(p_.burst_height_min * tail, p_.burst_height_max));
    }
    const double from_per_s = rate_per_s_;
    rate_per_s_ = point_rate();
    return {step_ns_, from_per_s, rate_per_s_};
  }

 private:
  double point_rate() const {
    const std::int64_t day = step_ / steps_a_day;
    const double hour = static_cast<double>(step_ % steps_a_day) * 24 / steps_a_day;
    const double wave = 1 + p_.daily_amplitude * math_sin(two_pi * ((hour - p_.peak_h) / 24 + 0.25));
    const double week = day % 7 >= 5 ? p_.weekend_factor : 1;
    const double drift = math_exp(drift_ - drift_variance_ / 2);
    return std::clamp(p_.base_rate_per_s * std::max(0.0, wave) * week * (drift + burst_), 0.0,
                      arrival_rate_max_per_s);
  }

  DailyBurstyParams p_;
  RandomStream stream_;
  Nanos step_ns_ = 1;
  std::int64_t step_ = 0;
  double drift_kept_ = 0, burst_kept_ = 0, drift_variance_ = 0;
  double drift_ = 0, burst_ = 0;
  double rate_per_s_ = 0;  // at the end of the last step
};

std::shared_ptr<const RateCurve> curve(const DailyBurstyParams& p, const ArrivalContext& context) {
  if (p.base_rate_per_s == 0) return CurveBuilder().then_constant(0);
  return grown_curve(DailyBurstySteps(p, context));
}

const auto registered = register_curve<DailyBurstyParams>(
    {.name = "daily-bursty",
     .help = "Daily wave, weekends, slow drift and heavy-tailed bursts, like messages on a social network.",
     .source = "shape measured on the Twitter counts of the Numenta Anomaly Benchmark"},
    table(), curve);

}  // namespace
}  // namespace weir

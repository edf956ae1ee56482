#include "sim/calibrate/scores.hpp"

#include <algorithm>
#include <cmath>

#include "sim/calibrate/instrument.hpp"

namespace weir::calibrate {
namespace {

// Sums of differences.
struct Sums {
  double squares = 0, absolute = 0;
  void add(double difference) {
    squares += difference * difference;
    absolute += std::abs(difference);
  }
  double rms(std::size_t n) const { return n > 0 ? std::sqrt(squares / static_cast<double>(n)) : 0; }
  double mean(std::size_t n) const { return n > 0 ? absolute / static_cast<double>(n) : 0; }
};

}  // namespace

Score score(const Scored& what, std::string part, std::size_t from, std::size_t to,
            const std::vector<bool>* only) {
  const JobSeries& series = what.series;
  const std::vector<double> measured = trailing_mean(series.offered_per_s, what.window_rows);
  Score result{.part = std::move(part)};
  Sums model, offered, as_measured, logs, latency, calm_logs, calm;
  for (std::size_t i = std::max(from, what.window_rows); i < to; ++i) {
    if (only != nullptr && !(*only)[i]) continue;
    if (const double recorded = series.achieved_per_s[i]; !std::isnan(recorded)) {
      ++result.rows;
      result.mean_per_s += recorded;
      model.add(what.prediction.achieved_per_s[i] - recorded);
      offered.add(series.offered_per_s[i] - recorded);
      as_measured.add(measured[i] - recorded);
    }
    if (!series.has_latency() || !(what.calm_latency_s > 0)) continue;
    if (const double recorded = series.latency_s[i]; recorded > 0) {  // no logarithm of 0
      ++result.latency_rows;
      logs.add(std::log(what.prediction.latency_s[i] / recorded));
      latency.add(what.prediction.latency_s[i] - recorded);
      calm_logs.add(std::log(what.calm_latency_s / recorded));
      calm.add(what.calm_latency_s - recorded);
    }
  }
  const std::size_t n = result.rows, m = result.latency_rows;
  if (n > 0) result.mean_per_s /= static_cast<double>(n);
  result.model = {model.rms(n), model.mean(n)};
  result.offered = {offered.rms(n), offered.mean(n)};
  result.offered_as_measured = {as_measured.rms(n), as_measured.mean(n)};
  result.model_latency = {logs.rms(m), latency.mean(m)};
  result.calm_latency = {calm_logs.rms(m), calm.mean(m)};
  return result;
}

}  // namespace weir::calibrate

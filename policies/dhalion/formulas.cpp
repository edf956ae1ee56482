#include "policies/dhalion/formulas.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/control/snapping_ceil.hpp"

namespace weir::dhalion {
namespace {

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

}  // namespace

double scale_up_factor(double backpressure_ms_per_s, const ScaleUpRule& rule) {
  WEIR_ASSERT(backpressure_ms_per_s >= 0 && rule.cap_ms_per_s < 1000, "a time in backpressure out of range");
  const double t = std::min(backpressure_ms_per_s, rule.cap_ms_per_s);
  return 1 + std::min(rule.max_added, t / (1000 - t));
}

int scaled_up(int parallelism, double backpressure_ms_per_s, const ScaleUpRule& rule) {
  return snapping_ceil(parallelism * scale_up_factor(backpressure_ms_per_s, rule));
}

double slope(std::span<const double> times_s, std::span<const double> values) {
  WEIR_ASSERT(times_s.size() == values.size() && !values.empty(), "a regression without pairs");
  const auto n = static_cast<double>(values.size());
  double mean_t = 0, mean_v = 0;
  for (std::size_t i = 0; i < values.size(); ++i) mean_t += times_s[i] / n, mean_v += values[i] / n;
  double above = 0, below = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    above += (times_s[i] - mean_t) * (values[i] - mean_v);
    below += (times_s[i] - mean_t) * (times_s[i] - mean_t);
  }
  return below > 0 ? above / below : 0;
}

int outlier_sign(std::span<const double> values, double value, double threshold) {
  WEIR_ASSERT(!values.empty(), "an outlier among nothing");
  const double middle = median({values.begin(), values.end()});
  std::vector<double> distances;
  for (const double v : values) distances.push_back(std::fabs(v - middle));
  const double limit = threshold * median(distances) / 0.6745;
  if (std::fabs(value - middle) <= limit) return 0;
  return value < middle ? -1 : 1;
}

}  // namespace weir::dhalion

#include "sim/calibrate/catch_up.hpp"

#include <algorithm>
#include <cmath>

#include "sim/calibrate/instrument.hpp"

namespace weir::calibrate {
namespace {

constexpr double same_rate = 0.05;
constexpr double latency_factor = 3;
constexpr std::size_t rows_min = 10;

double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0;
  const auto at = static_cast<std::size_t>(share * static_cast<double>(values.size() - 1) + 0.5);
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(at), values.end());
  return values[at];
}

// Rows of which the meters hold something of a standstill, or nothing yet.
std::vector<bool> blurred_rows(const JobSeries& series, std::span<const Outage> outages,
                               std::size_t window_rows) {
  std::vector<bool> blurred(series.size(), false);
  std::fill_n(blurred.begin(), std::min(window_rows, series.size()), true);
  for (const Outage& outage : outages) {
    for (auto i = static_cast<std::size_t>(outage.start_s / series.step_s);
         i < series.size() &&
         series.time_s(i) < outage.end_s + static_cast<double>(window_rows) * series.step_s;
         ++i)
      blurred[i] = true;
  }
  return blurred;
}

}  // namespace

std::size_t Seen::windows_before(std::size_t row) const {
  return static_cast<std::size_t>(
      std::count_if(catch_up.begin(), catch_up.end(), [&](const Window& w) { return w.from < row; }));
}

std::size_t Seen::rows_before(std::size_t row) const {
  std::size_t rows = 0;
  for (const Window& window : catch_up)
    if (window.from < row) rows += std::min(window.to, row) - window.from;
  return rows;
}

Seen find_catch_up(const JobSeries& series, std::span<const Outage> outages, std::size_t window_rows,
                   std::size_t train_rows) {
  const std::vector<double> reference = trailing_mean(series.offered_per_s, window_rows);
  const std::vector<bool> blurred = blurred_rows(series, outages, window_rows);
  const auto keeps_up = [&](std::size_t i) {
    return std::abs(series.achieved_per_s[i] - reference[i]) <= same_rate * reference[i];
  };
  Seen seen;
  std::vector<double> latencies, rates;
  for (std::size_t i = 0; i < std::min(train_rows, series.size()); ++i) {
    if (blurred[i] || !keeps_up(i)) continue;
    if (series.has_latency() && !std::isnan(series.latency_s[i])) latencies.push_back(series.latency_s[i]);
  }
  seen.calm_latency_s = quantile(latencies, 0.5);
  const bool by_latency = seen.calm_latency_s > 0;
  seen.waiting.assign(series.size(), false);
  for (std::size_t i = 0; i < series.size(); ++i) {
    if (blurred[i]) continue;
    seen.waiting[i] = by_latency ? series.latency_s[i] > latency_factor * seen.calm_latency_s
                                 : !std::isnan(series.achieved_per_s[i]) && !keeps_up(i);
    if (i < train_rows && !seen.waiting[i] && keeps_up(i)) rates.push_back(series.achieved_per_s[i]);
  }
  seen.calm_achieved_per_s = quantile(rates, 0.99);
  for (std::size_t i = 0; i < series.size();) {
    if (!seen.waiting[i]) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < series.size() && seen.waiting[end]) ++end;
    if (end - i >= rows_min) {
      seen.catch_up.push_back({i, end});
    } else {
      std::fill(seen.waiting.begin() + static_cast<std::ptrdiff_t>(i),
                seen.waiting.begin() + static_cast<std::ptrdiff_t>(end), false);
    }
    i = end;
  }
  return seen;
}

}  // namespace weir::calibrate

#include "sim/calibrate/instrument.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace weir::calibrate {

std::vector<double> trailing_mean(std::span<const double> values, std::size_t rows) {
  std::vector<double> means(values.size());
  double sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    sum += values[i];
    if (i >= rows) sum -= values[i - rows];
    means[i] = sum / static_cast<double>(std::min(i + 1, rows));
  }
  return means;
}

namespace {

// NaN if there is no row to compare.
double median_error(std::span<const double> predicted, std::span<const double> measured, std::size_t from,
                    std::size_t to) {
  std::vector<double> errors;
  errors.reserve(to - from);
  for (std::size_t i = from; i < to; ++i)
    if (!std::isnan(measured[i])) errors.push_back(std::abs(predicted[i] - measured[i]));
  if (errors.empty()) return std::numeric_limits<double>::quiet_NaN();
  const auto middle = errors.begin() + static_cast<std::ptrdiff_t>(errors.size() / 2);
  std::nth_element(errors.begin(), middle, errors.end());
  return *middle;
}

}  // namespace

std::size_t fit_window_rows(std::span<const double> offered, std::span<const double> achieved,
                            std::size_t from, std::size_t to, std::size_t rows_max) {
  std::size_t best = 1;
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t rows = 1; rows <= rows_max; ++rows) {
    const double error = median_error(trailing_mean(offered, rows), achieved, from, to);
    if (error < least * (1 - 1e-9)) {
      least = error;
      best = rows;
    }
  }
  return best;
}

}  // namespace weir::calibrate

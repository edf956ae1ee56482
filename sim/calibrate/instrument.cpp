#include "sim/calibrate/instrument.hpp"

#include <algorithm>

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

}  // namespace weir::calibrate

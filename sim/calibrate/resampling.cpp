#include "sim/calibrate/resampling.hpp"

#include <algorithm>
#include <cmath>

namespace weir::calibrate {

std::vector<double> drawn_in_blocks(RandomStream& random, std::size_t rows, std::size_t block) {
  std::vector<double> times(rows, 0);
  for (std::size_t drawn = 0; drawn < rows;) {
    const std::size_t from = random.below(rows);
    for (std::size_t i = 0; i < block && drawn < rows; ++i, ++drawn) times[(from + i) % rows] += 1;
  }
  return times;
}

std::optional<Interval> middle_of(std::vector<double> values, double share) {
  constexpr std::size_t values_min = 20;
  if (values.size() < values_min) return std::nullopt;
  if (!std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); }))
    return std::nullopt;
  std::sort(values.begin(), values.end());
  const auto at = [&](double quantile) {
    const double position = quantile * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(position);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    return values[below] + (position - static_cast<double>(below)) * (values[above] - values[below]);
  };
  return Interval{at((1 - share) / 2), at((1 + share) / 2)};
}

}  // namespace weir::calibrate

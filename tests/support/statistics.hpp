#pragma once

#include <algorithm>
#include <boost/math/distributions/chi_squared.hpp>
#include <cmath>
#include <cstdint>
#include <vector>

// Tests of fit, at a significance of one in a million: with fixed seeds they pass always or never, and a
// correct generator had that chance of being written off when the seed was chosen.

namespace weir::test {

inline constexpr double significance = 1e-6;

// For boost's distributions, in doubles: the long doubles that it prefers cost seconds here.
using Plain = boost::math::policies::policy<boost::math::policies::promote_double<false>>;

template <class Draw>
std::vector<double> draw_many(int count, const Draw& draw) {
  std::vector<double> sample(static_cast<std::size_t>(count));
  for (double& value : sample) value = draw();
  return sample;
}

// Kolmogorov's statistic sqrt(n) D, whose tail is 2 exp(-2 t^2): true when the sample may come from the
// distribution. For integer-valued distributions the test is conservative.
template <class Cdf>
bool kolmogorov_fits(std::vector<double> sample, const Cdf& cdf) {
  std::sort(sample.begin(), sample.end());
  const double n = static_cast<double>(sample.size());
  double distance = 0;
  for (std::size_t i = 0; i < sample.size(); ++i) {
    const double expected = cdf(sample[i]);
    distance = std::max(
        {distance, expected - static_cast<double>(i) / n, static_cast<double>(i + 1) / n - expected});
  }
  return std::sqrt(n) * distance < std::sqrt(0.5 * std::log(2 / significance));
}

// Pearson's test. Neighbouring cells are joined until 10 are expected in each.
inline bool chi_square_fits(const std::vector<std::int64_t>& observed, const std::vector<double>& expected) {
  double statistic = 0, cell_expected = 0, cell_observed = 0, remaining = 0;
  for (const double e : expected) remaining += e;
  int cells = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    cell_expected += expected[i];
    cell_observed += static_cast<double>(observed[i]);
    remaining -= expected[i];
    const bool last = i + 1 == expected.size();
    if (!last && (cell_expected < 10 || remaining < 10)) continue;
    statistic += (cell_observed - cell_expected) * (cell_observed - cell_expected) / cell_expected;
    cell_expected = cell_observed = 0;
    ++cells;
  }
  if (cells < 2) return true;
  const boost::math::chi_squared_distribution<double> reference(cells - 1);
  // Both tails: a fit too good is as wrong.
  return boost::math::cdf(boost::math::complement(reference, statistic)) > significance / 2 &&
         boost::math::cdf(reference, statistic) > significance / 2;
}

// An integer-valued sample against its cumulative distribution, value by value.
template <class Cdf>
bool counts_fit(const std::vector<std::int64_t>& sample, const Cdf& cdf) {
  const auto [least, most] = std::minmax_element(sample.begin(), sample.end());
  const std::int64_t low = *least, high = *most;
  // Two cells more take what lies below and above all that was seen.
  std::vector<std::int64_t> observed(static_cast<std::size_t>(high - low + 3), 0);
  std::vector<double> expected(observed.size(), 0);
  for (const std::int64_t value : sample) ++observed[static_cast<std::size_t>(value - low + 1)];
  const double n = static_cast<double>(sample.size());
  double before = low > 0 ? cdf(low - 1) : 0;
  expected[0] = n * before;
  for (std::int64_t value = low; value <= high; ++value) {
    const double now = cdf(value);
    expected[static_cast<std::size_t>(value - low + 1)] = n * (now - before);
    before = now;
  }
  expected.back() = n * (1 - before);
  return chi_square_fits(observed, expected);
}

}  // namespace weir::test

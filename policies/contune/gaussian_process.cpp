#include "policies/contune/gaussian_process.hpp"

#include <algorithm>
#include <cmath>

#include "sim/kernel/assert.hpp"
#include "sim/kernel/math.hpp"

namespace weir::contune {

namespace {

double correlation(double a, double b, double length) {
  const double distance = (a - b) / length;
  return math_exp(-0.5 * distance * distance);
}

// Solves L L' w = y for a lower triangular L, row by row.
std::vector<double> solve(const std::vector<double>& lower, std::vector<double> y) {
  const std::size_t n = y.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < i; ++j) y[i] -= lower[i * n + j] * y[j];
    y[i] /= lower[i * n + i];
  }
  for (std::size_t i = n; i-- > 0;) {
    for (std::size_t j = i + 1; j < n; ++j) y[i] -= lower[j * n + i] * y[j];
    y[i] /= lower[i * n + i];
  }
  return y;
}

double dot(const std::vector<double>& a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

GaussianProcess::GaussianProcess(std::span<const double> x, std::span<const double> y, const Kernel& kernel)
    : x_(x.begin(), x.end()), lower_(x.size() * x.size(), 0), kernel_(kernel) {
  WEIR_ASSERT(!x.empty() && x.size() == y.size(), "as many values as places, and at least one");
  WEIR_ASSERT(kernel.length > 0 && kernel.sigma > 0 && kernel.noise > 0,
              "a kernel's parameters are positive");
  const std::size_t n = x_.size();
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double rest = correlation(x_[i], x_[j], kernel_.length) + (i == j ? kernel_.noise : 0);
      for (std::size_t k = 0; k < j; ++k) rest -= lower_[i * n + k] * lower_[j * n + k];
      // Rounding can leave less than the noise that was put in.
      lower_[i * n + j] = i == j ? std::sqrt(std::max(rest, 0.5 * kernel_.noise)) : rest / lower_[j * n + j];
    }
  }
  weights_ = solve(lower_, {y.begin(), y.end()});
  fit_ = dot(weights_, y);
}

std::vector<double> GaussianProcess::column(double x) const {
  std::vector<double> column;
  for (const double seen : x_) column.push_back(correlation(x, seen, kernel_.length));
  return column;
}

double GaussianProcess::mean(double x) const {
  return dot(weights_, column(x));
}

double GaussianProcess::variance(double x) const {
  const std::vector<double> near = column(x);
  const double share = 1 - dot(solve(lower_, near), near);
  return kernel_.sigma * kernel_.sigma * std::max(0.0, share);
}

double GaussianProcess::likeliest_sigma() const {
  return std::sqrt(fit_ / static_cast<double>(x_.size()));
}

double GaussianProcess::log_likelihood_at_likeliest_sigma() const {
  constexpr double two_pi = 6.283185307179586;
  const auto n = static_cast<double>(x_.size());
  double log_determinant = 0;
  for (std::size_t i = 0; i < x_.size(); ++i) log_determinant += 2 * math_log(lower_[i * x_.size() + i]);
  return -0.5 * (n + n * math_log(two_pi * fit_ / n) + log_determinant);
}

double likeliest_length(std::span<const double> x, std::span<const double> y, double noise, double low,
                        double high) {
  constexpr int steps = 64;
  double best_length = low, best = 0;
  for (int i = 0; i <= steps; ++i) {
    const double length = low * math_pow(high / low, static_cast<double>(i) / steps);
    const double likelihood = GaussianProcess(x, y, {length, 1, noise}).log_likelihood_at_likeliest_sigma();
    if (i > 0 && likelihood <= best) continue;
    best = likelihood;
    best_length = length;
  }
  return best_length;
}

}  // namespace weir::contune

#include <array>
#include <cmath>

#include "sim/kernel/assert.hpp"
#include "sim/kernel/random.hpp"

// Poisson and binomial counts. The rejection methods compare with the exact probability, in the form of C.
// Loader, "Fast and accurate computation of binomial probabilities" (2000), which does not cancel at large
// means, where the textbook's -mean + k ln(mean) - ln k! has no correct digit left.

namespace weir {
namespace {

constexpr double count_limit = 1e15;  // above 2^53 a double no longer holds every integer

// ln n! - ln(sqrt(2 pi n) (n/e)^n) for n >= 1.
double stirling_error(double n) {
  static constexpr std::array<double, 16> exact = {0,
                                                   0x1.4c071bcda0a5bp-4,
                                                   0x1.52a9b923ea649p-5,
                                                   0x1.c579a268d80b3p-6,
                                                   0x1.54a2662fd78a9p-6,
                                                   0x1.10b4e513fcbedp-6,
                                                   0x1.c6b167bebdf36p-7,
                                                   0x1.85d4d612e4a86p-7,
                                                   0x1.552805e7b3076p-7,
                                                   0x1.2f4871b12ab64p-7,
                                                   0x1.10f9d4c0743a7p-7,
                                                   0x1.f0593088014f8p-8,
                                                   0x1.c7018733aa9c6p-8,
                                                   0x1.a40514700f36cp-8,
                                                   0x1.86076c002d4a7p-8,
                                                   0x1.6c08f6f194a10p-8};
  if (n < 16) return exact[static_cast<std::size_t>(n)];
  const double z = 1 / (n * n);
  return (1.0 / 12 - z * (1.0 / 360 - z * (1.0 / 1260 - z * (1.0 / 1680 - z * (1.0 / 1188))))) / n;
}

// x ln(x / mean) + mean - x, for positive arguments: how unlikely x is, but for the Stirling factors.
double deviance(double x, double mean) {
  const double v = (x - mean) / (x + mean);
  if (v > 0.1 || v < -0.1) return x * math_log(x / mean) + mean - x;
  // ln(x / mean) = 2 atanh(v), and mean - x = -v (x + mean).
  const double square = v * v;
  double series = 0, power = 2 * x * v * square;
  for (int odd = 3; odd < 19; odd += 2) {
    series += power / odd;
    power *= square;
  }
  return (x - mean) * v + series;
}

constexpr double two_pi = 0x1.921fb54442d18p+2;

double log_poisson_probability(double k, double mean) {
  if (k == 0) return -mean;
  return -stirling_error(k) - deviance(k, mean) - 0.5 * math_log(two_pi * k);
}

double log_binomial_probability(double k, double n, double p) {
  if (k == 0) return n * math_log1p(-p);
  if (k == n) return n * math_log(p);
  const double rest = n - k;
  return stirling_error(n) - stirling_error(k) - stirling_error(rest) - deviance(k, n * p) -
         deviance(rest, n * (1 - p)) + 0.5 * math_log(n / (two_pi * k) / rest);
}

// How much likelier k is than the mode, by the ratios of neighbours: for a k near by faster than any
// logarithm. Good for a distance of up to near_by from the mode.
constexpr double near_by = 64;
double binomial_ratio(double k, double mode, double n, double odds) {
  const double low = k < mode ? k : mode;
  const double high = k < mode ? mode : k;
  double ratio = 1;
  for (double i = low; i < high;) {
    // Numerators and denominators stay below 1e255: one division for 16 ratios.
    const double stop = high - i > 16 ? i + 16 : high;
    double above = 1, below = 1;
    for (; i < stop; ++i) {
      above *= (n - i) * odds;
      below *= i + 1;
    }
    ratio *= above / below;
  }
  return k < mode ? 1 / ratio : ratio;
}

// The sequential searches end here at the latest: with a mean below 10, what is beyond has probability 1e-70,
// and only the rounding of the sum gets there.
constexpr std::int64_t search_limit = 120;

constexpr std::array<double, search_limit + 1> make_reciprocals() {
  std::array<double, search_limit + 1> reciprocals{};
  for (std::int64_t k = 1; k <= search_limit; ++k) {
    reciprocals[static_cast<std::size_t>(k)] = 1.0 / static_cast<double>(k);
  }
  return reciprocals;
}
constexpr std::array<double, search_limit + 1> reciprocals = make_reciprocals();

}  // namespace

std::int64_t RandomStream::poisson(double mean) {
  WEIR_ASSERT(mean >= 0 && mean <= count_limit, "a Poisson mean is outside 0 ... 1e15");
  if (mean < 10) {
    const double u = uniform01();
    double probability = math_exp(-mean), sum = probability;
    std::int64_t k = 0;
    while (u > sum && k < search_limit) {
      ++k;
      probability *= mean * reciprocals[static_cast<std::size_t>(k)];
      sum += probability;
    }
    return k;
  }
  // PTRS, with the constants of its table.
  const double b = 0.931 + 2.53 * std::sqrt(mean);
  const double a = -0.059 + 0.02483 * b;
  const double inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
  const double quick = 0.9277 - 3.6224 / (b - 2);
  for (;;) {
    const double u = uniform01() - 0.5;
    const double v = uniform01();
    const double edge = 0.5 - (u < 0 ? -u : u);
    const double k = std::floor((2 * a / edge + b) * u + mean + 0.43);
    if (edge >= 0.07 && v <= quick) return static_cast<std::int64_t>(k);
    if (k < 0 || k > 2 * count_limit || (edge < 0.013 && v > edge)) continue;
    const double height = math_log(v * inverse_alpha / (a / (edge * edge) + b));
    if (height <= log_poisson_probability(k, mean)) return static_cast<std::int64_t>(k);
  }
}

std::int64_t RandomStream::binomial(std::int64_t n, double p) {
  WEIR_ASSERT(n >= 0 && static_cast<double>(n) <= count_limit, "a binomial count is outside 0 ... 1e15");
  WEIR_ASSERT(p >= 0 && p <= 1, "a probability is outside 0 ... 1");
  if (p > 0.5) return n - binomial(n, 1 - p);
  if (n == 0 || p == 0) return 0;
  const double n_real = static_cast<double>(n);
  const double q = 1 - p;
  if (n_real * p < 10) {
    const double odds = p / q;
    double u = uniform01();
    double probability = math_exp(n_real * math_log1p(-p));
    std::int64_t k = 0;
    while (u > probability && k < n && k < search_limit) {
      u -= probability;
      ++k;
      probability *= odds * static_cast<double>(n - k + 1) * reciprocals[static_cast<std::size_t>(k)];
    }
    return k;
  }
  // BTRS, with the constants of its table.
  const double deviation = std::sqrt(n_real * p * q);
  const double b = 1.15 + 2.53 * deviation;
  const double a = -0.0873 + 0.0248 * b + 0.01 * p;
  const double centre = n_real * p + 0.5;
  const double quick = 0.92 - 4.2 / b;
  const double mode = static_cast<double>(static_cast<std::int64_t>((n_real + 1) * p));
  double log_scale = 0;  // the slow test's constant, computed when it is first needed
  bool have_scale = false;
  for (;;) {
    const double u = uniform01() - 0.5;
    const double v = uniform01();
    const double edge = 0.5 - (u < 0 ? -u : u);
    const double proposed = (2 * a / edge + b) * u + centre;
    if (!(proposed >= 0 && proposed < n_real + 1)) continue;
    const auto whole = static_cast<std::int64_t>(proposed);
    if (edge >= 0.07 && v <= quick) return whole;
    const auto k = static_cast<double>(whole);
    const double height = v * (2.83 + 5.1 / b) * deviation / (a / (edge * edge) + b);
    if (std::abs(k - mode) <= near_by) {
      if (height <= binomial_ratio(k, mode, n_real, p / q)) return whole;
      continue;
    }
    if (!have_scale) {
      log_scale = log_binomial_probability(mode, n_real, p);
      have_scale = true;
    }
    if (math_log(height) + log_scale <= log_binomial_probability(k, n_real, p)) {
      return whole;
    }
  }
}

}  // namespace weir

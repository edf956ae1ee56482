#include "sim/kernel/distributions.hpp"

#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/lognormal.hpp>
#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/statistics.hpp"

using namespace weir;
using namespace weir::test;

namespace {

constexpr int samples = 100'000;

// Mean and variance of the sums are n and n cv^2 times the mean's first and second power, within 5 standard
// errors.
void check_moments(const CostDistribution& cost, std::int64_t n, double mean, RandomStream& stream) {
  const std::vector<double> sums = draw_many(samples, [&] { return cost.sample_sum(n, mean, stream); });
  double average = 0, square = 0, fourth = 0;
  for (const double sum : sums) average += sum / samples;
  for (const double sum : sums) {
    const double deviation = (sum - average) * (sum - average);
    square += deviation / samples;
    fourth += deviation * deviation / samples;
  }
  const double n_real = static_cast<double>(n);
  INFO("n " << n << ", cv " << cost.cv());
  CHECK(std::fabs(average - n_real * mean) <= 5 * std::sqrt(square / samples) + 1e-12 * n_real * mean);
  CHECK(std::fabs(square - n_real * mean * mean * cost.variance()) <=
        5 * std::sqrt((fourth - square * square) / samples) + 1e-12);
}

// The largest distance between the distribution functions of two samples of one size.
double distance(std::vector<double> a, std::vector<double> b) {
  std::sort(a.begin(), a.end());
  std::sort(b.begin(), b.end());
  double largest = 0;
  std::size_t j = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    while (j < b.size() && b[j] <= a[i]) ++j;
    largest = std::max(largest, std::fabs(static_cast<double>(j) - static_cast<double>(i + 1)));
  }
  return largest / static_cast<double>(a.size());
}

double stand_in_error(const CostDistribution& cost, std::int64_t n) {
  RandomStream stream(1, "test", "stand-in");
  const auto drawn_sum = draw_many(samples, [&] { return cost.sample_sum(n, 1, stream); });
  const auto exact_sum = draw_many(samples, [&] {
    double sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += cost.sample(1, stream);
    return sum;
  });
  return distance(drawn_sum, exact_sum);
}

}  // namespace

TEST_CASE("deterministic costs add up without a draw", "[distributions]") {
  RandomStream stream(1, "test", "deterministic");
  CHECK(CostDistribution().sample_sum(1000, 0.25, stream) == 250);
  CHECK(CostDistribution::gamma_cv(0).sample_sum(1000, 0.25, stream) == 250);
  CHECK(CostDistribution::lognormal_cv(0).kind() == CostDistribution::Kind::deterministic);
  for (const auto& cost : {CostDistribution::exponential(), CostDistribution::gamma_cv(2)}) {
    CHECK(cost.sample_sum(0, 1, stream) == 0);
  }
  CHECK(stream.drawn() == 0);
  CHECK(CostDistribution::exponential().sample_sum(10, 0, stream) == 0);
}

TEST_CASE("sums of exponential and gamma costs have their exact distribution", "[distributions]") {
  RandomStream stream(1, "test", "sums");
  for (const std::int64_t n : {1, 2, 7, 33, 1000}) {
    INFO("n " << n);
    const boost::math::gamma_distribution<double, Plain> erlang(static_cast<double>(n), 0.5);
    CHECK(kolmogorov_fits(
        draw_many(samples, [&] { return CostDistribution::exponential().sample_sum(n, 0.5, stream); }),
        [&](double x) { return boost::math::cdf(erlang, x); }));
    const boost::math::gamma_distribution<double, Plain> gamma(static_cast<double>(n) * 0.25, 2);
    CHECK(kolmogorov_fits(
        draw_many(samples, [&] { return CostDistribution::gamma_cv(2).sample_sum(n, 0.5, stream); }),
        [&](double x) { return x > 0 ? boost::math::cdf(gamma, x) : 0; }));
  }
  const boost::math::gamma_distribution<double, Plain> third(3, 1.0 / 3);
  CHECK(
      kolmogorov_fits(draw_many(samples, [&] { return CostDistribution::gamma_shape(3).sample(1, stream); }),
                      [&](double x) { return boost::math::cdf(third, x); }));
}

TEST_CASE("single lognormal costs have their exact distribution", "[distributions]") {
  RandomStream stream(1, "test", "lognormal");
  const double variance = std::log1p(0.7 * 0.7);
  const boost::math::lognormal_distribution<double> reference(std::log(3) - variance / 2,
                                                              std::sqrt(variance));
  CHECK(kolmogorov_fits(
      draw_many(samples, [&] { return CostDistribution::lognormal_cv(0.7).sample(3, stream); }),
      [&](double x) { return boost::math::cdf(reference, x); }));
}

TEST_CASE("empirical costs are drawn by their weights and scaled to the mean", "[distributions]") {
  RandomStream stream(1, "test", "empirical");
  const std::vector<double> values = {1, 2, 5, 0, 40, 3}, weights = {30, 20, 0, 25, 1, 24};
  const auto cost = CostDistribution::empirical(values, weights);
  const double mean = 1.82;  // (30 + 40 + 40 + 72) / 100
  CHECK(cost.variance() == Approx(((30 + 80 + 1600 + 216) / 100.0 - mean * mean) / (mean * mean)));
  std::vector<std::int64_t> observed(41, 0);
  std::vector<double> expected(41, 0);
  for (int i = 0; i < samples; ++i) ++observed[static_cast<std::size_t>(cost.sample(mean, stream) + 0.5)];
  for (std::size_t i = 0; i < values.size(); ++i) {
    expected[static_cast<std::size_t>(values[i])] = weights[i] / 100 * samples;
  }
  CHECK(observed[5] == 0);
  CHECK(chi_square_fits(observed, expected));

  const auto even = CostDistribution::empirical(std::vector<double>{1, 2, 3});
  CHECK(even.cv() == Approx(std::sqrt(2.0 / 3) / 2));
  const auto constant = CostDistribution::empirical(std::vector<double>{7});
  CHECK(constant.sample_sum(5, 2, stream) == 10);
  CHECK(constant.sample_sum(500, 2, stream) == 1000);
}

TEST_CASE("empirical values from outside are checked in words", "[distributions]") {
  using Values = std::vector<double>;
  const auto error = [](const Values& values, const Values& weights) {
    return CostDistribution::empirical_error(values, weights);
  };
  CHECK(error({1, 2}, {}).empty());
  CHECK(error({1, 2}, {0, 1}).empty());
  CHECK(error({}, {}) == "there are no values");
  CHECK(error({1, 2}, {1}) == "there are 1 weights for 2 values");
  CHECK(error({1, -2}, {}) == "value 1 is negative or not finite");
  CHECK(error({1, NAN}, {}) == "value 1 is negative or not finite");
  CHECK(error({1, 2}, {1, INFINITY}) == "weight 1 is negative or not finite");
  CHECK(error({1, 2}, {0, 0}) == "all weights are zero");
  CHECK(error({0, 2}, {1, 0}) == "the mean is zero");
  CHECK(error({1e308, 1e308}, {}) == "the values or weights are too large to be added up");
}

TEST_CASE("every sum has the mean and variance of independent costs", "[distributions]") {
  RandomStream stream(1, "test", "moments");
  const std::vector<double> values = {0.2, 0.9, 1, 1, 1, 8};
  for (const auto& cost : {CostDistribution::exponential(), CostDistribution::gamma_cv(0.3),
                           CostDistribution::gamma_cv(3), CostDistribution::lognormal_cv(0.5),
                           CostDistribution::lognormal_cv(1), CostDistribution::empirical(values)}) {
    for (const std::int64_t n : {1, 5, 33, 5000}) check_moments(cost, n, 2, stream);
  }
}

TEST_CASE("beyond the exact terms, the stand-ins have the error that is published", "[distributions]") {
  // What is published, and what two samples of 1e5 of one distribution may be apart.
  constexpr double noise = 0.012;
  const std::int64_t n = CostDistribution::exact_terms + 1;
  const std::pair<double, double> published[] = {{0.5, 0.004}, {1, 0.009}, {2, 0.034}, {3, 0.07}};
  for (const auto& [cv, error] : published) {
    INFO("cv " << cv);
    CHECK(stand_in_error(CostDistribution::lognormal_cv(cv), n) < error + noise);
  }
  const auto coarse = CostDistribution::empirical(std::vector<double>{0, 0, 0, 10});
  CHECK(stand_in_error(coarse, n) < 0.11 + noise);
  CHECK(stand_in_error(coarse, 10 * n) < 0.035 + noise);
}

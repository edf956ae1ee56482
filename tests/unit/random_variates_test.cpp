#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/gamma.hpp>
#include <boost/math/distributions/lognormal.hpp>
#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/poisson.hpp>
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/kernel/random.hpp"
#include "tests/support/statistics.hpp"

using namespace weir;
using namespace weir::test;

namespace {

constexpr int samples = 100'000;

template <class Draw>
std::vector<std::int64_t> draw_counts(const Draw& draw) {
  std::vector<std::int64_t> sample(samples);
  for (std::int64_t& value : sample) value = draw();
  return sample;
}

}  // namespace

TEST_CASE("exponential draws fit their distribution", "[random]") {
  RandomStream stream(1, "test", "exponential");
  CHECK(kolmogorov_fits(draw_many(samples, [&] { return stream.exponential(0.25); }),
                        [](double x) { return -std::expm1(-4 * x); }));
  CHECK(stream.exponential(0) == 0);
}

TEST_CASE("normal draws fit their distribution, in the tail too", "[random]") {
  RandomStream stream(1, "test", "normal");
  const boost::math::normal_distribution<double> reference;
  CHECK(kolmogorov_fits(draw_many(samples, [&] { return stream.normal(); }),
                        [&](double x) { return boost::math::cdf(reference, x); }));
  // Cells of a tenth up to 5, so that wedges and the tail beyond the last layer (3.654) count.
  constexpr int many = 3'000'000;
  std::vector<std::int64_t> observed(100, 0);
  std::vector<double> expected(100, 0);
  for (int i = 0; i < many; ++i) {
    ++observed[static_cast<std::size_t>(std::clamp(std::floor(stream.normal() * 10) + 50, 0.0, 99.0))];
  }
  for (int i = 0; i < 100; ++i) {
    const double below = i == 0 ? 0 : boost::math::cdf(reference, (i - 50) / 10.0);
    const double above = i == 99 ? 1 : boost::math::cdf(reference, (i - 49) / 10.0);
    expected[static_cast<std::size_t>(i)] = many * (above - below);
  }
  CHECK(chi_square_fits(observed, expected));
}

TEST_CASE("gamma draws fit their distribution, for shapes from 0.05 to 1e6", "[random]") {
  RandomStream stream(1, "test", "gamma");
  for (const double shape : {0.05, 0.3, 0.999, 1.0, 1.5, 4.0, 100.0, 1e4, 1e6}) {
    INFO("shape " << shape);
    const boost::math::gamma_distribution<double, Plain> reference(shape, 3);
    CHECK(kolmogorov_fits(draw_many(samples, [&] { return stream.gamma(shape, 3); }),
                          [&](double x) { return x > 0 ? boost::math::cdf(reference, x) : 0; }));
  }
}

TEST_CASE("lognormal draws have the mean and variation asked for", "[random]") {
  RandomStream stream(1, "test", "lognormal");
  for (const double cv : {0.01, 0.5, 1.0, 3.0}) {
    INFO("cv " << cv);
    const double variance = std::log1p(cv * cv);
    const boost::math::lognormal_distribution<double> reference(std::log(2) - variance / 2,
                                                                std::sqrt(variance));
    CHECK(boost::math::mean(reference) == Approx(2));
    CHECK(boost::math::standard_deviation(reference) == Approx(2 * cv));
    CHECK(kolmogorov_fits(draw_many(samples, [&] { return stream.lognormal(2, cv); }),
                          [&](double x) { return boost::math::cdf(reference, x); }));
  }
  CHECK(stream.lognormal(2, 0) == 2);
}

TEST_CASE("Poisson counts fit their distribution, on both sides of the change of method", "[random]") {
  RandomStream stream(1, "test", "poisson");
  for (const double mean : {0.01, 0.7, 3.0, 9.999, 10.0, 12.5, 37.0, 1000.0, 1e5}) {
    INFO("mean " << mean);
    const boost::math::poisson_distribution<double> reference(mean);
    CHECK(counts_fit(draw_counts([&] { return stream.poisson(mean); }),
                     [&](std::int64_t k) { return boost::math::cdf(reference, static_cast<double>(k)); }));
  }
  CHECK(stream.poisson(0) == 0);
}

TEST_CASE("Poisson and binomial counts stay right where the textbook formula has no digit left", "[random]") {
  RandomStream stream(1, "test", "huge");
  const boost::math::normal_distribution<double> normal;
  // Skewed by 1/sqrt(mean): far below what 1e5 draws resolve, so the normal distribution is the reference.
  for (const double mean : {1e9, 1e12, 1e15}) {
    INFO("mean " << mean);
    CHECK(kolmogorov_fits(
        draw_many(samples,
                  [&] { return (static_cast<double>(stream.poisson(mean)) - mean) / std::sqrt(mean); }),
        [&](double x) { return boost::math::cdf(normal, x); }));
    const auto n = static_cast<std::int64_t>(mean);
    const double deviation = std::sqrt(mean * 0.3 * 0.7);
    CHECK(kolmogorov_fits(
        draw_many(samples,
                  [&] { return (static_cast<double>(stream.binomial(n, 0.3)) - 0.3 * mean) / deviation; }),
        [&](double x) { return boost::math::cdf(normal, x); }));
  }
}

TEST_CASE("binomial counts fit their distribution, on both sides of the change of method", "[random]") {
  RandomStream stream(1, "test", "binomial");
  const std::pair<std::int64_t, double> cases[] = {
      {1, 0.5},   {3, 0.9},    {20, 0.1},   {20, 0.5},     {21, 0.5},          {100, 0.0999},
      {100, 0.1}, {100, 0.95}, {1000, 0.3}, {100000, 0.5}, {1000000, 0.00001}, {1000000, 0.0001}};
  for (const auto& [n, p] : cases) {
    INFO("n " << n << ", p " << p);
    const boost::math::binomial_distribution<double> reference(static_cast<double>(n), p);
    const auto sample = draw_counts([&, n = n, p = p] { return stream.binomial(n, p); });
    CHECK(*std::min_element(sample.begin(), sample.end()) >= 0);
    CHECK(*std::max_element(sample.begin(), sample.end()) <= n);
    CHECK(counts_fit(sample, [&, n = n](std::int64_t k) {
      return k >= n ? 1.0 : boost::math::cdf(reference, static_cast<double>(k));
    }));
  }
  CHECK(stream.binomial(0, 0.5) == 0);
  CHECK(stream.binomial(1000, 0) == 0);
  CHECK(stream.binomial(1000, 1) == 1000);
}

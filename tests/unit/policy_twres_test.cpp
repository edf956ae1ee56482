#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "policies/twres/capacity.hpp"
#include "policies/twres/forecast.hpp"
#include "policies/twres/nonnegative_least_squares.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/scripted_metrics.hpp"

using namespace weir;
using namespace weir::twres;
using namespace weir::test;

namespace {

double error_of(const std::vector<Features>& rows, const std::vector<double>& values, const Features& c) {
  double sum = 0;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    double rest = values[r];
    for (std::size_t f = 0; f < features; ++f) rest -= rows[r][f] * c[f];
    sum += rest * rest;
  }
  return sum;
}

// Least squares over a set of features by the normal equations, in long double; false: they are singular.
bool over(unsigned set, const std::vector<Features>& rows, const std::vector<double>& values, Features& c) {
  std::vector<std::size_t> chosen;
  for (std::size_t f = 0; f < features; ++f)
    if (set >> f & 1) chosen.push_back(f);
  const std::size_t n = chosen.size();
  std::vector<std::vector<long double>> a(n, std::vector<long double>(n + 1, 0));
  for (std::size_t r = 0; r < rows.size(); ++r)
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j)
        a[i][j] += static_cast<long double>(rows[r][chosen[i]]) * rows[r][chosen[j]];
      a[i][n] += static_cast<long double>(rows[r][chosen[i]]) * values[r];
    }
  for (std::size_t i = 0; i < n; ++i) {
    std::size_t pivot = i;
    for (std::size_t r = i; r < n; ++r)
      if (std::fabs(a[r][i]) > std::fabs(a[pivot][i])) pivot = r;
    std::swap(a[i], a[pivot]);
    if (std::fabs(a[i][i]) < 1e-12L) return false;
    for (std::size_t r = 0; r < n; ++r) {
      if (r == i) continue;
      const long double factor = a[r][i] / a[i][i];
      for (std::size_t k = i; k <= n; ++k) a[r][k] -= factor * a[i][k];
    }
  }
  c = {};
  for (std::size_t i = 0; i < n; ++i) c[chosen[i]] = static_cast<double>(a[i][n] / a[i][i]);
  return true;
}

Features of(int p) {
  return {static_cast<double>(p), 1, 1.0 / p, 1.0 / (p * p)};
}

}  // namespace

TEST_CASE("twres' non-negative least squares is the best of all active sets", "[policy][twres]") {
  Dice dice(test_seed());
  for (int round = 0; round < 1000; ++round) {
    INFO("WEIR_SEED=" << test_seed() << ", round " << round);
    std::vector<Features> rows;
    std::vector<double> values;
    const bool of_parallelism = dice.coin();
    const int n = 4 + dice.below(8);
    for (int i = 0; i < n; ++i) {
      if (of_parallelism)
        rows.push_back(of(i + 1));
      else
        rows.push_back({dice.between(-1, 1), dice.between(-1, 1), dice.between(-1, 1), dice.between(-1, 1)});
      values.push_back(of_parallelism ? 100 * std::pow(i + 1, dice.between(0.3, 1.2)) : dice.between(-1, 1));
    }
    double best = error_of(rows, values, {});
    for (unsigned set = 1; set < 1u << features; ++set) {
      Features c;
      if (!over(set, rows, values, c)) continue;
      if (*std::min_element(c.begin(), c.end()) < 0) continue;
      best = std::min(best, error_of(rows, values, c));
    }
    const Features found = nonnegative_least_squares(rows, values);
    CHECK(*std::min_element(found.begin(), found.end()) >= 0);
    CHECK(error_of(rows, values, found) == Approx(best).epsilon(1e-6).margin(1e-9));
  }
}

TEST_CASE("twres' regression copes with little, and with what is in proportion", "[policy][twres]") {
  CapacityModel one;
  one.observe(1, 100);
  CHECK(one.rate_per_s(1) == Approx(100));
  CHECK(one.rate_per_s(5) == Approx(500));  // nothing speaks against it
  CapacityModel four;
  four.observe(4, 200);
  CHECK(four.rate_per_s(8) == Approx(400));
  // Two readings of one parallelism count by their mean.
  four.observe(4, 240);
  CHECK(four.rate_per_s(4) == Approx(220));
  // Phoebe's CARS job, which is almost linear: within 8 % of each published rate.
  CapacityModel cars;
  const std::vector<std::pair<int, double>> published = {{2, 36522},   {5, 83495},   {8, 129612},
                                                         {11, 195827}, {14, 220976}, {17, 288421},
                                                         {20, 319741}, {23, 369729}};
  for (const auto& [p, rate] : published) cars.observe(p, rate);
  for (const auto& [p, rate] : published) CHECK(cars.rate_per_s(p) == Approx(rate).epsilon(0.08));
}

TEST_CASE("twres chooses the least that can take the forecast", "[policy][twres]") {
  CapacityModel model;
  for (const int p : {1, 2, 4, 8}) model.observe(p, 100.0 * p);
  const auto chosen = [&](int present, double per_s, double latency_s = 0) {
    return choose(model, {.parallelism = present,
                          .least = 2,
                          .most = 10,
                          .forecast_records = 600 * per_s,
                          .latency_s = latency_s});
  };
  CHECK(chosen(4, 350) == 4);
  CHECK(chosen(4, 450) == 5);
  CHECK(chosen(4, 50) == 2);
  CHECK(chosen(4, 5000) == 10);  // nothing is enough: the fastest
  CHECK(chosen(4, 350, 3) == 5);
  CHECK(chosen(4, 50, 3) == 5);  // slow, though it has too many
  CHECK(chosen(4, 450, 3) == 5);
  CHECK(chosen(10, 350, 3) == 10);
}

TEST_CASE("twres' forecasters", "[policy][twres]") {
  const auto told = [](ForecastMethod method, const std::vector<double>& rates) {
    auto forecaster =
        make_forecaster({.method = method, .level_weight = 0.5, .trend_weight = 0.5, .mean_over_s = 180});
    for (const double rate : rates) forecaster->observe(rate, 60);
    return forecaster;
  };
  const std::vector<double> rates = {100, 200, 300, 400};
  CHECK(told(ForecastMethod::last, rates)->records_in(600) == Approx(400 * 600));
  CHECK(told(ForecastMethod::mean, rates)->records_in(600) == Approx(300 * 600));
  // Holt by hand: level 100, 150, 237.5, 346.875; trend per minute 0, 25, 56.25, 82.8125.
  CHECK(told(ForecastMethod::holt, rates)->records_in(600) ==
        Approx((346.875 + (346.875 + 10 * 82.8125)) / 2 * 600));
  // A long ramp is followed.
  std::vector<double> ramp;
  for (int i = 0; i < 200; ++i) ramp.push_back(10.0 * i);
  CHECK(told(ForecastMethod::holt, ramp)->records_in(60) == Approx((1990 + 2000) / 2.0 * 60).epsilon(1e-3));
  // A rate does not fall below nothing.
  std::vector<double> fall;
  for (int i = 0; i < 50; ++i) fall.push_back(std::max(0.0, 490.0 - 10 * i));
  CHECK(told(ForecastMethod::holt, fall)->records_in(6000) >= 0);
  CHECK(told(ForecastMethod::holt, fall)->records_in(6000) < 490 * 60);
  CHECK(told(ForecastMethod::mean, {})->records_in(600) == 0);
}

TEST_CASE("twres scales the job as one, and holds what it did", "[policy][twres]") {
  const JobView job = chain({"source", "map", "sink"});
  ScriptedCluster cluster(job, {1, 1, 1}, R"({"type": "twres", "forecast": {"method": "last"}})");
  // The map does 100/s an instance, the sink 300/s.
  const LinearPlant plant{job, {1e9, 100, 300}, {1, 1, 1}, {450, 0, 0}};
  cluster.step(60, plant);
  CHECK(cluster.parallelism == std::vector<int>{1, 5, 5});
  const LinearPlant less{job, {1e9, 100, 300}, {1, 1, 1}, {150, 0, 0}};
  for (int i = 0; i < 9; ++i) {
    cluster.step(60, less);
    REQUIRE(cluster.parallelism[1] == 5);
  }
  cluster.step(60, less);
  CHECK(cluster.parallelism == std::vector<int>{1, 2, 2});
  // Slow results ask for one more.
  for (int i = 0; i < 10; ++i)
    cluster.step(60, [&](MetricWindow& w) {
      less(w);
      w.latency.records = 10;
      w.latency.mean_s = 2.5;
    });
  CHECK(cluster.parallelism == std::vector<int>{1, 3, 3});
}

TEST_CASE("twres believes a profile", "[policy][twres]") {
  const JobView job = chain({"source", "map"});
  ScriptedCluster cluster(job, {1, 1}, R"({"type": "twres", "learn": false, "forecast": {"method": "last"},
    "profile": [{"parallelism": 1, "rate_per_s": 50}, {"parallelism": 10, "rate_per_s": 500}]})");
  cluster.step(60, LinearPlant{job, {1e9, 100}, {1, 1}, {90, 0}});
  CHECK(cluster.parallelism[1] == 2);
}

TEST_CASE("twres stays within the slots", "[policy][twres]") {
  JobView job = chain({"source", "map", "sink"});
  job.slots = 9;
  ScriptedCluster cluster(job, {1, 1, 1}, R"({"type": "twres", "forecast": {"method": "last"}})");
  cluster.step(60, LinearPlant{job, {1e9, 100, 300}, {1, 1, 1}, {5000, 0, 0}});
  CHECK(cluster.parallelism == std::vector<int>{1, 4, 4});
}

TEST_CASE("twres says what is wrong with its parameters", "[policy][twres]") {
  const auto wrong = [](const std::string& more, const std::string& what) {
    const std::string text = policy_errors(R"({"type": "twres", )" + more + "}");
    INFO(text);
    CHECK(text.find(what) != std::string::npos);
  };
  wrong(R"("learn": false)", "nothing is known of the capacity");
  wrong(R"("min_parallelism": 5, "max_parallelism": 2)", "max_parallelism is below min_parallelism");
  wrong(R"("profile": [{"parallelism": 2}])", "rate_per_s");
  wrong(R"("forecast": {"method": "arima"})", "holt");
}

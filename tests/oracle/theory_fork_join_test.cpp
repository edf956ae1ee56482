#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>
#include <vector>

#include "tests/support/scenario_text.hpp"
#include "tests/support/simulate.hpp"

// Fork-join: each record goes to k queues and is done when all of them have served their part, record by
// record, against queueing theory and brute force. Estimates as in theory_single_queue_test.cpp.
//
//          ┌─▶ q0 (exponential) ─┐
//   s ─────┼─▶ …                 ├─▶ join ─▶ out
//          └─▶ qk                ┘

using namespace weir::test;

namespace {

constexpr double from_s = 20;
constexpr double mu = 1000;

ScenarioText fork_join(int k, double lambda, double until_s) {
  ScenarioText s(until_s);
  s.source("s", ScenarioText::poisson(lambda));
  for (int i = 0; i < k; ++i) s.op(fmt::format("q{}", i), "map", ScenarioText::exponential(mu));
  s.op("join", "join", nlohmann::json::object())["scalable"] = false;
  s.op("out", "sink", nlohmann::json::object());
  for (int i = 0; i < k; ++i) {
    s.edge("s", fmt::format("q{}", i));
    s.edge(fmt::format("q{}", i), "join");
  }
  s.edge("join", "out");
  return s;
}

Estimate mean_time(const ScenarioText& s) {
  std::vector<double> means;
  for (const auto& result : replicate(s.text(), 12)) means.push_back(mean_latency_s(result, from_s));
  return estimate(means);
}

// Lindley's recursion for each queue on its own, all with the same arrivals.
Estimate brute_force(int k, double lambda) {
  std::vector<double> means;
  for (unsigned seed = 1; seed <= 12; ++seed) {
    std::mt19937_64 random(seed);
    std::exponential_distribution<double> gap(lambda), service(mu);
    std::vector<double> wait(static_cast<std::size_t>(k), 0.0);
    double sum = 0;
    const int records = 400'000, warm_up = 20'000;
    for (int n = 0; n < records; ++n) {
      const double until_next = gap(random);
      double longest = 0;
      for (double& w : wait) {
        const double time = w + service(random);
        longest = std::max(longest, time);
        w = std::max(0.0, time - until_next);
      }
      if (n >= warm_up) sum += longest;
    }
    means.push_back(sum / (records - warm_up));
  }
  return estimate(means);
}

double harmonic(int k) {
  double sum = 0;
  for (int i = 1; i <= k; ++i) sum += 1.0 / i;
  return sum;
}

// Nelson and Tantawi, "Approximate analysis of fork/join synchronization in parallel queues", IEEE
// Transactions on Computers 37(6), 1988: exact for two queues.
double two_queues_s(double rho) {
  return (12 - rho) / 8 / (mu - rho * mu);
}

}  // namespace

TEST_CASE("Fork-join of two M/M/1 queues", "[oracle][theory]") {
  for (const double rho : {0.3, 0.6, 0.8}) {
    const Estimate e = mean_time(fork_join(2, rho * mu, 200));
    INFO("load " << rho << ": " << e.mean << " +- " << e.half_width << " s, theory " << two_queues_s(rho));
    CHECK(e.covers(two_queues_s(rho)));
    CHECK(e.half_width < 0.03 * two_queues_s(rho));
  }
}

TEST_CASE("Fork-join of four M/M/1 queues", "[oracle][theory]") {
  // Their approximation for 2 <= k <= 32 is within 5 % of simulation, as they say. The bounds: no less than
  // one queue, no more than four independent ones (their times are associated).
  for (const double rho : {0.5, 0.8}) {
    const Estimate e = mean_time(fork_join(4, rho * mu, 120));
    const Estimate brute = brute_force(4, rho * mu);
    const double ratio = harmonic(4) / harmonic(2);
    const double approximation_s = (ratio + 4.0 / 11 * (1 - ratio) * rho) * two_queues_s(rho);
    INFO("load " << rho << ": " << e.mean << " +- " << e.half_width << " s, brute force " << brute.mean
                 << " +- " << brute.half_width << " s, approximation " << approximation_s << " s");
    CHECK(std::abs(e.mean - brute.mean) < e.half_width + brute.half_width);
    CHECK(e.half_width + brute.half_width < 0.06 * brute.mean);
    CHECK(std::abs(e.mean - approximation_s) < 0.05 * approximation_s + e.half_width);
    CHECK(e.low() > 1 / (mu - rho * mu));
    CHECK(e.high() < harmonic(4) / (mu - rho * mu));
  }
}

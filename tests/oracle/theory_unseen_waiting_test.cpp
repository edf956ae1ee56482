#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include <fmt/format.h>

#include "sim/kernel/latency_histogram.hpp"
#include "sim/kernel/math.hpp"
#include "sim/kernel/queueing.hpp"
#include "tests/support/scenario_text.hpp"
#include "tests/support/simulate.hpp"

// In batches, the queueing between the records of one batch is put on top by formula: against queueing
// theory, for batches that are long against the time in which the queue forgets, where all of the waiting is
// that, and for shorter ones, where a part is.

using namespace weir::test;

namespace {

constexpr double rate_per_s = 20'000;

// Poisson arrivals at `stages` queues in line, in batches; latencies in s.
nlohmann::json latency(const nlohmann::json& arrivals, const nlohmann::json& cost, int stages, int batch,
                       double until_s = 60) {
  ScenarioText s(until_s, 10);
  s.all["fidelity"] = {{"batch_records", batch}, {"batch_span_ms", 1e3 * batch / rate_per_s}};
  s.source("s", arrivals);
  std::string from = "s";
  for (int i = 0; i < stages; ++i) {
    const std::string to = fmt::format("q{}", i);
    s.op(to, i + 1 == stages ? "sink" : "map", cost);
    s.edge(from, to);
    from = to;
  }
  Run what;
  what.scenario = s.text();
  const auto result = run(what);
  REQUIRE_FALSE(result.contains("error"));
  return result["summary"]["latency_s"];
}

// The p-quantile of an Erlang distribution of k phases with this mean.
double erlang_quantile(int k, double mean, double p) {
  double low = 0, high = 100;
  while (high - low > 1e-9) {
    const double x = 0.5 * (low + high);
    double term = std::exp(-x), below = 1;
    for (int i = 0; i < k; ++i) {
      below -= term;
      term *= x / (i + 1);
    }
    (below < p ? low : high) = x;
  }
  return low * mean / k;
}

void check(double value, double theory, double tolerance) {
  INFO(value << ", theory " << theory << ", " << 100 * (value / theory - 1) << " %");
  CHECK(std::abs(value / theory - 1) < tolerance);
}

}  // namespace

TEST_CASE("A line of M/M/1 queues in batches: the times are Erlang distributed", "[oracle][theory][unseen]") {
  // Jackson (1957), and Reich, "Waiting times when queues are in tandem", Annals of Mathematical Statistics
  // 28, 1957: the times at the queues are independent and exponential. Estimates of the load, and the load of
  // a run itself, vary: 2 to 4 % of 1 - rho at rho = 0.9.
  for (const int stages : {1, 3}) {
    for (const double rho : {0.3, 0.7, 0.9}) {
      for (const int batch : {64, 256}) {
        INFO(stages << " queues, " << rho << " busy, batches of " << batch);
        const auto l = latency(ScenarioText::poisson(rate_per_s), ScenarioText::exponential(rate_per_s / rho),
                               stages, batch);
        const double mean = stages * rho / rate_per_s / (1 - rho);
        const double tolerance = rho > 0.8 ? 0.06 : 0.02;
        check(l["mean"], mean, tolerance);
        check(l["p50"], erlang_quantile(stages, mean, 0.50), tolerance);
        check(l["p95"], erlang_quantile(stages, mean, 0.95), tolerance);
        check(l["p99"], erlang_quantile(stages, mean, 0.99), tolerance);
      }
    }
  }
}

TEST_CASE("M/G/1 in batches: Pollaczek and Khinchine", "[oracle][theory][unseen]") {
  struct Law {
    nlohmann::json cost;
    double scv;
  };
  for (const double rho : {0.3, 0.7}) {
    const double s = rho / rate_per_s;
    const auto cost = [&](const char* law, double cv) {
      return nlohmann::json{{"per_record_us", 1e6 * s}, {"law", law}, {"cv", cv}};
    };
    for (const Law& law : {Law{ScenarioText::deterministic(1e6 * s), 0}, Law{cost("gamma", 0.5), 0.25},
                           Law{cost("lognormal", 1.5), 2.25}}) {
      for (const int batch : {64, 256}) {
        INFO(law.cost << ", " << rho << " busy, batches of " << batch);
        const auto l = latency(ScenarioText::poisson(rate_per_s), law.cost, 1, batch);
        check(l["mean"], s + rho * s * (1 + law.scv) / (2 * (1 - rho)), 0.03);
      }
    }
  }
}

TEST_CASE("M/D/1 in batches of 16: a part of the waiting is seen, and only the rest added",
          "[oracle][theory][unseen]") {
  const double rho = 0.9, s = rho / rate_per_s;
  const auto l = latency(ScenarioText::poisson(rate_per_s), ScenarioText::deterministic(1e6 * s), 1, 16);
  check(l["mean"], s + rho * s / (2 * (1 - rho)), 0.04);
}

TEST_CASE("D/D/1 in batches: nothing is added", "[oracle][theory][unseen]") {
  const auto l = latency(ScenarioText::constant(rate_per_s), ScenarioText::deterministic(45), 2, 256, 10);
  CHECK(l["mean"].get<double>() == Approx(90e-6).epsilon(1e-4));
  CHECK(l["p99"].get<double>() == Approx(90e-6).epsilon(2e-3));
}

TEST_CASE("Equal fixed costs in line: the second queue never waits", "[oracle][theory][unseen]") {
  const double rho = 0.7, s = rho / rate_per_s;
  const auto l = latency(ScenarioText::poisson(rate_per_s), ScenarioText::deterministic(1e6 * s), 2, 256);
  check(l["mean"], 2 * s + rho * s / (2 * (1 - rho)), 0.02);
}

TEST_CASE("The waiting time: Poisson arrivals of bulks", "[oracle][theory][unseen]") {
  // M[b]/D/1: the bulk waits as in M/D/1 with b times the service, then its records for each other.
  weir::QueueLoad load;
  load.utilization = 0.6;
  load.service = 2;
  load.arrival_scv = 5;  // of bulks of 5
  load.companions = 4;
  CHECK(waiting_time(load).mean == Approx(0.6 * 10 / (2 * 0.4)));
  CHECK(waiting_within_bulk(load).mean == Approx(4));  // 0, 2, 4, 6, 8
  CHECK(waiting_within_bulk(load).variance == Approx(8));
}

TEST_CASE("The waiting time: three moments of M/M/1", "[oracle][theory][unseen]") {
  // Zero, or with probability rho exponential with mean 1 / (1 - rho).
  weir::QueueLoad load;
  load.utilization = 0.8;
  load.service = 1;
  load.service_scv = 1;
  load.service_third = 2;
  const double m = 1 / 0.2;
  const double first = 0.8 * m, second = 0.8 * 2 * m * m, third = 0.8 * 6 * m * m * m;
  const weir::Cumulants w = waiting_time(load);
  CHECK(w.mean == Approx(first));
  CHECK(w.variance == Approx(second - first * first));
  CHECK(w.third == Approx(third - 3 * first * second + 2 * first * first * first));
}

TEST_CASE("What is seen at every n-th arrival: Lindley's recursion", "[oracle][theory][unseen]") {
  // Mean waits seen over mean waits, from 1.5 million steps of Lindley's recursion over sums of n gaps and
  // services.
  struct Seen {
    double rho, scv;
    int arrivals;
    double share;
  };
  for (const Seen& seen : {Seen{0.9, 0, 16, 0.687},
                           {0.9, 0, 64, 0.381},
                           {0.9, 1, 16, 0.765},
                           {0.9, 1, 64, 0.515},
                           {0.9, 1, 256, 0.202},
                           {0.7, 1, 16, 0.356}}) {
    weir::QueueLoad load;
    load.utilization = seen.rho;
    load.service = 1;
    load.service_scv = seen.scv;
    INFO(seen.rho << " " << seen.scv << " " << seen.arrivals);
    CHECK(waiting_seen(load, seen.arrivals) == Approx(seen.share).margin(0.015));
  }
}

TEST_CASE("A histogram with a random delay on top", "[latency_histogram][unseen]") {
  weir::LatencyHistogram base, all;
  base.add(30'000, 1'000'000);
  // An exponential with mean 10 us.
  all.merge_delayed(base, {10'000, 1e8, 2e12});
  CHECK(all.count() == 1'000'000);
  CHECK(all.mean_ns() == Approx(40'000).epsilon(1e-6));
  for (const double p : {0.1, 0.5, 0.9, 0.99}) {
    CHECK(static_cast<double>(all.quantile_ns(p)) ==
          Approx(30'000 - 10'000 * std::log(1 - p)).epsilon(0.005));
  }
  std::int64_t in_buckets = 0;
  all.for_each_bucket([&](weir::Nanos, weir::Nanos, std::int64_t count) { in_buckets += count; });
  CHECK(in_buckets == all.count());

  // No delay: exactly what it was. A delay that would be negative: nothing is below zero.
  weir::LatencyHistogram same, shifted;
  same.merge_delayed(base, {});
  CHECK(same.quantile_ns(0.5) == base.quantile_ns(0.5));
  shifted.merge_delayed(base, {0, 9e8, 0});
  CHECK(shifted.count() == base.count());
  CHECK(shifted.min_ns() == 0);
}

TEST_CASE("The table of a gamma distribution", "[unseen]") {
  std::array<double, 201> below;
  for (const int k : {1, 2, 9}) {
    weir::gamma_table(k, 0.2, below);
    for (std::size_t i = 0; i < below.size(); i += 7) {
      const double x = 0.2 * static_cast<double>(i);
      double term = std::exp(-x), erlang = 1;
      for (int j = 0; j < k; ++j) {
        erlang -= term;
        term *= x / (j + 1);
      }
      CHECK(below[i] == Approx(erlang).margin(1e-5));
    }
  }
  // Chi-square with one degree of freedom: the share below x is that of |N| < sqrt(2 x).
  weir::gamma_table(0.5, 0.05, below);
  CHECK(below[10] == Approx(std::erf(std::sqrt(0.5))).margin(2e-3));
}

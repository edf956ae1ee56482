#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/markov.hpp"
#include "tests/support/scenario_text.hpp"
#include "tests/support/simulate.hpp"

// Several queues, record by record, against queueing theory: Jackson networks, random splitting, finite
// buffers with blocking after service, processor sharing. Estimates as in theory_single_queue_test.cpp.

using namespace weir::test;

namespace {

constexpr double until_s = 200;
constexpr double from_s = 20;
constexpr int replications = 12;

template <class Measure>
Estimate over(const std::vector<nlohmann::json>& results, Measure&& measure) {
  std::vector<double> values;
  for (const auto& result : results) values.push_back(measure(result));
  return estimate(values);
}

void check(const Estimate& e, double expected, double width) {
  INFO("estimate " << e.mean << " +- " << e.half_width << ", theory " << expected);
  CHECK(e.covers(expected));
  CHECK(e.half_width < width * expected);
}

double latency(const nlohmann::json& result) {
  return mean_latency_s(result, from_s);
}

}  // namespace

TEST_CASE("A Jackson network: fan-in, a filter, random splitting", "[oracle][theory]") {
  // Each station is an M/M/1 queue on its own (Jackson, "Networks of waiting lines", Operations Research
  // 5(4), 1957), so the mean times add up. Poisson flows merge, are thinned by coin flips and split at
  // random.
  //   s (250) --+
  //   t (350) --+--> a (mu 1000, passes half) --> b (mu 500) --at random--> c, twice (mu 250 each)
  ScenarioText s(until_s);
  s.source("s", ScenarioText::poisson(250));
  s.source("t", ScenarioText::poisson(350));
  s.op("a", {{"type", "filter"}, {"selectivity", 0.5}, {"law", "bernoulli"}},
       ScenarioText::exponential(1000));
  s.op("b", "map", ScenarioText::exponential(500));
  s.op("c", "sink", ScenarioText::exponential(250), 2);
  s.edge("s", "a");
  s.edge("t", "a");
  s.edge("a", "b");
  s.edge("b", "c", "shuffle");
  const auto results = replicate(s.text(), replications);
  check(over(results, latency), 1 / (1000.0 - 600) + 1 / (500.0 - 300) + 1 / (250.0 - 150), 0.03);
  check(over(results, [](const auto& r) { return mean_share(r, 2, "useful_s", from_s); }), 0.6, 0.01);
  check(over(results, [](const auto& r) { return mean_share(r, 3, "useful_s", from_s); }), 0.6, 0.01);
  check(over(results, [](const auto& r) { return mean_share(r, 4, "useful_s", from_s); }), 0.6, 0.01);
}

TEST_CASE("M/M/1 times c: records spread at random over the instances of an operator", "[oracle][theory]") {
  // Each of the c instances is an M/M/1 queue with a c-th of the rate. (One queue for all of them, M/M/c,
  // is a pull edge: theory_shared_queue_test.cpp.)
  for (const char* way : {"shuffle", "key"}) {
    INFO(way);
    ScenarioText s(until_s);
    s.source("s", ScenarioText::poisson(2400));
    s.op("q", "sink", ScenarioText::exponential(1000), 4);
    auto& edge = s.edge("s", "q", way);
    if (edge["partitioning"] == "key") {
      // Keys by weight: all instances would get the same only if the hash were perfect. Four heavy hitters do
      // not spread evenly, so the load differs: the mean is taken over the shares that were measured.
      edge["keys"] = {{"law", "uniform"}, {"count", 1000}};
    }
    const auto results = replicate(s.text(), replications);
    double expected_s = 0;
    double records = 0;
    for (const auto& instance : results[0]["instances"][1]) records += instance["records_in"].get<double>();
    for (const auto& instance : results[0]["instances"][1]) {
      const double share = way == std::string("key") ? instance["records_in"].get<double>() / records : 0.25;
      expected_s += share / (1000 - 2400 * share);
    }
    check(over(results, latency), expected_s, 0.03);
  }
}

TEST_CASE("M/M/1/K: a source that skips what finds no room", "[oracle][theory]") {
  // One record in service, a channel of 3, and one that the source holds back while it is blocked: K = 5.
  // Loss (1 - rho) rho^K / (1 - rho^(K+1)). Kleinrock I, (3.23).
  const double rho = 0.9;
  const int k = 5;
  ScenarioText s(until_s);
  s.source("s", ScenarioText::poisson(rho * 1000))["when_blocked"] = "skip";
  s.op("q", "sink", ScenarioText::exponential(1000));
  s.edge("s", "q");
  s.engine()["channel_capacity_records"] = k - 2;
  const auto results = replicate(s.text(), replications);
  const double full = (1 - rho) * std::pow(rho, k) / (1 - std::pow(rho, k + 1));
  check(over(results, [](const auto& r) { return mean_rate_per_s(r, 1, "records_in", from_s); }),
        rho * 1000 * (1 - full), 0.01);
  check(over(results, [](const auto& r) { return mean_share(r, 0, "blocked_s", from_s); }), full, 0.06);
  double number = 0;
  for (int n = 1; n <= k; ++n) number += n * (1 - rho) * std::pow(rho, n) / (1 - std::pow(rho, k + 1));
  check(over(results, latency), number / (rho * 1000 * (1 - full)), 0.02);
}

TEST_CASE("A line of two stations with a finite buffer, blocking after service", "[oracle][theory]") {
  // Never starved: the number beyond the first station's service is a birth-death chain on 0 ... b + 2, with
  // p_n proportional to (mu1/mu2)^n; at b + 2 the first station is blocked. Dallery and Gershwin,
  // "Manufacturing flow line systems: a review", Queueing Systems 12, 1992, section 3.
  for (const int b : {1, 4}) {
    const double mu1 = 900, mu2 = 1000;
    ScenarioText s(until_s);
    s.source("s", ScenarioText::constant(3000));
    s.op("a", "map", ScenarioText::exponential(mu1));
    s.op("b", "sink", ScenarioText::exponential(mu2));
    s.edge("s", "a");
    s.edge("a", "b");
    s.engine()["channel_capacity_records"] = b;
    const auto results = replicate(s.text(), replications);
    double sum = 0;
    for (int n = 0; n <= b + 2; ++n) sum += std::pow(mu1 / mu2, n);
    const double empty = 1 / sum, full = std::pow(mu1 / mu2, b + 2) / sum;
    check(over(results, [](const auto& r) { return mean_rate_per_s(r, 2, "records_in", from_s); }),
          mu2 * (1 - empty), 0.01);
    check(over(results, [](const auto& r) { return mean_share(r, 1, "blocked_s", from_s); }), full, 0.03);
    check(over(results, [](const auto& r) { return mean_share(r, 1, "useful_s", from_s); }), 1 - full, 0.01);
    check(over(results, [](const auto& r) { return mean_share(r, 2, "waiting_s", from_s); }), empty, 0.03);
  }
}

TEST_CASE("A line of three stations with finite buffers, blocking after service", "[oracle][theory]") {
  // No formula: the Markov chain on (x, y), x the records beyond the first station's service (those that wait
  // for the second, in it, or held by the blocked first), y the same for the third. The second station is
  // blocked when y = b + 2.
  const double mu1 = 1000, mu2 = 1100, mu3 = 950;
  const int b = 2;
  // The record that a blocked second station holds is counted in y, and takes the place of the one in
  // service.
  const auto most = [&](int y) { return y == b + 2 ? b + 1 : b + 2; };
  const auto p = stationary({0, 0}, [&](const State& s) {
    Moves moves;
    const int x = s[0], y = s[1];
    if (x < most(y)) moves.push_back({{x + 1, y}, mu1});
    if (x > 0 && y < b + 2) moves.push_back({{x - 1, y + 1}, mu2});
    if (y > 0) moves.push_back({{x, y - 1}, mu3});
    return moves;
  });
  double throughput = 0, second_blocked = 0, first_blocked = 0;
  for (const auto& [s, probability] : p) {
    if (s[1] > 0) throughput += mu3 * probability;
    if (s[1] == b + 2) second_blocked += probability;
    if (s[0] == most(s[1])) first_blocked += probability;
  }
  ScenarioText s(until_s);
  s.source("s", ScenarioText::constant(3000));
  s.op("a", "map", ScenarioText::exponential(mu1));
  s.op("b", "map", ScenarioText::exponential(mu2));
  s.op("c", "sink", ScenarioText::exponential(mu3));
  s.edge("s", "a");
  s.edge("a", "b");
  s.edge("b", "c");
  s.engine()["channel_capacity_records"] = b;
  const auto results = replicate(s.text(), replications);
  check(over(results, [](const auto& r) { return mean_rate_per_s(r, 3, "records_in", from_s); }), throughput,
        0.01);
  check(over(results, [](const auto& r) { return mean_share(r, 2, "blocked_s", from_s); }), second_blocked,
        0.03);
  check(over(results, [](const auto& r) { return mean_share(r, 1, "blocked_s", from_s); }), first_blocked,
        0.03);
}

TEST_CASE("Two queues on one core: their total is an M/M/1 queue", "[oracle][theory]") {
  // Exponential service on a shared core: records leave at rate mu whenever there are any, wherever they are.
  // So the total number is that of M/M/1, and by Little's law W = 1 / (mu - lambda), for any number of
  // instances.
  for (const int instances : {2, 4}) {
    ScenarioText s(40);
    s.hosts()[0]["cores"] = 1;
    s.hosts()[0]["slots"] = 8;
    s.source("s", ScenarioText::poisson(700));
    s.op("q", "sink", ScenarioText::exponential(1000), instances);
    s.edge("s", "q", "shuffle");
    const auto results = replicate(s.text(), replications);
    check(over(results, [](const auto& r) { return mean_latency_s(r, 4); }), 1 / 300.0, 0.06);
  }
}

TEST_CASE("Three queues on two cores: processor sharing", "[oracle][theory]") {
  // The Markov chain of the three queue lengths: each busy instance is served at mu min(1, 2 / busy).
  const double lambda = 1000, mu = 1000;
  const int longest = 24;  // beyond, the probability is below 1e-6
  const auto p = stationary({0, 0, 0}, [&](const State& s) {
    Moves moves;
    int busy = 0;
    for (const int n : s) busy += n > 0;
    for (int i = 0; i < 3; ++i) {
      State next = s;
      if (s[i] < longest) {
        ++next[i];
        moves.push_back({next, lambda / 3});
        --next[i];
      }
      if (s[i] > 0) {
        --next[i];
        moves.push_back({next, mu * std::min(1.0, 2.0 / busy)});
      }
    }
    return moves;
  });
  double number = 0;
  for (const auto& [s, probability] : p) number += (s[0] + s[1] + s[2]) * probability;
  ScenarioText s(40);
  s.hosts()[0]["cores"] = 2;
  s.hosts()[0]["slots"] = 8;
  s.source("s", ScenarioText::poisson(lambda));
  s.op("q", "sink", ScenarioText::exponential(mu), 3);
  s.edge("s", "q", "shuffle");
  const auto results = replicate(s.text(), replications);
  check(over(results, [](const auto& r) { return mean_latency_s(r, 4); }), number / lambda, 0.03);
}

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <numeric>

#include "policies/drs/allocation.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/scripted_metrics.hpp"

using namespace weir;
using namespace weir::drs;
using namespace weir::test;

namespace {

// Erlang's formula as it is written, in long double: it is not how it should be computed.
double erlang_by_definition(int servers, double load) {
  if (load >= servers) return 1;
  long double term = 1, sum = 0;
  for (int k = 0; k < servers; ++k) {
    sum += term;
    term *= static_cast<long double>(load) / (k + 1);
  }
  const long double waiting = term * servers / (servers - static_cast<long double>(load));
  return static_cast<double>(waiting / (sum + waiting));
}

Station random_station(Dice& dice) {
  return {
      .arrivals_per_s = dice.between(1, 50), .service_per_s = dice.between(5, 30), .least = 1, .most = 1000};
}

// Every allocation of at most `most` instances each is tried.
template <class Try>
void all_allocations(std::size_t stations, int most, Try attempt) {
  std::vector<int> k(stations, 1);
  for (;;) {
    attempt(k);
    std::size_t i = 0;
    while (i < stations && ++k[i] > most) k[i++] = 1;
    if (i == stations) return;
  }
}

int sum(const std::vector<int>& k) {
  return std::accumulate(k.begin(), k.end(), 0);
}

}  // namespace

TEST_CASE("drs has Erlang's probability of waiting", "[policy][drs]") {
  // Published tables: one server waits with the load; two at one Erlang 1/3; ten at eight 0.409.
  CHECK(erlang_c(1, 0.5) == Approx(0.5));
  CHECK(erlang_c(2, 1) == Approx(1.0 / 3));
  CHECK(erlang_c(10, 8) == Approx(0.4092).epsilon(1e-3));
  CHECK(erlang_c(3, 3) == 1);
  Dice dice(test_seed());
  INFO("WEIR_SEED=" << test_seed());
  for (int i = 0; i < 1000; ++i) {
    const int servers = 1 + dice.below(60);
    const double load = dice.between(0.01, 1) * servers;
    REQUIRE(erlang_c(servers, load) == Approx(erlang_by_definition(servers, load)).epsilon(1e-9));
  }
  CHECK(erlang_c(5000, 4900) > 0);  // no overflow
  CHECK(erlang_c(5000, 4900) < 1);
}

TEST_CASE("drs' sojourn is that of M/M/1 and M/M/2, and convex", "[policy][drs]") {
  CHECK(sojourn_s({.arrivals_per_s = 8, .service_per_s = 10}, 1) == Approx(1 / (10.0 - 8)));
  // M/M/2: 1 / (mu (1 - rho^2)).
  CHECK(sojourn_s({.arrivals_per_s = 10, .service_per_s = 10}, 2) == Approx(0.1 / (1 - 0.25)));
  CHECK(std::isinf(sojourn_s({.arrivals_per_s = 10, .service_per_s = 10}, 1)));
  Dice dice(test_seed());
  INFO("WEIR_SEED=" << test_seed());
  for (int i = 0; i < 300; ++i) {
    const Station station = random_station(dice);
    const int first = static_cast<int>(station.arrivals_per_s / station.service_per_s) + 1;
    for (int k = first; k < first + 8; ++k) {
      const double here = sojourn_s(station, k), next = sojourn_s(station, k + 1),
                   after = sojourn_s(station, k + 2);
      REQUIRE(here >= next);
      REQUIRE(here - next >= (next - after) * (1 - 1e-6) - 1e-12);
    }
  }
}

TEST_CASE("drs gives out instances as well as any allocation does, by brute force", "[policy][drs]") {
  Dice dice(test_seed());
  for (int round = 0; round < 60; ++round) {
    INFO("WEIR_SEED=" << test_seed() << ", round " << round);
    std::vector<Station> stations;
    for (int i = 0; i < 2 + dice.below(2); ++i) {
      stations.push_back(random_station(dice));
      if (dice.below(4) == 0) stations.back().least = stations.back().most = 8;  // cannot be changed
    }
    const auto least = least_servers(stations);
    if (!least) continue;
    const double external = 10, deadline = dice.between(0.1, 3);
    const int given = sum(*least) + dice.below(6);
    constexpr int most = 18;  // of each; more than any takes here
    double best_s = std::numeric_limits<double>::infinity();
    int fewest = std::numeric_limits<int>::max();
    all_allocations(stations.size(), most, [&](const std::vector<int>& k) {
      for (std::size_t i = 0; i < k.size(); ++i)
        if (k[i] < stations[i].least || k[i] > stations[i].most) return;
      const double s = total_sojourn_s(stations, k, external);
      if (sum(k) <= given) best_s = std::min(best_s, s);
      if (s <= deadline) fewest = std::min(fewest, sum(k));
    });
    const auto best = best_servers(stations, given);
    REQUIRE(best);
    CHECK(sum(*best) <= given);
    CHECK(total_sojourn_s(stations, *best, external) == Approx(best_s).epsilon(1e-6));
    const auto enough = fewest_servers(stations, external, deadline, 1000);
    REQUIRE(enough);
    if (fewest < std::numeric_limits<int>::max() && total_sojourn_s(stations, *enough, external) <= deadline)
      CHECK(sum(*enough) == fewest);
    // It misses the deadline only where nobody can meet it.
    if (total_sojourn_s(stations, *enough, external) > deadline)
      CHECK(fewest == std::numeric_limits<int>::max());
  }
}

TEST_CASE("drs meets its deadline with the fewest instances", "[policy][drs]") {
  const JobView job = chain({"source", "map", "sink"});
  const LinearPlant plant{job, {1e9, 10, 30}, {1, 1, 1}, {40, 0, 0}};
  ScriptedCluster cluster(job, {1, 1, 1}, R"({"type": "drs", "deadline_s": 0.2, "warm_up_intervals": 0})");
  for (int i = 0; i < 4; ++i) cluster.step(60, plant);
  // M/M/k with 40/s: five of 10/s and two of 30/s are the least that keep up.
  const std::vector<Station> stations{{40, 10, 1, 1000}, {40, 30, 1, 1000}};
  const auto expected = fewest_servers(stations, 40, 0.2, 1000);
  REQUIRE(expected);
  CHECK(total_sojourn_s(stations, *expected, 40) <= 0.2);
  CHECK(std::vector<int>(cluster.parallelism.begin() + 1, cluster.parallelism.end()) == *expected);
  CHECK(cluster.parallelism[1] > 5);
  // The load falls: fewer.
  const LinearPlant less{job, {1e9, 10, 30}, {1, 1, 1}, {5, 0, 0}};
  for (int i = 0; i < 2; ++i) cluster.step(60, less);
  CHECK(cluster.parallelism[1] < 5);
  // A tighter deadline than one service time is out of reach: what helps, and no more.
  ScriptedCluster tight(job, {1, 5, 2},
                        R"({"type": "drs", "deadline_s": 0.01, "processors": 12, "warm_up_intervals": 0})");
  for (int i = 0; i < 3; ++i) tight.step(60, plant);
  CHECK(tight.parallelism[1] + tight.parallelism[2] == 12);
}

TEST_CASE("drs gives out all that it may", "[policy][drs]") {
  const JobView job = chain({"source", "map", "sink"});
  const LinearPlant plant{job, {1e9, 10, 30}, {1, 1, 1}, {40, 0, 0}};
  ScriptedCluster cluster(job, {1, 1, 1},
                          R"({"type": "drs", "use_all": true, "processors": 10, "warm_up_intervals": 0})");
  for (int i = 0; i < 3; ++i) cluster.step(60, plant);
  const std::vector<Station> stations{{40, 10, 1, 1000}, {40, 30, 1, 1000}};
  CHECK(std::vector<int>(cluster.parallelism.begin() + 1, cluster.parallelism.end()) ==
        *best_servers(stations, 10));
  // Too few to keep up: it says so.
  ScriptedCluster few(job, {1, 1, 1}, R"({"type": "drs", "processors": 5, "warm_up_intervals": 0})");
  for (int i = 0; i < 3; ++i) CHECK(few.step(60, plant).empty());
  CHECK(few.policy().why_nothing(job) ==
        "in 3 of 3 intervals there were too few instances to be had to keep up");
}

TEST_CASE("drs counts loops by the traffic equations", "[policy][drs]") {
  // Half of what the check sees comes back: twice the load on both.
  JobView job = chain({"source", "work", "check"});
  job.operators[2].downstream.push_back(1);
  job.operators[1].upstream.push_back(2);
  ScriptedCluster cluster(job, {1, 4, 4}, R"({"type": "drs", "deadline_s": 100, "warm_up_intervals": 0})");
  cluster.step(60, [](MetricWindow& w) {
    w.operators[0].offered_per_s = 10;
    for (InstanceMetrics& i : w.operators[0].instances) i.records_out = 600, i.useful_s = 1;
    for (InstanceMetrics& i : w.operators[1].instances)
      i.records_in = 300, i.records_out = 300, i.useful_s = 30;
    for (InstanceMetrics& i : w.operators[2].instances)
      i.records_in = 300, i.records_out = 150, i.useful_s = 30;
  });
  // 20/s each at 10/s an instance: three.
  CHECK(cluster.parallelism == std::vector<int>{1, 3, 3});
}

TEST_CASE("drs says what is wrong with its parameters", "[policy][drs]") {
  const auto wrong = [](const std::string& more, const std::string& what) {
    const std::string text = policy_errors(R"({"type": "drs", )" + more + "}");
    INFO(text);
    CHECK(text.find(what) != std::string::npos);
  };
  wrong(R"("deadline_s": 0)", "deadline_s");
  wrong(R"("processors": 0)", "processors");
  wrong(R"("use_all": true)", "use_all without processors");
  wrong(R"("min_saving": 0)", "min_saving");
}

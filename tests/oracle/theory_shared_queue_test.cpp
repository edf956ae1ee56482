#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <vector>

#include "tests/support/scenario_text.hpp"
#include "tests/support/simulate.hpp"

// One queue for several instances (a pull edge), record by record, against queueing theory. Estimates as in
// theory_single_queue_test.cpp: 99.9 % confidence, independent replications with fixed seeds.

using namespace weir::test;

namespace {

constexpr double until_s = 200;
constexpr double from_s = 20;
constexpr int replications = 12;

ScenarioText pool(int servers, const nlohmann::json& arrivals, const nlohmann::json& cost) {
  ScenarioText s(until_s);
  s.source("s", arrivals);
  s.op("q", "sink", cost, servers);
  s.edge("s", "q", "pull");
  return s;
}

Estimate over(const std::vector<nlohmann::json>& results,
              const std::function<double(const nlohmann::json&)>& measure) {
  std::vector<double> values;
  for (const auto& result : results) values.push_back(measure(result));
  return estimate(values);
}

void check(const char* what, const Estimate& e, double expected, double width) {
  INFO(what << " " << e.mean << " +- " << e.half_width << ", theory " << expected);
  CHECK(e.covers(expected));
  CHECK(e.half_width < width * expected);
}

double latency_s(const nlohmann::json& result) {
  return mean_latency_s(result, from_s);
}

// The number in the queue, seen at the ends of the windows, and L - lambda W of each replication.
double waiting(const nlohmann::json& result) {
  return mean_queue(result, 1, from_s);
}
double little(const nlohmann::json& result, int servers) {
  return waiting(result) + servers * mean_share(result, 1, "useful_s", from_s) -
         mean_rate_per_s(result, 1, "records_in", from_s) * latency_s(result);
}

// The share of the windows at whose end somebody waits.
double somebody_waits(const nlohmann::json& result) {
  double windows = 0, with = 0;
  for (const auto& window : result["windows"]) {
    if (window["start_ns"].get<double>() < from_s * 1e9) continue;
    double queue = 0;
    for (const auto& m : window["operators"][1]) queue += m["queue"].get<double>();
    windows += 1;
    with += queue > 0 ? 1 : 0;
  }
  return with / windows;
}

// That an arrival finds all servers busy. Erlang C; Kleinrock, Queueing Systems I, 1975, (3.40).
double erlang_c(int servers, double offered) {
  double term = 1, sum = 1;
  for (int k = 1; k < servers; ++k) sum += term *= offered / k;
  const double last = term * offered / servers / (1 - offered / servers);
  return last / (sum + last);
}

}  // namespace

TEST_CASE("M/M/c: wait, probability of waiting, queue, load and Little's law", "[oracle][theory]") {
  const double mu = 250;
  struct Case {
    int servers;
    double load;
    double width;
  };
  for (const Case c : {Case{2, 0.5, 0.02}, Case{2, 0.9, 0.1}, Case{4, 0.7, 0.02}, Case{4, 0.9, 0.06},
                       Case{16, 0.6, 0.01}, Case{16, 0.9, 0.03}}) {
    INFO(c.servers << " servers at load " << c.load);
    const double lambda = c.load * c.servers * mu;
    ScenarioText s = pool(c.servers, ScenarioText::poisson(lambda), ScenarioText::exponential(mu));
    s.engine()["metrics_interval_s"] = 0.0971;  // no multiple of any time between arrivals
    const auto results = replicate(s.text(), replications);
    const double waits = erlang_c(c.servers, lambda / mu);
    const double wait_s = waits / (c.servers * mu - lambda);
    check("W", over(results, latency_s), wait_s + 1 / mu, c.width);
    check("load", over(results, [](const auto& r) { return mean_share(r, 1, "useful_s", from_s); }), c.load,
          0.02);
    // All servers are busy for the share C of the time (Poisson arrivals see time averages); given that, the
    // queue is geometric with ratio rho, so somebody waits for the share C rho of the time.
    check("P(queue > 0)", over(results, somebody_waits), waits * c.load, 0.15);
    // What waits in the queue shared by all is the sum of what they report.
    const Estimate queue = over(results, waiting);
    INFO("Lq " << queue.mean << " +- " << queue.half_width << ", theory " << lambda * wait_s);
    CHECK(queue.covers(lambda * wait_s));
    const Estimate difference = over(results, [&](const auto& r) { return little(r, c.servers); });
    INFO("L - lambda W " << difference.mean << " +- " << difference.half_width);
    CHECK(difference.covers(0));
    CHECK(difference.half_width < 0.05 * lambda * (wait_s + 1 / mu));
  }
}

TEST_CASE("M/D/c", "[oracle][theory]") {
  // Crommelin, "Delay probability formulae when the holding times are constant", P.O. Elec. Eng. J. 25, 1932:
  // with N_i Poisson of mean i a, a = lambda D, the mean wait is D times the sum over i >= 1 of
  // P(N_i >= i c) - (c / a) P(N_i >= i c + 1). For c = 1 it is Pollaczek-Khinchine's.
  const auto poisson_at_least = [](double mean, int k) {
    double sum = 0;
    double term = std::exp(-mean + k * std::log(mean) - std::lgamma(k + 1.0));
    for (int j = k; term > 1e-18 || j < mean; term *= mean / ++j) sum += term;
    return sum;
  };
  const auto wait = [&](int c, double load) {
    double sum = 0;
    for (int i = 1; i < 5000; ++i) {
      sum += poisson_at_least(i * load * c, i * c) - poisson_at_least(i * load * c, i * c + 1) / load;
    }
    return sum;
  };
  REQUIRE(std::abs(wait(1, 0.8) - 0.8 / (2 * 0.2)) < 1e-9);
  const double service_s = 4e-3;
  for (const auto& [servers, load] : {std::pair{2, 0.8}, std::pair{4, 0.9}, std::pair{16, 0.95}}) {
    INFO(servers << " servers at load " << load);
    const auto results = replicate(pool(servers, ScenarioText::poisson(load * servers / service_s),
                                        ScenarioText::deterministic(service_s * 1e6))
                                       .text(),
                                   replications);
    check("W", over(results, latency_s), service_s * (1 + wait(servers, load)), 0.05);
  }
}

TEST_CASE("M/M/c/K: a source that skips what finds no room in the queue", "[oracle][theory]") {
  // c in service, the channel's capacity in the queue, and one that the blocked source holds: K = c + room
  // + 1. p_n = p_0 a^n / n! up to c, then times rho; Kleinrock I, 3.5 and 3.6.
  const int servers = 3, room = 4;
  const int most = servers + room + 1;
  const double mu = 250, load = 1.1;
  ScenarioText s = pool(servers, ScenarioText::poisson(load * servers * mu), ScenarioText::exponential(mu));
  s.dataflow()["sources"][0]["when_blocked"] = "skip";
  s.engine()["channel_capacity_records"] = room;
  const auto results = replicate(s.text(), replications);
  std::vector<double> p = {1};
  for (int n = 1; n <= most; ++n) p.push_back(p.back() * load * servers / std::min(n, servers));
  double sum = 0, number = 0;
  for (int n = 0; n <= most; ++n) sum += p[n], number += n * p[n];
  const double full = p[most] / sum;
  const double through_per_s = load * servers * mu * (1 - full);
  check("throughput",
        over(results, [](const auto& r) { return mean_rate_per_s(r, 1, "records_in", from_s); }),
        through_per_s, 0.01);
  check("source blocked", over(results, [](const auto& r) { return mean_share(r, 0, "blocked_s", from_s); }),
        full, 0.06);
  check("W", over(results, latency_s), number / sum / through_per_s, 0.02);
}

TEST_CASE("What waited travels to the host of whom takes it, who waits for it", "[oracle][theory]") {
  // In overload every record waits, is asked for, is on its way for 1 ms and served for 4 ms on average.
  for (const int servers : {1, 3}) {
    ScenarioText s = pool(servers, ScenarioText::constant(4000), ScenarioText::exponential(250));
    s.hosts()[0]["count"] = 2;
    s.all["cluster"]["network"] = {{"latency_us", 1000}};
    s.dataflow()["sources"][0]["record_bytes"] = 0;
    s.engine()["channel_capacity_records"] = 16;
    s.job()["placement"] = {{"type", "explicit"},
                            {"operators", {{"s", {{"hosts", {"h-0"}}}}, {"q", {{"hosts", {"h-1"}}}}}}};
    const auto results = replicate(s.text(), replications);
    check("throughput",
          over(results, [](const auto& r) { return mean_rate_per_s(r, 1, "records_in", from_s); }),
          servers * 200.0, 0.02);
    check("waiting", over(results, [](const auto& r) { return mean_share(r, 1, "waiting_s", from_s); }), 0.2,
          0.02);
  }
}

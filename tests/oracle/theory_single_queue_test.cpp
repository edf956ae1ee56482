#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/scenario_text.hpp"
#include "tests/support/simulate.hpp"

// One queue, record by record, against queueing theory. W is the mean time from arrival to departure, rho the
// load, S the service time. Every estimate is a 99.9 % confidence interval over independent replications with
// fixed seeds, after a warm-up of a tenth of the run; it must hold the formula's value, and be narrow.

using namespace weir::test;

namespace {

constexpr double until_s = 200;
constexpr double from_s = 20;
// No multiple of any time between constant arrivals: the queue must not be seen at their pace.
constexpr double window_s = 0.0471;
constexpr int replications = 12;
constexpr double service_rate_per_s = 1000;

std::string queue(const nlohmann::json& arrivals, const nlohmann::json& cost) {
  ScenarioText s(until_s, window_s);
  s.source("s", arrivals);
  s.op("q", "sink", cost);
  s.edge("s", "q");
  return s.text();
}

void check_mean(const std::vector<nlohmann::json>& results, double expected_s, double width) {
  std::vector<double> means;
  for (const auto& result : results) means.push_back(mean_latency_s(result, from_s));
  const Estimate e = estimate(means);
  INFO("W = " << e.mean << " +- " << e.half_width << " s, theory " << expected_s << " s");
  CHECK(e.covers(expected_s));
  CHECK(e.half_width < width * expected_s);
}

// L = lambda W (Little, "A proof for the queuing formula L = lambda W", Operations Research 9(3), 1961): the
// number in the queue and in service, seen at the ends of the windows, against throughput times latency. The
// difference is estimated within each replication.
void check_little(const std::vector<nlohmann::json>& results, double width) {
  std::vector<double> differences;
  double mean_number = 0;
  for (const auto& result : results) {
    const double number = mean_queue(result, 1, from_s) + mean_share(result, 1, "useful_s", from_s);
    const double rate_per_s = mean_rate_per_s(result, 1, "records_in", from_s);
    differences.push_back(number - rate_per_s * mean_latency_s(result, from_s));
    mean_number += number / static_cast<double>(results.size());
  }
  const Estimate e = estimate(differences);
  INFO("L - lambda W = " << e.mean << " +- " << e.half_width << ", L = " << mean_number);
  CHECK(e.covers(0));
  CHECK(e.half_width < width * mean_number);
}

// Pollaczek-Khinchine: W = E[S] + lambda E[S^2] / (2 (1 - rho)). Kleinrock, Queueing Systems I, 1975, (5.61).
double pollaczek_khinchine_s(double rate_per_s, double mean_s, double cv) {
  return mean_s + rate_per_s * mean_s * mean_s * (1 + cv * cv) / (2 * (1 - rate_per_s * mean_s));
}

}  // namespace

TEST_CASE("M/M/1: mean, quantile, load and Little's law", "[oracle][theory]") {
  const double rate_per_s = 700;
  const auto results = replicate(
      queue(ScenarioText::poisson(rate_per_s), ScenarioText::exponential(service_rate_per_s)), replications);
  // The time in an M/M/1 queue is exponential with rate mu - lambda. Kleinrock I, (5.119).
  const double expected_s = 1 / (service_rate_per_s - rate_per_s);
  check_mean(results, expected_s, 0.03);
  check_little(results, 0.03);
  std::vector<double> p99, load;
  for (const auto& result : results) {
    p99.push_back(result["summary"]["latency_s"]["p99"].get<double>());
    load.push_back(mean_share(result, 1, "useful_s", from_s));
  }
  CHECK(estimate(p99).covers(std::log(100.0) * expected_s));
  CHECK(estimate(load).covers(rate_per_s / service_rate_per_s));
}

TEST_CASE("M/D/1", "[oracle][theory]") {
  const double rate_per_s = 800;
  const auto results =
      replicate(queue(ScenarioText::poisson(rate_per_s), ScenarioText::deterministic(1000)), replications);
  check_mean(results, pollaczek_khinchine_s(rate_per_s, 1e-3, 0), 0.03);
  check_little(results, 0.03);
}

TEST_CASE("M/G/1 with gamma and lognormal service", "[oracle][theory]") {
  struct Case {
    const char* law;
    double cv;
    double rate_per_s;
    double width;
  };
  for (const Case c :
       {Case{"gamma", 0.5, 800, 0.03}, Case{"gamma", 2, 500, 0.05}, Case{"lognormal", 1.5, 600, 0.05}}) {
    INFO(c.law << " with cv " << c.cv);
    const auto results = replicate(
        queue(ScenarioText::poisson(c.rate_per_s), {{"per_record_us", 1000}, {"law", c.law}, {"cv", c.cv}}),
        replications);
    check_mean(results, pollaczek_khinchine_s(c.rate_per_s, 1e-3, c.cv), c.width);
    check_little(results, c.width);
  }
}

TEST_CASE("M/G/1 with an empirical law", "[oracle][theory]") {
  // Mean 1 ms; E[S^2] = (4 * 0.5^2 + 3^2) / 5 ms^2.
  const auto results = replicate(
      queue(ScenarioText::poisson(600), {{"law", "empirical"}, {"values_us", {500, 500, 500, 500, 3000}}}),
      replications);
  check_mean(results, pollaczek_khinchine_s(600, 1e-3, std::sqrt((4 * 0.25 + 9) / 5 - 1)), 0.03);
}

TEST_CASE("D/M/1 and E3/M/1", "[oracle][theory]") {
  // GI/M/1: W = 1 / (mu (1 - sigma)), sigma = A*(mu (1 - sigma)), A* the Laplace transform of the time
  // between arrivals. Kleinrock I, (6.27). Constant: exp(-s / lambda). Poisson dealt in turn to 3: (3 lambda
  // / (3 lambda
  // + s))^3.
  const double mu = service_rate_per_s;
  const auto sigma = [&](const auto& transform) {
    double x = 0.5;
    for (int i = 0; i < 1000; ++i) x = transform(mu * (1 - x));
    return x;
  };
  const double lambda = 800;
  {
    INFO("D/M/1");
    const auto results =
        replicate(queue(ScenarioText::constant(lambda), ScenarioText::exponential(mu)), replications);
    const double s = sigma([&](double x) { return std::exp(-x / lambda); });
    check_mean(results, 1 / (mu * (1 - s)), 0.03);
    check_little(results, 0.03);
  }
  {
    INFO("E3/M/1");
    ScenarioText s(until_s, window_s);
    s.source("s", ScenarioText::poisson(3 * lambda));
    s.op("q", "sink", ScenarioText::exponential(mu), 3);
    s.edge("s", "q", "rebalance");
    const auto results = replicate(s.text(), replications);
    const double root = sigma([&](double x) { return std::pow(3 * lambda / (3 * lambda + x), 3); });
    check_mean(results, 1 / (mu * (1 - root)), 0.05);
  }
}

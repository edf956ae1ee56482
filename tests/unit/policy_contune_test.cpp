#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "policies/contune/conservative.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/scripted_metrics.hpp"

using namespace weir;
using namespace weir::contune;
using namespace weir::test;

namespace {

// ContTune's README: what the mapper of Nexmark's Q1 processed with so many instances, in records/s.
Abilities of_readme() {
  Abilities abilities;
  for (const auto& [parallelism, true_per_s] : {std::pair{1, 529573.16752},
                                                {2, 966817.36242},
                                                {4, 1829695.58},
                                                {6, 2535502.7616},
                                                {7, 2936888.579},
                                                {8, 3118477.8826},
                                                {10, 3721099.1836},
                                                {13, 4624714.165666},
                                                {15, 4967828.2586},
                                                {20, 6350677.0454},
                                                {21, 6465249.805},
                                                {25, 7089387.3074},
                                                {26, 7476391.84}})
    abilities.observe(parallelism, true_per_s);
  return abilities;
}

// Gauss and Jordan with pivots, and libm: not the way of what is tested.
std::vector<double> solve(std::vector<std::vector<double>> a, std::vector<double> b) {
  const std::size_t n = b.size();
  for (std::size_t c = 0; c < n; ++c) {
    std::size_t pivot = c;
    for (std::size_t r = c; r < n; ++r)
      if (std::fabs(a[r][c]) > std::fabs(a[pivot][c])) pivot = r;
    std::swap(a[c], a[pivot]);
    std::swap(b[c], b[pivot]);
    for (std::size_t r = 0; r < n; ++r) {
      if (r == c) continue;
      const double factor = a[r][c] / a[c][c];
      for (std::size_t k = c; k < n; ++k) a[r][k] -= factor * a[c][k];
      b[r] -= factor * b[c];
    }
  }
  for (std::size_t i = 0; i < n; ++i) b[i] /= a[i][i];
  return b;
}

// A job of one operator that p instances make 500 000 p^0.8 records a second fast.
struct Sublinear {
  const JobView& job;
  double target_per_s;
  static double ability(int p) { return 500'000 * std::pow(p, 0.8); }
  void operator()(MetricWindow& window) const {
    const int p = window.operators[1].parallelism();
    LinearPlant{job, {1e9, ability(p) / p}, {1, 1}, {target_per_s, 0}}(window);
  }
};

}  // namespace

TEST_CASE("contune recommends what the published example does", "[policy][contune]") {
  const Abilities abilities = of_readme();
  for (const double length : {4.37, 2.5}) {  // README, GPofContTune.py
    const Surrogate surrogate{length, false, 1e-8};
    CHECK(trusted_parallelism(abilities, 4e6, 100, 1, surrogate) == 11);
    CHECK(trusted_parallelism(abilities, 4e6, 100, 2, surrogate) == 11);
    CHECK_FALSE(trusted_parallelism(abilities, 4e6, 100, 0.9, surrogate));  // 11 is 1 from 10
    // Less than what ten can do takes ten, seen or not in between.
    CHECK(trusted_parallelism(abilities, 3.7e6, 100, 0, surrogate) == 10);
    CHECK_FALSE(trusted_parallelism(abilities, 9e6, 100, 0, surrogate));  // nothing did as much
  }
  CHECK(abilities.distance_to(11) == 1);
  CHECK(abilities.distance_to(23) == 2);
  CHECK(abilities.distance_to(30) == 4);
}

TEST_CASE("contune's Gaussian process is what its definition says", "[policy][contune]") {
  Dice dice(test_seed());
  INFO("WEIR_SEED=" << test_seed());
  for (int round = 0; round < 200; ++round) {
    std::vector<double> x, y;
    const int n = 1 + dice.below(8);
    for (int i = 0; i < n; ++i) {
      x.push_back((x.empty() ? 0 : x.back()) + 1 + dice.below(4));
      y.push_back(dice.between(-10, 10));
    }
    const Kernel kernel{dice.between(0.5, 3), dice.between(0.5, 5), 1e-4};
    const GaussianProcess process(x, y, kernel);
    const auto k = [&](double a, double b) {
      return kernel.sigma * kernel.sigma * std::exp(-(a - b) * (a - b) / (2 * kernel.length * kernel.length));
    };
    std::vector<std::vector<double>> gram(x.size(), std::vector<double>(x.size()));
    for (std::size_t i = 0; i < x.size(); ++i)
      for (std::size_t j = 0; j < x.size(); ++j)
        gram[i][j] = k(x[i], x[j]) + (i == j ? kernel.noise * kernel.sigma * kernel.sigma : 0);
    const std::vector<double> weights = solve(gram, y);
    for (const double at : {0.0, 1.5, 4.0, 7.25, 20.0}) {
      std::vector<double> column;
      for (const double seen : x) column.push_back(k(at, seen));
      const std::vector<double> back = solve(gram, column);
      double mean = 0, variance = k(at, at);
      for (std::size_t i = 0; i < x.size(); ++i) {
        mean += column[i] * weights[i];
        variance -= column[i] * back[i];
      }
      REQUIRE(process.mean(at) == Approx(mean).margin(1e-6));
      REQUIRE(process.variance(at) == Approx(variance).margin(1e-6));
    }
  }
}

TEST_CASE("contune finds the length of a kernel by likelihood", "[policy][contune]") {
  // Samples of a slow and of a fast wave: the fast one has the shorter length.
  std::vector<double> x, slow, fast;
  for (int i = 0; i < 25; ++i) {
    x.push_back(i);
    slow.push_back(std::sin(0.2 * i));
    fast.push_back(std::sin(1.2 * i));
  }
  const double of_slow = likeliest_length(x, slow, 1e-6, 0.5, 64),
               of_fast = likeliest_length(x, fast, 1e-6, 0.5, 64);
  CHECK(of_fast < of_slow);
  // No other length of the grid's ends, or half or twice as long, is likelier.
  const auto likelihood = [&](double length) {
    return GaussianProcess(x, fast, {length, 1, 1e-6}).log_likelihood_at_likeliest_sigma();
  };
  for (const double other : {0.5, of_fast / 2, of_fast * 2, 64.0})
    CHECK(likelihood(of_fast) >= likelihood(other));
  // The likeliest sigma is where the likelihood of the definition is largest: y'K^-1 y = n sigma^2.
  const GaussianProcess process(x, fast, {of_fast, 1, 1e-6});
  const double sigma = process.likeliest_sigma();
  CHECK(sigma > 0);
  double fit = 0;
  std::vector<std::vector<double>> gram(x.size(), std::vector<double>(x.size()));
  for (std::size_t i = 0; i < x.size(); ++i)
    for (std::size_t j = 0; j < x.size(); ++j)
      gram[i][j] = std::exp(-std::pow((x[i] - x[j]) / of_fast, 2) / 2) + (i == j ? 1e-6 : 0);
  const std::vector<double> weights = solve(gram, fast);
  for (std::size_t i = 0; i < x.size(); ++i) fit += weights[i] * fast[i];
  CHECK(sigma * sigma == Approx(fit / 25).epsilon(1e-3));
}

TEST_CASE("contune grows everything at once, then shrinks each operator", "[policy][contune]") {
  const JobView job = chain({"source", "map"});
  ScriptedCluster cluster(job, {1, 1}, R"({"type": "contune", "warm_up_intervals": 0})");
  const Sublinear plant{job, 4e6};
  std::vector<int> path;
  for (int i = 0; i < 12; ++i) {
    cluster.step(60, plant);
    path.push_back(cluster.parallelism[1]);
  }
  // Doubled until nothing is held back, then down: by DS2, since nothing near 14 was seen.
  REQUIRE(path.size() == 12);
  CHECK(std::vector<int>(path.begin(), path.begin() + 4) == std::vector<int>{2, 4, 8, 16});
  CHECK(path.back() == 14);
  CHECK(path[path.size() - 2] == 14);
  CHECK(Sublinear::ability(14) >= 4e6);
  CHECK(Sublinear::ability(13) < 4e6);
}

TEST_CASE("contune comes back to what it knows in one step", "[policy][contune]") {
  const JobView job = chain({"source", "map"});
  ScriptedCluster cluster(job, {1, 16}, R"({"type": "contune", "warm_up_intervals": 0})");
  for (const double target : {4e6, 1e6, 4e6}) {
    int changes = 0;
    for (int i = 0; i < 8; ++i) changes += !cluster.step(60, Sublinear{job, target}).empty();
    const int needed = target == 4e6 ? 14 : 3;
    INFO("target " << target << ", " << changes << " changes");
    CHECK(cluster.parallelism[1] == needed);
  }
  const auto state = cluster.policy().state();
  CHECK(state["trusted"].get<int>() > 0);
  CHECK(state["big"].get<int>() >= 1);
}

TEST_CASE("contune says why it did nothing, and what is wrong with its parameters", "[policy][contune]") {
  const JobView job = chain({"source", "map"});
  ScriptedCluster cluster(job, {1, 1}, R"({"type": "contune"})");
  CHECK(cluster.policy().why_nothing(job) == "it had no interval to decide on, after 1 of warm-up");
  const LinearPlant plant{job, {1e9, 100}, {1, 1}, {80, 0}};
  for (int i = 0; i < 3; ++i) CHECK(cluster.step(60, plant).empty());
  CHECK(cluster.policy().why_nothing(job) == "what it computed was what ran, in all 2 intervals");
  const auto wrong = [](const std::string& more, const std::string& what) {
    const std::string text = policy_errors(R"({"type": "contune", )" + more + "}");
    INFO(text);
    CHECK(text.find(what) != std::string::npos);
  };
  wrong(R"("alpha": -1)", "alpha");
  wrong(R"("big_factor": 1)", "big_factor");
  wrong(R"("length_scale": 0)", "length_scale");
  wrong(R"("noise": 0)", "noise");
}

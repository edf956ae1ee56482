#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <random>

#include "tests/support/scripted_metrics.hpp"

// DS2, OSDI 2018, section 3.4: where an instance's true rate does not depend on the parallelism, one decision
// gives exactly the optimum, from below and from above, and then nothing changes.

using namespace weir;
using namespace weir::test;

namespace {

constexpr double window_s = 10;

class RandomCase {
 public:
  explicit RandomCase(std::uint64_t seed) : random_(seed) {
    const int sources = integer(1, 3), operators = integer(1, 9);
    for (int i = 0; i < sources; ++i) add_operator(job, fmt::format("s{}", i), {});
    for (int i = 0; i < operators; ++i) {
      std::vector<int> upstream;
      for (int from = 0; from < sources + i; ++from)
        if (integer(0, 3) == 0) upstream.push_back(from);
      if (upstream.empty()) upstream.push_back(integer(0, sources + i - 1));
      add_operator(job, fmt::format("o{}", i), upstream);
    }
    const std::size_t n = job.operators.size();
    plant.selectivity.assign(n, 0);
    plant.rate_per_s.assign(n, 1);
    plant.target_per_s.assign(n, 0);
    for (std::size_t o = 0; o < n; ++o) {
      plant.selectivity[o] = real(0.05, 3);
      if (job.operators[o].source) plant.target_per_s[o] = real(0.1, 1);
    }
    // Counters are integers: as large as they can be, so that their rounding is far below the snapping.
    double most = 0;
    for (std::size_t o = 0; o < n; ++o) most = std::max(most, plant.demand_per_s(static_cast<int>(o)));
    for (double& target : plant.target_per_s) target *= 1e17 / window_s / most;
    for (std::size_t o = 0; o < n; ++o) {
      if (job.operators[o].source) continue;
      // Half of the cases need a whole number of instances: there a plain ceil goes wrong.
      const double need = integer(0, 1) == 0 ? integer(1, 30) : real(0.05, 30);
      plant.rate_per_s[o] = plant.demand_per_s(static_cast<int>(o)) / need;
    }
  }

  // The least parallelism of each operator at which the job is not slowed, by trying.
  std::vector<int> optimum() const {
    std::vector<int> best(job.operators.size(), 1000);
    for (std::size_t o = 0; o < best.size(); ++o) {
      best[o] = 1;
      if (job.operators[o].source) continue;
      std::vector<int> others(best.size(), 1000);
      for (others[o] = 1; plant.slowed_to(others) < 1;) ++others[o];
      best[o] = others[o];
    }
    return best;
  }

  int integer(int low, int high) {
    return low + static_cast<int>(random_() % static_cast<std::uint64_t>(high - low + 1));
  }
  double real(double low, double high) {
    return low + (high - low) * static_cast<double>(random_() >> 11) / 9007199254740992.0;
  }

  JobView job;
  LinearPlant plant{job, {}, {}, {}};

 private:
  std::mt19937_64 random_;
};

enum class Start { below, above, anywhere };

void check_one_decision(std::uint64_t seed, Start start) {
  INFO("seed " << seed << ", start " << static_cast<int>(start));
  RandomCase random(seed);
  const std::vector<int> optimum = random.optimum();
  std::vector<int> parallelism = optimum;
  for (std::size_t o = 0; o < parallelism.size(); ++o) {
    if (random.job.operators[o].source) continue;
    if (start == Start::below) parallelism[o] = random.integer(1, optimum[o]);
    if (start == Start::above) parallelism[o] = optimum[o] + random.integer(0, 20);
    if (start == Start::anywhere) parallelism[o] = random.integer(1, 40);
  }
  const bool already = parallelism == optimum;
  ScriptedCluster cluster(random.job, parallelism, R"({"type": "ds2", "warm_up_intervals": 0})");
  const auto decisions = cluster.step(window_s, random.plant);
  REQUIRE(decisions.size() == (already ? 0 : 1));
  REQUIRE(cluster.parallelism == optimum);
  REQUIRE(cluster.step(window_s, random.plant).empty());
  REQUIRE(cluster.parallelism == optimum);
}

}  // namespace

TEST_CASE("one decision of DS2 is exactly the optimum on random dataflows", "[policy][ds2][property]") {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    check_one_decision(seed, Start::below);
    check_one_decision(seed, Start::above);
    check_one_decision(seed, Start::anywhere);
  }
}

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/dice.hpp"
#include "tests/support/scripted_metrics.hpp"

// Without lag to catch up, restarts to plan for, alignment and delays, Flink's autoscaler is DS2 with head
// room: where an instance's true rate does not depend on the parallelism, its first decision gives each
// operator what the demand takes at the target utilization, from below and from above, and then nothing
// changes.

using namespace weir;
using namespace weir::test;

namespace {

// A tree of operators: with one input each, what Flink's counters tell of edges is exact.
struct Tree {
  JobView job;
  LinearPlant plant{job, {}, {}, {}};
  std::vector<int> start;

  explicit Tree(Dice& dice) {
    add_operator(job, "source", {});
    const int operators = 1 + dice.below(6);
    for (int i = 0; i < operators; ++i) add_operator(job, fmt::format("o{}", i), {dice.below(i + 1)});
    job.operators[0].scalable = false;
    const std::size_t n = job.operators.size();
    plant.selectivity.assign(n, 1);
    plant.rate_per_s.assign(n, 1e12);
    plant.target_per_s.assign(n, 0);
    plant.target_per_s[0] = 1e9;
    start.assign(n, 1);
    for (std::size_t o = 1; o < n; ++o) {
      plant.selectivity[o] = dice.between(0.2, 3);
      plant.rate_per_s[o] = plant.demand_per_s(static_cast<int>(o)) / dice.between(0.3, 40);
      start[o] = 1 + dice.below(60);
    }
  }
};

}  // namespace

TEST_CASE("flink-autoscaler without its extras is DS2 with head room", "[policy][flink-autoscaler]") {
  const std::uint64_t first = test_seed();
  for (std::uint64_t seed = first; seed < first + 200; ++seed) {
    INFO("WEIR_SEED=" << seed);
    Dice dice(seed);
    Tree tree(dice);
    const double target = dice.between(0.3, 1);
    ScriptedCluster cluster(
        tree.job, tree.start,
        fmt::format(R"({{"type": "flink-autoscaler", "interval_s": 10, "gauge_s": 10, "metrics_window_s": 20,
                        "stabilization_s": 0, "restart_s": 0, "catch_up_s": 0, "scale_down_interval_s": 0,
                        "scale_down_max_factor": 1, "utilization_boundary": 0, "alignment": "off",
                        "busy_aggregator": "avg", "utilization_target": {}}})",
                    target));
    double lag = 0;
    const auto measure = [&](MetricWindow& w) {
      tree.plant(w);
      lag += tree.plant.target_per_s[0] * w.duration_s() - static_cast<double>(w.operators[0].records_out());
      w.operators[0].backlog_records = lag;
    };
    for (int i = 0; i < 3; ++i) cluster.step(10, measure);
    const std::vector<int> decided = cluster.parallelism;
    for (std::size_t o = 1; o < decided.size(); ++o) {
      const double need = tree.plant.demand_per_s(static_cast<int>(o)) / tree.plant.rate_per_s[o] / target;
      INFO(tree.job.operators[o].name << " from " << tree.start[o] << " to " << decided[o] << ", " << need);
      // Samples are kept to three decimals of a second of busy time, in 20 s.
      REQUIRE(decided[o] >= need * (1 - 1e-3));
      REQUIRE(decided[o] <= std::ceil(need * (1 + 1e-3)));
    }
    for (int i = 0; i < 6; ++i) cluster.step(10, measure);
    for (std::size_t o = 1; o < decided.size(); ++o) {
      const double need = tree.plant.demand_per_s(static_cast<int>(o)) / tree.plant.rate_per_s[o] / target;
      if (std::abs(need - std::round(need)) > 1e-3 * need) REQUIRE(cluster.parallelism[o] == decided[o]);
    }
  }
}

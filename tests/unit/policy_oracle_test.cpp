#include <catch2/catch.hpp>
#include <functional>

#include "sim/control/truth.hpp"
#include "tests/support/scripted_metrics.hpp"

using namespace weir;
using namespace weir::test;

namespace {

struct FakeTruth final : Truth {
  std::function<int(int, double, double)> optimum;
  int optimal_parallelism(int id, double from_s, double to_s) const override {
    return optimum(id, from_s, to_s);
  }
};

const JobView job = chain({"source", "map", "sink"});
const ScriptedCluster::Measure nothing = [](MetricWindow&) {};

}  // namespace

TEST_CASE("the oracle goes straight to the optimum of what is ahead", "[policy][oracle]") {
  FakeTruth truth;
  std::vector<std::pair<double, double>> asked;
  truth.optimum = [&](int id, double from_s, double to_s) {
    CHECK(id != 0);  // sources are never scaled
    asked.emplace_back(from_s, to_s);
    return to_s >= 100 ? 7 : 3;
  };
  ScriptedCluster cluster(job, {1, 1, 7}, R"({"type": "oracle", "look_ahead_s": 30})");
  cluster.truth = &truth;
  const auto decisions = cluster.step(50, nothing);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].targets == std::vector<ScaleTarget>{{1, 3}, {2, 3}});
  CHECK(asked.front() == std::pair<double, double>{50, 80});
  CHECK(cluster.step(10, nothing).empty());
  CHECK(cluster.step(10, nothing).size() == 1);  // 70 + 30
  CHECK(cluster.parallelism == std::vector<int>{1, 7, 7});
}

TEST_CASE("the oracle shrinks only what has been needless for long, and by enough", "[policy][oracle]") {
  FakeTruth truth;
  int best = 5;
  truth.optimum = [&](int, double, double) { return best; };
  ScriptedCluster cluster(job, {1, 8, 5},
                          R"({"type": "oracle", "scale_down_margin": 3, "scale_down_delay_s": 20})");
  cluster.truth = &truth;
  CHECK(cluster.step(10, nothing).empty());
  best = 6;                                      // two needless: the delay begins anew
  CHECK(cluster.step(10, nothing).size() == 1);  // the sink grows
  best = 5;
  CHECK(cluster.step(10, nothing).empty());
  CHECK(cluster.step(10, nothing).empty());
  CHECK(cluster.step(10, nothing).size() == 1);
  CHECK(cluster.parallelism == std::vector<int>{1, 5, 6});
  ScriptedCluster never(job, {1, 8, 8}, R"({"type": "oracle", "scale_down": false})");
  never.truth = &truth;
  for (int i = 0; i < 5; ++i) CHECK(never.step(10, nothing).empty());
}

TEST_CASE("the oracle waits while an action runs, and keeps to the limits", "[policy][oracle]") {
  FakeTruth truth;
  truth.optimum = [](int, double, double) { return 12; };
  JobView small = job;
  small.operators[1].max_parallelism = 10;
  ScriptedCluster cluster(small, {1, 1, 12}, R"("oracle")");
  cluster.truth = &truth;
  cluster.action_running = true;
  CHECK(cluster.step(10, nothing).empty());
  cluster.action_running = false;
  CHECK(cluster.step(10, nothing).size() == 1);
  CHECK(cluster.parallelism == std::vector<int>{1, 10, 12});
}

TEST_CASE("static never acts", "[policy]") {
  ScriptedCluster cluster(job, {1, 1, 1}, R"("static")");
  for (int i = 0; i < 10; ++i) CHECK(cluster.step(60, nothing).empty());
}

TEST_CASE("the oracle says why it did nothing", "[policy][oracle]") {
  FakeTruth truth;
  truth.optimum = [](int, double, double) { return 5; };
  ScriptedCluster at_rest(job, {1, 5, 5}, R"({"type": "oracle"})");
  at_rest.truth = &truth;
  at_rest.step(10, nothing);
  CHECK(at_rest.policy().why_nothing(job) == "what ran was the optimum whenever it looked (1 times)");
  ScriptedCluster held(job, {1, 8, 5}, R"({"type": "oracle", "scale_down": false})");
  held.truth = &truth;
  held.step(10, nothing);
  CHECK_THAT(held.policy().why_nothing(job), Catch::Contains("only ever wanted to shrink"));
}

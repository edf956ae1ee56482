#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/scripted_metrics.hpp"

// Scripted streams of 60 s windows through the heron-0.17.8 variant.

using namespace weir;
using namespace weir::test;

namespace {

const std::string heron = R"({"type": "dhalion", "variant": "heron-0.17.8"})";

struct Instance {
  double backpressure_s = 0, queue = 100;
  std::int64_t executed = 1000;
};

// All instances of `map` alike, and nothing at `count`.
ScriptedCluster::Measure even(double map_s, double count_s = 0) {
  return [=](MetricWindow& w) {
    for (std::size_t o = 1; o < 3; ++o)
      for (InstanceMetrics& i : w.operators[o].instances) {
        i.records_in = 1000;
        i.queue_records = 100;
        i.backpressure_s = o == 1 ? map_s : count_s;
      }
  };
}

ScriptedCluster::Measure at_map(const std::vector<Instance>& instances) {
  return [=](MetricWindow& w) {
    for (std::size_t i = 0; i < instances.size(); ++i) {
      InstanceMetrics& to = w.operators[1].instances[i];
      to.records_in = instances[i].executed;
      to.backpressure_s = instances[i].backpressure_s;
      to.queue_records = instances[i].queue;
    }
  };
}

const JobView job = chain({"source", "map", "count"});

}  // namespace

TEST_CASE("Heron scales the one operator in backpressure by the share of 300 s", "[policy][dhalion]") {
  ScriptedCluster cluster(job, {1, 1, 1}, heron);
  // 60 s of the first minute in backpressure are 200 ms/s of the window: 1 + 0.2 / 0.8 = 1.25.
  const auto decisions = cluster.step(60, even(60));
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].targets == std::vector<ScaleTarget>{{1, 2}});
  CHECK(decisions[0].diagnosis == "under-provisioned");
  CHECK(decisions[0].symptom == "map: backpressure 200 ms/s");
  CHECK(decisions[0].reason == "scale-up: map 1 -> 2");
}

TEST_CASE("Heron's window slides, and is clipped to 1000 ms/s an instance", "[policy][dhalion]") {
  ScriptedCluster cluster(job, {1, 1, 1}, heron);
  for (int i = 0; i < 5; ++i) cluster.measure(60, even(60));
  for (int i = 0; i < 2; ++i) cluster.measure(60, even(0));
  auto decisions = cluster.evaluate();  // 3 of 5 windows: 600 ms/s, 1 + 1.5
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].targets == std::vector<ScaleTarget>{{1, 3}});
  ScriptedCluster full(job, {1, 2, 1}, heron);
  for (int i = 0; i < 5; ++i) full.measure(60, even(70));
  decisions = full.evaluate();
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].symptom == "map: backpressure 2000 ms/s");
  CHECK(decisions[0].targets == std::vector<ScaleTarget>{{1, 10}});
}

TEST_CASE("Heron takes 20 ms/s for noise", "[policy][dhalion]") {
  ScriptedCluster cluster(job, {1, 1, 1}, heron);
  CHECK(cluster.step(60, even(6)).empty());  // 20 ms/s
  CHECK(cluster.step(60, even(0.1)).size() == 1);
}

TEST_CASE("Heron does nothing in a round with two operators in backpressure", "[policy][dhalion]") {
  ScriptedCluster cluster(job, {1, 2, 1}, heron);
  auto decisions = cluster.step(60, even(10, 60));
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].targets.empty());
  CHECK(decisions[0].diagnosis == "several operators in backpressure");
  CHECK(decisions[0].symptom == "count: backpressure 200 ms/s; map: backpressure 67 ms/s");
  // When the window has forgotten one of them it goes on, without any wait.
  for (int i = 0; i < 4; ++i) {
    decisions = cluster.step(60, even(0, 60));
    REQUIRE(decisions.size() == 1);
    CHECK(decisions[0].targets.empty());
  }
  decisions = cluster.step(60, even(0, 60));
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].targets == std::vector<ScaleTarget>{{2, 5}});
}

TEST_CASE("Heron waits 180 s from the decision, and the window is empty after a restart",
          "[policy][dhalion]") {
  ScriptedCluster cluster(job, {1, 1, 1}, heron);
  cluster.downtime_s = 40;
  CHECK(cluster.step(60, even(60)).size() == 1);
  CHECK(cluster.now_s() == 100);
  CHECK(cluster.step(60, even(60)).empty());  // 160 s
  CHECK(cluster.step(79, even(60)).empty());  // 239 s
  const auto decisions = cluster.step(1, even(0));
  REQUIRE(decisions.size() == 1);
  // Two instances, 120 s each since the restart, of 300 s; the 60 s before it are forgotten.
  CHECK(decisions[0].symptom == "map: backpressure 800 ms/s");
  CHECK(decisions[0].targets == std::vector<ScaleTarget>{{1, 10}});

  ScriptedCluster done(job, {1, 1, 1},
                       R"({"type": "dhalion", "variant": "heron-0.17.8", "wait_from": "done"})");
  done.downtime_s = 40;
  CHECK(done.step(60, even(60)).size() == 1);
  CHECK(done.step(140, even(60)).empty());  // 240 s: 180 s from the decision
  CHECK(done.step(40, even(60)).size() == 1);
}

TEST_CASE("Heron's window can keep earlier deployments, and leave partial windows out", "[policy][dhalion]") {
  ScriptedCluster all(
      job, {1, 1, 1},
      R"({"type": "dhalion", "variant": "heron-0.17.8", "wait_s": 0, "earlier_deployments": true})");
  CHECK(all.step(60, even(60)).size() == 1);
  auto decisions = all.step(60, even(0, 60));
  REQUIRE(decisions.size() == 1);  // map has new instances: its backpressure is forgotten
  CHECK(decisions[0].symptom == "count: backpressure 200 ms/s");
  CHECK(decisions[0].targets == std::vector<ScaleTarget>{{2, 2}});

  ScriptedCluster whole(job, {1, 1, 1},
                        R"({"type": "dhalion", "variant": "heron-0.17.8", "partial_windows": false})");
  whole.measure(60, even(60), false);
  CHECK(whole.evaluate().empty());
  ScriptedCluster partial(job, {1, 1, 1}, heron);
  partial.measure(60, even(60), false);
  CHECK(partial.evaluate().size() == 1);
}

TEST_CASE("Heron tells data skew, a slow instance and too few instances apart", "[policy][dhalion]") {
  const auto diagnosis = [](const std::vector<Instance>& instances) {
    ScriptedCluster cluster(job, {1, static_cast<int>(instances.size()), 1}, heron);
    const auto decisions = cluster.step(60, at_map(instances));
    REQUIRE(decisions.size() == 1);
    return decisions[0].diagnosis + (decisions[0].targets.empty() ? ", logged" : ", acted");
  };
  CHECK(diagnosis({{30, 5000, 1600}, {0, 10, 1000}}) == "data skew, logged");
  CHECK(diagnosis({{30, 5000, 1000}, {0, 10, 1000}}) == "slow instance, logged");
  CHECK(diagnosis({{30, 5000, 1000}, {0, 4000, 1000}}) == "under-provisioned, acted");
  CHECK(diagnosis({{30, 5000, 1600}, {0, 4000, 1000}}) == "none, logged");
  // Exactly at the ratios there is no skew.
  CHECK(diagnosis({{30, 200, 1500}, {0, 10, 1000}}) == "under-provisioned, acted");
}

TEST_CASE("Heron sees large and growing queues", "[policy][dhalion]") {
  ScriptedCluster cluster(job, {1, 1, 1}, heron);
  cluster.measure(60, at_map({{10, 1000, 1000}}));
  cluster.measure(60, at_map({{10, 2000, 1000}}));
  cluster.measure(60, at_map({{10, 3000, 1000}}));  // 16.7 records/s
  const auto decisions = cluster.evaluate();
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].symptom == "map: backpressure 100 ms/s, large wait queue, growing wait queue");
}

TEST_CASE("Heron never scales down and has no blacklist, but keeps a log", "[policy][dhalion]") {
  ScriptedCluster cluster(job, {1, 8, 8}, heron);
  for (int i = 0; i < 20; ++i) CHECK(cluster.step(60, even(0)).empty());
  // What never helps is tried again and again.
  int actions = 0;
  for (int i = 0; i < 12; ++i)
    for (const Decision& decision : cluster.step(60, even(1))) actions += decision.targets.empty() ? 0 : 1;
  CHECK(actions == 4);
  const auto state = cluster.policy().state();
  CHECK(state["log"].size() == 4);
  CHECK(state["log"][0]["operator"] == "map");
  CHECK(state["log"][0]["action"] == "scale-up");
  CHECK(state["log"][3]["outcome"] == "pending");
  CHECK(state["blacklist"].empty());
}

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/scripted_metrics.hpp"

// Scripted streams of 60 s windows through the rules of the paper.

using namespace weir;
using namespace weir::test;

namespace {

struct Instance {
  double backpressure_s = 0, queue = 0;
  std::int64_t executed = 1000;
};

// The same for all instances of an operator: map, count.
ScriptedCluster::Measure even(const Instance& map, const Instance& count) {
  return [=](MetricWindow& w) {
    for (std::size_t o = 1; o < 3; ++o)
      for (InstanceMetrics& i : w.operators[o].instances) {
        const Instance& like = o == 1 ? map : count;
        i.records_in = like.executed;
        i.queue_records = like.queue;
        i.backpressure_s = like.backpressure_s;
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

std::vector<Decision> steps(ScriptedCluster& cluster, int n, const ScriptedCluster::Measure& measure) {
  std::vector<Decision> all;
  for (int i = 0; i < n; ++i)
    for (const Decision& decision : cluster.step(60, measure)) all.push_back(decision);
  return all;
}

const JobView job = chain({"source", "map", "count"});
const Instance busy{0, 50, 1000};

}  // namespace

TEST_CASE("Dhalion relieves the operator with most backpressure first", "[policy][dhalion]") {
  ScriptedCluster cluster(job, {1, 1, 1}, R"("dhalion")");
  const auto decisions = cluster.step(60, even({10, 50, 1000}, {60, 50, 1000}));
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].targets == std::vector<ScaleTarget>{{2, 2}});
}

TEST_CASE("Dhalion compares instances with backpressure to those without", "[policy][dhalion]") {
  const auto diagnosis = [](const std::vector<Instance>& instances, const std::string& test = "ratio") {
    ScriptedCluster cluster(job, {1, static_cast<int>(instances.size()), 1},
                            R"({"type": "dhalion", "skew_test": ")" + test + "\"}");
    const auto decisions = cluster.step(60, at_map(instances));
    REQUIRE(decisions.size() == 1);
    return decisions[0].diagnosis + (decisions[0].targets.empty() ? ", logged" : ", acted");
  };
  CHECK(diagnosis({{30, 9, 2100}, {0, 9, 1000}}) == "data skew, logged");
  CHECK(diagnosis({{30, 9, 400}, {0, 9, 1000}}) == "slow instance, logged");
  CHECK(diagnosis({{30, 9, 2000}, {0, 9, 1000}}) == "under-provisioned, acted");
  CHECK(diagnosis({{30, 9, 9000}, {1, 9, 1000}}) == "under-provisioned, acted");  // all are in backpressure
  const std::vector<Instance> others = {{0, 9, 1000}, {0, 9, 1010}, {0, 9, 990}, {0, 9, 1020}};
  auto instances = others;
  instances.push_back({30, 9, 1500});
  CHECK(diagnosis(instances, "mad") == "data skew, logged");
  instances.back().executed = 600;
  CHECK(diagnosis(instances, "mad") == "slow instance, logged");
  instances.back().executed = 1005;
  CHECK(diagnosis(instances, "mad") == "under-provisioned, acted");
}

TEST_CASE("Dhalion blacklists a scale-up that did not help, for similar cases", "[policy][dhalion]") {
  ScriptedCluster cluster(job, {1, 4, 1}, R"("dhalion")");
  // Something else is slow: executed in all stays 4000 a minute, backpressure gets longer.
  const auto useless = [](double backpressure_s) {
    return [=](MetricWindow& w) {
      for (InstanceMetrics& i : w.operators[1].instances) {
        i.records_in = 4000 / w.operators[1].parallelism();
        i.backpressure_s = backpressure_s / w.operators[1].parallelism();
      }
    };
  };
  REQUIRE(cluster.step(60, useless(60)).size() == 1);
  CHECK(cluster.parallelism[1] == 5);
  auto decisions = steps(cluster, 3, useless(60.6));
  REQUIRE(decisions.size() == 1);  // from 5: another case
  const auto state = cluster.policy().state();
  CHECK(state["log"][0]["outcome"] == "not-beneficial");
  REQUIRE(state["blacklist"].size() == 1);
  CHECK(state["blacklist"][0]["action"] == "scale-up");
  CHECK(state["blacklist"][0]["diagnosis"] == "under-provisioned");
  CHECK(state["blacklist"][0]["operator"] == "map");
  CHECK(state["blacklist"][0]["parallelism"] == 4);

  ScriptedCluster strict(job, {1, 4, 1}, R"({"type": "dhalion", "blacklist_scope": "operator"})");
  REQUIRE(strict.step(60, useless(60)).size() == 1);
  decisions = steps(strict, 4, useless(60.6));
  REQUIRE(decisions.size() == 2);
  for (const Decision& decision : decisions) {
    CHECK(decision.targets.empty());
    CHECK(decision.reason == "scale-up is blacklisted or at its limit");
  }
  CHECK(strict.parallelism[1] == 5);
}

TEST_CASE("Dhalion knows three ways in which a scale-up was a success", "[policy][dhalion]") {
  const auto outcome = [](const Instance& after) {
    ScriptedCluster cluster(job, {1, 1, 1}, R"({"type": "dhalion", "scale_down": "off"})");
    REQUIRE(cluster.step(60, even({30, 50, 1000}, busy)).size() == 1);
    steps(cluster, 3, even(after, busy));
    return cluster.policy().state()["log"][0]["outcome"].get<std::string>();
  };
  CHECK(outcome({0, 50, 500}) == "beneficial");   // no backpressure there any more
  CHECK(outcome({10, 50, 500}) == "beneficial");  // less
  CHECK(outcome({30, 50, 901}) == "beneficial");  // 0.9 of twice as much executed
  CHECK(outcome({30, 50, 899}) == "not-beneficial");
}

TEST_CASE("a refused action is neither a success nor a failure", "[policy][dhalion]") {
  ScriptedCluster cluster(job, {1, 1, 1}, R"("dhalion")");
  cluster.obedient = false;
  CHECK(cluster.step(60, even({60, 50, 1000}, busy)).size() == 1);
  CHECK(steps(cluster, 3, even({60, 50, 1000}, busy)).size() == 1);
  const auto state = cluster.policy().state();
  CHECK(state["log"][0]["outcome"] == "not-carried-out");
  CHECK(state["blacklist"].empty());
}

TEST_CASE("Dhalion takes a tenth away when nothing is pending anywhere in an operator", "[policy][dhalion]") {
  ScriptedCluster cluster(job, {1, 20, 10}, R"("dhalion")");
  const auto idle_map = even({0, 0, 100}, busy);
  CHECK(steps(cluster, 2, idle_map).empty());  // too little seen
  const auto decisions = cluster.step(60, idle_map);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].diagnosis == "over-provisioned");
  CHECK(decisions[0].targets == std::vector<ScaleTarget>{{1, 18}});
  // One instance with something pending is enough to keep all.
  ScriptedCluster kept(job, {1, 2, 1}, R"("dhalion")");
  CHECK(steps(kept, 6, at_map({{0, 0, 100}, {0, 1, 100}})).empty());
}

TEST_CASE("Dhalion undoes a scale-down that brought backpressure, and does not repeat it",
          "[policy][dhalion]") {
  ScriptedCluster cluster(job, {1, 10, 1}, R"("dhalion")");
  // Nine cannot keep up.
  const auto measure = [](MetricWindow& w) {
    const bool enough = w.operators[1].parallelism() >= 10;
    for (InstanceMetrics& i : w.operators[1].instances) {
      i.records_in = 10000 / w.operators[1].parallelism();
      i.queue_records = enough ? 0 : 500;
      i.backpressure_s = enough ? 0 : 1;
    }
    w.operators[2].instances[0].queue_records = 5;
  };
  CHECK(steps(cluster, 3, measure).size() == 1);
  CHECK(cluster.parallelism[1] == 9);
  const auto undo = steps(cluster, 3, measure);
  REQUIRE(undo.size() == 1);
  CHECK(undo[0].targets == std::vector<ScaleTarget>{{1, 10}});
  CHECK(undo[0].reason == "undo: map 9 -> 10");
  CHECK(steps(cluster, 20, measure).empty());
  const auto state = cluster.policy().state();
  CHECK(state["log"].size() == 2);
  CHECK(state["log"][0]["outcome"] == "not-beneficial");
  CHECK(state["blacklist"].size() == 1);
  // At less than half of the rate it is another case.
  const auto calm = [](MetricWindow& w) {
    for (InstanceMetrics& i : w.operators[1].instances) i.records_in = 400;
    w.operators[2].instances[0].queue_records = 5;
  };
  CHECK_FALSE(steps(cluster, 6, calm).empty());
}

TEST_CASE("a scale-down without backpressure stays, and goes on after the wait", "[policy][dhalion]") {
  ScriptedCluster cluster(job, {1, 10, 1}, R"("dhalion")");
  const auto idle_map = even({0, 0, 100}, busy);
  const auto decisions = steps(cluster, 3 + 3 + 3, idle_map);
  CHECK(decisions.size() == 3);
  CHECK(cluster.parallelism[1] == 7);  // 9, 8, 7
  CHECK(cluster.policy().state()["log"][1]["outcome"] == "beneficial");
}

TEST_CASE("Dhalion can shrink by small queues or by the highest rate seen", "[policy][dhalion]") {
  ScriptedCluster small(job, {1, 40, 1}, R"({"type": "dhalion", "scale_down": "small-queue"})");
  CHECK(steps(small, 3, even({0, 4.9, 100}, busy)).size() == 1);
  CHECK(small.parallelism[1] == 38);
  ScriptedCluster kept(job, {1, 40, 1}, R"({"type": "dhalion", "scale_down": "small-queue"})");
  CHECK(steps(kept, 5, even({0, 5, 100}, busy)).empty());

  // First 1000 a minute and instance, then 450: 10 * 450 / 1000 = 4.5.
  ScriptedCluster rate(job, {1, 10, 1},
                       R"({"type": "dhalion", "scale_down": "unsaturated", "window_s": 180})");
  CHECK(steps(rate, 3, even({0, 50, 1000}, busy)).empty());
  CHECK(steps(rate, 2, even({0, 50, 900}, busy)).empty());  // not below 0.8
  rate.measure(60, even({0, 50, 450}, busy));
  rate.measure(60, even({0, 50, 450}, busy));
  const auto decisions = rate.step(60, even({0, 50, 450}, busy));
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].targets == std::vector<ScaleTarget>{{1, 5}});
}

TEST_CASE("Dhalion never shrinks while a queue grows", "[policy][dhalion]") {
  ScriptedCluster cluster(job, {1, 10, 1},
                          R"({"type": "dhalion", "pending_records": 1e6, "growing_queue_per_s": 1})");
  for (int i = 0; i < 6; ++i) CHECK(cluster.step(60, even({0, 100.0 * i, 100}, {0, 2e6, 1})).empty());
}

TEST_CASE("Dhalion adds sources until they emit what was asked for", "[policy][dhalion]") {
  ScriptedCluster cluster(job, {2, 4, 1},
                          R"({"type": "dhalion", "scale_down": "off", "throughput_slo_per_s": 100})");
  const auto decisions = cluster.step(60, [](MetricWindow& w) {
    for (InstanceMetrics& i : w.operators[0].instances) i.records_out = 1200;  // 40/s of both
  });
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].targets == std::vector<ScaleTarget>{{0, 5}});
}

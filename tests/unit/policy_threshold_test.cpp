#include <catch2/catch.hpp>

#include "tests/support/scripted_metrics.hpp"

using namespace weir;
using namespace weir::test;

namespace {

const JobView job = chain({"source", "map", "sink"});

// Of each instance of map and sink.
ScriptedCluster::Measure busy(double map, double sink = 0.5) {
  return [=](MetricWindow& w) {
    for (std::size_t o = 1; o < 3; ++o)
      for (InstanceMetrics& i : w.operators[o].instances) i.useful_s = (o == 1 ? map : sink) * w.duration_s();
  };
}

ScriptedCluster::Measure latency(double p99_s, double map = 0.5, double sink = 0.4) {
  return [=](MetricWindow& w) {
    busy(map, sink)(w);
    w.latency = {.records = p99_s > 0 ? 1000 : 0, .p99_s = p99_s};
  };
}

// The parallelism of map after each window.
std::vector<int> trace(ScriptedCluster& cluster, const std::vector<double>& utilization) {
  std::vector<int> parallelism;
  for (const double u : utilization) {
    cluster.step(60, busy(u));
    parallelism.push_back(cluster.parallelism[1]);
  }
  return parallelism;
}

}  // namespace

TEST_CASE("threshold needs windows in a row beyond a mark", "[policy][threshold]") {
  ScriptedCluster cluster(job, {1, 4, 4}, R"({"type": "threshold", "cooldown_s": 0, "down_windows": 3})");
  CHECK(trace(cluster, {0.9, 0.7, 0.9, 0.8, 0.9, 0.9}) == std::vector<int>{4, 4, 4, 4, 4, 5});
  // The streak begins anew after an action; between the marks nothing happens.
  CHECK(trace(cluster, {0.9, 0.5, 0.5, 0.9, 0.9}) == std::vector<int>{5, 5, 5, 5, 6});
  CHECK(trace(cluster, {0.2, 0.2, 0.3, 0.2, 0.2, 0.2}) == std::vector<int>{6, 6, 6, 6, 6, 5});
}

TEST_CASE("threshold cools down from the end of an action", "[policy][threshold]") {
  ScriptedCluster cluster(job, {1, 4, 4}, R"({"type": "threshold", "cooldown_s": 180, "up_windows": 1})");
  cluster.downtime_s = 30;
  // At 60 s (over at 90 s); then not before 270 s: windows end at 150, 210 and 270 s.
  CHECK(trace(cluster, {0.9, 0.9, 0.9, 0.9}) == std::vector<int>{5, 5, 5, 6});
}

TEST_CASE("threshold counts each window once, however many an interval has", "[policy][threshold]") {
  ScriptedCluster cluster(job, {1, 4, 4}, R"({"type": "threshold", "cooldown_s": 0, "up_windows": 3})");
  cluster.measure(20, busy(0.9));
  cluster.measure(20, busy(0.9));
  CHECK(cluster.evaluate().empty());
  CHECK(cluster.evaluate().empty());
  CHECK(cluster.step(20, busy(0.9)).size() == 1);
  // A restart is no measurement.
  cluster.measure(20, busy(0.9));
  cluster.measure(20, busy(0.0), false);
  cluster.measure(20, busy(0.9));
  CHECK(cluster.evaluate().empty());
  CHECK(cluster.step(20, busy(0.9)).size() == 1);
}

TEST_CASE("threshold scales all operators that are due in one action, and no source", "[policy][threshold]") {
  ScriptedCluster cluster(job, {1, 4, 4},
                          R"({"type": "threshold", "up_windows": 1, "down_windows": 1, "step_up": 2})");
  const auto decisions = cluster.step(60, busy(0.95, 0.1));
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].targets == std::vector<ScaleTarget>{{1, 6}, {2, 3}});
  CHECK(decisions[0].symptom == "utilization of map is 0.95, utilization of sink is 0.1");
  CHECK(decisions[0].diagnosis == "beyond both marks");
  CHECK(decisions[0].reason == "map 4 -> 6, sink 4 -> 3");
}

TEST_CASE("threshold can scale in proportion, within limits", "[policy][threshold]") {
  const std::string head =
      R"({"type": "threshold", "up_windows": 1, "down_windows": 1, "mode": "proportional")";
  ScriptedCluster free(job, {1, 8, 8}, head + R"(, "target": 0.5, "cooldown_s": 0})");
  free.step(60, busy(0.9));
  CHECK(free.parallelism[1] == 15);  // ceil(8 * 0.9 / 0.5)
  free.step(60, busy(0.1));
  CHECK(free.parallelism[1] == 3);
  ScriptedCluster limited(job, {1, 8, 8},
                          head + R"(, "target": 0.5, "cooldown_s": 0, "max_up": 3, "max_down": 1})");
  limited.step(60, busy(0.9));
  CHECK(limited.parallelism[1] == 11);
  limited.step(60, busy(0.1));
  CHECK(limited.parallelism[1] == 10);
  // At a third of three thirds: no instance more than needed.
  ScriptedCluster exact(job, {1, 3, 3}, head + R"(, "high": 0.8, "target": 0.3})");
  exact.step(60, busy(0.9));
  CHECK(exact.parallelism[1] == 9);
}

TEST_CASE("threshold by queue looks at records per instance", "[policy][threshold]") {
  ScriptedCluster cluster(
      job, {1, 2, 1}, R"({"type": "threshold", "metric": "queue", "up_windows": 1, "high": 100, "low": 10})");
  const auto queue = [](double map) {
    return [=](MetricWindow& w) {
      w.operators[1].instances[0].queue_records = map;
      for (OperatorMetrics& op : w.operators) op.instances.back().queue_records += 20;
    };
  };
  CHECK(cluster.step(60, queue(180)).empty());  // 100 in the mean: not above
  CHECK(cluster.step(60, queue(182)).size() == 1);
  CHECK(cluster.parallelism == std::vector<int>{1, 3, 1});
}

TEST_CASE("threshold by latency acts on the most, or the least, utilized operator", "[policy][threshold]") {
  ScriptedCluster cluster(
      job, {1, 4, 2}, R"({"type": "threshold", "metric": "latency", "cooldown_s": 0, "down_windows": 2})");
  CHECK(cluster.step(60, latency(2.0)).empty());
  CHECK(cluster.step(60, latency(0)).empty());  // nothing finished: says nothing
  const auto up = cluster.step(60, latency(2.0));
  REQUIRE(up.size() == 1);
  CHECK(up[0].targets == std::vector<ScaleTarget>{{1, 5}});
  CHECK(up[0].symptom == "latency 2 s");
  CHECK(cluster.step(60, latency(0.05, 0.2, 0.1)).empty());
  CHECK(cluster.step(60, latency(0.05, 0.2, 0.1)).size() == 1);
  CHECK(cluster.parallelism == std::vector<int>{1, 5, 1});
  // The sink is at its least: the next best shrinks.
  cluster.step(60, latency(0.05, 0.2, 0.1));
  cluster.step(60, latency(0.05, 0.2, 0.1));
  CHECK(cluster.parallelism == std::vector<int>{1, 4, 1});
}

TEST_CASE("threshold need not scale down, and keeps within an operator's limits", "[policy][threshold]") {
  ScriptedCluster up_only(job, {1, 4, 4}, R"({"type": "threshold", "down": false, "down_windows": 1})");
  for (int i = 0; i < 4; ++i) CHECK(up_only.step(60, busy(0.1)).empty());
  JobView small = job;
  small.operators[1].max_parallelism = 4;
  ScriptedCluster full(small, {1, 4, 4}, R"({"type": "threshold", "up_windows": 1})");
  CHECK(full.step(60, busy(0.9)).empty());
}

TEST_CASE("threshold says why it did nothing", "[policy][threshold]") {
  ScriptedCluster cluster(job, {1, 4, 4}, R"({"type": "threshold"})");
  CHECK(cluster.policy().why_nothing(job) == "it saw no whole window with something to measure");
  cluster.step(60, busy(0.7, 0.4));
  cluster.step(60, busy(0.85, 0.5));
  CHECK(cluster.policy().why_nothing(job) ==
        "utilization was never above 0.8 in 2 windows in a row with room to grow, or below 0.3 in 5 with "
        "instances to "
        "spare (seen: map 0.7 to 0.85, sink 0.4 to 0.5)");
}

TEST_CASE("threshold says what is wrong with its marks", "[policy][threshold]") {
  CHECK(policy_errors(R"({"type": "threshold", "high": 0.2})").find("low is not below high") !=
        std::string::npos);
  CHECK(policy_errors(R"({"type": "threshold", "high": 1.5})").find("no utilization exceeds") !=
        std::string::npos);
  CHECK(policy_errors(R"({"type": "threshold", "metric": "queue", "high": 5000})").empty());
}

#include <catch2/catch.hpp>

#include "tests/support/scripted_metrics.hpp"

// Kubernetes' horizontal pod autoscaler through the interface of policies. The rules by themselves are in
// policy_kubernetes_replicas_test.cpp and policy_kubernetes_behavior_test.cpp.

using namespace weir;
using namespace weir::test;

namespace {

const JobView job = chain({"source", "map", "sink"});

// Of each instance of map and sink.
ScriptedCluster::Measure busy(double map, double sink = 0.8) {
  return [=](MetricWindow& w) {
    for (std::size_t o = 1; o < 3; ++o)
      for (InstanceMetrics& i : w.operators[o].instances) i.useful_s = (o == 1 ? map : sink) * w.duration_s();
  };
}

// The parallelism of map after each window of 15 s.
std::vector<int> trace(ScriptedCluster& cluster, const std::vector<double>& utilization) {
  std::vector<int> parallelism;
  for (const double u : utilization) {
    cluster.step(15, busy(u));
    parallelism.push_back(cluster.parallelism[1]);
  }
  return parallelism;
}

}  // namespace

TEST_CASE("hpa grows in proportion, at once, each operator by itself", "[policy][hpa]") {
  ScriptedCluster cluster(job, {1, 4, 4}, R"({"type": "hpa"})");
  CHECK(cluster.step(15, busy(0.88, 0.72)).empty());  // 1.1 and 0.9 of the target
  const auto decisions = cluster.step(15, busy(0.95, 0.9));
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].targets == std::vector<ScaleTarget>{{1, 5}, {2, 5}});  // ceil(4.75), ceil(4.5)
  CHECK(decisions[0].symptom == "utilization of map is 95 %, utilization of sink is 90 %");
  CHECK(decisions[0].diagnosis == "map above target, sink above target");
  CHECK(decisions[0].reason == "map 4 -> 5, sink 4 -> 5");
}

TEST_CASE("hpa adds four pods or doubles them in a period", "[policy][hpa]") {
  ScriptedCluster cluster(job, {1, 1, 1}, R"({"type": "hpa", "target_percent": 10})");
  CHECK(trace(cluster, {1, 1, 1, 1}) == std::vector<int>{5, 10, 20, 40});
  // Syncs of 5 s: what it added in the last 15 s counts.
  ScriptedCluster often(job, {1, 1, 1}, R"({"type": "hpa", "target_percent": 10, "interval_s": 5})");
  std::vector<int> parallelism;
  for (int i = 0; i < 7; ++i) {
    often.step(5, busy(1));
    parallelism.push_back(often.parallelism[1]);
  }
  CHECK(parallelism == std::vector<int>{5, 5, 5, 10, 10, 10, 20});
}

TEST_CASE("hpa says when a rate policy or a bound holds it back", "[policy][hpa]") {
  ScriptedCluster cluster(job, {1, 2, 1}, R"({"type": "hpa", "target_percent": 10, "max_replicas": 7})");
  CHECK(cluster.step(15, busy(1, 0.1)).at(0).diagnosis == "map above target, held back by a rate policy");
  CHECK(cluster.parallelism == std::vector<int>{1, 6, 1});
  CHECK(cluster.step(15, busy(1, 0.1)).at(0).diagnosis == "map above target, as far as the largest number");
  CHECK(cluster.parallelism == std::vector<int>{1, 7, 1});
}

TEST_CASE("hpa shrinks to the most that it recommended in 300 s", "[policy][hpa]") {
  ScriptedCluster cluster(job, {1, 8, 1}, R"({"type": "hpa"})");
  // Wanted: 4 at first, then once 6, then 2. The first sync is at 15 s and counts 8: 20 further ones.
  std::vector<double> series(20, 0.4);
  series[9] = 0.55;  // at 150 s: 8 * 55 / 80 = 5.5
  CHECK(trace(cluster, series) == std::vector<int>(20, 8));
  CHECK(trace(cluster, {0.4}) == std::vector<int>{6});  // at 315 s
  // At 450 s the six is over, too: since then 4, and with six pods ceil(6 * 0.2 / 0.8) = 2.
  CHECK(trace(cluster, std::vector<double>(8, 0.2)) == std::vector<int>(8, 6));
  CHECK(trace(cluster, {0.2}) == std::vector<int>{4});
}

TEST_CASE("hpa takes the lowest of a scale-up window, where there is one", "[policy][hpa]") {
  ScriptedCluster cluster(job, {1, 4, 4},
                          R"({"type": "hpa", "scale_up": {"stabilization_s": 60}, "target_percent": 80})");
  // Recommended: 4 (as it began), 6, 8, 6, 6, 6: the first two are over after 60 s.
  CHECK(trace(cluster, {1.2, 1.6, 1.2, 1.2, 1.2}) == std::vector<int>{4, 4, 4, 4, 6});
}

TEST_CASE("hpa keeps its limits, those of the operator included", "[policy][hpa]") {
  JobView narrow = job;
  narrow.operators[1].max_parallelism = 5;
  narrow.operators[1].min_parallelism = 3;
  ScriptedCluster cluster(
      narrow, {1, 4, 2},
      R"({"type": "hpa", "min_replicas": 2, "max_replicas": 9, "scale_down": {"stabilization_s": 0}})");
  CHECK(trace(cluster, {1, 1, 1}) == std::vector<int>{5, 5, 5});
  CHECK(trace(cluster, {0.05}) == std::vector<int>{3});
  cluster.step(15, busy(0.8, 0.05));
  CHECK(cluster.parallelism[2] == 2);
  // More than it may have: less at once, whatever the metric.
  ScriptedCluster wide(job, {1, 12, 2},
                       R"({"type": "hpa", "max_replicas": 9, "scale_down": {"select": "disabled"}})");
  const auto decisions = wide.step(15, busy(0.8));
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].targets == std::vector<ScaleTarget>{{1, 9}});
  CHECK(decisions[0].diagnosis == "map more than the largest number");
  CHECK(trace(wide, std::vector<double>(40, 0.1)) == std::vector<int>(40, 9));
}

TEST_CASE("hpa takes pods without a metric as idle on the way up, as full on the way down", "[policy][hpa]") {
  // 2 -> 4 at 15 s; until a window of the four arrives the last one is of two.
  ScriptedCluster up(job, {1, 2, 1}, R"({"type": "hpa", "target_percent": 50, "interval_s": 15})");
  CHECK(trace(up, {1}) == std::vector<int>{4});
  CHECK(up.evaluate().empty());  // (1 + 1 + 0 + 0) / 4 = 50 %
  // Without the missing ones four times 100 / 50 % would be wanted.
  CHECK(trace(up, {1}) == std::vector<int>{8});
  // Down: four run, and the last window is of two: (0.1 + 0.1 + 1 + 1) / 4 = 55 %, ceil(4 * 55 / 80).
  const std::string down = R"({"type": "hpa", "scale_down": {"stabilization_s": 0})";
  ScriptedCluster late(job, {1, 2, 1}, down + "}");
  late.measure(15, busy(0.1));
  late.parallelism[1] = 4;
  REQUIRE(late.evaluate().size() == 1);
  CHECK(late.parallelism[1] == 3);
  ScriptedCluster against(job, {1, 2, 1}, down + R"(, "target_percent": 50})");
  against.measure(15, busy(0.1, 0.5));
  against.parallelism[1] = 4;
  CHECK(against.evaluate().empty());  // 55 % is on the other side of 50 %
  ScriptedCluster known(job, {1, 4, 1}, down + "}");
  CHECK(trace(known, {0.1}) == std::vector<int>{1});  // ceil(4 * 10 / 80)
}

TEST_CASE("hpa has no metric of a restart, nor before the first window", "[policy][hpa]") {
  ScriptedCluster cluster(job, {1, 4, 4}, R"({"type": "hpa", "scale_down": {"stabilization_s": 0}})");
  CHECK(cluster.evaluate().empty());
  cluster.measure(15, {}, false);
  CHECK(cluster.evaluate().empty());
  CHECK(cluster.policy().why_nothing(job) ==
        "at map: 2 times there was no metric; at sink: 2 times there was no metric");
  // An action under way is waited for.
  cluster.action_running = true;
  CHECK(cluster.step(15, busy(1)).empty());
  cluster.action_running = false;
  CHECK(cluster.step(15, busy(1)).size() == 1);
}

TEST_CASE("hpa leaves pods out that are not ready, and counts them as idle on the way up", "[policy][hpa]") {
  const auto after = [](const std::string& more) {
    ScriptedCluster cluster(job, {1, 2, 1}, R"({"type": "hpa", "target_percent": 50)" + more + "}");
    return trace(cluster, {1, 1, 1, 1, 1, 1});
  };
  CHECK(after("") == std::vector<int>{4, 8, 16, 32, 64, 128});
  // Ready after 25 s. A window that began before that says nothing: the first that does is that of 30 to 45
  // s. Two pods more start then, and until the window from 75 s on (1 + 1 + 0 + 0) / 4 is the target.
  CHECK(after(R"(, "ready_after_s": 25)") == std::vector<int>{2, 2, 4, 4, 4, 8});
  // Beyond the initialization period what there is of a ready pod counts: at 30 s; two more, ready at 55 s,
  // count at 60 s; four more at 90 s.
  CHECK(after(R"(, "ready_after_s": 25, "initialization_s": 20)") == std::vector<int>{2, 4, 4, 8, 8, 16});
}

TEST_CASE("hpa takes the larger of two metrics", "[policy][hpa]") {
  const auto load = [](double share, double records) {
    return [=](MetricWindow& w) {
      busy(share)(w);
      for (InstanceMetrics& i : w.operators[1].instances) i.queue_records = records;
    };
  };
  ScriptedCluster cluster(
      job, {1, 2, 4},
      R"({"type": "hpa", "target_queue_records": 100, "scale_down": {"stabilization_s": 0}})");
  const auto decisions = cluster.step(15, load(0.8, 175));
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].targets == std::vector<ScaleTarget>{{1, 4}});  // ceil(3.5)
  CHECK(decisions[0].symptom == "utilization of map is 80 %, 175 records wait in each pod of map");
  // A short queue alone makes nothing smaller.
  CHECK(cluster.step(15, load(0.8, 10)).empty());
  cluster.step(15, load(0.4, 10));
  CHECK(cluster.parallelism[1] == 2);
}

TEST_CASE("hpa can scale the job as one deployment", "[policy][hpa]") {
  JobView narrow = job;
  narrow.operators[2].max_parallelism = 3;
  ScriptedCluster cluster(narrow, {1, 2, 2}, R"({"type": "hpa", "deployment": "job", "target_percent": 35})");
  // Each pod has requested two cores: (0.9 + 0.2) / 2 = 55 %, ceil(2 * 55 / 35).
  const auto decisions = cluster.step(15, busy(0.9, 0.2));
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].targets == std::vector<ScaleTarget>{{1, 4}, {2, 3}});
  CHECK(decisions[0].symptom == "utilization of the job is 55 %");
  // The fourth pod has only a map: 4 * 0.35 + 3 * 0.35 of 7 cores.
  CHECK(cluster.step(15, busy(0.35, 0.35)).empty());
  ScriptedCluster told(job, {1, 2, 2}, R"({"type": "hpa", "operators": ["sink"]})");
  told.step(15, busy(1, 1));
  CHECK(told.parallelism == std::vector<int>{1, 2, 3});
}

TEST_CASE("hpa asks again for what it was not given", "[policy][hpa]") {
  ScriptedCluster cluster(job, {1, 2, 1}, R"({"type": "hpa"})");
  cluster.obedient = false;
  CHECK(cluster.step(15, busy(1)).size() == 1);
  CHECK(cluster.step(15, busy(1)).size() == 1);
  cluster.obedient = true;
  cluster.step(15, busy(1));
  CHECK(cluster.parallelism[1] == 3);
}

TEST_CASE("hpa says why it did nothing", "[policy][hpa]") {
  ScriptedCluster cluster(job, {1, 4, 4}, R"({"type": "hpa"})");
  cluster.step(15, busy(0.75, 0.8));
  cluster.step(15, busy(0.85, 0.5));
  CHECK(
      cluster.policy().why_nothing(job) ==
      "at map: 2 times the metric asked for what ran (utilization 75 to 85 %, target 80 %); at sink: 1 time "
      "the metric asked for what ran, 1 time an earlier recommendation held it (utilization 50 to 80 %, "
      "target 80 %)");
  JobView fixed = job;
  fixed.operators[1].scalable = fixed.operators[2].scalable = false;
  ScriptedCluster none(fixed, {1, 4, 4}, R"({"type": "hpa"})");
  CHECK(none.step(15, busy(1, 1)).empty());
  CHECK(none.policy().why_nothing(fixed) == "there is no operator that it may scale");
  JobView wide = chain({"source", "map"});
  wide.operators[1].min_parallelism = 4;
  ScriptedCluster least(wide, {1, 4}, R"({"type": "hpa", "max_replicas": 3})");
  CHECK(least.evaluate().empty());
  CHECK(least.policy().why_nothing(wide) == "at map: 1 time the operators' own limits left what ran");
}

TEST_CASE("hpa says what is wrong with its parameters", "[policy][hpa]") {
  const auto wrong = [](const std::string& json, const std::string& what) {
    INFO(policy_errors(json));
    CHECK(policy_errors(json).find(what) != std::string::npos);
  };
  wrong(R"({"type": "hpa", "min_replicas": 4, "max_replicas": 3})", "max_replicas is below min_replicas");
  wrong(R"({"type": "hpa", "min_replicas": 0})", "min_replicas");
  wrong(R"({"type": "hpa", "target_percent": 0})", "target_percent");
  wrong(R"({"type": "hpa", "target_percent": 0.8})", "target_percent");
  wrong(R"({"type": "hpa", "target_queue_records": 0})", "target_queue_records");
  wrong(R"({"type": "hpa", "tolerance": -0.1})", "tolerance");
  wrong(R"({"type": "hpa", "scale_up": {"policies": []}})", "policies");
  wrong(R"({"type": "hpa", "scale_up": {"stabilization_s": 3601}})", "stabilization_s");
  wrong(R"({"type": "hpa", "scale_down": {"policies": [{"type": "pods", "value": 1, "period_s": 1801}]}})",
        "period_s");
  wrong(R"({"type": "hpa", "scale_down": {"select": "most"}})", "select");
  CHECK(policy_errors(R"({"type": "hpa", "scale_down": {"policies": [{"type": "percent", "value": 10}]}})")
            .empty());
}

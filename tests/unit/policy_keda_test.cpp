#include <catch2/catch.hpp>

#include "tests/support/scripted_metrics.hpp"

// KEDA's Kafka scaler through the interface of policies; its rules by themselves are in
// policy_kubernetes_replicas_test.cpp.

using namespace weir;
using namespace weir::test;

namespace {

const JobView job = chain({"source", "map", "sink"});

ScriptedCluster::Measure lag(double records) {
  return [=](MetricWindow& w) { w.operators[0].backlog_records = records; };
}

// The parallelism of map after each window of 15 s.
std::vector<int> trace(ScriptedCluster& cluster, const std::vector<double>& lags) {
  std::vector<int> parallelism;
  for (const double records : lags) {
    cluster.step(15, lag(records));
    CHECK(cluster.parallelism[1] == cluster.parallelism[2]);
    parallelism.push_back(cluster.parallelism[1]);
  }
  return parallelism;
}

}  // namespace

TEST_CASE("keda asks for one replica per threshold, of all operators together", "[policy][keda]") {
  ScriptedCluster cluster(job, {1, 1, 1}, R"({"type": "keda"})");
  CHECK(cluster.step(15, lag(11)).empty());  // 1.1 of the target: within the tolerance
  CHECK(cluster.step(15, lag(12)).size() == 1);
  CHECK(cluster.parallelism == std::vector<int>{1, 2, 2});
}

TEST_CASE("keda has the autoscaler's rates, stabilization and bounds", "[policy][keda]") {
  ScriptedCluster cluster(job, {1, 1, 1}, R"({"type": "keda", "lag_threshold": 100, "max_replicas": 30})");
  CHECK(trace(cluster, {10'000, 10'000, 10'000, 10'000}) == std::vector<int>{5, 10, 20, 30});
  // Without lag it wants none: what it wanted in 300 s holds it, then one is the least.
  CHECK(trace(cluster, std::vector<double>(19, 0)) == std::vector<int>(19, 30));
  CHECK(trace(cluster, {0, 0}) == std::vector<int>{1, 1});
}

TEST_CASE("keda asks for no more replicas than there are partitions", "[policy][keda]") {
  ScriptedCluster cluster(job, {1, 1, 1}, R"({"type": "keda", "partitions": 3})");
  CHECK(trace(cluster, {1e6, 1e6}) == std::vector<int>{3, 3});
  ScriptedCluster idle(job, {1, 1, 1}, R"({"type": "keda", "partitions": 3, "allow_idle_consumers": true})");
  CHECK(trace(idle, {1e6, 1e6}) == std::vector<int>{5, 10});
  ScriptedCluster even(job, {1, 1, 1}, R"({"type": "keda", "partitions": 6, "even_partitions": true})");
  CHECK(trace(even, {35, 1e6}) == std::vector<int>{5, 6});  // six wanted, five allowed
}

TEST_CASE("keda knows the lag while the job restarts, and adds up the sources that it is told",
          "[policy][keda]") {
  JobView two;
  const int orders = add_operator(two, "orders", {}), users = add_operator(two, "users", {});
  add_operator(two, "join", {orders, users});
  add_operator(two, "sink", {2});
  const auto lags = [](MetricWindow& w) {
    w.operators[0].backlog_records = 22;
    w.operators[1].backlog_records = 18;
  };
  ScriptedCluster all(two, {1, 1, 1, 1}, R"({"type": "keda"})");
  all.measure(15, lags, false);
  const auto decisions = all.evaluate();
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].symptom == "the lag is 40 records");
  CHECK(decisions[0].diagnosis == "above target");
  CHECK(decisions[0].targets == std::vector<ScaleTarget>{{2, 4}, {3, 4}});
  ScriptedCluster told(two, {1, 1, 1, 1}, R"({"type": "keda", "sources": ["users"], "operators": ["join"]})");
  told.step(15, lags);
  CHECK(told.parallelism == std::vector<int>{1, 1, 2, 1});
}

TEST_CASE("keda looks at the last poll where metrics are cached", "[policy][keda]") {
  ScriptedCluster fresh(job, {1, 1, 1}, R"({"type": "keda"})");
  CHECK(trace(fresh, {0, 0, 40, 40}) == std::vector<int>{1, 1, 4, 4});
  // Polled at the first look and from 30 s and 60 s on.
  ScriptedCluster cached(job, {1, 1, 1}, R"({"type": "keda", "use_cached_metrics": true})");
  CHECK(trace(cached, {0, 0, 40, 40}) == std::vector<int>{1, 1, 1, 4});
}

TEST_CASE("keda does nothing within the tolerance, and says so", "[policy][keda]") {
  ScriptedCluster cluster(job, {1, 10, 10}, R"({"type": "keda"})");
  CHECK(trace(cluster, {110, 90, 101}) == std::vector<int>{10, 10, 10});
  CHECK(cluster.policy().why_nothing(job) ==
        "3 times the metric asked for what ran (lag 90 to 110 records, 10 for each replica)");
  CHECK(trace(cluster, {111}) == std::vector<int>{12});
  ScriptedCluster none(job, {1, 1, 1}, R"({"type": "keda"})");
  none.evaluate();
  CHECK(none.policy().why_nothing(job) == "1 time there was no metric");
}

TEST_CASE("keda says what is wrong with its parameters", "[policy][keda]") {
  const auto wrong = [](const std::string& json, const std::string& what) {
    INFO(policy_errors(json));
    CHECK(policy_errors(json).find(what) != std::string::npos);
  };
  // kafka_scaler_test.go: a threshold of -1 or 0 is wrong.
  wrong(R"({"type": "keda", "lag_threshold": 0})", "lag_threshold");
  wrong(R"({"type": "keda", "lag_threshold": -1})", "lag_threshold");
  wrong(R"({"type": "keda", "partitions": 0})", "partitions");
  wrong(R"({"type": "keda", "even_partitions": true})", "even_partitions without partitions");
  wrong(R"({"type": "keda", "min_replicas": 200})", "max_replicas is below min_replicas");
  CHECK(policy_errors(R"({"type": "keda", "max_replicas": null, "partitions": 8})").empty());
}

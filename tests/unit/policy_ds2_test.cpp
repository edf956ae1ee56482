#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/scripted_metrics.hpp"

using namespace weir;
using namespace weir::test;

namespace {

// source -> map -> sink, each instance 100 records/s.
struct Job {
  JobView job = chain({"source", "map", "sink"});
  LinearPlant plant{job, {1, 100, 100}, {1, 1, 0}, {1000, 0, 0}};
};

std::vector<Decision> steps(ScriptedCluster& cluster, int n, const ScriptedCluster::Measure& measure) {
  std::vector<Decision> all;
  for (int i = 0; i < n; ++i)
    for (const Decision& decision : cluster.step(10, measure)) all.push_back(decision);
  return all;
}

}  // namespace

TEST_CASE("DS2 scales all operators in one decision and never the source", "[policy][ds2]") {
  Job j;
  ScriptedCluster cluster(j.job, {1, 2, 5}, R"({"type": "ds2", "warm_up_intervals": 0})");
  const auto decisions = cluster.step(10, j.plant);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].targets == std::vector<ScaleTarget>{{1, 10}, {2, 10}});
  CHECK(decisions[0].diagnosis == "under-provisioned");
  CHECK(decisions[0].symptom == "sources achieve 20.0 % of their target rate");
  CHECK(decisions[0].reason == "map 2 -> 10, sink 5 -> 10");
  CHECK(cluster.policy().state()["required_instances"]["map"].get<double>() == Approx(10));
}

TEST_CASE("DS2 decides at 40 s with an interval of 10 s and a warm-up of 30 s, as in figure 7",
          "[policy][ds2]") {
  Job j;
  ScriptedCluster cluster(j.job, {1, 2, 5}, R"({"type": "ds2", "warm_up_intervals": 3})");
  CHECK(steps(cluster, 3, j.plant).empty());
  CHECK(cluster.step(10, j.plant).size() == 1);
  CHECK(cluster.now_s() == 40);
  // The warm-up begins anew after each action.
  j.plant.target_per_s[0] = 2000;
  CHECK(steps(cluster, 3, j.plant).empty());
  CHECK(cluster.step(10, j.plant).size() == 1);
  CHECK(cluster.parallelism == std::vector<int>{1, 20, 20});
}

TEST_CASE("DS2 takes no window of a restart, and none of an earlier deployment", "[policy][ds2]") {
  Job j;
  ScriptedCluster cluster(j.job, {1, 2, 5}, R"({"type": "ds2", "warm_up_intervals": 0})");
  cluster.measure(10, j.plant, false);
  CHECK(cluster.evaluate().empty());
  CHECK(cluster.evaluate().empty());  // nor is nothing a measurement
  cluster.downtime_s = 25;
  CHECK(cluster.step(10, j.plant).size() == 1);
  CHECK(cluster.evaluate().empty());
  CHECK(cluster.step(10, j.plant).empty());
  CHECK(cluster.parallelism == std::vector<int>{1, 10, 10});
}

TEST_CASE("DS2 merges all windows of an interval", "[policy][ds2]") {
  Job j;
  ScriptedCluster cluster(j.job, {1, 2, 5}, R"({"type": "ds2", "interval_s": 30, "warm_up_intervals": 0})");
  // Twice as costly in the first window, then normal: 3 windows give (2 * 10 s + 2 * 10 s) ...
  auto costly = j.plant;
  costly.rate_per_s = {1, 50, 100};
  cluster.measure(10, costly);
  cluster.measure(10, j.plant);
  cluster.measure(10, j.plant);
  REQUIRE(cluster.evaluate().size() == 1);
  // ... (500 + 1000 + 1000) records in 30 useful seconds of 2 instances: 83.3/s, so 12.
  CHECK(cluster.parallelism[1] == 12);
}

TEST_CASE("DS2 keeps what it has no evidence of", "[policy][ds2]") {
  Job j;
  ScriptedCluster cluster(j.job, {1, 2, 5}, R"({"type": "ds2", "warm_up_intervals": 0})");
  const auto silent_map = [&](MetricWindow& w) {
    j.plant(w);
    for (InstanceMetrics& i : w.operators[1].instances) i = {};
  };
  CHECK(cluster.step(10, silent_map).empty());
  CHECK(cluster.step(10, [](MetricWindow&) {}).empty());
  CHECK(cluster.parallelism == std::vector<int>{1, 2, 5});
}

TEST_CASE("DS2 takes the rate offered at the end of the window, or its mean", "[policy][ds2]") {
  Job j;
  const auto changing = [&](MetricWindow& w) {
    j.plant(w);
    w.operators[0].offered_at_end_per_s = 400;
  };
  ScriptedCluster end(j.job, {1, 10, 10}, R"({"type": "ds2", "warm_up_intervals": 0})");
  end.step(10, changing);
  CHECK(end.parallelism == std::vector<int>{1, 4, 4});
  ScriptedCluster mean(j.job, {1, 5, 5}, R"({"type": "ds2", "warm_up_intervals": 0, "source_rate": "mean"})");
  mean.step(10, changing);
  CHECK(mean.parallelism == std::vector<int>{1, 10, 10});
}

TEST_CASE("the published code of DS2 ignores a scale-down by one, the paper does not", "[policy][ds2]") {
  Job j;
  ScriptedCluster code(j.job, {1, 11, 10},
                       R"({"type": "ds2", "warm_up_intervals": 0, "variant": "published-code"})");
  CHECK(code.step(10, j.plant).empty());
  ScriptedCluster paper(j.job, {1, 11, 10}, R"({"type": "ds2", "warm_up_intervals": 0})");
  CHECK(paper.step(10, j.plant).size() == 1);
  // By two, and up by one, it acts; then on everything.
  ScriptedCluster two(j.job, {1, 12, 11},
                      R"({"type": "ds2", "warm_up_intervals": 0, "variant": "published-code"})");
  two.step(10, j.plant);
  CHECK(two.parallelism == std::vector<int>{1, 10, 10});
  ScriptedCluster up(j.job, {1, 9, 11},
                     R"({"type": "ds2", "warm_up_intervals": 0, "variant": "published-code"})");
  up.step(10, j.plant);
  CHECK(up.parallelism == std::vector<int>{1, 10, 10});
  ScriptedCluster minor(j.job, {1, 8, 8}, R"({"type": "ds2", "warm_up_intervals": 0, "ignore_up": 2})");
  CHECK(minor.step(10, j.plant).empty());
}

TEST_CASE("DS2 combines the last K decisions by last, median or max", "[policy][ds2]") {
  const auto after_three = [](const std::string& combine) {
    Job j;
    ScriptedCluster cluster(
        j.job, {1, 2, 10},
        R"({"type": "ds2", "warm_up_intervals": 0, "activation_intervals": 3, "combine": ")" + combine +
            "\"}");
    for (const double rate : {50.0, 62.5, 100.0}) {
      auto plant = j.plant;
      plant.rate_per_s[1] = rate;  // 20, 16 and 10 instances
      cluster.step(10, plant);
    }
    return cluster.parallelism[1];
  };
  CHECK(after_three("last") == 10);
  CHECK(after_three("median") == 16);
  CHECK(after_three("max") == 20);
  CHECK(after_three("as-variant") == 16);
}

TEST_CASE("DS2 waits for K decisions", "[policy][ds2]") {
  Job j;
  ScriptedCluster cluster(j.job, {1, 2, 5},
                          R"({"type": "ds2", "warm_up_intervals": 1, "activation_intervals": 5})");
  CHECK(steps(cluster, 5, j.plant).empty());
  CHECK(cluster.step(10, j.plant).size() == 1);
}

TEST_CASE("DS2 adds the head room that it is told to", "[policy][ds2]") {
  Job j;
  ScriptedCluster cluster(j.job, {1, 2, 5},
                          R"({"type": "ds2", "warm_up_intervals": 0, "scaling_factor": 0.15})");
  cluster.step(10, j.plant);
  CHECK(cluster.parallelism == std::vector<int>{1, 12, 12});
}

TEST_CASE("DS2 corrects once by the target rate ratio when the model wants no more", "[policy][ds2]") {
  Job j;
  // The instrumentation does not see a fifth of the work: useful time is too short, the source too slow.
  const auto blind = [&](MetricWindow& w) {
    j.plant(w);
    const double share = w.operators[1].parallelism() >= 13 ? 1.0 : 0.8;
    for (OperatorMetrics& op : w.operators)
      for (InstanceMetrics& i : op.instances) {
        i.records_in = static_cast<std::int64_t>(static_cast<double>(i.records_in) * share);
        i.records_out = static_cast<std::int64_t>(static_cast<double>(i.records_out) * share);
        i.useful_s *= share;
      }
  };
  const std::string with = R"("warm_up_intervals": 0, "target_rate_ratio": 1.1)";
  ScriptedCluster paper(j.job, {1, 10, 10}, R"({"type": "ds2", )" + with + "}");
  const auto decisions = paper.step(10, blind);
  REQUIRE(decisions.size() == 1);
  CHECK(paper.parallelism == std::vector<int>{1, 13, 13});  // ceil(10 * 1 / 0.8)
  CHECK(decisions[0].diagnosis == "target rate correction by 1.250");
  CHECK(steps(paper, 5, blind).empty());  // kept
  j.plant.target_per_s[0] = 500;          // until the target changes
  paper.step(10, blind);
  CHECK(paper.parallelism == std::vector<int>{1, 5, 5});

  Job k;
  j.plant.target_per_s[0] = 1000;
  ScriptedCluster code(k.job, {1, 10, 10}, R"({"type": "ds2", "variant": "published-code", )" + with + "}");
  CHECK(steps(code, 5, blind).empty());
  ScriptedCluster none(k.job, {1, 10, 10}, R"({"type": "ds2", "warm_up_intervals": 0})");
  CHECK(steps(none, 5, blind).empty());
}

TEST_CASE("DS2 rolls back an action that degraded throughput, and does not repeat it", "[policy][ds2]") {
  Job j;
  // More than 8 maps get into each other's way.
  const auto crowded = [&](MetricWindow& w) {
    j.plant(w);
    if (w.operators[1].parallelism() <= 8) return;
    for (InstanceMetrics& i : w.operators[0].instances) i.records_out /= 4;
  };
  ScriptedCluster paper(j.job, {1, 8, 8}, R"({"type": "ds2", "warm_up_intervals": 1})");
  CHECK(steps(paper, 2, crowded).size() == 1);
  CHECK(paper.parallelism == std::vector<int>{1, 10, 10});
  const auto back = steps(paper, 2, crowded);
  REQUIRE(back.size() == 1);
  CHECK(back[0].diagnosis == "rollback: 80.0 % before the last action");
  CHECK(paper.parallelism == std::vector<int>{1, 8, 8});
  CHECK(steps(paper, 10, crowded).empty());
  ScriptedCluster code(j.job, {1, 8, 8}, R"({"type": "ds2", "variant": "published-code"})");
  CHECK(steps(code, 20, crowded).size() == 1);
  CHECK(code.parallelism == std::vector<int>{1, 10, 10});
}

TEST_CASE("DS2 corrects a scale-down that went too far instead of undoing it, as in table 4",
          "[policy][ds2]") {
  Job j;
  // Q2: 16 instances measure 333-364 K/s each, 12 only 286-308 K/s, and so do 14.
  const auto q2 = [&](MetricWindow& w) {
    auto plant = j.plant;
    plant.target_per_s[0] = 4e6;
    plant.rate_per_s = {1, w.operators[1].parallelism() == 16 ? 350e3 : 297e3, 1e9};
    plant(w);
  };
  ScriptedCluster cluster(j.job, {1, 16, 1}, R"({"type": "ds2", "warm_up_intervals": 1})");
  CHECK(steps(cluster, 2, q2).size() == 1);
  CHECK(cluster.parallelism[1] == 12);
  CHECK(steps(cluster, 2, q2).size() == 1);
  CHECK(cluster.parallelism[1] == 14);
  CHECK(steps(cluster, 5, q2).empty());
}

TEST_CASE("DS2 stops after so many decisions that did not meet the target", "[policy][ds2]") {
  Job j;
  // Each new instance makes all slower: never enough.
  const auto hopeless = [&](MetricWindow& w) {
    auto plant = j.plant;
    plant.rate_per_s[1] = 400.0 / w.operators[1].parallelism();
    plant(w);
  };
  ScriptedCluster limited(j.job, {1, 5, 10},
                          R"({"type": "ds2", "warm_up_intervals": 0, "max_decisions": 3})");
  const auto decisions = steps(limited, 20, hopeless);
  REQUIRE(decisions.size() == 4);
  CHECK(decisions[3].targets.empty());
  CHECK(decisions[3].diagnosis == "the target cannot be met");
  j.plant.target_per_s[0] = 500;
  CHECK_FALSE(steps(limited, 1, hopeless).empty());
}

TEST_CASE("DS2 gives one number of workers where all operators run on all workers", "[policy][ds2]") {
  Job j;
  j.job.uniform_workers = true;
  // 10 and 10/3 instances: 13.33 workers.
  j.plant.rate_per_s[2] = 300;
  ScriptedCluster cluster(j.job, {4, 4, 4}, R"({"type": "ds2", "warm_up_intervals": 0})");
  const auto decisions = cluster.step(10, j.plant);
  REQUIRE(decisions.size() == 1);
  CHECK(decisions[0].targets == std::vector<ScaleTarget>{{all_workers, 14}});
}

TEST_CASE("DS2 splits by what was observed on the edges when it is told to", "[policy][ds2]") {
  JobView job = chain({"source", "split"});
  add_operator(job, "left", {1});
  add_operator(job, "right", {1});
  const auto measure = [](MetricWindow& w) {
    w.operators[0].offered_per_s = 100;
    w.operators[0].instances[0] = {.records_out = 1000, .useful_s = 10};
    w.operators[1].instances[0] = {.records_in = 1000, .records_out = 1000, .useful_s = 10};
    w.operators[1].records_out_by_edge = {200, 800};
    w.operators[2].instances[0] = {.records_in = 200, .useful_s = 10};
    w.operators[3].instances[0] = {.records_in = 800, .useful_s = 40};
  };
  ScriptedCluster full(job, {1, 1, 1, 1}, R"({"type": "ds2", "warm_up_intervals": 0})");
  full.step(10, measure);
  CHECK(full.parallelism == std::vector<int>{1, 1, 5, 5});
  ScriptedCluster observed(job, {1, 1, 1, 1},
                           R"({"type": "ds2", "warm_up_intervals": 0, "edge_rates": "observed"})");
  observed.step(10, measure);
  CHECK(observed.parallelism == std::vector<int>{1, 1, 1, 4});
}

TEST_CASE("DS2 respects the limits of operators and while an action runs does nothing", "[policy][ds2]") {
  Job j;
  j.job.operators[1].max_parallelism = 6;
  j.job.operators[2].scalable = false;
  ScriptedCluster cluster(j.job, {1, 2, 5}, R"({"type": "ds2", "warm_up_intervals": 0})");
  cluster.action_running = true;
  CHECK(cluster.step(10, j.plant).empty());
  cluster.action_running = false;
  cluster.step(10, j.plant);
  CHECK(cluster.parallelism == std::vector<int>{1, 6, 5});
}

TEST_CASE("DS2 says what is wrong with its parameters", "[policy][ds2]") {
  CHECK(policy_errors(R"({"type": "ds2", "target_rate_ratio": 0.5})").find("at least 1") !=
        std::string::npos);
  CHECK(policy_errors(R"({"type": "ds2", "warm_up_time": 2})").find("warm_up_intervals") !=
        std::string::npos);
  CHECK(policy_errors(R"("ds2")").empty());
}

TEST_CASE("DS2 says why it did nothing", "[policy][ds2]") {
  Job j;
  ScriptedCluster cluster(j.job, {1, 10, 10}, R"({"type": "ds2", "warm_up_intervals": 1})");
  steps(cluster, 1, j.plant);
  CHECK(cluster.policy().why_nothing(j.job) ==
        "it had 0 of the 1 intervals that it decides on, after 1 of warm-up");
  steps(cluster, 2, j.plant);
  CHECK(cluster.policy().why_nothing(j.job) == "what it computed was what ran, in all 2 intervals");
  ScriptedCluster near(j.job, {1, 11, 10}, R"({"type": "ds2", "warm_up_intervals": 0, "ignore_down": 1})");
  steps(near, 2, j.plant);
  CHECK(near.policy().why_nothing(j.job) ==
        "what it computed differed from what ran in 2 of 2 intervals, by no more than ignore_up and "
        "ignore_down allow");
}

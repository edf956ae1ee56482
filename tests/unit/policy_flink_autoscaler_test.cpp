#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/scripted_metrics.hpp"

// Flink's autoscaler through the interface of policies, from scripted metrics: numbers of the operator's own
// unit tests (JobVertexScalerTest, BacklogBasedScalingTest). Its parts by themselves are in
// policy_flink_autoscaler_parts_test.cpp.

using namespace weir;
using namespace weir::test;

namespace {

// What one operator of a chain shows in a window.
struct Shown {
  double in_per_s = 0;
  double busy = 0;  // each instance's share of the time
  double lag_at_end = 0;
};

void show(OperatorMetrics& op, double window_s, const Shown& shown, bool source) {
  const auto records = static_cast<std::int64_t>(shown.in_per_s * window_s + 0.5);
  op.backlog_records = shown.lag_at_end;
  const int instances = op.parallelism();
  for (int i = 0; i < instances; ++i) {
    InstanceMetrics& instance = op.instances[static_cast<std::size_t>(i)];
    const std::int64_t share = records / instances + (i < records % instances);
    (source ? instance.records_out : instance.records_in) = share;
    if (!source) instance.records_out = share;
    instance.useful_s = shown.busy * window_s;
    instance.waiting_s = window_s - instance.useful_s;
  }
}

ScriptedCluster::Measure all(const Shown& source, const Shown& others) {
  return [=](MetricWindow& w) {
    for (std::size_t o = 0; o < w.operators.size(); ++o)
      show(w.operators[o], w.duration_s(), o == 0 ? source : others, o == 0);
  };
}

// A source that no one scales, and an operator behind it that is partitioned by key.
JobView keyed() {
  JobView job = chain({"source", "count"});
  job.operators[0].scalable = false;
  job.operators[1].keyed_input = true;
  return job;
}

// Decides each second on the second before, without head room, on gauges of a second; `more` are further
// members, or others.
std::string policy(const std::string& more) {
  nlohmann::json p = {{"type", "flink-autoscaler"},
                      {"interval_s", 1},
                      {"metrics_window_s", 1},
                      {"stabilization_s", 0},
                      {"restart_s", 0},
                      {"catch_up_s", 0},
                      {"scale_down_interval_s", 0},
                      {"utilization_boundary", 0},
                      {"gauge_s", 1}};
  p.update(nlohmann::json::parse("{" + more + "}"));
  return p.dump();
}

// The operator takes `target` records a second, or as many as it can, and the source's lag grows by the rest.
class Load {
 public:
  explicit Load(ScriptedCluster& cluster) : cluster_(cluster) {}
  std::vector<Decision> step(double target_per_s, double true_per_s) {
    const double in_per_s = std::min(target_per_s, true_per_s);
    lag_ += target_per_s - in_per_s;
    return cluster_.step(1, all({in_per_s, 0.1, lag_}, {in_per_s, in_per_s / true_per_s, 0}));
  }
  // Two samples, which is what a window of a second takes.
  int settle(double target_per_s, double true_per_s) {
    step(target_per_s, true_per_s);
    step(target_per_s, true_per_s);
    return cluster_.parallelism[1];
  }

 private:
  ScriptedCluster& cluster_;
  double lag_ = 0;
};

int decided(int parallelism, double target_per_s, double true_per_s, const std::string& more) {
  const JobView job = keyed();
  ScriptedCluster cluster(job, {1, parallelism}, policy(more));
  return Load(cluster).settle(target_per_s, true_per_s);
}

}  // namespace

TEST_CASE("flink-autoscaler computes upstream's parallelism", "[policy][flink-autoscaler]") {
  const auto at = [](double target, const std::string& more = "") {
    return fmt::format(R"("key_groups": 720, "utilization_target": {})", target) + more;
  };
  CHECK(decided(10, 50, 100, at(1)) == 5);
  CHECK(decided(10, 50, 100, at(0.8)) == 8);
  CHECK(decided(10, 80, 100, at(0.8)) == 10);
  CHECK(decided(10, 60, 100, at(0.8)) == 8);
  CHECK(decided(2, 100, 40, at(0.5)) == 10);
  CHECK(decided(2, 100, 100, at(0.6)) == 4);
  CHECK(decided(10, 10, 100, at(1, R"(, "scale_down_max_factor": 0.5)")) == 5);
  CHECK(decided(10, 10, 100, at(1, R"(, "scale_down_max_factor": 0.6)")) == 4);
  CHECK(decided(10, 200, 10, at(1, R"(, "scale_up_max_factor": 0.5)")) == 15);
  CHECK(decided(10, 200, 10, at(1, R"(, "scale_up_max_factor": 0.6)")) == 16);
}

TEST_CASE("flink-autoscaler aligns what is partitioned by key, and only that", "[policy][flink-autoscaler]") {
  const std::string groups = R"("utilization_target": 1, "key_groups": 128)";
  const auto mode = [&](const char* alignment, const char* unaligned) {
    return fmt::format(R"({}, "alignment": "{}", "unaligned": "{}")", groups, alignment, unaligned);
  };
  CHECK(decided(16, 150, 100, mode("balanced", "keep-target")) == 26);
  CHECK(decided(16, 150, 100, mode("maximize-utilisation", "walk-down")) == 26);
  CHECK(decided(16, 150, 100, mode("evenly-spread", "keep-target")) == 32);
  CHECK(decided(16, 150, 100, groups) == 32);
  CHECK(decided(16, 150, 100, mode("off", "as-preset")) == 24);
  JobView job = keyed();
  job.operators[1].keyed_input = false;
  ScriptedCluster cluster(job, {1, 16}, policy(groups));
  CHECK(Load(cluster).settle(150, 100) == 24);
  // Until 1.9 all operators.
  ScriptedCluster old(job, {1, 16}, policy(groups + R"(, "preset": "1.6")"));
  CHECK(Load(old).settle(150, 100) == 32);
  // Null: Flink's default, 128 for 16 at the start.
  const JobView same = keyed();
  ScriptedCluster by_default(same, {1, 16}, policy(R"("utilization_target": 1)"));
  CHECK(Load(by_default).settle(150, 100) == 32);
}

TEST_CASE("flink-autoscaler aligns sources to their partitions, where they can be scaled",
          "[policy][flink-autoscaler]") {
  const JobView job = chain({"source", "map"});
  const auto source = [&](const std::string& more) {
    ScriptedCluster cluster(job, {2, 2}, policy(R"("utilization_target": 0.5)" + more));
    for (int i = 0; i < 2; ++i) cluster.step(1, all({200, 0.9, 0}, {200, 0.5, 0}));
    return cluster.parallelism[0];
  };
  CHECK(source("") == 4);  // 0.9 / 0.5 * 2
  CHECK(source(R"(, "source_partitions": 12)") == 4);
  CHECK(source(R"(, "source_partitions": 10)") == 5);
  CHECK(source(R"(, "exclude": ["source"])") == 2);
}

TEST_CASE("flink-autoscaler delays a scale-down, to the most that was asked for",
          "[policy][flink-autoscaler]") {
  const JobView job = keyed();
  ScriptedCluster cluster(job, {1, 100},
                          policy(R"("scale_down_interval_s": 60, "utilization_target": 1, "alignment": "off",
      "busy_aggregator": "avg")"));
  Load load(cluster);
  load.step(800, 1000);  // a rate takes two samples
  for (int t = 0; t <= 60; ++t) {
    const double target = t == 0 ? 800 : t == 10 ? 900 : t == 40 ? 720 : t == 59 ? 640 : t == 60 ? 700 : 600;
    load.step(target, 1000);
    INFO("at " << t << " s");
    REQUIRE(cluster.parallelism[1] == (t < 60 ? 100 : 90));
  }
}

TEST_CASE("flink-autoscaler forgets a scale-down that it does not want any more",
          "[policy][flink-autoscaler]") {
  const JobView job = keyed();
  ScriptedCluster cluster(job, {1, 100},
                          policy(R"("scale_down_interval_s": 60, "utilization_target": 1, "alignment": "off",
      "busy_aggregator": "avg")"));
  Load load(cluster);
  for (int t = 0; t < 50; ++t) load.step(800, 1000);
  load.step(1000, 1000);  // just right: the interval begins anew
  for (int t = 0; t < 59; ++t) {
    load.step(800, 1000);
    REQUIRE(cluster.parallelism[1] == 100);
  }
  for (int t = 0; t < 3; ++t) load.step(800, 1000);
  CHECK(cluster.parallelism[1] == 80);
}

TEST_CASE("flink-autoscaler before 1.10 shrank at once, but not what had just grown",
          "[policy][flink-autoscaler]") {
  const std::string old =
      R"({"type": "flink-autoscaler", "preset": "1.4", "interval_s": 1, "metrics_window_s": 1,
          "stabilization_s": 0, "restart_s": 0, "catch_up_s": 0, "alignment": "off", "utilization_target": 0.7,
          "scale_up_grace_period_s": 20, "gauge_s": 1})";
  const JobView job = keyed();
  ScriptedCluster cluster(job, {1, 10}, old);
  Load load(cluster);
  CHECK(load.settle(140, 100) == 20);
  for (int t = 0; t < 19; ++t) {
    load.step(70, 200);
    REQUIRE(cluster.parallelism[1] == 20);
  }
  load.step(70, 200);
  CHECK(cluster.parallelism[1] == 10);
}

TEST_CASE("flink-autoscaler does not repeat a growth that was of no use", "[policy][flink-autoscaler]") {
  const std::string p = policy(
      R"("utilization_target": 1, "key_groups": 720, "effectiveness_detection": "on", "history_max_count": 3)");
  for (const auto& [true_per_s, expected] : {std::pair{94.0, 20}, {98.0, 20}, {100.0, 36}}) {
    const JobView job = keyed();
    ScriptedCluster cluster(job, {1, 5}, p);
    Load load(cluster);
    CHECK(load.settle(100, 50) == 10);
    CHECK(load.settle(180, 90) == 20);
    CHECK(load.settle(180, true_per_s) == expected);
  }
  // It is told once.
  const JobView job = keyed();
  ScriptedCluster cluster(job, {1, 10}, p);
  Load load(cluster);
  CHECK(load.settle(180, 90) == 20);
  load.step(180, 94);
  const auto told = load.step(180, 94);
  REQUIRE(told.size() == 1);
  CHECK(told[0].diagnosis == "ineffective scaling");
  CHECK(told[0].targets.empty());
  CHECK(load.step(180, 94).empty());
  // Without detection it grows.
  ScriptedCluster blind(job, {1, 10}, policy(R"("utilization_target": 1, "key_groups": 720)"));
  Load blindly(blind);
  CHECK(blindly.settle(180, 90) == 20);
  CHECK(blindly.settle(180, 94) == 40);  // 38.3
}

TEST_CASE("flink-autoscaler asks for more where scaling was less than linear", "[policy][flink-autoscaler]") {
  const std::string p =
      R"("utilization_target": 0.5, "alignment": "off", "scale_down_max_factor": 0.9, "observed_scalability": )";
  for (const bool on : {true, false}) {
    const JobView job = keyed();
    ScriptedCluster cluster(job, {1, 4}, policy(p + (on ? "true" : "false")));
    Load load(cluster);
    // Three changes, of 4, 2 and 8 instances with true rates of 160, 96 and 240.
    REQUIRE(load.settle(40, 160) == 2);
    REQUIRE(load.settle(192, 96) == 8);
    REQUIRE(load.settle(30, 240) == 2);
    CHECK(load.settle(100, 40) == (on ? 15 : 10));
  }
}

TEST_CASE("flink-autoscaler works off a backlog, then shrinks", "[policy][flink-autoscaler]") {
  const JobView job = chain({"source", "sink"});
  const auto scaler = [](double window_s) {
    return fmt::format(
        R"({{"type": "flink-autoscaler", "interval_s": 1, "metrics_window_s": {}, "stabilization_s": 0,
           "restart_s": 1, "catch_up_s": 2, "utilization_target": 0.8, "utilization_max": 0.9,
           "utilization_min": 0.7, "scale_down_max_factor": 1, "scale_up_max_factor": 2147483647,
           "scale_down_interval_s": 0, "backlog_lag_threshold_s": 1, "source_partitions": 24}})",
        window_s);
  };
  using Both = std::vector<int>;
  ScriptedCluster first(job, {1, 1}, scaler(1));
  const auto one = [](ScriptedCluster& c, double in_per_s, double lag, double busy) {
    c.step(1, all({in_per_s, busy, lag}, {in_per_s, busy, 0}));
    return c.parallelism;
  };
  CHECK(one(first, 0, 2000, 0.85) == Both{1, 1});
  CHECK(one(first, 500, 2000, 0.85) == Both{4, 4});
  ScriptedCluster second(job, {4, 4}, scaler(2));
  CHECK(one(second, 0, 6000, 1) == Both{4, 4});
  CHECK(one(second, 1800, 3600, 1) == Both{4, 4});
  CHECK(one(second, 1800, 2000, 1) == Both{4, 4});
  CHECK(one(second, 1800, 400, 1) == Both{2, 2});
  // A rescale leaves lag, which is worked off without another.
  CHECK(one(second, 0, 2000, 1) == Both{2, 2});
  CHECK(one(second, 900, 1400, 1) == Both{2, 2});
  CHECK(one(second, 900, 800, 1) == Both{2, 2});
  CHECK(one(second, 900, 300, 1) == Both{2, 2});
}

TEST_CASE("flink-autoscaler waits until the job is stable and its window full",
          "[policy][flink-autoscaler]") {
  const JobView job = keyed();
  ScriptedCluster cluster(job, {1, 2}, R"({"type": "flink-autoscaler", "preset": "1.4", "restart_s": 0,
                                           "catch_up_s": 0})");
  const auto loaded = [&](int parallelism) {
    return all({1000, 0.1, 0}, {1000, std::min(1.0, 2.1 / parallelism), 0});
  };
  CHECK(cluster.policy().why_nothing(job) ==
        "it decides 600 s after a start at the earliest (stabilization_s and metrics_window_s, with two "
        "samples in "
        "it), and had no such time without a restart");
  // The first sample after 300 s is at 300 s, and five minutes later the window is full.
  for (int minute = 1; minute < 10; ++minute) {
    cluster.step(60, loaded(2));
    REQUIRE(cluster.parallelism[1] == 2);
  }
  cluster.downtime_s = 30;
  cluster.step(60, loaded(2));
  CHECK(cluster.parallelism[1] == 4);  // 2 / 0.7, to a divisor of 128
  // The restart ends at 630 s: samples from 930 s on count.
  for (int minute = 1; minute < 10; ++minute) {
    cluster.step(60, loaded(4));
    REQUIRE(cluster.parallelism[1] == 4);
  }
}

TEST_CASE("flink-autoscaler begins anew after a restart that it did not ask for",
          "[policy][flink-autoscaler]") {
  const JobView job = keyed();
  ScriptedCluster cluster(job, {1, 2}, policy(R"("metrics_window_s": 3, "utilization_target": 0.5)"));
  for (int i = 0; i < 3; ++i) cluster.step(1, all({100, 0.1, 0}, {100, 0.9, 0}));
  cluster.measure(1, {}, false);  // a failure
  CHECK(cluster.evaluate().empty());
  for (int i = 0; i < 3; ++i) {
    cluster.step(1, all({100, 0.1, 0}, {100, 0.9, 0}));
    REQUIRE(cluster.parallelism[1] == 2);
  }
  cluster.step(1, all({100, 0.1, 0}, {100, 0.9, 0}));
  CHECK(cluster.parallelism[1] == 4);
}

TEST_CASE("flink-autoscaler changes nothing unless an operator is outside, and then all",
          "[policy][flink-autoscaler]") {
  const JobView job = chain({"source", "map", "sink"});
  const std::string p = R"({"type": "flink-autoscaler", "interval_s": 1, "metrics_window_s": 1,
    "stabilization_s": 0, "restart_s": 0, "catch_up_s": 0, "scale_down_interval_s": 0, "alignment": "off",
    "utilization_target": 0.5, "utilization_boundary": 0.2, "exclude": ["source"], "gauge_s": 1})";
  const auto busy = [](double map, double sink) {
    return [=](MetricWindow& w) {
      show(w.operators[0], w.duration_s(), {1000, 0.1, 0}, true);
      show(w.operators[1], w.duration_s(), {1000, map, 0}, false);
      show(w.operators[2], w.duration_s(), {1000, sink, 0}, false);
    };
  };
  ScriptedCluster calm(job, {1, 10, 10}, p);
  for (int i = 0; i < 5; ++i) calm.step(1, busy(0.69, 0.31));
  CHECK(calm.parallelism == std::vector<int>{1, 10, 10});
  CHECK(calm.policy().why_nothing(job) ==
        "in 0 of 4 evaluations the job was where it should be, in 4 inside of its thresholds");
  ScriptedCluster hot(job, {1, 10, 10}, p);
  for (int i = 0; i < 2; ++i) hot.step(1, busy(0.71, 0.31));
  CHECK(hot.parallelism == std::vector<int>{1, 15, 7});
}

TEST_CASE("flink-autoscaler counts the hottest instance, or the mean", "[policy][flink-autoscaler]") {
  const JobView job = keyed();
  const auto skewed = [](MetricWindow& w) {
    show(w.operators[0], w.duration_s(), {1000, 0.1, 0}, true);
    show(w.operators[1], w.duration_s(), {1000, 0.2, 0}, false);
    InstanceMetrics& hot = w.operators[1].instances[0];
    hot.useful_s = 0.8 * w.duration_s();
    hot.waiting_s = 0.2 * w.duration_s();
  };
  const auto parallelism = [&](const char* aggregator) {
    ScriptedCluster cluster(
        job, {1, 4},
        policy(fmt::format(R"("utilization_target": 0.5, "alignment": "off", "busy_aggregator": "{}")",
                           aggregator)));
    cluster.step(1, skewed);
    cluster.step(1, skewed);
    return cluster.parallelism[1];
  };
  CHECK(parallelism("max") == 7);  // 4 * 0.8 / 0.5
  CHECK(parallelism("avg") == 3);  // 4 * 0.35 / 0.5
  CHECK(parallelism("min") == 2);  // 4 * 0.2 / 0.5
}

TEST_CASE("flink-autoscaler's gauges are means of a minute", "[policy][flink-autoscaler]") {
  const JobView job = keyed();
  const auto busy_in_state = [&](double gauge_s) {
    ScriptedCluster cluster(job, {1, 4},
                            fmt::format(R"({{"type": "flink-autoscaler", "interval_s": 60, "gauge_s": {},
                              "metrics_window_s": 60, "stabilization_s": 0}})",
                                        gauge_s));
    // Busy in the second half of each minute.
    for (int minute = 0; minute < 3; ++minute) {
      for (int i = 0; i < 6; ++i) cluster.measure(10, all({100, 0.1, 0}, {100, i < 3 ? 0.2 : 0.6, 0}));
      cluster.evaluate();
    }
    return cluster.policy().state()["operators"]["count"]["busy"].get<double>();
  };
  CHECK(busy_in_state(60) == Approx(0.4));
  CHECK(busy_in_state(40) == Approx(0.5));
  CHECK(busy_in_state(5) == Approx(0.6));  // the newest window at least
}

TEST_CASE("flink-autoscaler takes the main branch's input rate from gauges", "[policy][flink-autoscaler]") {
  const JobView job = keyed();
  const auto true_rate = [&](const char* input_rate) {
    ScriptedCluster cluster(
        job, {1, 4},
        policy(fmt::format(R"("gauge_s": 2, "metrics_window_s": 2, "input_rate": "{}")", input_rate)));
    for (const double in_per_s : {100.0, 200.0, 300.0})
      cluster.step(1, all({in_per_s, 0.1, 0}, {in_per_s, 0.5, 0}));
    return cluster.policy().state()["operators"]["count"]["true_per_s"].get<double>();
  };
  CHECK(true_rate("counter") == Approx(250 / 0.5));  // between the first and last sample
  CHECK(true_rate("gauge") == Approx((100 + 150 + 250) / 3.0 / 0.5).epsilon(1e-5));  // of two seconds each
}

TEST_CASE("flink-autoscaler observes what a source can do under lag", "[policy][flink-autoscaler]") {
  const JobView job = keyed();
  const auto source = [&](double busy, double blocked, double lag, const std::string& more = "") {
    ScriptedCluster cluster(job, {1, 4}, policy(R"("gauge_s": 1)" + more));
    for (int i = 0; i < 3; ++i)
      cluster.step(1, [&](MetricWindow& w) {
        all({100, busy, lag}, {100, 0.5, 0})(w);
        w.operators[0].instances[0].blocked_s = blocked;
        w.operators[0].instances[0].waiting_s -= blocked;
      });
    return cluster.policy().state()["operators"]["source"];
  };
  CHECK(source(0.1, 0, 0)["true_per_s"] == 1000);
  CHECK(source(0.1, 0, 0)["observed"] == false);
  CHECK(source(0.1, 0.5, 3000)["true_per_s"] == 200);  // 30 s of lag; half of the time blocked
  CHECK(source(0.1, 0.5, 3000)["observed"] == true);
  CHECK(source(0.1, 0.5, 2999)["observed"] == false);
  CHECK(source(0.1, 1, 3000)["observed"] == false);     // blocked throughout tells nothing
  CHECK(source(0.46, 0.5, 3000)["observed"] == false);  // 217 is not 15 % more than 200
  CHECK(source(0.43, 0.5, 3000)["observed"] == true);   // 233 is
  CHECK(source(0.1, 0.5, 3000, R"(, "observed_rate": "off")")["true_per_s"] == 1000);
  CHECK(source(0.1, 0.5, 3000, R"(, "observed_rate_min_observations": 3)")["observed"] == false);
}

TEST_CASE("flink-autoscaler knows edges from counters of operators only", "[policy][flink-autoscaler]") {
  JobView job;
  const int a = add_operator(job, "a", {}), b = add_operator(job, "b", {});
  const int join = add_operator(job, "join", {a, b});
  const int sink = add_operator(job, "sink", {join});
  ScriptedCluster cluster(job, {1, 1, 1, 1}, policy(""));
  // ScalingMetricEvaluatorTest: ratios 2, 0.5 and 0.2.
  for (int i = 0; i < 2; ++i)
    cluster.step(1, [&](MetricWindow& w) {
      const auto flow = [&](int o, std::int64_t in, std::int64_t out) {
        w.operators[static_cast<std::size_t>(o)].instances[0] = {
            .records_in = in, .records_out = out, .useful_s = 0.5, .waiting_s = 0.5};
      };
      flow(a, 100, 200);
      flow(b, 100, 50);
      flow(join, 250, 50);
      flow(sink, 50, 0);
      w.operators[0].backlog_records = i == 0 ? 0 : 300;
    });
  const auto target = [&](const char* name) {
    return cluster.policy().state()["operators"][name]["target_per_s"].get<double>();
  };
  CHECK(target("a") == 400);  // 100 and a lag that grows by 300
  CHECK(target("b") == 100);
  CHECK(target("join") == 400 * 2 + 100 * 0.5);
  CHECK(target("sink") == Approx((400 * 2 + 100 * 0.5) * 0.2));
}

TEST_CASE("flink-autoscaler counts records of a loop as if they came from outside",
          "[policy][flink-autoscaler]") {
  JobView job = chain({"source", "work", "check"});
  job.operators[2].downstream.push_back(1);
  job.operators[1].upstream.push_back(2);
  ScriptedCluster cluster(job, {1, 1, 1}, policy(""));
  for (int i = 0; i < 2; ++i)
    cluster.step(1, [&](MetricWindow& w) {
      show(w.operators[0], 1, {100, 0.1, 0}, true);
      show(w.operators[1], 1, {125, 0.5, 0}, false);  // a fifth comes again
      show(w.operators[2], 1, {125, 0.5, 0}, false);
    });
  CHECK(cluster.policy().state()["operators"]["work"]["target_per_s"] == 125);
}

TEST_CASE("flink-autoscaler stays within slots and quota", "[policy][flink-autoscaler]") {
  JobView job = keyed();
  job.slots = 20;
  const auto run = [&](const std::string& more) {
    ScriptedCluster cluster(job, {1, 10}, policy(R"("utilization_target": 1, "alignment": "off")" + more));
    Load load(cluster);
    load.step(200, 100);
    const auto decisions = load.step(200, 100);
    const std::string why = decisions.empty() ? "" : decisions[0].reason;
    CHECK(load.step(200, 100).empty());  // done, or told once
    return std::pair{cluster.parallelism[1], why};
  };
  CHECK(run("") ==
        std::pair<int, std::string>{10, "21 slots in 21 task managers are needed, and there are 20 slots"});
  // Where a slot holds an instance of each operator, the widest counts.
  job.slots_shared = true;
  CHECK(run("").first == 20);
  CHECK(run(R"(, "slots_per_task_manager": 3)") ==
        std::pair<int, std::string>{10, "20 slots in 7 task managers are needed, and there are 20 slots"});
  CHECK(run(R"(, "quota_cores": 20)").first == 20);
  CHECK(run(R"(, "quota_cores": 19)") ==
        std::pair<int, std::string>{10, "20 task managers have 20 cores, and the quota is 19"});
}

TEST_CASE("flink-autoscaler keeps operators that are beyond its limits", "[policy][flink-autoscaler]") {
  const std::string p =
      R"("utilization_target": 1, "alignment": "off", "min_parallelism": 4, "max_parallelism": 12)";
  CHECK(decided(10, 10, 100, p + R"(, "scale_down_max_factor": 1)") == 4);
  CHECK(decided(3, 10, 100, p) == 3);  // has fewer than the least: stays
  CHECK(decided(10, 300, 100, p) == 12);
  CHECK(decided(15, 300, 100, p) == 15);  // has more than the most: stays
  CHECK(decided(10, 1000, 10, R"("utilization_target": 1, "alignment": "off", "key_groups": 60)") == 60);
}

TEST_CASE("flink-autoscaler leaves an idle job as it can", "[policy][flink-autoscaler]") {
  // Nothing comes in: any speed is possible, so it shrinks by the most that is allowed at once.
  CHECK(decided(10, 0, 100, R"("utilization_target": 1, "alignment": "off")") == 4);
}

TEST_CASE("flink-autoscaler does not scale workers that operators share", "[policy][flink-autoscaler]") {
  JobView job = keyed();
  job.uniform_workers = true;
  ScriptedCluster cluster(job, {2, 2}, policy(""));
  for (int i = 0; i < 3; ++i) CHECK(cluster.step(1, all({100, 0.1, 0}, {100, 0.9, 0})).empty());
  CHECK(cluster.policy().why_nothing(job) ==
        "it scales operators one by one, and those of this job share workers");
}

TEST_CASE("flink-autoscaler says what is wrong with its parameters", "[policy][flink-autoscaler]") {
  const auto wrong = [](const std::string& more, const std::string& what) {
    const std::string text = policy_errors(R"({"type": "flink-autoscaler", )" + more + "}");
    INFO(text);
    CHECK(text.find(what) != std::string::npos);
  };
  wrong(R"("preset": "1.5")", "1.4");
  wrong(R"("preset": 1.4)", R"(in quotes: "1.4")");
  wrong(R"("interval_s": 1000)", "a metrics window of 900 s never has two samples, one each 1000 s");
  wrong(R"("utilization_target": 0)", "utilization_target is 0");
  wrong(R"("utilization_target": 1.5)", "utilization_target");
  wrong(R"("utilization_max": 0.5)", "utilization_max is below utilization_target");
  wrong(R"("utilization_min": 0.9)", "utilization_min is above utilization_target");
  wrong(R"("min_parallelism": 0)", "min_parallelism");
  wrong(R"("min_parallelism": 10, "max_parallelism": 3)", "max_parallelism is below min_parallelism");
  wrong(R"("alignment": "even")", "evenly-spread");
  wrong(R"("key_groups": 40000)", "key_groups");
  wrong(R"("metrics_windows_s": 60)", "metrics_window_s");
  CHECK(policy_errors(R"({"type": "flink-autoscaler", "preset": "1.4", "max_parallelism": 7})").empty());
}

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/spark_scenario.hpp"

// Group scheduling (Drizzle) against sums by hand.

using namespace weir;
using namespace weir::test;

namespace {

using json = nlohmann::json;

constexpr double stage_s = 0.02, task_s = 0.004, rpc_s = 0.001, setup_s = 0.01, local_s = 0.002;

void take_time(ScenarioText& s) {
  s.engine()["driver"] = {
      {"generation_ms", 0}, {"stage_ms", stage_s * 1e3}, {"task_ms", task_s * 1e3}, {"rpc_ms", rpc_s * 1e3}};
  s.engine()["task_setup_ms"] = setup_s * 1e3;
}

}  // namespace

TEST_CASE("A group costs the driver what one batch does, and each batch a task's start", "[oracle][spark]") {
  // A stage of eight tasks without data on eight cores; batches are there long before it is their turn.
  for (const int batches : {1, 5, 20}) {
    INFO("groups of " << batches);
    ScenarioText s = spark_scenario(10, 8);
    s.source("in", ScenarioText::constant(1e-3));
    s.op("out", "sink", ScenarioText::deterministic(1), 8);
    s.edge("in", "out");
    take_time(s);
    s.engine()["direct"] = {{"partitions", 8}};
    s.engine()["batch_interval_s"] = 0.001;
    s.engine()["group"] = {{"batches", batches}, {"local_launch_ms", local_s * 1e3}};
    const double scheduled_s = stage_s + 8 * task_s;
    const double group_s = batches == 1 ? scheduled_s + rpc_s + setup_s + rpc_s
                                        : scheduled_s + rpc_s + batches * (local_s + setup_s) + rpc_s;
    // From 1 ms to 10 s; the last group may be cut off.
    const double ended = spark_figure(spark_result(s), "batches");
    CHECK(ended >= std::floor(9.999 / group_s) * batches);
    CHECK(ended < std::ceil(9.999 / group_s) * batches + 1);
  }
}

TEST_CASE("In a group a batch waits for its data alone, and shuffles for a message", "[oracle][spark]") {
  // Batches of a second: 40 records of 10 ms on four cores, and a shuffle to two tasks of 40 records of 1 ms.
  ScenarioText s = spark_scenario(12.5, 4);
  s.source("in", ScenarioText::constant(40));
  s.op("map", {{"type", "flat-map"}, {"selectivity", 2}}, ScenarioText::deterministic(10e3), 4);
  s.op("out", "sink", ScenarioText::deterministic(1e3), 4);
  s.edge("in", "map");
  s.edge("map", "out", "rebalance");
  take_time(s);
  s.engine()["direct"] = {{"partitions", 4}};
  s.engine()["shuffle_partitions"] = 2;
  const double work_s = (setup_s + 0.1) + (setup_s + 0.04);
  // Spark: the last of four launches, and of two.
  const json spark = spark_result(s);
  CHECK(spark_figure(spark, "processing_time_max_s") ==
        Approx(work_s + 2 * stage_s + (4 + 2) * task_s + 4 * rpc_s).margin(1e-6));
  // Six batches are a group: two groups, whose first batches wait for the driver.
  s.engine()["group"] = {{"batches", 6}, {"local_launch_ms", local_s * 1e3}};
  const json groups = spark_result(s);
  const double local = work_s + 2 * local_s + 2 * rpc_s;
  CHECK(spark_figure(groups, "batches") == 12);
  CHECK(spark_figure(groups, "processing_time_mean_s") == Approx(local).margin(1e-6));
  CHECK(spark_figure(groups, "processing_time_max_s") == Approx(local).margin(1e-6));
  const double scheduled_s = 2 * stage_s + (4 + 2) * task_s + rpc_s;
  CHECK(spark_figure(groups, "scheduling_delay_max_s") == Approx(scheduled_s).margin(1e-6));
  CHECK(spark_figure(groups, "scheduling_delay_mean_s") == Approx(scheduled_s / 6).margin(1e-6));
  CHECK(spark_figure(groups, "scheduler_busy_s") == Approx(2 * (scheduled_s - rpc_s)).margin(1e-6));
  CHECK(groups["summary"]["conservation"]["delivered"] == 480);
  // What the generator takes comes before a batch waits, as without groups.
  s.engine()["driver"]["generation_ms"] = 20;
  const json generated = spark_result(s);
  CHECK(spark_figure(generated, "scheduling_delay_max_s") == Approx(scheduled_s).margin(1e-6));
  CHECK(spark_figure(groups, "tasks") == spark_figure(spark, "tasks"));
}

TEST_CASE("Groups wait for executors, and go on when some have gone", "[oracle][spark]") {
  ScenarioText s = spark_scenario(60, 8);
  s.source("in",
           {{"type", "phases"},
            {"phases", {{{"duration_s", 10}, {"rate_per_s", 40}}, {{"duration_s", 20}, {"rate_per_s", 2}}}},
            {"after", "stop"}});
  s.op("out", "sink", ScenarioText::deterministic(100e3), 8);
  s.edge("in", "out");
  s.engine()["direct"] = {{"partitions", 8}};
  s.engine()["initial_executors"] = 0;
  s.engine()["executor_start_s"] = 0.25;
  s.engine()["group"] = {{"batches", 4}};
  s.job()["policy"] = {
      {"type", "spark-dynamic-allocation"}, {"idle_timeout_s", 0.3}, {"initial_executors", 0}};
  const json result = spark_result(s);
  CHECK(result["summary"]["conservation"]["delivered"] == 440);
  CHECK(spark_figure(result, "executors_max") > 1);
  CHECK(result["summary"]["scaling"]["actions"].size() > 4);
}

TEST_CASE("Groups that cannot be are told", "[oracle][spark]") {
  ScenarioText s = spark_scenario(5, 4);
  s.source("in", ScenarioText::constant(10));
  s.op("a", "map", ScenarioText::deterministic(1), 4);
  s.op("out", "sink", ScenarioText::deterministic(1), 4);
  s.edge("in", "a");
  s.edge("a", "out", "key");
  const auto error = [&] { return run({.scenario = s.text()}).value("error", std::string("none")); };
  s.engine()["combine"] = {"out"};
  s.engine()["group"] = {{"batches", 4}};
  CHECK(error() == "none");
  s.engine()["windows"] = {{"out", {{"length_s", 3}, {"slide_s", 1}}}};
  CHECK(error().find("group.batches: groups of 4 batches, which may overlap, but a window or a state needs "
                     "those before") != std::string::npos);
  s.engine().erase("windows");
  s.engine()["group"]["batches"] = 0;
  CHECK(error().find("group.batches") != std::string::npos);
  s.engine().erase("group");
  s.engine()["combine"] = {"a"};
  CHECK(error().find("engine.combine[0]: what \"a\" gets is not partitioned by key (an operator whose only "
                     "input is a shuffle by key)") != std::string::npos);
}

#include <catch2/catch.hpp>

#include "tests/support/flink_scenario.hpp"

// Slots, and operators that are chained: what shares a slot, and what shares a thread.

using namespace weir::test;

namespace {

using json = nlohmann::json;

// s ─forward─▶ a ─forward─▶ b ─▶ t
ScenarioText pipeline(double rate_per_s, int parallelism, double until_s = 30) {
  ScenarioText s = flink_scenario(until_s);
  s.source("s", ScenarioText::constant(rate_per_s))["parallelism"] = parallelism;
  s.op("a", "map", ScenarioText::deterministic(400), parallelism);
  s.op("b", "map", ScenarioText::deterministic(600), parallelism);
  s.op("t", "sink", ScenarioText::deterministic(1), parallelism);
  s.edge("s", "a", "forward");
  s.edge("a", "b", "forward");
  s.edge("b", "t");
  return s;
}

std::string error_of(const ScenarioText& s) {
  return run({.scenario = s.text()}).value("error", "");
}

}  // namespace

TEST_CASE("Operators of a chain have one thread", "[oracle][flink]") {
  // 400 and 600 us a record: on a thread each 1667 records/s at most, on one 1000.
  for (const auto& [chaining, rate_per_s] : {std::pair{false, 1500}, {true, 1000}}) {
    INFO(chaining);
    ScenarioText s = pipeline(1500, 1);
    s.engine()["operator_chaining"] = chaining;
    CHECK(mean_rate_per_s(flink_result(s, true), 2, "records_in", 5) == Approx(rate_per_s).epsilon(0.002));
  }
}

TEST_CASE("A chain is busy, idle and backpressured as one task", "[oracle][flink]") {
  const json result = flink_result(pipeline(500, 1), true);
  const auto share = [&](int op, const char* use) { return mean_share(result, op, use, 5); };
  CHECK(share(1, "useful_s") == Approx(0.2).epsilon(0.005));
  CHECK(share(2, "useful_s") == Approx(0.3).epsilon(0.005));
  // Flink's busy time is what is neither idle nor backpressured: the same for all, the source included.
  for (const int op : {0, 1, 2}) {
    INFO(op);
    CHECK(share(op, "useful_s") + share(op, "overhead_s") == Approx(0.5).epsilon(0.005));
    CHECK(share(op, "waiting_s") == Approx(0.5).epsilon(0.005));
  }
  // No buffer, no flush between them: a record takes what its services take, and the flush before the sink.
  ScenarioText fast = pipeline(500, 1);
  fast.engine()["network"] = {{"buffer_timeout_ms", 0}};
  const double latency_s = mean_latency_s(flink_result(fast, true), 5);
  CHECK(latency_s == Approx(0.001001).epsilon(0.01));

  // A sink that holds the end up holds up the whole chain.
  ScenarioText slow = pipeline(500, 1);
  slow.dataflow()["operators"][2]["cost"] = ScenarioText::deterministic(4000);
  slow.engine()["network"] = {{"segment_bytes", 1000}};
  const json held = flink_result(slow, true);
  for (const int op : {0, 1, 2}) {
    INFO(op);
    CHECK(mean_share(held, op, "useful_s", 10) + mean_share(held, op, "overhead_s", 10) ==
          Approx(0.25).epsilon(0.02));
    CHECK(mean_share(held, op, "blocked_s", 10) == Approx(0.75).epsilon(0.02));
  }
}

TEST_CASE("What is handed over in a chain is not serialized", "[oracle][flink]") {
  ScenarioText s = pipeline(10'000, 1);
  s.dataflow()["operators"][0]["cost"]["serialization_per_record_us"] = 1000;
  s.dataflow()["operators"][1]["cost"]["deserialization_per_record_us"] = 1000;
  CHECK(mean_rate_per_s(flink_result(s, true), 2, "records_in", 5) == Approx(1000).epsilon(0.002));
  s.engine()["operator_chaining"] = false;
  CHECK(mean_rate_per_s(flink_result(s, true), 2, "records_in", 5) == Approx(1e6 / 1600).epsilon(0.01));
}

TEST_CASE("A chain breaks where parallelism differs, and its edge is rebalanced", "[oracle][flink]") {
  ScenarioText s = pipeline(1800, 2, 60);
  s.job()["policy"] = {{"type", "test-scripted"},
                       {"interval_s", 1},
                       {"steps", {{{"time_s", 20}, {"operator_id", 2}, {"parallelism", 3}}}}};
  const json result = flink_result(s, true);
  REQUIRE(result["summary"]["operators"]["b"]["parallelism"] == 3);
  // s and a go on as a chain; b is on threads of its own, and each gets a third.
  for (const json& window : result["windows"]) {
    if (window["start_ns"].get<double>() < 40e9) continue;
    const json& instances = window["operators"][2];
    REQUIRE(instances.size() == 3);
    for (const json& instance : instances)
      CHECK(instance["records_in"].get<double>() == Approx(600).margin(60));
  }
  CHECK(mean_share(result, 1, "useful_s", 40) + mean_share(result, 1, "overhead_s", 40) ==
        Approx(0.36).epsilon(0.02));
  CHECK(mean_share(result, 2, "overhead_s", 40) == Approx(0).margin(1e-9));
}

TEST_CASE("A slot holds an instance of each operator", "[oracle][flink]") {
  ScenarioText s = pipeline(100, 3);
  s.hosts()[0] = {{"name", "h"}, {"count", 3}, {"cores", 64}, {"slots", 1}};
  const json result = flink_result(s);
  CHECK(engine_figure(result, "slots_at_end") == 3);
  CHECK(engine_figure(result, "slot_seconds") == Approx(90));

  ScenarioText few = s;
  few.hosts()[0]["count"] = 2;
  CHECK_THAT(
      error_of(few),
      Catch::Contains("the initial parallelism needs 3 slots, which its operators share, and there are 2"));
  few.engine()["slot_sharing"] = false;
  CHECK_THAT(error_of(few), Catch::Contains("does not fit"));
  ScenarioText own = s;
  own.engine()["slot_sharing"] = false;
  own.hosts()[0]["slots"] = 4;
  CHECK(engine_figure(flink_result(own), "slots_at_end") == 12);

  // Nobody grows beyond the slots.
  s.job()["policy"] = {{"type", "test-scripted"},
                       {"interval_s", 1},
                       {"steps", {{{"time_s", 10}, {"operator_id", 2}, {"parallelism", 9}}}}};
  s.hosts()[0]["slots"] = 2;
  const json grown = flink_result(s);
  CHECK(grown["summary"]["operators"]["b"]["parallelism"] == 6);
  CHECK(grown["summary"]["scaling"]["actions"][0]["status"] == "clipped");

  // Hosts by operator make no sense then.
  s.job()["placement"] = {{"type", "explicit"}, {"operators", {{"a", {{"hosts", {"h-0"}}}}}}};
  CHECK_THAT(error_of(s),
             Catch::Contains("hosts by operator, where a slot has an instance of each operator"));
}

TEST_CASE("Two jobs have the slots of one cluster", "[oracle][flink]") {
  ScenarioText s = pipeline(100, 2, 40);
  s.hosts()[0]["slots"] = 5;
  s.all["jobs"].push_back(s.all["jobs"][0]);
  s.all["jobs"][0]["name"] = "first";
  s.all["jobs"][1]["name"] = "second";
  s.job()["policy"] = {{"type", "test-scripted"},
                       {"interval_s", 1},
                       {"steps", {{{"time_s", 10}, {"operator_id", 2}, {"parallelism", 4}}}}};
  const json result = run({.scenario = s.text()});
  REQUIRE_FALSE(result.contains("error"));
  CHECK(result["summary"]["jobs"]["first"]["operators"]["b"]["parallelism"] == 3);
}

TEST_CASE("Dhalion finds the bottleneck of a job on Flink, which names none", "[oracle][flink][dhalion]") {
  // 500 records/s of 10 ms each are work for five instances and less than six.
  const auto job_of = [](double until_s) {
    ScenarioText s = flink_scenario(until_s);
    s.source("s", ScenarioText::constant(500));
    s.op("a", "map", ScenarioText::deterministic(100), 1);
    s.op("b", "map", ScenarioText::deterministic(10'000), 2);
    s.op("t", "sink", ScenarioText::deterministic(1), 1);
    s.edge("s", "a");
    s.edge("a", "b");
    s.edge("b", "t");
    return s;
  };
  // Two do 200 a second. What is busy for 2 of 100 ms/s by itself waits for them, and the source for it.
  const json windows = flink_result(job_of(60), true);
  CHECK(mean_share(windows, 1, "blocked_s", 20) == Approx(0.98).epsilon(0.01));
  CHECK(2 * mean_share(windows, 2, "backpressure_s", 20) ==
        Approx(mean_share(windows, 1, "blocked_s", 20)).epsilon(0.01));
  for (const int op : {0, 1, 3}) CHECK(mean_share(windows, op, "backpressure_s", 20) < 0.001);

  ScenarioText s = job_of(1500);
  s.job()["policy"] = {{"type", "dhalion"}};
  const json result = flink_result(s);
  INFO(result["summary"]["scaling"].dump(1));
  CHECK(result["summary"]["operators"]["b"]["parallelism"] >= 5);
  CHECK(result["summary"]["operators"]["a"]["parallelism"] == 1);
  CHECK(result["summary"]["scaling"]["actions"][0]["operator"] == "b");
}

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "models/engines/spark/distinct_keys.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/spark_scenario.hpp"

// Executors that are lost, against times and counts by hand. Tasks of a stage are of one length, and go to
// cores one by one, so it does not matter which of them a lost executor had.

using namespace weir;
using namespace weir::test;

namespace {

using json = nlohmann::json;

// So many cores, each an executor; with several hosts a core each.
ScenarioText on_cores(double until_s, int cores, bool hosts = false) {
  ScenarioText s = spark_scenario(until_s, hosts ? 1 : cores);
  if (hosts) s.hosts()[0]["count"] = cores;
  s.engine()["executor_start_s"] = 1000;
  return s;
}

void fail(ScenarioText& s, double time_s, int worker, double down_s = 0) {
  s.job()["failures"].push_back({{"time_s", time_s}, {"worker", worker}, {"down_s", down_s}});
}

// One batch, made at 10 s: a hundred records of 20 ms in four tasks, on four cores.
ScenarioText one_stage() {
  ScenarioText s = on_cores(60, 4);
  s.source("in", ScenarioText::constant(10));
  s.op("work", "map", ScenarioText::deterministic(20'000), 4);
  s.edge("in", "work");
  s.engine()["direct"] = {{"partitions", 4}};
  s.engine()["batch_interval_s"] = 10;
  s.engine()["batches_max"] = 1;
  return s;
}

// One batch, made at 10 s: records of map_ms in so many tasks, and of reduce_ms in four.
ScenarioText two_stages(int rate_per_s, int partitions, double map_ms, double reduce_ms) {
  ScenarioText s = on_cores(60, 4);
  s.source("in", ScenarioText::constant(rate_per_s));
  s.op("words", "map", ScenarioText::deterministic(map_ms * 1e3), 4);
  s.op("count", "keyed-count", ScenarioText::deterministic(reduce_ms * 1e3), 4);
  s.edge("in", "words");
  s.edge("words", "count", "key")["keys"] = {{"law", "even"}, {"count", 100}, {"random", false}};
  s.engine()["direct"] = {{"partitions", partitions}};
  s.engine()["batch_interval_s"] = 10;
  s.engine()["batches_max"] = 1;
  return s;
}

double processing_s(const json& result) {
  return spark_figure(result, "processing_time_max_s");
}

}  // namespace

TEST_CASE("A task of a lost executor starts again elsewhere, from its beginning", "[oracle][spark]") {
  // Half a second.
  for (const double at_s : {10.01, 10.305, 10.35, 10.49}) {
    ScenarioText s = one_stage();
    CHECK(processing_s(spark_result(s)) == Approx(0.5));
    fail(s, at_s, 2);
    const json result = spark_result(s, true);
    // On the first core that is free, at half a second, and for as long again.
    CHECK(processing_s(result) == Approx(1.0));
    CHECK(result["summary"]["conservation"]["delivered"] == 100);
    CHECK(result["trace"]["without_path"] == 0);
    CHECK(spark_figure(result, "executors_lost") == 1);
    CHECK(spark_figure(result, "tasks_failed") == 1);
    CHECK(spark_figure(result, "tasks") == 5);
    CHECK(spark_figure(result, "outputs_redone") == 0);
    // What it had done, in whole records.
    const double done_s = std::floor((at_s - 10) / 0.02 + 1e-9) * 0.02;
    CHECK(spark_figure(result, "redone_core_s") == Approx(done_s));
    // A failure of somebody who is idle, or when all is over, costs nothing.
    s.job()["failures"] = json::array();
    fail(s, 9, 2);
    fail(s, 59, 3);
    CHECK(processing_s(spark_result(s)) == Approx(1.0));  // four tasks on three cores
    s.job()["failures"] = json::array();
    fail(s, 59, 3);
    CHECK(processing_s(spark_result(s)) == Approx(0.5));
  }
}

TEST_CASE("A result that is under way is lost with its executor", "[oracle][spark]") {
  // Half a second of work, and 20 ms until the driver has it.
  ScenarioText s = one_stage();
  s.engine()["driver"]["rpc_ms"] = 20;
  CHECK(processing_s(spark_result(s)) == Approx(0.54));
  fail(s, 10.53, 2);
  const json result = spark_result(s, true);
  CHECK(processing_s(result) == Approx(1.08));
  CHECK(spark_figure(result, "redone_core_s") == Approx(0.5));
  CHECK(result["summary"]["conservation"]["delivered"] == 100);
  CHECK(result["trace"]["without_path"] == 0);
}

TEST_CASE("What a lost task had joined by key goes on with it", "[oracle][spark]") {
  for (const double at_s : {10.1, 10.3}) {
    ScenarioText s = two_stages(100, 4, 1, 2);
    s.dataflow()["edges"][1]["keys"] = {{"law", "uniform"}, {"count", 12}};
    s.engine()["combine"] = {"count"};
    const json without = spark_result(s);
    fail(s, at_s, 2);
    const json with = spark_result(s);
    CHECK(without["summary"]["conservation"]["delivered"] == with["summary"]["conservation"]["delivered"]);
    const auto counted = [](const json& result) {
      std::int64_t records = 0;
      for (const json& instance : result["instances"][2])
        records += instance["records_in"].get<std::int64_t>();
      return records;
    };
    CHECK(counted(without) == 4 * 12);
    CHECK(counted(with) == 4 * 12);
  }
}

TEST_CASE("Outputs of map tasks on a lost executor are made again", "[oracle][spark]") {
  // A hundred records: 0.25 s of four map tasks, 0.5 s of four reduce tasks.
  const auto base = [] { return two_stages(10, 4, 10, 20); };
  ScenarioText s = base();
  CHECK(processing_s(spark_result(s)) == Approx(0.75));
  // While the reduce tasks run: the stage fails, and 0.2 s later the map stage is submitted again. Cores are
  // free at 10.75: the map task takes until 11, the reduce task until 11.5.
  fail(s, 10.4, 2);
  json result = spark_result(s, true);
  CHECK(processing_s(result) == Approx(1.5));
  CHECK(spark_figure(result, "outputs_redone") == 1);
  CHECK(spark_figure(result, "tasks_failed") == 1);
  CHECK(spark_figure(result, "stages_submitted_again") == 1);
  CHECK(spark_figure(result, "redone_core_s") == Approx(0.25 + 0.14));
  CHECK(result["trace"]["without_path"] == 0);
  CHECK(result["summary"]["conservation"]["delivered"] == 100);
  // Submitted again when cores are free already: half a second later, 10.9.
  s.engine()["recovery"] = {{"resubmit_ms", 500}};
  CHECK(processing_s(spark_result(s)) == Approx(0.9 + 0.25 + 0.5));
  // With outputs that outlive their executor, the reduce task alone, from 10.75.
  s.engine()["recovery"] = {{"external_shuffle", true}};
  result = spark_result(s);
  CHECK(processing_s(result) == Approx(1.25));
  CHECK(spark_figure(result, "outputs_redone") == 0);
  // While the map tasks run: one again at 10.25, and four reduce tasks on three cores.
  s = base();
  fail(s, 10.1, 2);
  result = spark_result(s, true);
  CHECK(processing_s(result) == Approx(0.5 + 1.0));
  CHECK(spark_figure(result, "outputs_redone") == 0);
  CHECK(spark_figure(result, "stages_submitted_again") == 0);
  CHECK(result["trace"]["without_path"] == 0);
  // Outputs of a map stage that is not over: eight tasks of 0.2 s in two rounds, of which an executor has had
  // one and has another. Both again from 10.4 to 10.6; four reduce tasks of 0.8 s on three cores.
  s = two_stages(16, 8, 10, 20);
  CHECK(processing_s(spark_result(s)) == Approx(0.4 + 0.8));
  fail(s, 10.3, 2);
  result = spark_result(s, true);
  CHECK(processing_s(result) == Approx(0.6 + 1.6));
  CHECK(spark_figure(result, "outputs_redone") == 1);
  CHECK(spark_figure(result, "tasks_failed") == 1);
  CHECK(result["trace"]["without_path"] == 0);
}

TEST_CASE("A stage that waits for two others goes on once", "[oracle][spark]") {
  // Both of the stages before have lost an output, and the driver takes a second for each stage: it hears
  // that the second one is over before it has submitted the third. Tasks that wait are counted once.
  ScenarioText s = two_stages(10, 4, 10, 20);
  s.source("too", ScenarioText::constant(10));
  s.op("more", "map", ScenarioText::deterministic(10'000), 4);
  s.edge("too", "more");
  s.edge("more", "count", "key")["keys"] = {{"law", "even"}, {"count", 100}, {"random", false}};
  s.engine()["driver"]["stage_ms"] = 1000;
  s.job()["policy"] = {
      {"type", "spark-dynamic-allocation"}, {"initial_executors", 4}, {"idle_timeout_s", 50}};
  const double whole_s = processing_s(spark_result(s));
  // In the middle of the reduce tasks, which take a second.
  fail(s, 10 + whole_s - 0.5, 2);
  const json result = spark_result(s, true);
  CHECK(spark_figure(result, "outputs_redone") == 2);
  CHECK(spark_figure(result, "stages_submitted_again") == 2);
  CHECK(result["summary"]["conservation"]["delivered"] == 200);
  CHECK(result["trace"]["without_path"] == 0);
}

TEST_CASE("A task that fetches from a lost executor holds its core until it gives up", "[oracle][spark]") {
  // Two hosts of a core each, which have 500 MB for each other (records go to partitions in turn, of the
  // topic and of the shuffle): more than four seconds. At eleven seconds one is lost. The other one's core
  // waits, and then does all: a map task of 50 ms, and two reduce tasks of 100.
  for (const double wait_s : {15.0, 3.0}) {
    ScenarioText s = two_stages(10, 2, 1, 2);
    s.hosts()[0] = {{"name", "h"}, {"count", 2}, {"cores", 1}, {"slots", 1}, {"nic_gbit_per_s", 1}};
    for (json& op : s.dataflow()["operators"]) op["parallelism"] = 2;
    s.dataflow()["operators"][0]["output_bytes"] = 10'000'000;
    s.engine()["recovery"] = {{"fetch_wait_s", wait_s}};
    CHECK(processing_s(spark_result(s)) == Approx(0.05 + 0.5e9 / 0.9415 / 125e6 + 0.1).epsilon(1e-3));
    fail(s, 11, 1);
    const json result = spark_result(s, true);
    CHECK(processing_s(result) == Approx(1 + wait_s + 0.05 + 2 * 0.1).epsilon(1e-6));
    CHECK(spark_figure(result, "tasks_failed") == 2);
    CHECK(result["trace"]["without_path"] == 0);
    CHECK(result["summary"]["conservation"]["delivered"] == 100);
  }
}

TEST_CASE("A lost executor is replaced where there is room", "[oracle][spark]") {
  ScenarioText s = two_stages(10, 4, 10, 20);
  s.engine()["executor_start_s"] = 0.3;
  fail(s, 10.4, 2);
  // From 10.7: the map task until 10.95, then the reduce task until 11.45.
  json result = spark_result(s);
  CHECK(processing_s(result) == Approx(1.45));
  const json& actions = result["summary"]["scaling"]["actions"];
  REQUIRE(actions.size() == 2);
  CHECK(actions[0]["from"] == 4);
  CHECK(actions[0]["to"] == 3);
  CHECK(actions[0]["time_s"] == Approx(10.4));
  CHECK(actions[1]["to"] == 4);
  CHECK(actions[1]["time_s"] == Approx(10.4));  // asked for; there 0.3 s later
  // Its place stays empty for longer than the job takes.
  s.job()["failures"][0]["down_s"] = 5;
  result = spark_result(s);
  CHECK(processing_s(result) == Approx(1.5));
  CHECK(spark_figure(result, "executor_seconds") == Approx(4 * 60 - 5.3));
  // One that is not there does not fail.
  s.engine()["initial_executors"] = 3;
  s.job()["failures"][0] = {{"time_s", 10.4}, {"worker", 3}};
  CHECK(spark_figure(spark_result(s), "executors_lost") == 0);
}

namespace {

// Four hosts of a core each; a batch a second of a hundred records: 0.25 s of four map tasks, then 0.2 s of
// four reduce tasks, each of which stays on its host. Executor 2 is lost between two batches, and back at
// once.
ScenarioText kept(double until_s, double fail_s) {
  ScenarioText s = on_cores(until_s, 4, true);
  s.source("in", ScenarioText::constant(100));
  s.op("words", "map", ScenarioText::deterministic(10'000), 4);
  s.op("count", "keyed-count", ScenarioText::deterministic(8'000), 4);
  s.edge("in", "words");
  s.edge("words", "count", "key")["keys"] = {{"law", "even"}, {"count", 200}, {"random", false}};
  s.dataflow()["operators"][0]["output_bytes"] = 0;
  s.dataflow()["operators"][1]["output_bytes"] = 0;
  s.engine()["direct"] = {{"partitions", 4}};
  s.engine()["executor_start_s"] = 0.01;
  if (fail_s > 0) fail(s, fail_s, 2);
  return s;
}

}  // namespace

TEST_CASE("A window makes again what a lost executor kept of it", "[oracle][spark]") {
  // The batch at 6 s, of a window of three: an executor had one map output and one reduced partition of each
  // of the two before. Six map tasks on four cores, then one reduce task of three batches.
  ScenarioText s = kept(20.9, 5.9);
  s.engine()["windows"] = {
      {"count", {{"length_s", 3}, {"slide_s", 1}, {"combine", false}, {"merge_per_key_us", 0}}}};
  const json result = spark_result(s, true);
  CHECK(processing_s(result) == Approx(2 * 0.25 + 3 * 0.2).epsilon(1e-4));
  CHECK(spark_figure(result, "outputs_redone") == 2);
  CHECK(spark_figure(result, "parts_redone") == 2);
  CHECK(spark_figure(result, "redone_core_s") == Approx(2 * 0.25 + 2 * 0.2).epsilon(1e-4));
  CHECK(result["trace"]["without_path"] == 0);
  // What has been made again is there: no other batch takes longer.
  CHECK(spark_figure(result, "processing_time_mean_s") == Approx(0.45 + (1.1 - 0.45) / 20).epsilon(1e-3));
  CHECK(spark_figure(result, "window_records_last") == 300);
  CHECK(spark_figure(result, "windows") == 20);
  // With an inverse function: the result before too, of all that it was made of since the first.
  s.engine()["windows"]["count"]["inverse"] = true;
  s.engine()["windows"]["count"]["merge_per_key_us"] = 100;
  s.engine()["checkpoint"] = {{"interval_s", 1000}};
  const json inverse = spark_result(s);
  CHECK(spark_figure(inverse, "outputs_redone") == 5);
  CHECK(spark_figure(inverse, "parts_redone") == 5 + 5);
}

TEST_CASE("A state is made again from its last checkpoint on", "[oracle][spark]") {
  constexpr double merge_us = 200, read_us = 300;
  const auto kept_state = [&](double fail_s, double interval_s) {
    ScenarioText s = kept(40.9, fail_s);
    s.engine()["states"] = {{"count", {{"update_per_key_us", merge_us}}}};
    s.engine()["checkpoint"] = {
        {"interval_s", interval_s}, {"write_per_key_us", 0}, {"read_per_key_us", read_us}};
    return spark_result(s);
  };
  // 200 keys, 50 in a partition, all of which come in the first batches; 25 records of a batch have so many.
  KeySpec law;
  law.count = 200;
  const spark::DistinctKeys distinct(law, 4);
  const auto keys = [&](int batches) { return static_cast<double>(distinct.among(25 * batches, 0)); };
  const auto merged = [&](int batch) { return (batch > 1 ? keys(batch - 1) : 0) + keys(1); };
  for (const double interval_s : {10.0, 15.0, 1000.0}) {
    for (const int fails_after : {25, 29}) {
      const json result = kept_state(fails_after + 0.9, interval_s);
      const int last = static_cast<int>(fails_after / interval_s) * static_cast<int>(interval_s);
      const int batches = fails_after - last;
      INFO("every " << interval_s << " s, lost at " << fails_after << ".9 s");
      CHECK(spark_figure(result, "outputs_redone") == batches);
      CHECK(spark_figure(result, "parts_redone") == 2 * batches);
      // The core time of it: map tasks, reducing, updating, and reading the checkpoint.
      double redone_s = batches * (0.25 + 0.2) + (last > 0 ? keys(last) * read_us * 1e-6 : 0);
      for (int batch = last + 1; batch <= fails_after; ++batch) redone_s += merged(batch) * merge_us * 1e-6;
      CHECK(spark_figure(result, "redone_core_s") == Approx(redone_s).epsilon(1e-4));
      // One task does it all but the map tasks, which are on four cores.
      const double maps_s = std::ceil((batches + 4) / 4.0) * 0.25;
      CHECK(processing_s(result) ==
            Approx(maps_s + redone_s - batches * 0.25 + 0.2 + merged(fails_after + 1) * merge_us * 1e-6)
                .epsilon(1e-4));
      CHECK(spark_figure(result, "state_records_last") >= 100.0 * fails_after);
    }
  }
}

namespace {

// Two hosts with two executors of a core each, receivers on the first core of each; blocks of 0.2 s.
ScenarioText received(double until_s) {
  ScenarioText s = spark_scenario(until_s, 2);
  s.hosts()[0]["count"] = 2;
  s.source("in", ScenarioText::constant(200));
  s.op("out", "sink", ScenarioText::deterministic(1'000), 4);
  s.edge("in", "out");
  s.engine()["input"] = "receiver";
  s.engine()["executor_start_s"] = 0.5;
  return s;
}

}  // namespace

TEST_CASE("Blocks survive their executor where they were copied", "[oracle][spark]") {
  for (const bool copied : {true, false}) {
    ScenarioText s = received(20.9);
    s.engine()["receiver"] = {{"replicate", copied}};
    INFO((copied ? "copied" : "not copied"));
    const int delivered = spark_result(s)["summary"]["conservation"]["delivered"].get<int>();
    // At 10.5 s the receiver has two blocks of this batch, of forty records, and has taken in 21.
    fail(s, 10.5005, 0);
    const json result = spark_result(s, true);
    const int lost = 21 + (copied ? 0 : 80);
    CHECK(result["trace"]["without_path"] == 0);
    CHECK(spark_figure(result, "blocks_lost") == (copied ? 0 : 2));
    CHECK(spark_figure(result, "block_records_lost") == lost);
    CHECK(result["summary"]["conservation"]["dropped"] == lost);
    CHECK(result["summary"]["conservation"]["delivered"] == delivered - lost);
    // The receiver goes on at once, on another core.
    CHECK(result["instances"][1][0]["records_in"].get<int>() > 0);
  }
  // No core is free until the other executor is there again: what comes meanwhile waits outside.
  ScenarioText s = received(20.9);
  s.hosts()[0]["count"] = 1;
  s.dataflow()["operators"][0]["parallelism"] = 2;
  s.engine()["initial_executors"] = 2;
  s.engine()["receiver"] = {{"replicate", false}};
  const int delivered = spark_result(s)["summary"]["conservation"]["delivered"].get<int>();
  fail(s, 10.5005, 0);
  fail(s, 10.5005, 1);
  const json result = spark_result(s);
  CHECK(spark_figure(result, "executors_lost") == 2);
  CHECK(spark_figure(result, "block_records_lost") == 101);
  CHECK(result["summary"]["conservation"]["delivered"] == delivered - 101);
}

TEST_CASE("A job with random failures loses nothing but blocks", "[oracle][spark][property]") {
  const auto seed = test_seed();
  INFO("seed " << seed);
  Dice dice(seed);
  std::vector<Run> runs;
  for (int round = 0; round < 24; ++round) {
    ScenarioText s = spark_scenario(20.5, 2);
    s.hosts()[0]["count"] = 3;
    const int kind = dice.below(5);
    s.source("in", ScenarioText::poisson(dice.between(20, 150)));
    s.op("a", dice.below(10) < 3 ? json{{"type", "filter"}, {"selectivity", 0.5}} : json("map"),
         ScenarioText::exponential(dice.between(200, 2000)), 6);
    s.op("b", "keyed-count", ScenarioText::exponential(dice.between(200, 2000)), 6);
    s.edge("in", "a");
    s.edge("a", "b", "key")["keys"] = {{"law", "zipf"}, {"count", 50}, {"exponent", 1.1}};
    if (kind == 0 && dice.coin()) {
      s.source("too", ScenarioText::poisson(50));
      s.op("d", "map", ScenarioText::exponential(500), 6);
      s.edge("too", "d");
      s.edge("d", "b", "key")["keys"] = {{"law", "zipf"}, {"count", 50}, {"exponent", 1.1}};
    }
    if (dice.below(10) < 4) {
      s.op("c", "map", ScenarioText::exponential(2000), 6);
      s.edge("b", "c", dice.below(10) < 5 ? "forward" : "rebalance");
    }
    s.engine()["input"] = dice.below(10) < 4 ? "receiver" : dice.below(10) < 5 ? "direct" : "file";
    s.engine()["direct"] = {{"partitions", 1 + dice.below(9)}};
    if (s.engine()["input"] == "direct" && dice.coin()) {
      s.hosts().push_back({{"name", "log"}, {"count", 1}, {"cores", 4}, {"slots", 0}});
      s.all["brokers"] = {{{"name", "kafka"},
                           {"system",
                            {{"type", "kafka"},
                             {"hosts", {"log"}},
                             {"topics", {{{"name", "t"}, {"partitions", 3}, {"replication", 1}}}}}}}};
      s.job()["reads"] = {{{"source", "in"}, {"topic", "t"}}};
    }
    s.engine()["driver"] = {{"generation_ms", 2}, {"stage_ms", 5}, {"task_ms", 2}, {"rpc_ms", 1}};
    s.engine()["task_setup_ms"] = dice.below(20);
    s.engine()["executor_start_s"] = dice.between(0.01, 3);
    s.engine()["executor_cores"] = dice.below(10) < 5 ? 1 : 2;
    s.engine()["recovery"] = {{"external_shuffle", dice.below(10) < 3}, {"fetch_wait_s", dice.between(0, 4)}};
    if (kind == 1)
      s.engine()["windows"] = {
          {"b", {{"length_s", 1 + dice.below(5)}, {"slide_s", 1}, {"inverse", dice.below(10) < 5}}}};
    if (kind == 2) s.engine()["states"] = {{"b", {{"update_per_key_us", 500}}}};
    if (kind == 1 || kind == 2) s.engine()["checkpoint"] = {{"interval_s", 1 + dice.below(8)}};
    if (kind == 3) s.engine()["concurrent_jobs"] = 2;
    if (kind == 4) s.engine()["combine"] = {"b"};
    for (int failures = 1 + dice.below(6); failures > 0; --failures)
      fail(s, dice.between(0, 20), dice.below(s.engine()["executor_cores"] == 1 ? 6 : 3),
           dice.below(10) < 3 ? dice.between(0, 5) : 0);
    // As it is, traced, and without lookahead.
    runs.push_back({.scenario = s.text(), .seed = seed});
    runs.push_back({.scenario = s.text(), .seed = seed, .trace = true});
    runs.push_back({.scenario = s.text(), .seed = seed, .lookahead = false});
  }
  const std::vector<json> results = run_all(runs);
  for (std::size_t i = 0; i < results.size(); i += 3) {
    INFO(runs[i].scenario);
    INFO(results[i].value("error", std::string()) << results[i + 1].value("error", std::string()));
    REQUIRE(results[i].contains("summary"));
    REQUIRE(results[i + 1].contains("summary"));
    INFO(results[i]["summary"]["failed_checks"].dump());
    const json& summary = results[i]["summary"];
    CHECK(summary["conservation"]["ok"] == true);
    CHECK(summary.value("failed_checks", json::array()).empty());
    CHECK(summary["conservation"]["dropped"] == spark_figure(results[i], "block_records_lost"));
    CHECK(summary["fingerprint"] == results[i + 1]["summary"]["fingerprint"]);
    CHECK(summary["fingerprint"] == results[i + 2]["summary"]["fingerprint"]);
    CHECK(results[i + 1]["trace"]["without_path"] == 0);
    // Batches go on being made, and being processed.
    CHECK(spark_figure(results[i], "batches") >= 3);
  }
}

TEST_CASE("A lost receiver takes what is on its link with it", "[oracle][spark]") {
  // One executor of two cores, and records that are 0.2 s on their way to its receiver.
  ScenarioText s = received(20.9);
  s.hosts()[0] = {{"name", "h"}, {"count", 1}, {"cores", 2}, {"slots", 2}, {"nic_gbit_per_s", 1}};
  s.hosts().push_back({{"name", "out"}, {"count", 1}, {"cores", 1}, {"slots", 0}, {"nic_gbit_per_s", 1}});
  s.dataflow()["operators"][0]["parallelism"] = 2;
  s.engine()["executor_cores"] = 2;
  s.engine()["executor_start_s"] = 2;
  s.all["cluster"]["network"] = {{"latency_us", 200'000}};
  s.engine()["receiver"] = {{"host", "out"}, {"replicate", false}};
  const int delivered = spark_result(s)["summary"]["conservation"]["delivered"].get<int>();
  fail(s, 10.5005, 0);
  const json result = spark_result(s, true);
  CHECK(result["trace"]["without_path"] == 0);
  const int lost = static_cast<int>(spark_figure(result, "block_records_lost"));
  CHECK(result["summary"]["conservation"]["dropped"] == lost);
  CHECK(result["summary"]["conservation"]["delivered"] == delivered - lost);
  // Two blocks, what was taken in since, and what was on the way.
  CHECK(lost >= 80 + 1);
  CHECK(lost <= 80 + 21 + 90);
}

TEST_CASE("What is read again of a topic counts once", "[oracle][spark][kafka]") {
  for (const int failures : {0, 1, 5}) {
    ScenarioText s = on_cores(20.5, 4);
    s.hosts()[0]["slots"] = 4;
    s.hosts().push_back({{"name", "log"}, {"count", 1}, {"cores", 4}, {"slots", 0}});
    s.all["brokers"] = {{{"name", "kafka"},
                         {"system",
                          {{"type", "kafka"},
                           {"hosts", {"log"}},
                           {"topics", {{{"name", "t"}, {"partitions", 4}, {"replication", 1}}}}}}}};
    s.source("in", ScenarioText::constant(200));
    s.op("out", "sink", ScenarioText::deterministic(10'000), 4);
    s.edge("in", "out");
    s.job()["reads"] = {{{"source", "in"}, {"topic", "t"}}};
    s.engine()["executor_start_s"] = 0.2;
    for (int i = 0; i < failures; ++i) fail(s, 5.2 + i, i % 4);
    const json result = spark_result(s, true);
    INFO(failures << " failures");
    if (failures > 0) CHECK(spark_figure(result, "tasks_failed") == failures);
    CHECK(result["summary"]["conservation"]["delivered"].get<int>() >= 200 * 18);
    CHECK(result["trace"]["without_path"] == 0);
  }
}

TEST_CASE("An executor that is leaving goes when its task is taken from it", "[oracle][spark]") {
  // At 10 s streaming allocation releases one of four, while reduce tasks are on their way to all. Another
  // one is lost at 10.01 s, for good: the reduce tasks are taken back, so the first one goes at once. Three
  // are wanted: one starts in its place, 0.5 s later.
  ScenarioText s = kept(60, 0);
  s.dataflow()["operators"][0]["cost"]["per_record_us"] = 500;
  s.dataflow()["operators"][1]["cost"]["per_record_us"] = 500;
  s.engine()["batch_interval_s"] = 2;
  s.engine()["first_batch_s"] = 1.3;
  s.engine()["driver"]["rpc_ms"] = 300;
  s.engine()["executor_start_s"] = 0.5;
  s.job()["policy"] = {{"type", "spark-dynamic-allocation"},
                       {"mode", "streaming"},
                       {"scaling_interval_s", 10},
                       {"down_ratio", 0.95},
                       {"up_ratio", 5},
                       {"min_executors", 2}};
  int released = -1;
  for (int worker = 0; worker < 4; ++worker) {
    s.job()["failures"] = {{{"time_s", 10.01}, {"worker", worker}, {"down_s", 100}}};
    const json result = spark_result(s);
    const double seconds = spark_figure(result, "executor_seconds");
    INFO("worker " << worker << ": " << seconds << " s");
    // The one that is leaving itself: nobody else goes.
    if (seconds == Approx(4 * 10.01 + 3 * 49.99)) {
      CHECK(released == -1);
      released = worker;
      continue;
    }
    CHECK(seconds == Approx(4 * 10.01 + 2 * 0.5 + 3 * 49.49));
  }
  CHECK(released >= 0);
}

TEST_CASE("Core time to be done again is core time, on shared cores too", "[oracle][spark]") {
  // A map output of 25 records of 10 ms, whose task took twice as long where two slots share a core.
  for (const int cores : {4, 2}) {
    ScenarioText s = two_stages(10, 4, 10, 20);
    s.hosts()[0]["cores"] = cores;
    s.hosts()[0]["slots"] = 4;
    fail(s, cores == 4 ? 10.255 : 10.51, 2);
    const json result = spark_result(s);
    CHECK(spark_figure(result, "outputs_redone") == 1);
    CHECK(spark_figure(result, "redone_core_s") == Approx(0.25));
  }
}

TEST_CASE("A failure that never comes changes nothing", "[oracle][spark]") {
  for (const char* input : {"receiver", "direct", "file"}) {
    ScenarioText s = two_stages(100, 8, 1, 2);
    s.engine().erase("batches_max");
    s.engine()["input"] = input;
    s.engine()["windows"] = {{"count", {{"length_s", 20}, {"slide_s", 10}, {"inverse", true}}}};
    const json without = spark_result(s);
    fail(s, 61, 1);
    const json with = spark_result(s);
    CHECK(without["summary"]["fingerprint"] == with["summary"]["fingerprint"]);
    CHECK(spark_figure(with, "executors_lost") == 0);
    CHECK(!without["summary"]["engine_figures"].contains("executors_lost"));
  }
}

TEST_CASE("Failures that cannot be are told where they are written", "[oracle][spark]") {
  const auto error_of = [](const ScenarioText& s) {
    return run({.scenario = s.text()}).value("error", std::string("none"));
  };
  ScenarioText s = two_stages(10, 4, 10, 20);
  fail(s, 10, 3);
  CHECK(error_of(s) == "none");
  fail(s, 10, 4);
  CHECK(error_of(s).find("jobs[0].failures[1].worker: there is no worker 4: there are 4 (0 to 3)") !=
        std::string::npos);
  s.job()["failures"] = {{{"time_s", -1}, {"worker", 0.5}, {"dwon_s", 1}}, {{"worker", 0}}};
  const std::string all = error_of(s);
  INFO(all);
  CHECK(all.find("failures[0].time_s") != std::string::npos);
  CHECK(all.find("failures[0].worker") != std::string::npos);
  CHECK(all.find("did you mean \"down_s\"") != std::string::npos);
  CHECK(all.find("failures[1].time_s") != std::string::npos);
  s.job()["failures"] = {{{"time_s", 1}, {"worker", 0}}};
  s.engine()["group"] = {{"batches", 4}};
  CHECK(error_of(s).find("engine.group.batches: groups of 4 batches, and executors that fail") !=
        std::string::npos);
  s.engine() = "flink";
  CHECK(error_of(s).find("jobs[0].failures: failures, from which the engine \"flink\" does not recover here "
                         "(none, or the engine \"spark\")") != std::string::npos);
}

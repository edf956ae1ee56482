#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <vector>

#include "models/engines/spark/distinct_keys.hpp"
#include "models/engines/spark/formulas.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/spark_scenario.hpp"

// State by key, checkpoints, data sets to join with, and a plain batch job, against sums by hand.

using namespace weir;
using namespace weir::test;

namespace {

using json = nlohmann::json;

// A thousand words a second of so many, in batches of a second on four cores; the state's keys.
ScenarioText counted(double until_s, int keys) {
  ScenarioText s = spark_scenario(until_s, 4);
  s.source("in", ScenarioText::constant(1000));
  s.op("words", "map", ScenarioText::deterministic(10), 4)["output_bytes"] = 50;
  s.op("count", "keyed-count", ScenarioText::deterministic(20), 4);
  s.edge("in", "words");
  s.edge("words", "count", "key")["keys"] = {{"law", "even"}, {"count", keys}, {"random", false}};
  s.engine()["direct"] = {{"partitions", 4}};
  return s;
}

// Records of a batch, on four cores at once.
constexpr double records_s = 1000 * 30e-6 / 4;

}  // namespace

TEST_CASE("A state is made anew for every batch, with all its keys", "[oracle][spark]") {
  // So many keys that the state grows all the time.
  constexpr int keys = 20'000, batches = 30;
  constexpr double update_us = 50;
  ScenarioText s = counted(batches + 0.9, keys);
  s.engine()["states"] = {{"count", {{"update_per_key_us", update_us}}}};
  s.engine()["checkpoint"] = {{"interval_s", 100}};
  const json result = spark_result(s, true);
  CHECK(result["trace"]["without_path"] == 0);
  KeySpec law;
  law.count = keys;
  const spark::DistinctKeys distinct(law, 4);
  double merged = 0, longest_s = 0;
  for (int k = 0; k < batches; ++k) {
    const auto entries = static_cast<double>(distinct.among(250 * k, 0) + distinct.among(250, 0));
    merged += 4 * entries;
    longest_s = records_s + entries * update_us * 1e-6;
  }
  CHECK(spark_figure(result, "state_merged_sum") == merged);
  CHECK(spark_figure(result, "state_records_last") == 1000 * batches);
  CHECK(spark_figure(result, "state_keys_last") ==
        4.0 * static_cast<double>(distinct.among(250 * batches, 0)));
  CHECK(spark_figure(result, "state_reads_max") == 2);
  CHECK(spark_figure(result, "checkpoints") == 0);
  CHECK(spark_figure(result, "processing_time_max_s") == Approx(longest_s).epsilon(1e-6));
  CHECK(result["summary"]["conservation"]["delivered"] == 1000 * batches);
}

TEST_CASE("A state is checkpointed when Spark's formula says, at its cost", "[oracle][spark]") {
  constexpr double write_us = 400, setup_s = 0.01, stage_s = 0.02, task_s = 0.003, rpc_s = 0.001;
  for (const double interval_s : {1.0, 3.0}) {
    ScenarioText s = counted(60.9, 200);
    s.engine()["batch_interval_s"] = interval_s;
    s.engine()["states"] = {{"count", {{"update_per_key_us", 0}}}};
    s.engine()["checkpoint"] = {{"write_per_key_us", write_us}};
    const double without_s = records_s * interval_s, with_s = without_s + 50 * write_us * 1e-6;
    const double every_s = to_seconds(spark::checkpoint_interval_ns(to_nanos(interval_s)));  // 10 s, and 12 s
    CHECK(every_s == (interval_s == 1 ? 10 : 12));
    const json result = spark_result(s, true);
    CHECK(result["trace"]["without_path"] == 0);
    const double checkpoints = std::floor(60 / every_s), batches = 60 / interval_s;
    CHECK(spark_figure(result, "checkpoints") == checkpoints);
    CHECK(spark_figure(result, "checkpoint_bytes") == checkpoints * 4 * 50 * 50);
    CHECK(spark_figure(result, "tasks") == batches * 8 + checkpoints * 4);
    CHECK(spark_figure(result, "processing_time_max_s") == Approx(with_s).epsilon(1e-6));
    CHECK(spark_figure(result, "processing_time_mean_s") ==
          Approx(without_s + (with_s - without_s) * checkpoints / batches).epsilon(1e-6));
  }
  // As a job of the driver: a stage, four launches on four cores, and over the network, 2.5 MB at 100 MB/s.
  ScenarioText s = counted(21, 200);
  s.hosts()[0]["nic_gbit_per_s"] = 80;
  s.hosts().push_back({{"name", "hdfs"}, {"count", 1}, {"cores", 1}, {"slots", 0}, {"nic_gbit_per_s", 0.8}});
  s.dataflow()["operators"][0]["output_bytes"] = 12'500;
  s.engine()["states"] = {{"count", {{"update_per_key_us", 0}}}};
  s.engine()["checkpoint"] = {{"write_per_key_us", write_us}, {"host", "hdfs"}};
  const double bare_s = spark_figure(spark_result(s), "processing_time_max_s");
  CHECK(bare_s == Approx(records_s + 50 * write_us * 1e-6 + 0.025 / 0.9415).epsilon(0.02));
  s.engine()["checkpoint"].erase("host");
  s.engine()["driver"] = {
      {"generation_ms", 0}, {"stage_ms", stage_s * 1e3}, {"task_ms", task_s * 1e3}, {"rpc_ms", rpc_s * 1e3}};
  s.engine()["task_setup_ms"] = setup_s * 1e3;
  const double stages_s = 3 * (stage_s + 4 * task_s + 2 * rpc_s + setup_s);
  CHECK(spark_figure(spark_result(s), "processing_time_max_s") ==
        Approx(records_s + 50 * write_us * 1e-6 + stages_s).epsilon(1e-6));
}

TEST_CASE("A window with an inverse function is checkpointed, one without is not", "[oracle][spark]") {
  ScenarioText s = counted(61, 200);
  s.engine()["windows"] = {{"count", {{"length_s", 9}, {"slide_s", 3}}}};
  CHECK(spark_figure(spark_result(s), "checkpoints") == 0);
  s.engine()["windows"]["count"]["inverse"] = true;
  CHECK(spark_figure(spark_result(s), "checkpoints") == 5);  // every 12 s
}

TEST_CASE("Tasks of a joined stage that read a source do not read the data set", "[oracle][spark]") {
  ScenarioText s = counted(11, 200);
  s.engine()["joins"] = {{"count", {{"keys", 4000}, {"merge_per_key_us", 100}}}};
  s.op("out", "sink", ScenarioText::deterministic(0), 4);
  s.edge("count", "out", "forward");
  const double alone_s = spark_figure(spark_result(s), "task_core_s");
  CHECK(alone_s == Approx(10 * (1000 * 30e-6 + 0.4)));
  s.source("too", ScenarioText::constant(100));
  s.edge("too", "out");
  CHECK(spark_figure(spark_result(s), "task_core_s") == Approx(alone_s));
}

TEST_CASE("A task without records works too, if there is something to do", "[oracle][spark]") {
  // Ten seconds of words, and then the window of ten seconds is made anew five times more, of what is left:
  // in all 40 reads of a reduced batch of 200 keys.
  ScenarioText s = counted(31.5, 200);
  s.dataflow()["sources"][0]["arrivals"] = {
      {"type", "phases"}, {"phases", {{{"duration_s", 10}, {"rate_per_s", 1000}}}}, {"after", "stop"}};
  s.engine()["windows"] = {
      {"count", {{"length_s", 10}, {"slide_s", 2}, {"combine", false}, {"merge_per_key_us", 1000}}}};
  const json result = spark_result(s, true);
  CHECK(result["trace"]["without_path"] == 0);
  const double merges_s = spark_figure(result, "window_merged_sum") * 1e-3;
  CHECK(merges_s == Approx((2 + 4 + 6 + 8 + 10 + 8 + 6 + 4 + 2) * 200 * 1e-3));
  CHECK(spark_figure(result, "task_core_s") == Approx(merges_s + 10 * 1000 * 30e-6));
  // It is the cores' time: of four, in 31.5 s.
  CHECK(result["summary"]["hosts"]["cpu_mean"].get<double>() ==
        Approx((merges_s + 10 * 1000 * 30e-6) / (4 * 31.5)).epsilon(1e-3));
}

TEST_CASE("A join goes through all of the data set, in every batch", "[oracle][spark]") {
  ScenarioText s = counted(11, 200);
  s.hosts()[0]["nic_gbit_per_s"] = 80;
  s.hosts().push_back({{"name", "nfs"}, {"count", 1}, {"cores", 1}, {"slots", 0}, {"nic_gbit_per_s", 0.8}});
  const auto longest_s = [&] { return spark_figure(spark_result(s), "processing_time_max_s"); };
  CHECK(longest_s() == Approx(records_s).epsilon(1e-6));
  s.engine()["joins"] = {
      {"count", {{"keys", 40'000}, {"merge_per_key_us", 2}, {"bytes_per_key", 250}, {"host", "nfs"}}}};
  CHECK(longest_s() == Approx(records_s + 10'000 * 2e-6).epsilon(1e-6));
  // 10 MB over a link of 100 MB/s, of which Ethernet leaves 94.15 %.
  s.engine()["joins"]["count"]["cached"] = false;
  CHECK(longest_s() == Approx(records_s + 10'000 * 2e-6 + 0.1 / 0.9415).epsilon(0.01));
}

namespace {

// Of so many records, dealt in turn to so many tasks.
std::vector<double> shares_s(int records, int tasks, double setup_s, double record_s) {
  std::vector<double> work_s;
  for (int i = 0; i < tasks; ++i)
    work_s.push_back(setup_s + record_s * (records / tasks + (i < records % tasks ? 1 : 0)));
  return work_s;
}

}  // namespace

TEST_CASE("A plain batch job takes what a list schedule takes", "[oracle][spark]") {
  const std::uint64_t seed = test_seed();
  INFO("WEIR_SEED=" << seed);
  Dice dice(seed);
  constexpr double stage_s = 0.03, launch_s = 0.004, rpc_s = 0.001, setup_s = 0.02;
  for (int i = 0; i < 12; ++i) {
    const int cores = 1 + dice.below(6), records = 20 + dice.below(200), maps = 1 + dice.below(25),
              reduces = 1 + dice.below(15);
    INFO(records << " records, " << maps << " and " << reduces << " tasks, " << cores << " cores");
    ScenarioText s = spark_scenario(400, cores);
    s.source(
        "in",
        {{"type", "phases"}, {"phases", {{{"duration_s", 1}, {"rate_per_s", records}}}}, {"after", "stop"}});
    s.op("map", "map", ScenarioText::deterministic(200e3), cores);
    s.op("out", "sink", ScenarioText::deterministic(100e3), cores);
    s.edge("in", "map");
    s.edge("map", "out", "rebalance");
    s.engine()["batches_max"] = 1;
    s.engine()["first_batch_s"] = 2;
    s.engine()["direct"] = {{"partitions", maps}};
    s.engine()["shuffle_partitions"] = reduces;
    s.engine()["driver"] = {{"generation_ms", 0},
                            {"stage_ms", stage_s * 1e3},
                            {"task_ms", launch_s * 1e3},
                            {"rpc_ms", rpc_s * 1e3}};
    s.engine()["task_setup_ms"] = setup_s * 1e3;
    const json result = spark_result(s);
    const double first_s =
        stage_end_s(stage_s, shares_s(records, maps, setup_s, 0.2), cores, launch_s, rpc_s);
    const double all_s =
        stage_end_s(first_s + stage_s, shares_s(records, reduces, setup_s, 0.1), cores, launch_s, rpc_s);
    CHECK(spark_figure(result, "batches") == 1);
    CHECK(spark_figure(result, "processing_time_max_s") == Approx(all_s).margin(1e-6));
    CHECK(result["summary"]["conservation"]["delivered"] == records);
  }
}

TEST_CASE("States, checkpoints and data sets that cannot be are told", "[oracle][spark]") {
  const auto error_of = [](const std::function<void(json&)>& change) {
    ScenarioText s = counted(3, 10);
    s.engine()["states"] = {{"count", json::object()}};
    change(s.engine());
    return run({.scenario = s.text()}).value("error", std::string("none"));
  };
  const auto told = [&](const char* what, const std::function<void(json&)>& change) {
    INFO(what << " / " << error_of(change));
    CHECK(error_of(change).find(what) != std::string::npos);
  };
  CHECK(error_of([](json&) {}) == "none");
  told("engine.states.words: \"words\" does not get what one shuffle by key brings", [](json& e) {
    e["states"] = {{"words", json::object()}};
  });
  told("engine.states: 0 windows, 2 states (one at most)",
       [](json& e) { e["states"]["words"] = json::object(); });
  told("engine.states: 1 windows, 1 states", [](json& e) { e["windows"] = {{"count", json::object()}}; });
  told("2 jobs at a time, but a window or a state", [](json& e) { e["concurrent_jobs"] = 2; });
  told("groups of 3 batches", [](json& e) { e["group"] = {{"batches", 3}}; });
  told("checkpoint.interval_s: 2.5 s is no multiple of 1 s", [](json& e) {
    e["checkpoint"] = {{"interval_s", 2.5}};
  });
  told("checkpoint.interval_s: 1e-12 s is no multiple of 1 s", [](json& e) {
    e["checkpoint"] = {{"interval_s", 1e-12}};
  });
  told("engine.checkpoint.host: there is no host \"hdfs\"", [](json& e) {
    e["checkpoint"] = {{"host", "hdfs"}};
  });
  told("engine.joins.count.host: there is no host \"nfs\"", [](json& e) {
    e["joins"] = {{"count", {{"host", "nfs"}}}};
  });
  told("engine.joins.words: what \"words\" gets is not partitioned by key (an operator whose only",
       [](json& e) {
         e["joins"] = {{"words", json::object()}};
       });
  told("batches_max", [](json& e) { e["batches_max"] = 0; });
}

TEST_CASE("Receivers need the executors that they run on from the start", "[oracle][spark]") {
  ScenarioText s = spark_scenario(5, 6);
  s.source("in", ScenarioText::constant(10))["parallelism"] = 3;
  s.op("out", "sink", ScenarioText::deterministic(1), 6);
  s.edge("in", "out");
  s.engine()["input"] = "receiver";
  s.engine()["executor_cores"] = 2;
  const auto error = [&] { return run({.scenario = s.text()}).value("error", std::string("none")); };
  s.engine()["initial_executors"] = 2;
  CHECK(error() == "none");
  s.engine()["initial_executors"] = 1;
  CHECK(error().find("3 receivers take a core each from the start, and there are 2 (as many at least)") !=
        std::string::npos);
}

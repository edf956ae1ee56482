#include <catch2/catch.hpp>

#include "tests/support/flink_scenario.hpp"

// State that moves over the network, and back ends that take cores.

using namespace weir::test;

namespace {

using json = nlohmann::json;

// Two tasks with 100 MB each on hosts of their own, and a host for checkpoints on a link of 100 MB/s.
ScenarioText two_tasks() {
  ScenarioText s = flink_scenario(60);
  s.all["cluster"]["network"] = {{"latency_us", 0}, {"efficiency", 1}};
  s.hosts()[0] = {{"name", "h"}, {"count", 2}, {"cores", 64}, {"slots", 4}, {"nic_gbit_per_s", 1000}};
  s.hosts().push_back({{"name", "hdfs"}, {"cores", 1}, {"slots", 0}, {"nic_gbit_per_s", 0.8}});
  s.source("s", ScenarioText::constant(10));
  s.op("a", "map", ScenarioText::deterministic(100), 2)["state"] = {{"keys", 200}, {"bytes_per_key", 1e6}};
  s.op("t", "sink", ScenarioText::deterministic(10));
  s.edge("s", "a");
  s.edge("a", "t");
  s.engine()["checkpoints"] = {{"interval_s", 10}, {"upload_mb_per_s", 1000}, {"storage_host", "hdfs"}};
  return s;
}

}  // namespace

TEST_CASE("Snapshots share the way to their storage", "[oracle][flink]") {
  ScenarioText s = two_tasks();
  // 200 MB over one link of 100 MB/s; a part more at the begin.
  const json result = flink_result(s);
  CHECK(engine_figure(result, "checkpoint_duration_max_s") == Approx(2).epsilon(0.03));
  CHECK(engine_figure(result, "checkpoint_duration_max_s") >= 2);
  CHECK(engine_figure(result, "state_moved_bytes") == Approx(5 * 200e6));
  // With a wide link a task's own rate decides: 100 MB at 50 MB/s.
  s.hosts()[1]["nic_gbit_per_s"] = 1000;
  s.engine()["checkpoints"]["upload_mb_per_s"] = 50;
  CHECK(engine_figure(flink_result(s), "checkpoint_duration_max_s") == Approx(2).epsilon(0.005));
}

TEST_CASE("Restored state comes back over the network", "[oracle][flink]") {
  ScenarioText s = two_tasks();
  s.engine().update({{"cancel_s", 1}, {"deploy_s", 1}, {"restore_mb_per_s", 1000}});
  s.job()["policy"] = {{"type", "test-scripted"},
                       {"interval_s", 1},
                       {"steps", {{{"time_s", 25}, {"operator_id", 1}, {"parallelism", 4}}}}};
  const json result = flink_result(s);
  const json& action = result["summary"]["scaling"]["actions"][0];
  INFO(action.dump());
  CHECK(action["downtime_s"].get<double>() == Approx(1 + 1 + 2).epsilon(0.02));
  CHECK(action["detail"].get<std::string>().find("restore 2") != std::string::npos);
  CHECK(result["summary"]["conservation"]["dropped"] == 0);
}

TEST_CASE("State that moves and records share links", "[oracle][flink]") {
  // The storage is where the records go, too: 60 MB/s of a link of 100 MB/s. While 200 MB move, the two
  // share; the last record of a batch waits as long as max-min says.
  ScenarioText s = two_tasks();
  const double alone_s = engine_figure(flink_result(s), "checkpoint_duration_max_s");
  s.hosts()[1]["slots"] = 1;
  s.engine()["slot_sharing"] = false;
  s.job()["placement"] = {
      {"type", "explicit"},
      {"operators",
       {{"s", {{"hosts", {"h-0"}}}}, {"a", {{"hosts", {"h-0", "h-1"}}}}, {"t", {{"hosts", {"hdfs"}}}}}}};
  s.dataflow()["sources"][0]["arrivals"] = ScenarioText::constant(600);
  s.dataflow()["operators"][0]["output_bytes"] = 100'000;
  const double shared_s = engine_figure(flink_result(s), "checkpoint_duration_max_s");
  // Two connections of snapshots and two of records: at least 40 MB/s are left, and no more than all.
  CHECK(shared_s > 1.5 * alone_s);
  CHECK(shared_s < 5.2);
}

TEST_CASE("An unknown storage host is an error", "[flink]") {
  ScenarioText s = two_tasks();
  s.engine()["checkpoints"]["storage_host"] = "nowhere";
  const std::string error = run({.scenario = s.text()}).value("error", "");
  CHECK_THAT(
      error,
      Catch::Contains("jobs[0].engine.checkpoints.storage_host: there is no host \"nowhere\" (a host of the "
                      "cluster, with slots or without: "));
}

TEST_CASE("Background threads of a state back end take cores", "[oracle][flink]") {
  // Two tasks on two cores with 1 ms a record, and 0.5 ms in the background: 2 / 1.5 ms in all.
  ScenarioText s = flink_scenario(120);
  s.all["fidelity"] = {{"batch_records", 100}, {"batch_span_ms", 10}};
  s.hosts()[0]["cores"] = 2;
  s.hosts()[0]["slots"] = 8;
  s.source("s", ScenarioText::constant(3000));
  s.op("t", "sink", ScenarioText::deterministic(1000), 2);
  s.edge("s", "t", "key");
  s.engine()["state_backend"] = {
      {"type", "rocksdb"}, {"background_us_per_record", 500}, {"write_buffer_mb", 0.01}};
  const json full = flink_result(s, true);
  CHECK(mean_rate_per_s(full, 1, "records_in", 60) == Approx(2000 / 1.5).epsilon(0.01));
  // On the heap nothing is taken; nor with cores to spare, where they are used all the same.
  s.hosts()[0]["cores"] = 8;
  const json spare = flink_result(s, true);
  CHECK(mean_rate_per_s(spare, 1, "records_in", 60) == Approx(2000).epsilon(0.001));
  CHECK(engine_figure(spare, "state_background_core_s") == Approx(120 * 2000 * 0.0005).epsilon(0.01));
  CHECK(spare["summary"]["hosts"]["cpu_mean"].get<double>() == Approx(3.0 / 8).epsilon(0.01));
  s.hosts()[0]["cores"] = 2;
  s.engine()["state_backend"]["type"] = "heap";
  CHECK(mean_rate_per_s(flink_result(s, true), 1, "records_in", 60) == Approx(2000).epsilon(0.001));
}

TEST_CASE("A state back end does no more at a time than it has threads", "[oracle][flink]") {
  // 800 records/s are 1.6 cores of work in the background: one thread does 1, two do all of it.
  for (const auto& [threads, cores] : {std::pair{1, 1.0}, {2, 1.6}, {4, 1.6}}) {
    INFO(threads);
    ScenarioText s = flink_scenario(120);
    s.all["fidelity"] = {{"batch_records", 100}, {"batch_span_ms", 10}};
    s.hosts()[0]["cores"] = 16;
    s.source("s", ScenarioText::constant(800));
    s.op("t", "sink", ScenarioText::deterministic(1000), 1);
    s.edge("s", "t", "key");
    s.engine()["state_backend"] = {{"type", "rocksdb"},
                                   {"background_threads", threads},
                                   {"background_us_per_record", 2000},
                                   {"write_buffer_mb", 0.01}};
    CHECK(engine_figure(flink_result(s), "state_background_core_s") == Approx(120 * cores).epsilon(0.02));
  }
}

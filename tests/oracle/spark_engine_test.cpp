#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "tests/support/dice.hpp"
#include "tests/support/spark_scenario.hpp"

// The engine spark against what its mechanisms must give, worked out by hand or in a few lines.

using namespace weir;
using namespace weir::test;

namespace {

using json = nlohmann::json;

// A hundred records a batch of a second, of so much work each, one task.
ScenarioText one_task(double until_s, double record_ms) {
  ScenarioText s = spark_scenario(until_s, 1);
  s.source("in", ScenarioText::constant(100));
  s.op("out", "sink", ScenarioText::deterministic(record_ms * 1e3));
  s.edge("in", "out");
  return s;
}

}  // namespace

TEST_CASE("Scheduling delay grows without bound exactly when processing takes longer", "[oracle][spark]") {
  constexpr int batches = 60;
  for (const double record_ms : {5.0, 9.9, 9.999, 10.001, 10.1, 12.5, 20.0}) {
    INFO(record_ms << " ms a record");
    const double processing_s = 0.1 * record_ms;
    // So long that so many batches end, and no more.
    const double until_s =
        std::max(batches + processing_s + 0.05, 1 + batches * std::max(1.0, processing_s) + 0.001);
    const json result = spark_result(one_task(until_s, record_ms));
    const auto ended = static_cast<std::int64_t>(spark_figure(result, "batches"));
    REQUIRE(ended >= batches);
    CHECK(spark_figure(result, "processing_time_mean_s") == Approx(processing_s).epsilon(1e-9));
    CHECK(spark_figure(result, "processing_time_max_s") == Approx(processing_s).epsilon(1e-9));
    double sum_s = 0;
    const auto delay_s = [&](std::int64_t k) {
      return std::max(0.0, static_cast<double>(k) * (processing_s - 1));
    };
    for (std::int64_t k = 0; k < ended; ++k) sum_s += delay_s(k);
    CHECK(spark_figure(result, "scheduling_delay_last_s") == Approx(delay_s(ended - 1)).margin(1e-7));
    CHECK(spark_figure(result, "scheduling_delay_max_s") == Approx(delay_s(ended - 1)).margin(1e-7));
    CHECK(spark_figure(result, "scheduling_delay_mean_s") ==
          Approx(sum_s / static_cast<double>(ended)).margin(1e-7));
    CHECK((spark_figure(result, "scheduling_delay_last_s") > 0) == (processing_s > 1));
  }
}

TEST_CASE("Latency is the wait for the batch, for its turn, and the work before", "[oracle][spark]") {
  // Records at 10 ms, 20 ms, … of each second; the k-th of a batch is done k services after its begin.
  const json result = spark_result(one_task(21, 4));
  double sum_s = 0;
  for (int k = 1; k <= 100; ++k) sum_s += (1 - 0.01 * k) + 0.004 * k;
  CHECK(result["latency"]["mean_ns"].get<double>() * 1e-9 == Approx(sum_s / 100).margin(1e-8));
  CHECK(result["latency"]["max_ns"].get<double>() * 1e-9 == Approx(1 - 0.01 + 0.004).margin(1e-8));
}

TEST_CASE("Concurrent jobs go on beside each other", "[oracle][spark]") {
  // Each takes 2.5 s of one core: with three at a time on three cores none waits, with two the delay grows.
  for (const int jobs : {1, 2, 3}) {
    ScenarioText s = spark_scenario(60, 3);
    s.source("in", ScenarioText::constant(100));
    s.op("out", "sink", ScenarioText::deterministic(25e3), 3);
    s.edge("in", "out");
    s.engine()["concurrent_jobs"] = jobs;
    const json result = spark_result(s);
    INFO(jobs << " at a time");
    CHECK(spark_figure(result, "processing_time_max_s") == Approx(2.5).epsilon(1e-9));
    const double ended = spark_figure(result, "batches");
    // The k-th begins when the (k - jobs)-th is over.
    const double last = ended - 1;
    const double begin_s = std::max(1 + last, 1 + std::fmod(last, jobs) + std::floor(last / jobs) * 2.5);
    CHECK(spark_figure(result, "scheduling_delay_last_s") == Approx(begin_s - 1 - last).margin(1e-6));
    CHECK(ended == Approx(jobs == 3 ? 57 : jobs * 23.5).margin(jobs));
  }
}

TEST_CASE("Blocks are tasks, and a receiver has a core to itself", "[oracle][spark]") {
  ScenarioText s = spark_scenario(21, 4);
  s.source("in", ScenarioText::constant(1000));
  s.op("out", "sink", ScenarioText::deterministic(1), 4);
  s.edge("in", "out");
  s.engine()["input"] = "receiver";
  s.engine()["batch_interval_s"] = 2;
  for (const double block_ms : {200.0, 50.0, 500.0}) {
    s.engine()["receiver"] = {{"block_interval_ms", block_ms}};
    const json result = spark_result(s);
    const double batches = spark_figure(result, "batches");
    CHECK(batches == 10);
    CHECK(spark_figure(result, "tasks") == batches * 2000 / block_ms);
    // The first slot is the receiver's.
    CHECK(result["instances"][1][0]["records_in"] == 0);
    CHECK(result["instances"][1][1]["records_in"].get<double>() > 0);
  }
}

TEST_CASE("Receivers of several sources have a core each", "[oracle][spark]") {
  // 300 records/s of 5 ms are more than one core can do, and less than two: two sources leave one of three.
  const auto of_sources = [](int sources, int cores) {
    ScenarioText s = spark_scenario(30.9, cores);
    for (int i = 0; i < sources; ++i)
      s.source("in" + std::to_string(i), ScenarioText::constant(300 / sources));
    if (sources == 1) s.dataflow()["sources"][0]["parallelism"] = 2;
    s.op("out", "sink", ScenarioText::deterministic(5'000), cores);
    for (int i = 0; i < sources; ++i) s.edge("in" + std::to_string(i), "out");
    s.engine()["input"] = "receiver";
    return s;
  };
  for (const int sources : {1, 2}) {
    const json result = spark_result(of_sources(sources, 3));
    INFO(sources << " sources");
    // The one core that is left.
    CHECK(result["summary"]["conservation"]["delivered"].get<double>() == Approx(29.9 / 5e-3).epsilon(0.01));
    const std::size_t sink = static_cast<std::size_t>(sources);
    CHECK(result["instances"][sink][0]["records_in"] == 0);
    CHECK(result["instances"][sink][1]["records_in"] == 0);
  }
  const json none = run({.scenario = of_sources(2, 2).text()});
  CHECK(none.value("error", std::string()).find("2 receivers take a core each") != std::string::npos);
}

TEST_CASE("Backpressure is of each receiver, and shares what is read directly by what waits",
          "[oracle][spark]") {
  for (const char* input : {"receiver", "direct"}) {
    ScenarioText s = spark_scenario(120, 4);
    s.source("in", ScenarioText::constant(1000))["parallelism"] = 2;
    s.op("out", "sink", ScenarioText::deterministic(4'000), 4);
    s.edge("in", "out");
    s.engine()["input"] = input;
    s.engine()["direct"] = {{"partitions", 8}};
    s.engine()["backpressure"] = {{"enabled", true}, {"min_rate_per_s", 1}};
    const json result = spark_result(s);
    INFO(input);
    const double first = result["instances"][0][0]["records_out"].get<double>();
    CHECK(first == result["instances"][0][1]["records_out"].get<double>());
    // Half of what comes is too much for two cores. What was delivered last came in about as long ago as
    // all that waits takes: nobody is left behind.
    const double delivered = result["summary"]["conservation"]["delivered"].get<double>();
    const double rate_per_s = delivered / 120;
    const double cores = std::string(input) == "receiver" ? 2 : 4;
    CHECK(rate_per_s == Approx(cores * 250).epsilon(0.1));
    const double behind_s = 120 - delivered / 1000;
    CHECK(result["summary"]["latency_s"]["max"].get<double>() == Approx(behind_s).epsilon(0.1).margin(3));
    // A least rate that no stream ever has is no limit.
    s.all["until_s"] = 20;
    s.engine()["backpressure"]["min_rate_per_s"] = 1e19;
    const double unlimited = spark_result(s)["summary"]["conservation"]["delivered"].get<double>();
    CHECK(unlimited == Approx(cores * 250 * 19).epsilon(0.1));
  }
}

TEST_CASE("A stage takes its launches, one by one, and its waves", "[oracle][spark]") {
  // Files of one record: forty tasks of 100 ms on eight cores, and then twelve of the shuffle.
  constexpr double stage_s = 0.05, launch_s = 0.004, rpc_s = 0.001, setup_s = 0.02;
  ScenarioText s = spark_scenario(100, 8);
  s.source("in",
           {{"type", "phases"}, {"phases", {{{"duration_s", 4}, {"rate_per_s", 10}}}}, {"after", "stop"}});
  s.op("map", {{"type", "flat-map"}, {"selectivity", 12}, {"law", "deterministic"}},
       ScenarioText::deterministic(100e3), 8);
  s.op("out", "sink", ScenarioText::deterministic(3e3), 8);
  s.edge("in", "map");
  s.edge("map", "out", "rebalance");
  s.engine()["input"] = "file";
  s.engine()["file"] = {{"listing_per_file_ms", 10}};
  s.engine()["batch_interval_s"] = 5;
  s.engine()["shuffle_partitions"] = 12;
  s.engine()["driver"] = {{"generation_ms", 7},
                          {"stage_ms", stage_s * 1e3},
                          {"task_ms", launch_s * 1e3},
                          {"rpc_ms", rpc_s * 1e3}};
  s.engine()["task_setup_ms"] = setup_s * 1e3;
  const json result = spark_result(s);
  // Every map task sends a record to each of twelve partitions.
  const std::vector<double> maps(40, setup_s + 0.1), reduces(12, setup_s + 40 * 0.003);
  const double first_s = stage_end_s(stage_s, maps, 8, launch_s, rpc_s);
  const double expected_s = stage_end_s(first_s + stage_s, reduces, 8, launch_s, rpc_s);
  CHECK(spark_figure(result, "processing_time_max_s") == Approx(expected_s).margin(1e-6));
  CHECK(spark_figure(result, "scheduling_delay_max_s") == 0);
  CHECK(result["instances"][2].size() == 8);
  CHECK(result["summary"]["conservation"]["delivered"] == 40);
  // Listing: forty files while they are kept, 60 s; batches at 5, 10, … 95 s.
  CHECK(spark_figure(result, "generator_busy_s") == Approx(19 * 0.007 + 40 * 0.010 * 12).margin(0.5));
}

TEST_CASE("Listing a directory that is too full starves the job", "[oracle][spark]") {
  ScenarioText s = spark_scenario(120, 8);
  s.source("in", ScenarioText::constant(400));
  s.op("out", "sink", ScenarioText::deterministic(100), 8);
  s.edge("in", "out");
  s.engine()["input"] = "file";
  s.engine()["batch_interval_s"] = 5;
  // 24,000 files in 60 s: 0.1 ms each is 2.4 s, 0.4 ms is 9.6 s of every 5.
  s.engine()["file"] = {{"listing_per_file_ms", 0.1}};
  CHECK(spark_figure(spark_result(s), "generator_busy_s") < 24 * 2.5);
  s.engine()["file"] = {{"listing_per_file_ms", 0.4}};
  const json starved = spark_result(s);
  CHECK(spark_figure(starved, "generator_busy_s") > 90);
  CHECK(spark_figure(starved, "batches") < 17);
}

TEST_CASE("Reading goes over the network of whoever has the data", "[oracle][spark]") {
  // Four files of 25 MB in a batch, over a link of 100 MB/s, of which Ethernet leaves 94.15 %: together they
  // take what all of them take.
  ScenarioText s = spark_scenario(9, 4);
  s.hosts()[0]["nic_gbit_per_s"] = 80;
  s.hosts().push_back({{"name", "nfs"}, {"count", 1}, {"cores", 1}, {"slots", 0}, {"nic_gbit_per_s", 0.8}});
  s.source("in", {{"type", "phases"},
                  {"phases", {{{"duration_s", 1}, {"rate_per_s", 4}}}},
                  {"after", "stop"}})["record_bytes"] = 25'000'000;
  s.op("out", "sink", ScenarioText::deterministic(0), 4);
  s.edge("in", "out");
  s.engine()["input"] = "file";
  s.engine()["file"] = {{"host", "nfs"}, {"listing_per_file_ms", 0}};
  const json result = spark_result(s);
  CHECK(spark_figure(result, "processing_time_max_s") == Approx(1 / 0.9415).epsilon(1e-3));
}

TEST_CASE("Backpressure brings a job back to what it can do", "[oracle][spark]") {
  // 200 records/s of 8 ms each on one core: it can do 125.
  ScenarioText s = one_task(300, 8);
  s.dataflow()["sources"][0]["arrivals"] = ScenarioText::constant(200);
  const json without = spark_result(s);
  CHECK(spark_figure(without, "scheduling_delay_last_s") > 60);
  s.engine()["backpressure"] = {{"enabled", true}, {"min_rate_per_s", 10}};
  const json with = spark_result(s);
  CHECK(spark_figure(with, "scheduling_delay_last_s") < 1.5);
  CHECK(spark_figure(with, "batch_records_max") == 200);
  // It is busy, or nearly: the integral keeps it from falling behind again.
  CHECK(with["summary"]["conservation"]["delivered"].get<double>() == Approx(125 * 298).epsilon(0.03));
}

TEST_CASE("Backpressure of a receiver is by the block", "[oracle][spark]") {
  ScenarioText s = one_task(100, 8);
  s.hosts()[0]["cores"] = s.hosts()[0]["slots"] = 2;
  s.dataflow()["operators"][0]["parallelism"] = 2;
  s.dataflow()["sources"][0]["arrivals"] = ScenarioText::constant(200);
  s.engine()["input"] = "receiver";
  s.engine()["backpressure"] = {{"enabled", true}, {"min_rate_per_s", 10}};
  const json with = spark_result(s);
  CHECK(spark_figure(with, "scheduling_delay_last_s") < 3);
  CHECK(with["summary"]["conservation"]["delivered"].get<double>() == Approx(125 * 97).epsilon(0.06));
}

namespace {

// From `low` to `high`.
int pick(Dice& dice, int low, int high) {
  return low + dice.below(high - low + 1);
}

// Something that the engine allows, with all kinds of stages.
ScenarioText random_job(Dice& dice) {
  const int cores = pick(dice, 2, 6);
  ScenarioText s = spark_scenario(pick(dice, 6, 12), cores);
  const int hosts = pick(dice, 1, 3);
  s.hosts()[0]["count"] = hosts;
  s.hosts()[0]["nic_gbit_per_s"] = 1;
  if (dice.coin()) s.all["fidelity"] = {{"batch_records", pick(dice, 2, 64)}, {"batch_span_ms", 20}};
  const int all = cores * hosts;
  const char* const inputs[] = {"receiver", "file", "direct"};
  s.engine()["input"] = inputs[pick(dice, 0, 2)];
  s.engine()["direct"] = {{"partitions", pick(dice, 1, 6)}};
  s.engine()["concurrent_jobs"] = pick(dice, 1, 3);
  s.engine()["shuffle_partitions"] = pick(dice, 0, 5);
  s.engine()["batch_interval_s"] = 0.25 * pick(dice, 1, 8);
  s.engine()["backpressure"] = {{"enabled", dice.coin()}};
  s.engine()["driver"] = {{"generation_ms", 5}, {"stage_ms", 10}, {"task_ms", 2}, {"rpc_ms", 0.5}};
  s.engine()["task_setup_ms"] = dice.coin() ? 0 : 4;
  const double rate_per_s = pick(dice, 20, 300);
  s.source("in", dice.coin() ? ScenarioText::constant(rate_per_s) : ScenarioText::poisson(rate_per_s));
  s.op("a", {{"type", "flat-map"}, {"selectivity", 0.5 * pick(dice, 1, 6)}},
       {{"per_record_us", 100}, {"serialization_per_record_us", 20}}, all);
  s.op("b", {{"type", "filter"}, {"selectivity", 0.1 * pick(dice, 0, 10)}}, ScenarioText::deterministic(300),
       all);
  s.op("c", "keyed-count",
       {{"per_record_us", 200}, {"law", "exponential"}, {"deserialization_per_record_us", 30}}, all);
  s.op("out", "sink", ScenarioText::deterministic(50), all);
  s.edge("in", "a");
  s.edge("a", "b", dice.coin() ? "forward" : "rebalance");
  s.edge("b", "c", "key");
  s.edge("c", "out", dice.coin() ? "forward" : "global");
  if (s.dataflow()["edges"][1]["partitioning"] == "forward" && dice.coin()) {
    const double slide = s.engine()["batch_interval_s"].get<double>() * pick(dice, 1, 3);
    s.engine()["concurrent_jobs"] = 1;
    s.engine()["windows"]["c"] = {{"length_s", slide * pick(dice, 1, 3)},
                                  {"slide_s", slide},
                                  {"inverse", dice.coin()},
                                  {"combine", dice.coin()}};
    if (dice.coin()) {
      s.engine()["states"]["c"] = {{"update_per_key_us", 1}};
      s.engine().erase("windows");
      s.engine()["checkpoint"] = {
          {"interval_s", s.engine()["batch_interval_s"].get<double>() * pick(dice, 1, 4)}};
    }
    if (dice.coin()) s.engine()["joins"]["c"] = {{"keys", 500}};
  } else if (dice.coin() && s.engine()["input"] != "file") {
    s.engine()["group"] = {{"batches", pick(dice, 2, 6)}, {"local_launch_ms", pick(dice, 0, 3)}};
    if (dice.coin()) s.engine()["combine"] = {"c"};
  }
  return s;
}

}  // namespace

TEST_CASE("On random jobs the books balance and every window has a path", "[oracle][spark]") {
  const std::uint64_t seed = test_seed();
  INFO("WEIR_SEED=" << seed);
  Dice dice(seed);
  for (int i = 0; i < 24; ++i) {
    const ScenarioText s = random_job(dice);
    INFO(s.text());
    const json result = spark_result(s, true);
    CHECK(result["trace"]["without_path"] == 0);
    CHECK(result["trace"]["left_out"] == 0);
    CHECK(result["trace"]["cp_sum_max"].get<double>() == Approx(1));
    const json untraced = spark_result(s);
    CHECK(untraced["summary"]["fingerprint"] == result["summary"]["fingerprint"]);
    const json waits = run({.scenario = s.text(), .lookahead = false});
    CHECK(waits["summary"]["fingerprint"] == result["summary"]["fingerprint"]);
  }
}

TEST_CASE("Two sources meet wherever the engine lets them", "[oracle][spark]") {
  for (const char* input : {"receiver", "file", "direct"}) {
    for (const char* way : {"key", "rebalance", "shuffle", "global", "of a source"}) {
      for (const char* on : {"forward", "key"}) {
        ScenarioText s = spark_scenario(8, 4);
        s.source("in", ScenarioText::poisson(100));
        s.source("too", ScenarioText::poisson(50));
        s.op("a", "map", ScenarioText::deterministic(500), 4);
        s.op("b", "map", {{"per_record_us", 300}, {"law", "exponential"}}, 4);
        s.op("c", "map", ScenarioText::deterministic(200), 4);
        s.op("out", "sink", ScenarioText::deterministic(100), 4);
        s.edge("in", "a");
        if (std::string(way) == "of a source") {
          s.dataflow()["operators"].erase(1);
          s.edge("a", "c", "forward");
          s.edge("too", "c");
        } else {
          s.edge("too", "b");
          s.edge("a", "c", way);
          s.edge("b", "c", way);
        }
        s.edge("c", "out", on);
        s.engine()["input"] = input;
        s.engine()["direct"] = {{"partitions", 3}};
        INFO(s.text());
        const json result = spark_result(s, true);
        CHECK(result["trace"]["without_path"] == 0);
        CHECK(result["summary"]["conservation"]["delivered"].get<double>() > 700);
      }
    }
  }
}

TEST_CASE("What the engine cannot run is told", "[oracle][spark]") {
  const auto error_of = [](const ScenarioText& s) {
    return run({.scenario = s.text()}).value("error", std::string("none"));
  };
  const auto two_operators = [] {
    ScenarioText s = spark_scenario(5, 4);
    s.source("in", ScenarioText::constant(10));
    s.op("a", "map", ScenarioText::deterministic(1), 4);
    s.op("out", "sink", ScenarioText::deterministic(1), 4);
    s.edge("in", "a");
    s.edge("a", "out", "forward");
    return s;
  };
  CHECK(error_of(two_operators()) == "none");
  using Change = void (*)(ScenarioText&);
  const std::vector<std::pair<const char*, Change>> wrong = {
      {"out has parallelism 3, and others have 4",
       [](ScenarioText& s) { s.dataflow()["operators"][1]["parallelism"] = 3; }},
      {"in has 2 outgoing edges", [](ScenarioText& s) { s.edge("in", "out"); }},
      {"the dataflow has 2 ends",
       [](ScenarioText& s) {
         s.source("too", ScenarioText::constant(1));
         s.op("end", "sink", ScenarioText::deterministic(1), 4);
         s.edge("too", "end");
       }},
      {"out has 2 inputs from operators, and is in the stage of several of them",
       [](ScenarioText& s) {
         s.source("too", ScenarioText::constant(1));
         s.op("b", "map", ScenarioText::deterministic(1), 4);
         s.edge("too", "b");
         s.edge("b", "out", "forward");
       }},
      {"out has 2 inputs from operators, and is in the stage of one of them",
       [](ScenarioText& s) {
         s.source("too", ScenarioText::constant(1));
         s.op("b", "map", ScenarioText::deterministic(1), 4);
         s.edge("too", "b");
         s.edge("b", "out", "key");
       }},
      {"edge a -> out: a broadcast edge",
       [](ScenarioText& s) { s.dataflow()["edges"][1]["partitioning"] = "broadcast"; }},
      {"edge in -> a: tasks read blocks, files or partitions as they are",
       [](ScenarioText& s) { s.dataflow()["edges"][0]["partitioning"] = "key"; }},
      {"edge a -> out: keys that the sender tells",
       [](ScenarioText& s) {
         s.dataflow()["edges"][1]["partitioning"] = "key";
         s.dataflow()["edges"][1]["keys"] = {{"law", "sender"}};
       }},
      {"4 receivers take a core each",
       [](ScenarioText& s) {
         s.engine()["input"] = "receiver";
         s.dataflow()["sources"][0]["parallelism"] = 4;
       }},
      {"4 cores are no whole number of executors of 3",
       [](ScenarioText& s) { s.engine()["executor_cores"] = 3; }},
      {"5 executors of 1 cores at the start", [](ScenarioText& s) { s.engine()["initial_executors"] = 5; }},
      {"executor 0 has cores on h-0 and on h-1",
       [](ScenarioText& s) {
         s.hosts()[0]["count"] = 2;
         s.job()["placement"] = "round-robin";
         s.engine()["executor_cores"] = 2;
       }},
      {"engine.direct.host: there is no host \"kafka\"",
       [](ScenarioText& s) { s.engine()["direct"]["host"] = "kafka"; }},
      {"engine.file.host: there is no host \"nfs\"",
       [](ScenarioText& s) {
         s.engine()["input"] = "file";
         s.engine()["file"]["host"] = "nfs";
       }},
      {"receiver.block_interval_ms: blocks of 2000 ms, but batches of 1 s",
       [](ScenarioText& s) {
         s.engine()["input"] = "receiver";
         s.engine()["receiver"]["block_interval_ms"] = 2000;
       }},
      {"a feedback edge, which the engine \"spark\" does not have",
       [](ScenarioText& s) {
         s.op("loop", "map", ScenarioText::deterministic(1), 4);
         s.edge("loop", "a")["feedback"] = true;
         s.edge("a", "loop");
       }},
      {"batch_interval_s", [](ScenarioText& s) { s.engine()["batch_interval_s"] = 0; }},
      {"concurrent_jobs", [](ScenarioText& s) { s.engine()["concurrent_jobs"] = 0; }},
  };
  for (const auto& [what, change] : wrong) {
    ScenarioText s = two_operators();
    change(s);
    const std::string error = error_of(s);
    INFO(what << " / " << error);
    CHECK(error.find(what) != std::string::npos);
  }
}

TEST_CASE("Jobs that share fairly end together, and leave cores idle", "[oracle][spark]") {
  // Three jobs at a time of 8 tasks of a second each on 6 cores. In their order the cores are never idle;
  // fairly each has two cores: 24 tasks take four seconds, and all end with the last of them.
  ScenarioText s = spark_scenario(100, 6);
  s.source("in",
           {{"type", "phases"}, {"phases", {{{"duration_s", 9}, {"rate_per_s", 8}}}}, {"after", "stop"}});
  s.op("out", "sink", ScenarioText::deterministic(1e6), 6);
  s.edge("in", "out");
  s.engine()["input"] = "file";
  s.engine()["file"] = {{"listing_per_file_ms", 0}};
  s.engine()["concurrent_jobs"] = 3;
  const json fifo = spark_result(s);
  s.engine()["scheduling"] = "fair";
  const json fair = spark_result(s);
  // 72 tasks on 6 cores are 12 s, if no core is idle; the first batch has two waves of its own.
  CHECK(spark_figure(fair, "total_delay_mean_s") > spark_figure(fifo, "total_delay_mean_s"));
  CHECK(spark_figure(fair, "tasks") == spark_figure(fifo, "tasks"));
  CHECK(fair["latency"]["count"] == 72);
}

TEST_CASE("Executors come and go by the tasks that wait", "[oracle][spark]") {
  // Forty files of 30 s each at once, room for 16 executors of one core, idle for 5 s at most.
  ScenarioText s = spark_scenario(200, 16);
  s.source("in",
           {{"type", "phases"}, {"phases", {{{"duration_s", 1}, {"rate_per_s", 40}}}}, {"after", "stop"}});
  s.op("out", "sink", ScenarioText::deterministic(30e6), 16);
  s.edge("in", "out");
  s.engine()["input"] = "file";
  s.engine()["file"] = {{"listing_per_file_ms", 0}};
  s.engine()["initial_executors"] = 1;
  s.engine()["executor_start_s"] = 0.25;
  s.job()["policy"] = {{"type", "spark-dynamic-allocation"}, {"idle_timeout_s", 5}, {"initial_executors", 1}};
  const json result = spark_result(s);
  // Tasks wait from 1 s on. At 2 s, 3 s, …: 1, 2, 4, 8 more, and the last one.
  std::vector<std::pair<double, int>> changes;
  for (const json& action : result["summary"]["scaling"]["actions"]) {
    CHECK(action["operator"] == "workers");
    changes.emplace_back(action["ended_s"].get<double>(), action["to"].get<int>());
  }
  const std::vector<std::pair<double, int>> up = {{2.25, 2}, {3.25, 4}, {4.25, 8}, {5.25, 16}};
  REQUIRE(changes.size() > up.size());
  for (std::size_t i = 0; i < up.size(); ++i) {
    CHECK(changes[i].first == Approx(up[i].first).margin(1e-6));
    CHECK(changes[i].second == up[i].second);
  }
  CHECK(changes.back().second == 0);
  // Sixteen, sixteen, and eight: the first one works from 1 s to 91 s, or ends before the third wave.
  CHECK(spark_figure(result, "executors_max") == 16);
  CHECK(spark_figure(result, "processing_time_max_s") == Approx(91.25).margin(5));
  CHECK(result["summary"]["scaling"]["steps"] == 0);
}

TEST_CASE("An executor that is released with work ends it, and gets no more", "[oracle][spark]") {
  // Streaming allocation: batches take a tenth of the interval, so one executor goes at a time.
  ScenarioText s = spark_scenario(100, 4);
  s.source("in", ScenarioText::constant(100));
  s.op("out", "sink", ScenarioText::deterministic(1e3), 4);
  s.edge("in", "out");
  s.engine()["direct"] = {{"partitions", 4}};
  s.job()["policy"] = {
      {"type", "spark-dynamic-allocation"}, {"mode", "streaming"}, {"scaling_interval_s", 20.01}};
  const json result = spark_result(s);
  std::vector<int> numbers;
  for (const json& action : result["summary"]["scaling"]["actions"])
    numbers.push_back(action["to"].get<int>());
  // Each share of a batch is 25 ms of every second: 0.025, 0.05 with two tasks on one, 0.1 with all on one.
  CHECK(numbers == std::vector<int>{3, 2, 1});
  CHECK(spark_figure(result, "processing_time_max_s") == Approx(0.1).margin(1e-6));
}

TEST_CASE("A policy that needs workers is refused where there are none", "[oracle][spark]") {
  ScenarioText s(5);
  s.source("in", ScenarioText::constant(10));
  s.op("out", "sink", ScenarioText::deterministic(1));
  s.edge("in", "out");
  s.job()["policy"] = "spark-dynamic-allocation";
  const auto error = [&] { return run({.scenario = s.text()}).value("error", std::string("none")); };
  CHECK(error().find("the policy \"spark-dynamic-allocation\" starts and stops workers, which the engine "
                     "\"generic\" does not do (another policy, or the engine") != std::string::npos);
  s.engine() = {{"type", "spark"}, {"input", "direct"}};
  s.job()["policy"] = {{"type", "spark-dynamic-allocation"}, {"up_ratio", 0.2}};
  CHECK(error().find("policy.up_ratio: 0.2 is not above down_ratio (more than 0.3)") != std::string::npos);
  s.job()["policy"] = {{"type", "spark-dynamic-allocation"}, {"min_executors", 3}, {"max_executors", 2}};
  CHECK(error().find("policy.max_executors: 2 is below min_executors (3 or more)") != std::string::npos);
}

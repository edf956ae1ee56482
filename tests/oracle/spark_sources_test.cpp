#include <catch2/catch.hpp>

#include "tests/support/dice.hpp"
#include "tests/support/spark_scenario.hpp"

// Where micro-batches come from over a network: sockets, and topics of a broker that are read directly.

using namespace weir::test;

namespace {

using json = nlohmann::json;

constexpr double one_way_s = 0.001, request_s = 0.0001;

// A hundred records of 1 kB a second in a topic of a broker on a host of its own.
ScenarioText behind_broker(double until_s, int cores, int partitions) {
  ScenarioText s = spark_scenario(until_s, cores);
  s.hosts()[0]["nic_gbit_per_s"] = 1e5;
  s.hosts().push_back(
      {{"name", "broker"}, {"count", 1}, {"cores", 4}, {"slots", 0}, {"nic_gbit_per_s", 1e5}});
  s.all["cluster"]["network"] = {{"latency_us", one_way_s * 1e6}, {"efficiency", 1}};
  s.all["brokers"] =
      json::array({{{"name", "log"},
                    {"system",
                     {{"type", "kafka"},
                      {"hosts", {"broker"}},
                      {"request_us", request_s * 1e6},
                      {"topics", json::array({{{"name", "t"}, {"partitions", partitions}}})}}}}});
  s.source("in", ScenarioText::constant(100))["record_bytes"] = 1000;
  s.op("out", "sink", ScenarioText::deterministic(0), cores);
  s.edge("in", "out");
  s.job()["reads"] = json::array({{{"source", "in"}, {"topic", "t"}}});
  return s;
}

json& system_of(ScenarioText& s) {
  return s.all["brokers"][0]["system"];
}

double broker_figure(const json& result, const char* name) {
  return result["summary"]["brokers"]["log"]["figures"][name].get<double>();
}

}  // namespace

TEST_CASE("A task of a topic fetches its range request by request", "[oracle][spark][kafka]") {
  ScenarioText s = behind_broker(20.5, 1, 1);
  const double round_trip_s = 2 * one_way_s + request_s;
  const auto processing_s = [&](double limit_bytes) {
    system_of(s)["consumer"] = {{"partition_bytes_max", limit_bytes}};
    const json result = spark_result(s);
    CHECK(spark_figure(result, "batches") == 20);
    // Every batch has a task for the partition, and what became readable in a second.
    CHECK(spark_figure(result, "tasks") == 20);
    CHECK(spark_figure(result, "batch_records_max") == 100);
    return spark_figure(result, "processing_time_max_s");
  };
  CHECK(processing_s(1e6) == Approx(round_trip_s).margin(1e-6));
  CHECK(processing_s(50'000) == Approx(2 * round_trip_s).margin(2e-6));
  CHECK(processing_s(30'000) == Approx(4 * round_trip_s).margin(4e-6));
  // A record at least.
  CHECK(processing_s(10) == Approx(100 * round_trip_s).margin(1e-4));
}

TEST_CASE("Partitions are tasks, and each record is read once", "[oracle][spark][kafka]") {
  ScenarioText s = behind_broker(20.5, 4, 3);
  system_of(s)["producer"] = {{"linger_ms", 0}};
  const json result = spark_result(s);
  CHECK(spark_figure(result, "tasks") == 20 * 3);
  const double written = broker_figure(result, "t.written_records");
  CHECK(written == Approx(2050).margin(1));
  CHECK(result["summary"]["conservation"]["delivered"].get<double>() == Approx(2000).margin(2));
  CHECK(broker_figure(result, "t.job.in.read_records") == result["summary"]["conservation"]["delivered"]);
  CHECK(broker_figure(result, "t.job.in.lag_records") ==
        written - broker_figure(result, "t.job.in.read_records"));
}

TEST_CASE("Ranges share the broker's link, and its disk if they are old", "[oracle][spark][kafka]") {
  // 10 MB a batch from four partitions over 12.5 MB/s.
  ScenarioText s = behind_broker(30.5, 4, 4);
  s.dataflow()["sources"][0]["record_bytes"] = 100'000;
  s.hosts()[1]["nic_gbit_per_s"] = 0.1;
  const double shared_s = spark_figure(spark_result(s), "processing_time_max_s");
  CHECK(shared_s == Approx(10e6 / 12.5e6).epsilon(0.03));
  s.hosts()[1]["nic_gbit_per_s"] = 1e5;
  CHECK(spark_figure(spark_result(s), "processing_time_max_s") < 0.03);
  // Nothing is old at the end of a batch's range, but its begin.
  system_of(s)["page_cache_mb"] = 1;
  system_of(s)["disk_read_mb_per_s"] = 50;
  const json old = spark_result(s);
  CHECK(spark_figure(old, "processing_time_max_s") == Approx(10e6 / 50e6).epsilon(0.1));
  CHECK(broker_figure(old, "disk_read_bytes") ==
        Approx(1e5 * old["summary"]["conservation"]["delivered"].get<double>()).epsilon(0.01));
}

TEST_CASE("With backpressure a topic keeps what a batch may not take", "[oracle][spark][kafka]") {
  // 200 records/s of 8 ms each on one core: it can do 125.
  ScenarioText s = behind_broker(300, 1, 1);
  s.dataflow()["sources"][0]["arrivals"] = ScenarioText::constant(200);
  s.dataflow()["operators"][0]["cost"] = ScenarioText::deterministic(8e3);
  s.engine()["backpressure"] = {{"enabled", true}, {"min_rate_per_s", 10}};
  const json result = spark_result(s);
  CHECK(spark_figure(result, "scheduling_delay_last_s") < 1.5);
  CHECK(result["summary"]["conservation"]["delivered"].get<double>() == Approx(125 * 298).epsilon(0.03));
}

TEST_CASE("A receiver's stream comes over a link", "[oracle][spark]") {
  // 20 messages of 1 MB a second: the sender's link carries 12.5.
  ScenarioText s = spark_scenario(41, 2);
  s.hosts()[0]["count"] = 2;
  s.hosts()[0]["nic_gbit_per_s"] = 10;
  s.hosts().push_back(
      {{"name", "sender"}, {"count", 1}, {"cores", 1}, {"slots", 0}, {"nic_gbit_per_s", 0.1}});
  s.all["cluster"]["network"] = {{"latency_us", 0}, {"efficiency", 1}};
  s.source("in", ScenarioText::constant(20))["record_bytes"] = 1'000'000;
  s.op("out", "sink", ScenarioText::deterministic(1), 4);
  s.edge("in", "out");
  s.engine()["input"] = "receiver";
  s.engine()["receiver"] = {{"host", "sender"}};
  const auto delivered = [&] {
    return spark_result(s)["summary"]["conservation"]["delivered"].get<double>();
  };
  CHECK(delivered() == Approx(12.5 * 40).epsilon(0.02));
  s.hosts()[1]["nic_gbit_per_s"] = 10;
  CHECK(delivered() == Approx(20 * 40).epsilon(0.02));
  s.engine()["receiver"]["host"] = "nobody";
  const json wrong = run({.scenario = s.text()});
  REQUIRE(wrong.contains("error"));
  CHECK_THAT(wrong["error"].get<std::string>(), Catch::Contains("engine.receiver.host") &&
                                                    Catch::Contains("there is no host \"nobody\"") &&
                                                    Catch::Contains("sender"));
}

TEST_CASE("On random topics and sockets the books balance, traced or not", "[property][spark][kafka]") {
  const std::uint64_t seed = test_seed();
  INFO("WEIR_SEED=" << seed);
  Dice dice(seed + 5);
  for (int i = 0; i < 24; ++i) {
    const int cores = 2 + dice.below(4);
    ScenarioText s = behind_broker(6 + dice.below(6), cores, 1 + dice.below(6));
    s.hosts()[1]["nic_gbit_per_s"] = dice.coin() ? 1 : 0.001;
    if (dice.coin()) s.all["fidelity"] = {{"batch_records", 2 + dice.below(60)}, {"batch_span_ms", 20}};
    s.dataflow()["sources"][0]["arrivals"] = ScenarioText::poisson(20 + dice.below(300));
    s.dataflow()["operators"][0]["cost"] = {{"per_record_us", 200}, {"law", "exponential"}};
    system_of(s)["producer"] = {{"linger_ms", dice.below(20)}, {"batch_bytes", 1 + dice.below(20000)}};
    system_of(s)["consumer"] = {{"partition_bytes_max", 1 + dice.below(20000)}};
    system_of(s)["page_cache_mb"] = dice.coin() ? 100 : 1;
    s.dataflow()["sources"][0]["record_bytes"] = 1 + dice.below(40000);
    s.engine()["batch_interval_s"] = 0.25 * (1 + dice.below(8));
    s.engine()["concurrent_jobs"] = 1 + dice.below(3);
    s.engine()["backpressure"] = {{"enabled", dice.coin()}, {"min_rate_per_s", 5}};
    s.engine()["driver"] = {{"generation_ms", 5}, {"stage_ms", 10}, {"task_ms", 2}, {"rpc_ms", 0.5}};
    if (dice.below(3) == 0) {
      s.job().erase("reads");
      s.engine()["input"] = "receiver";
      s.engine()["receiver"] = {{"host", "broker"}};
    }
    INFO(s.text());
    const json result = spark_result(s, true);
    CHECK(result["summary"]["failed_checks"].empty());
    CHECK(result["trace"]["without_path"] == 0);
    CHECK(spark_result(s)["summary"]["fingerprint"] == result["summary"]["fingerprint"]);
    const json waits = run({.scenario = s.text(), .lookahead = false});
    CHECK(waits["summary"]["fingerprint"] == result["summary"]["fingerprint"]);
  }
}

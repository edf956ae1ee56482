#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "models/brokers/kafka/range_assignment.hpp"
#include "tests/reference/random_scenario.hpp"
#include "tests/support/kafka_scenario.hpp"

// The broker kafka against what its mechanisms must give, worked out by hand, and on random jobs.

using namespace weir::test;

TEST_CASE("Kafka's range assignment", "[oracle][kafka]") {
  using weir::kafka::range_of;
  // Two consumers and two topics of three partitions: four and two (RangeAssignor's own example).
  CHECK(2 * range_of(0, 2, 3).count == 4);
  CHECK(2 * range_of(1, 2, 3).count == 2);
  for (int partitions = 1; partitions <= 40; ++partitions) {
    for (int consumers = 1; consumers <= 45; ++consumers) {
      int next = 0;
      for (int i = 0; i < consumers; ++i) {
        const auto range = range_of(i, consumers, partitions);
        INFO(partitions << " partitions, consumer " << i << " of " << consumers);
        REQUIRE(range.count == partitions / consumers + (i < partitions % consumers ? 1 : 0));
        if (range.count > 0) REQUIRE(range.first == next);
        next += range.count;
      }
      REQUIRE(next == partitions);
    }
  }
}

TEST_CASE("A record passes a broker in the time of its parts", "[oracle][kafka]") {
  ScenarioText s = behind_kafka(100, ScenarioText::constant(1), 3);
  const double alone_s = linger_s + one_way_s + request_s + one_way_s;
  const auto latency = [&](int replication, const char* acks) {
    system_of(s)["topics"][0]["replication"] = replication;
    system_of(s)["producer"]["acks"] = acks;
    const json result = sound({s.text()});
    CHECK(result["latency"]["count"] >= 99);
    CHECK(result["latency"]["max_ns"].get<double>() - result["latency"]["min_ns"].get<double>() < 2000);
    return result["latency"]["mean_ns"].get<double>() * 1e-9;
  };
  CHECK(latency(1, "all") == Approx(alone_s).margin(1e-6));
  // A follower gets it, writes it, and says so; both do at the same time.
  CHECK(latency(2, "all") == Approx(alone_s + 2 * one_way_s + request_s).margin(1e-6));
  CHECK(latency(3, "all") == Approx(alone_s + 2 * one_way_s + request_s).margin(1e-6));
  // Consumers see what all have, whoever acknowledges it.
  CHECK(latency(3, "leader") == Approx(alone_s + 2 * one_way_s + request_s).margin(1e-6));
  CHECK(latency(3, "none") == Approx(alone_s + 2 * one_way_s + request_s).margin(1e-6));
}

TEST_CASE("A fetch waits for enough, or long enough", "[oracle][kafka]") {
  const double rate_per_s = 20, until_s = 400, wait_s = 0.5;
  ScenarioText s = behind_kafka(until_s, ScenarioText::poisson(rate_per_s));
  system_of(s)["consumer"] = {{"fetch_min_bytes", 1e9}, {"fetch_wait_max_ms", wait_s * 1e3}};
  const json result = sound({s.text()});
  // A record becomes visible at any moment of the cycle of a fetch: the wait, the way of the answer, the way
  // of the next one.
  const double cycle_s = wait_s + 2 * one_way_s + request_s;
  const double expected_s = linger_s + one_way_s + request_s + cycle_s / 2 + one_way_s;
  const double count = result["latency"]["count"];
  // Records of a batch share its luck: five milliseconds hold a tenth of a record. 99.9 %.
  const double error_s = 3.3 * cycle_s / std::sqrt(12 * count / 1.2);
  CHECK(result["latency"]["mean_ns"].get<double>() * 1e-9 == Approx(expected_s).margin(error_s));
  // With enough for a hundred records, five seconds pass, if they are let.
  system_of(s)["consumer"] = {{"fetch_min_bytes", 100 * 100}, {"fetch_wait_max_ms", 1e6}};
  const json hundred = sound({s.text()});
  const double most_s = hundred["latency"]["max_ns"].get<double>() * 1e-9;
  CHECK(most_s > 99 / rate_per_s * 0.8);
  CHECK(hundred["latency"]["mean_ns"].get<double>() * 1e-9 == Approx(99 / rate_per_s / 2).epsilon(0.1));
}

TEST_CASE("Every byte leaves the leader for each follower and each group", "[oracle][kafka]") {
  // 12.5 MB/s go out of the leader, of which a copy for each of two followers and the consumer.
  ScenarioText s = behind_kafka(60, ScenarioText::constant(6000), 3);
  s.dataflow()["sources"][0]["record_bytes"] = 1000;
  s.hosts()[1]["nic_gbit_per_s"] = 0.1;
  s.all["cluster"]["network"]["efficiency"] = 1;
  const auto taken_in = [&](int replication) {
    system_of(s)["topics"][0]["replication"] = replication;
    const json result = sound({.scenario = s.text(), .windows = true});
    return mean_rate_per_s(result, 0, "records_in", 30);
  };
  CHECK(taken_in(1) == Approx(6000).epsilon(0.01));
  CHECK(taken_in(2) == Approx(6000).epsilon(0.01));
  CHECK(taken_in(3) == Approx(12500.0 / 3).epsilon(0.05));
}

TEST_CASE("What left the page cache comes at the disk's rate", "[oracle][kafka]") {
  // 100 MB within a second. The first fetch finds the first half, the second one the rest, both with 20 MB
  // in the cache and 30 MB on disk, at 10 MB/s.
  ScenarioText s = behind_kafka(
      30, {{"type", "phases"}, {"phases", {{{"duration_s", 1}, {"rate_per_s", 10000}}}}, {"after", "stop"}});
  s.dataflow()["sources"][0]["record_bytes"] = 10000;
  system_of(s)["page_cache_mb"] = 20;
  system_of(s)["disk_read_mb_per_s"] = 10;
  system_of(s)["producer"]["host"] = "";
  system_of(s)["consumer"] = {{"fetch_min_bytes", 49.99e6},
                              {"fetch_wait_max_ms", 1e6},
                              {"fetch_bytes_max", 1e9},
                              {"partition_bytes_max", 1e9}};
  const json result = sound({.scenario = s.text(), .windows = true});
  CHECK(figure(result, "disk_read_bytes") == Approx(60e6).epsilon(0.02));
  // The first record waits for half a second and for the disk, the last one for the disk twice.
  CHECK(result["latency"]["max_ns"].get<double>() * 1e-9 == Approx(0.5 + 3 + 3 - 0.5).epsilon(0.02));
}

TEST_CASE("Partitions bound how many instances of a source read", "[oracle][kafka]") {
  ScenarioText s = behind_kafka(100, ScenarioText::constant(1000));
  s.dataflow()["sources"][0].update({{"parallelism", 5}, {"cost", {{"per_record_us", 4000}}}});
  s.dataflow()["operators"][0]["parallelism"] = 5;
  system_of(s)["topics"][0]["partitions"] = 3;
  const json result = sound({s.text()});
  // Three read, each 250/s, of 1000/s; the rest waits in the log.
  for (std::size_t i = 0; i < 5; ++i) {
    INFO("instance " << i);
    const double in = result["instances"][0][i]["records_in"];
    if (i < 3) CHECK(in == Approx(25'000).epsilon(0.01));
    if (i >= 3) CHECK(in == 0);
  }
  CHECK(result["summary"]["throughput"]["backlog_records"].get<double>() == Approx(25'000).epsilon(0.02));
  CHECK(result["summary"]["throughput"]["offered_per_s"].get<double>() == Approx(1000).epsilon(0.001));
}

TEST_CASE("A sink whose producer is full holds its job up", "[oracle][kafka]") {
  // 2000 records/s of 1000 bytes, and the broker's link carries a megabyte a second.
  ScenarioText s = behind_kafka(60, ScenarioText::constant(2000));
  s.job().erase("reads");
  s.job()["writes"] = json::array({{{"sink", "out"}, {"topic", "t"}}});
  s.dataflow()["sources"][0]["record_bytes"] = 1000;
  s.engine()["channel_capacity_records"] = 100;
  s.hosts()[1]["nic_gbit_per_s"] = 0.008;
  s.all["cluster"]["network"]["efficiency"] = 1;
  system_of(s)["producer"]["buffer_bytes"] = 1e6;
  const json result = sound({.scenario = s.text(), .windows = true});
  CHECK(mean_rate_per_s(result, 1, "records_in", 20) == Approx(1000).epsilon(0.05));
  CHECK(mean_share(result, 0, "blocked_s", 20) > 0.4);
}

TEST_CASE("A topic joins two jobs on two engines", "[oracle][kafka]") {
  ScenarioText s = behind_kafka(60, ScenarioText::poisson(2000), 2);
  system_of(s)["topics"] = json::array(
      {{{"name", "t"}, {"partitions", 4}, {"replication", 2}}, {{"name", "between"}, {"partitions", 3}}});
  s.job()["name"] = "first";
  s.job()["engine"] = {{"type", "flink"}};
  s.job()["writes"] = json::array({{{"sink", "out"}, {"topic", "between"}}});
  json second = s.job();
  second["name"] = "second";
  second["engine"] = {{"type", "heron"}};
  second["reads"][0]["topic"] = "between";
  second.erase("writes");
  second["workload"]["sources"][0]["arrivals"] = "none";
  second["workload"]["sources"][0]["parallelism"] = 2;
  second["workload"]["operators"][0]["parallelism"] = 2;
  s.all["jobs"].push_back(second);
  const json result = sound({s.text()});
  const json& jobs = result["summary"]["jobs"];
  const auto of = [&](const char* job, const char* what) {
    return jobs[job]["conservation"][what].get<std::int64_t>();
  };
  CHECK(of("first", "delivered") > 115'000);
  CHECK(of("second", "emitted") <= of("first", "delivered"));
  CHECK(of("second", "emitted") > of("first", "delivered") - 1000);
  CHECK(figure(result, "between.second.in.read_records") >= static_cast<double>(of("second", "emitted")));
  // From where the record first came in.
  CHECK(jobs["second"]["latency_s"]["p50"].get<double>() >
        jobs["first"]["latency_s"]["p50"].get<double>() + linger_s);
  // What the second job will be offered is known to nobody.
  CHECK(jobs["second"]["operators"]["out"]["optimal_parallelism"].is_null());
}

TEST_CASE("Behind Kafka the books balance, and runs are the same whatever way time is advanced",
          "[property][kafka]") {
  std::vector<Run> runs;
  for (int i = 0; i < 60; ++i) {
    const std::uint64_t seed = test_seed() + 91000 + static_cast<std::uint64_t>(i);
    Dice dice(seed);
    ScenarioText s = random_scenario(dice, {.rescale = true, .heron = dice.coin()});
    if (dice.coin() && s.engine()["type"] == "generic") make_batches(s, dice);
    s.hosts().push_back({{"name", "kafka"},
                         {"count", 3},
                         {"cores", 2},
                         {"slots", 0},
                         {"nic_gbit_per_s", dice.coin() ? 10 : 0.01}});
    json topics = json::array(), reads = json::array(), writes = json::array();
    const auto topic = [&](const std::string& name) {
      topics.push_back(
          {{"name", name}, {"partitions", 1 + dice.below(7)}, {"replication", 1 + dice.below(3)}});
      return name;
    };
    for (json& source : s.dataflow()["sources"]) {
      if (dice.below(4) == 0) continue;
      source.erase("when_blocked");
      reads.push_back(
          {{"source", source["name"]}, {"topic", topic("of-" + source["name"].get<std::string>())}});
    }
    for (const json& op : s.dataflow()["operators"]) {
      const bool sends = std::any_of(s.dataflow()["edges"].begin(), s.dataflow()["edges"].end(),
                                     [&](const json& edge) { return edge["from"] == op["name"]; });
      if (!sends && dice.coin())
        writes.push_back({{"sink", op["name"]}, {"topic", topic("to-" + op["name"].get<std::string>())}});
    }
    if (topics.empty()) topic("nobody");
    const char* const acks[] = {"none", "leader", "all"};
    s.all["brokers"] = json::array({{{"name", "log"},
                                     {"system",
                                      {{"type", "kafka"},
                                       {"hosts", {"kafka-0", "kafka-1", "kafka-2"}},
                                       {"topics", topics},
                                       {"request_us", dice.below(500)},
                                       {"request_per_mb_us", dice.coin() ? 0 : 1000},
                                       {"page_cache_mb", dice.coin() ? 4096 : 1},
                                       {"producer",
                                        {{"batch_bytes", 100 << dice.below(8)},
                                         {"linger_ms", dice.below(20)},
                                         {"buffer_bytes", dice.coin() ? 1e7 : 500},
                                         {"requests_in_flight_max", 1 + dice.below(5)},
                                         {"acks", acks[dice.below(3)]},
                                         {"host", dice.coin() ? "" : "kafka-1"}}},
                                       {"consumer",
                                        {{"fetch_min_bytes", 1 + dice.below(3) * 1000},
                                         {"fetch_wait_max_ms", 1 + dice.below(100)},
                                         {"fetch_bytes_max", 1000 << dice.below(10)},
                                         {"partition_bytes_max", 100 << dice.below(10)},
                                         {"fetch_ahead", dice.coin()}}}}}}});
    s.job()["reads"] = reads;
    s.job()["writes"] = writes;
    const std::string text = s.text();
    runs.push_back({.scenario = text, .seed = seed});
    runs.push_back({.scenario = text, .seed = seed, .lookahead = false});
    runs.push_back({.scenario = text, .seed = seed, .trace = true});
  }
  const std::vector<json> results = run_all(runs);
  double read = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    INFO("seed " << runs[i].seed << "\n" << runs[i].scenario);
    if (results[i].contains("error")) FAIL(results[i]["error"].get<std::string>());
    INFO(results[i]["summary"]["failed_checks"].dump());
    REQUIRE(results[i]["summary"]["failed_checks"].empty());
    REQUIRE(results[i]["summary"]["fingerprint"] == results[i / 3 * 3]["summary"]["fingerprint"]);
    for (const auto& [name, value] : results[i]["summary"]["brokers"]["log"]["figures"].items())
      if (name.ends_with(".read_records")) read += value.get<double>();
  }
  CHECK(read > 10'000);
}

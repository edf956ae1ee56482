#include <catch2/catch.hpp>

#include "tests/support/kafka_scenario.hpp"

// Each parameter of the broker kafka by itself, against what it must give.

using namespace weir::test;

namespace {

// Records of 1 MB, as large as a request gets, from the outside world; read as good as never.
ScenarioText large_records(double rate_per_s) {
  ScenarioText s = behind_kafka(20, ScenarioText::constant(rate_per_s));
  s.dataflow()["sources"][0]["record_bytes"] = 1e6;
  system_of(s)["producer"]["linger_ms"] = 0;
  system_of(s)["consumer"] = {{"fetch_min_bytes", 1e12}, {"fetch_wait_max_ms", 1e6}};
  return s;
}

double written_per_s(const ScenarioText& s) {
  return figure(sound({s.text()}), "t.written_records") / 20;
}

}  // namespace

TEST_CASE("Requests in flight bound what a producer writes", "[oracle][kafka]") {
  ScenarioText s = large_records(5000);
  for (const int requests : {1, 3}) {
    system_of(s)["producer"]["requests_in_flight_max"] = requests;
    CHECK(written_per_s(s) == Approx(requests / (2 * one_way_s + request_s)).epsilon(0.01));
  }
}

TEST_CASE("Threads of a broker and what a megabyte takes them bound what it writes", "[oracle][kafka]") {
  ScenarioText s = large_records(5000);
  system_of(s)["producer"]["requests_in_flight_max"] = 100;
  system_of(s)["request_us"] = 10'000;
  for (const int threads : {1, 4}) {
    system_of(s)["io_threads"] = threads;
    CHECK(written_per_s(s) == Approx(threads / 10e-3).epsilon(0.01));
  }
  system_of(s)["request_us"] = 0;
  system_of(s)["request_per_mb_us"] = 5000;
  CHECK(written_per_s(s) == Approx(4 / 5e-3).epsilon(0.01));
}

TEST_CASE("A batch is sent when it is full", "[oracle][kafka]") {
  ScenarioText s = behind_kafka(100, ScenarioText::constant(100));
  s.dataflow()["sources"][0]["record_bytes"] = 1000;
  system_of(s)["producer"]["linger_ms"] = 1000;
  for (const int records : {1, 4, 10}) {
    system_of(s)["producer"]["batch_bytes"] = records * 1000;
    const json result = sound({s.text()});
    // The first of them waits for all others.
    CHECK(result["latency"]["max_ns"].get<double>() * 1e-9 ==
          Approx((records - 1) / 100.0 + 2 * one_way_s + request_s).margin(1e-5));
  }
}

TEST_CASE("A sink with a full buffer goes on when what it wrote is acknowledged", "[oracle][kafka]") {
  // One record at a time.
  ScenarioText s = behind_kafka(20, ScenarioText::constant(5000), 2);
  s.job().erase("reads");
  s.job()["writes"] = json::array({{{"sink", "out"}, {"topic", "t"}}});
  s.engine()["channel_capacity_records"] = 100;
  system_of(s)["topics"][0]["replication"] = 2;
  system_of(s)["producer"]["buffer_bytes"] = 1;
  const double there_s = linger_s + one_way_s + request_s;
  const auto per_s = [&](const char* acks) {
    system_of(s)["producer"]["acks"] = acks;
    return written_per_s(s);
  };
  CHECK(per_s("none") == Approx(1 / there_s).epsilon(0.01));
  CHECK(per_s("leader") == Approx(1 / (there_s + one_way_s)).epsilon(0.01));
  // A follower gets it, writes it, and says so.
  CHECK(per_s("all") == Approx(1 / (there_s + 2 * one_way_s + request_s + one_way_s)).epsilon(0.01));
}

TEST_CASE("A consumer that does not fetch ahead waits for each answer", "[oracle][kafka]") {
  constexpr double work_s = 0.005;
  ScenarioText s = behind_kafka(60, ScenarioText::constant(1000));
  s.dataflow()["sources"][0]["cost"] = ScenarioText::deterministic(work_s * 1e6);
  const auto read_per_s = [&](bool ahead, int records) {
    system_of(s)["consumer"] = {{"fetch_ahead", ahead}, {"partition_bytes_max", 100 * records}};
    return figure(sound({s.text()}), "t.job.in.read_records") / 60;
  };
  const double answer_s = 2 * one_way_s + request_s;
  CHECK(read_per_s(true, 1) == Approx(1 / work_s).epsilon(0.01));
  for (const int records : {1, 5})
    CHECK(read_per_s(false, records) == Approx(records / (records * work_s + answer_s)).epsilon(0.01));
}

TEST_CASE("A broker fetches from another one for all partitions at once", "[oracle][kafka]") {
  // Their connection shares the leader's link with one consumer, whatever the number of partitions.
  ScenarioText s = behind_kafka(60, ScenarioText::constant(20'000), 2);
  s.dataflow()["sources"][0]["record_bytes"] = 1000;
  s.hosts()[1]["nic_gbit_per_s"] = 0.08;
  s.all["cluster"]["network"]["efficiency"] = 1;
  system_of(s)["topics"][0]["replication"] = 2;
  const auto read_per_s = [&](int partitions) {
    system_of(s)["topics"][0]["partitions"] = partitions;
    return figure(sound({s.text()}), "t.job.in.read_records") / 60;
  };
  const double two = read_per_s(2);
  // Two brokers of 10 MB/s lead half of it each, and send it to each other and to the consumer.
  CHECK(two == Approx(10'000).epsilon(0.05));
  CHECK(read_per_s(10) == Approx(two).epsilon(0.03));
  CHECK(read_per_s(60) == Approx(two).epsilon(0.03));
}

TEST_CASE("Records without contents are read like others", "[oracle][kafka]") {
  ScenarioText s = behind_kafka(20, ScenarioText::constant(100));
  s.dataflow()["sources"][0]["record_bytes"] = 0;
  const json result = sound({s.text()});
  CHECK(result["latency"]["max_ns"].get<double>() * 1e-9 ==
        Approx(linger_s + 2 * one_way_s + request_s).margin(1e-5));
}

TEST_CASE("What a job is offered by others is known to nobody before", "[oracle][kafka]") {
  // 1000/s from the first job, 1 from the arrivals of the second one's source itself; 1.5 ms each.
  ScenarioText s = behind_kafka(300, ScenarioText::constant(1000));
  system_of(s)["topics"].push_back({{"name", "between"}, {"partitions", 3}});
  s.hosts()[0]["cores"] = s.hosts()[0]["slots"] = 20;
  s.job()["writes"] = json::array({{{"sink", "out"}, {"topic", "between"}}});
  json second = s.job();
  second["name"] = "second";
  second["reads"][0]["topic"] = "between";
  second.erase("writes");
  second["workload"]["operators"][0]["logic"] = "map";
  second["workload"]["operators"][0]["cost"] = ScenarioText::deterministic(1500);
  second["workload"]["operators"].push_back({{"name", "end"}, {"logic", "sink"}});
  second["workload"]["edges"][0]["partitioning"] = "rebalance";
  second["workload"]["edges"].push_back({{"from", "out"}, {"to", "end"}});
  second["policy"] = {{"type", "ds2"}, {"interval_s", 30}, {"warm_up_intervals", 0}};
  s.all["jobs"].push_back(second);
  for (const json& arrivals : {json("none"), json(ScenarioText::constant(1))}) {
    s.all["jobs"][1]["workload"]["sources"][0]["arrivals"] = arrivals;
    const json result = sound({s.text()});
    const json& of_second = result["summary"]["jobs"]["second"];
    INFO(of_second.dump(1));
    CHECK(of_second["operators"]["out"]["optimal_parallelism"].is_null());
    // DS2 goes by what came.
    CHECK(of_second["operators"]["out"]["parallelism"].get<int>() >= 2);
  }
}

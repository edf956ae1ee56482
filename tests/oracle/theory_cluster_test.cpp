#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "tests/support/scenario_text.hpp"
#include "tests/support/simulate.hpp"

// Networks and processors through whole scenarios, with times that can be worked out by hand.

using namespace weir::test;

namespace {

using json = nlohmann::json;

json host(const char* name, double nic_gbit_per_s) {
  return {{"name", name}, {"cores", 8}, {"slots", 1}, {"nic_gbit_per_s", nic_gbit_per_s}};
}

// Payload at line rate, 100 us from host to host, one instance a host in the order of the operators.
ScenarioText on_hosts(double until_s, const std::vector<json>& hosts) {
  ScenarioText s(until_s);
  s.all["cluster"] = {{"hosts", hosts}, {"network", {{"latency_us", 100}, {"efficiency", 1}}}};
  return s;
}

struct Flow {
  json arrivals;
  double record_bytes;
};

// Two sources, and a sink for both.
ScenarioText two_flows(double until_s, const std::vector<json>& hosts, const Flow& one, const Flow& other) {
  ScenarioText s = on_hosts(until_s, hosts);
  s.source("s", one.arrivals)["record_bytes"] = one.record_bytes;
  s.source("t", other.arrivals)["record_bytes"] = other.record_bytes;
  s.op("q", "sink", json::object());
  s.edge("s", "q");
  s.edge("t", "q");
  return s;
}

double latency_ns(const json& result, const char* which) {
  if (result.contains("error")) FAIL(result["error"].get<std::string>());
  REQUIRE(result["summary"]["conservation"]["ok"].get<bool>());
  return result["latency"][which].get<double>();
}

// Each end may be rounded to a nanosecond.
Approx ns(double expected) {
  return Approx(expected).margin(2).epsilon(0);
}

}  // namespace

TEST_CASE("One record over one link takes size / rate + latency", "[oracle][theory]") {
  ScenarioText s = on_hosts(1.5, {host("a", 1), host("b", 2)});
  s.source("s", ScenarioText::constant(1))["record_bytes"] = 1e6;
  s.op("q", "sink", json::object());
  s.edge("s", "q");
  const json result = run({s.text()});
  CHECK(latency_ns(result, "count") == 1);
  CHECK(latency_ns(result, "max_ns") == ns(8e6 + 100e3));
}

TEST_CASE("Two flows into one interface get half of it each", "[oracle][theory]") {
  ScenarioText s = two_flows(1.5, {host("a", 1), host("b", 1), host("c", 1)},
                             {ScenarioText::constant(1), 1e6}, {ScenarioText::constant(1), 1e6});
  const json result = run({s.text()});
  CHECK(latency_ns(result, "count") == 2);
  CHECK(latency_ns(result, "min_ns") == ns(16e6 + 100e3));
  CHECK(latency_ns(result, "max_ns") == ns(16e6 + 100e3));
}

TEST_CASE("Max-min: what a slow sender leaves goes to the other", "[oracle][theory]") {
  // b sends at 0.25 Gbit/s, so a gets 0.75 of c's 1 Gbit/s (Bertsekas and Gallager, Data Networks, 6.5.2).
  ScenarioText s = two_flows(1.5, {host("a", 1), host("b", 0.25), host("c", 1)},
                             {ScenarioText::constant(1), 1e6}, {ScenarioText::constant(1), 1e6});
  const json result = run({s.text()});
  CHECK(latency_ns(result, "min_ns") == ns(8e6 / 0.75 + 100e3));
  CHECK(latency_ns(result, "max_ns") == ns(32e6 + 100e3));
}

TEST_CASE("A flow that begins later, and one that ends earlier", "[oracle][theory]") {
  // Records of 1 MB at 1 s and of 2 MB at 1.004 s into one interface of 1 Gbit/s. Alone for 4 ms the first
  // has sent half; the other half at half the rate takes 8 ms: 12 ms in all. The second has sent 0.5 MB then
  // and goes on alone for 12 ms: 20 ms in all.
  ScenarioText s = two_flows(1.1, {host("a", 1), host("b", 1), host("c", 1)},
                             {ScenarioText::constant(1), 1e6}, {ScenarioText::constant(1 / 1.004), 2e6});
  const json result = run({s.text()});
  CHECK(latency_ns(result, "min_ns") == ns(12e6 + 100e3));
  CHECK(latency_ns(result, "max_ns") == ns(20e6 + 100e3));
}

TEST_CASE("A saturated interface carries what its rate allows", "[oracle][theory]") {
  // 2 x 800 records/s of 100 kB are 1.28 times 1 Gbit/s, which carries 1250 records/s.
  ScenarioText s = two_flows(50, {host("a", 1), host("b", 1), host("c", 1)},
                             {ScenarioText::poisson(800), 1e5}, {ScenarioText::poisson(800), 1e5});
  s.engine()["channel_capacity_records"] = 8;
  const json result = run({.scenario = s.text(), .windows = true});
  REQUIRE(!result.contains("error"));
  CHECK(mean_rate_per_s(result, 2, "records_in", 5) == Approx(1250).epsilon(0.002));
  CHECK(mean_rate_per_s(result, 0, "records_out", 5) == Approx(625).epsilon(0.01));
  CHECK(mean_rate_per_s(result, 1, "records_out", 5) == Approx(625).epsilon(0.01));
}

TEST_CASE("A link is an M/D/1 queue", "[oracle][theory]") {
  // Pollaczek-Khinchine with the time of one record on the link, 0.8 ms, at load 0.72; and 100 us of latency.
  ScenarioText s = on_hosts(100, {host("a", 1), host("b", 1)});
  s.source("s", ScenarioText::poisson(900))["record_bytes"] = 1e5;
  s.op("q", "sink", json::object());
  s.edge("s", "q");
  std::vector<double> means;
  for (const json& result : replicate(s.text(), 8)) means.push_back(mean_latency_s(result, 10));
  const Estimate e = estimate(means);
  const double expected_s = 0.8e-3 * (1 + 0.72 / (2 * (1 - 0.72))) + 100e-6;
  INFO("W = " << e.mean << " +- " << e.half_width << " s, theory " << expected_s << " s");
  CHECK(e.covers(expected_s));
  CHECK(e.half_width < 0.02 * expected_s);
}

TEST_CASE("More instances than cores share them", "[oracle][theory]") {
  // 5 instances that always have work, 1 ms a record, on 3 cores: 3000 records/s, 600 each.
  ScenarioText s(10);
  s.hosts()[0]["cores"] = 3;
  s.hosts()[0]["slots"] = 8;
  s.source("s", ScenarioText::constant(6000));
  s.op("q", "sink", ScenarioText::deterministic(1000), 5);
  s.edge("s", "q");
  s.engine()["channel_capacity_records"] = 4;
  const json result = run({.scenario = s.text(), .windows = true});
  REQUIRE(!result.contains("error"));
  CHECK(mean_rate_per_s(result, 1, "records_in", 1) == Approx(3000).epsilon(0.001));
  for (const json& instance : result["instances"][1]) {
    CHECK(instance["records_in"].get<double>() == Approx(6000).epsilon(0.002));
  }
}

TEST_CASE("One record on a crowded host is late by its share", "[oracle][theory]") {
  // Two records of 1 s at the same time on one core: both are done after 2 s.
  ScenarioText s(3.5);
  s.hosts()[0]["cores"] = 1;
  s.hosts()[0]["slots"] = 8;
  s.source("s", ScenarioText::constant(1));
  s.op("q", "sink", ScenarioText::deterministic(1e6), 2);
  s.edge("s", "q", "broadcast");
  const json result = run({s.text()});
  CHECK(latency_ns(result, "min_ns") == ns(2e9));
  CHECK(latency_ns(result, "max_ns") == ns(2e9));
}

TEST_CASE("A host that changes its speed in mid-service", "[oracle][theory]") {
  struct Case {
    json steps;
    double until_s;  // when only the first record is done
    double latency_ns;
  };
  // A record of 1 s that comes at 1 s.
  const std::vector<Case> cases = {
      // A quarter is done when the speed halves; the rest takes 1.5 s.
      {json::array({{{"time_s", 1.25}, {"factor", 0.5}}}), 2.9, 1.75e9},
      // Half is done; frozen for 0.4 s; then twice as fast.
      {json::array({{{"time_s", 1.5}, {"factor", 0}}, {{"time_s", 1.9}, {"factor", 2}}}), 2.2, 1.15e9},
      // Changed before: all at a tenth.
      {json::array({{{"time_s", 0.5}, {"factor", 0.1}}}), 11.5, 10e9},
  };
  for (const Case& c : cases) {
    ScenarioText s(c.until_s);
    s.hosts()[0]["profile"] = {{"steps", c.steps}};
    s.source("s", {{"type", "constant"}, {"rate_per_s", 1}});
    s.op("q", "sink", ScenarioText::deterministic(1e6));
    s.edge("s", "q");
    INFO(c.steps.dump());
    const json result = run({s.text()});
    CHECK(latency_ns(result, "count") == 1);
    CHECK(latency_ns(result, "max_ns") == ns(c.latency_ns));
  }
}

TEST_CASE("Under any profile of speeds a record is done when its work is", "[oracle][theory]") {
  struct Step {
    double time_s;
    double factor;
  };
  const double work_s = 0.03, gap_s = 0.1, until_s = 60;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    const std::vector<double> factors = {0, 0.001, 0.2, 1, 1, 3};
    std::vector<Step> steps;
    json profile = json::array();
    for (double at_s = 0; at_s < until_s;) {
      at_s += 0.00100037 * static_cast<double>(1 + random() % 400);  // never when a service ends
      steps.push_back({at_s, factors[random() % factors.size()]});
      profile.push_back({{"time_s", at_s}, {"factor", steps.back().factor}});
    }
    // One after the other, through the steps.
    std::vector<double> latencies_s;
    double free_s = 0;
    for (int k = 1; gap_s * k <= until_s; ++k) {
      double at_s = std::max(free_s, gap_s * k), left_s = work_s, speed = 1;
      std::size_t next = 0;
      for (; next < steps.size() && steps[next].time_s <= at_s; ++next) speed = steps[next].factor;
      for (; next < steps.size() && speed * (steps[next].time_s - at_s) < left_s; ++next) {
        left_s -= speed * (steps[next].time_s - at_s);
        at_s = steps[next].time_s;
        speed = steps[next].factor;
      }
      free_s = speed > 0 ? at_s + left_s / speed : 1e9;
      if (free_s <= until_s) latencies_s.push_back(free_s - gap_s * k);
    }
    ScenarioText s(until_s);
    s.hosts()[0]["profile"] = {{"steps", profile}};
    s.source("s", {{"type", "constant"}, {"rate_per_s", 1 / gap_s}});
    s.op("q", "sink", ScenarioText::deterministic(work_s * 1e6));
    s.edge("s", "q");
    INFO("seed " << seed);
    const json result = run({s.text()});
    REQUIRE(latency_ns(result, "count") == static_cast<double>(latencies_s.size()));
    double sum_s = 0;
    for (const double one_s : latencies_s) sum_s += one_s;
    // A change of speed adds a nanosecond, and a thousandth of the speed makes a thousand of it.
    const double rounding_ns = 1e5;
    CHECK(latency_ns(result, "max_ns") ==
          Approx(1e9 * *std::max_element(latencies_s.begin(), latencies_s.end()))
              .margin(rounding_ns)
              .epsilon(0));
    CHECK(latency_ns(result, "mean_ns") ==
          Approx(1e9 * sum_s / static_cast<double>(latencies_s.size())).margin(rounding_ns).epsilon(0));
  }
}

// What one host sends another shares a connection. Channels of several receivers are handed over at different
// times, and a batch of one need not wait for what another sent before it was looked at.
TEST_CASE("Gathering for longer adds no latency between hosts", "[oracle][theory]") {
  const auto mean_ns = [](double span_ms, std::int64_t capacity) {
    ScenarioText s(20);
    s.all["fidelity"] = {{"batch_records", span_ms > 0 ? 1024 : 1}, {"batch_span_ms", span_ms}};
    s.all["cluster"]["hosts"] = json::array({{{"name", "h"}, {"count", 2}, {"cores", 8}}});
    s.all["jobs"][0]["engine"]["channel_capacity_records"] = capacity;
    s.source("s", {{"type", "poisson"}, {"rate_per_s", 5000}});
    s.op("a", "map", ScenarioText::deterministic(100));
    s.op("b", "map", ScenarioText::deterministic(100), 4);
    s.op("c", "sink", ScenarioText::deterministic(10), 4);
    s.edge("s", "a");
    s.edge("a", "b");
    s.edge("b", "c");
    return latency_ns(run({s.text()}), "mean_ns");
  };
  const double record_by_record_ns = mean_ns(0, 1024);
  // Channels hold two spans of what passes; else batches wait for room, and it shows (docs/accuracy.md).
  for (const double span_ms : {10., 50., 60.}) {
    for (const std::int64_t capacity : {1024, 100000}) {
      CAPTURE(span_ms, capacity);
      CHECK(mean_ns(span_ms, capacity) == Approx(record_by_record_ns).epsilon(0.1));
    }
  }
}

TEST_CASE("Batches of many records do not change the throughput of a saturated line", "[oracle][theory]") {
  // The slowest station decides: 2 instances of 1 ms a record.
  for (const int batch : {1, 10, 100}) {
    ScenarioText s(20);
    s.all["fidelity"] = {{"batch_records", batch}, {"batch_span_ms", batch > 1 ? 50 : 0}};
    s.source("s", ScenarioText::poisson(5000));
    s.op("a", "map", ScenarioText::deterministic(200));
    s.op("b", "sink", ScenarioText::deterministic(1000), 2);
    s.edge("s", "a");
    s.edge("a", "b");
    s.engine()["channel_capacity_records"] = 256;
    const json result = run({.scenario = s.text(), .windows = true});
    REQUIRE(!result.contains("error"));
    CHECK(mean_rate_per_s(result, 2, "records_in", 2) == Approx(2000).epsilon(0.002));
  }
}

namespace {

// n counters on `cores` cores, a record for each at the same instant every second, 100 ms of work each.
ScenarioText in_step(int n, int cores) {
  ScenarioText s(10);
  s.hosts() = json::array({{{"name", "h"}, {"cores", cores}, {"slots", n + 1}}});
  s.source("s", ScenarioText::constant(1));
  s.op("q", "sink", ScenarioText::deterministic(100e3), n);
  s.edge("s", "q", "broadcast");
  return s;
}

double cpu_mean(const json& result) {
  if (result.contains("error")) FAIL(result["error"].get<std::string>());
  return result["summary"]["hosts"]["cpu_mean"].get<double>();
}

}  // namespace

TEST_CASE("Instances that share cores are busy for longer, and the cores are not", "[oracle][theory][cpu]") {
  // The source costs nothing. Four records in 400 ms of work, every second but the first.
  for (const int cores : {1, 2, 4, 8}) {
    INFO(cores);
    const json result = run({in_step(4, cores).text()});
    const double records = result["summary"]["operators"]["q"]["records_in"].get<double>();
    CHECK(records >= 36);
    CHECK(cpu_mean(result) == Approx(records * 0.1 / (10 * cores)).epsilon(1e-6));
    // Elapsed: four on one core take 400 ms each.
    const double busy = 0.1 * records / 4 / 10 * std::max(1.0, 4.0 / cores);
    CHECK(result["summary"]["operators"]["q"]["busy"].get<double>() == Approx(busy).epsilon(1e-6));
  }
}

TEST_CASE("The core time that is told is the work that was done, whoever shares the cores",
          "[oracle][theory][cpu]") {
  for (const int cores : {1, 3, 8}) {
    for (const int batch : {1, 64}) {
      INFO(cores << " cores, batches of " << batch);
      ScenarioText s(20);
      s.all["fidelity"] = {{"batch_records", batch}, {"batch_span_ms", batch == 1 ? 0 : 20}};
      s.hosts() = json::array({{{"name", "h"}, {"cores", cores}, {"slots", 8}}});
      s.source("s", ScenarioText::poisson(500));
      s.op("a", {{"type", "map"}}, ScenarioText::deterministic(900), 3);
      s.op("q", "sink", ScenarioText::deterministic(700), 3);
      s.edge("s", "a");
      s.edge("a", "q");
      // The load ends early enough for all of it to be worked off.
      s.dataflow()["sources"][0]["arrivals"] = {
          {"type", "phases"},
          {"phases", {{{"duration_s", 8}, {"rate_per_s", 500}}, {{"duration_s", 100}, {"rate_per_s", 0}}}}};
      const json result = run({s.text()});
      CHECK(cpu_mean(result) > 0);
      const json& operators = result["summary"]["operators"];
      CHECK(result["summary"]["conservation"]["in_flight"] == 0);
      const double work_s = operators["a"]["records_in"].get<double>() * 900e-6 +
                            operators["q"]["records_in"].get<double>() * 700e-6;
      CHECK(cpu_mean(result) * 20 * cores == Approx(work_s).epsilon(1e-5));
    }
  }
}

TEST_CASE("A Heron spout that hands a backlog over at once does not stop its bolts' metrics",
          "[oracle][theory][heron]") {
  // Two bolts of 1,000 records/s never run dry between the marks of their buffers.
  ScenarioText s(1200, 60);
  s.all["fidelity"] = {{"batch_records", 1024}, {"batch_span_ms", 50}};
  s.engine() = {{"type", "heron"}};
  json& source = s.source("s", ScenarioText::constant(5000));
  source["record_bytes"] = 1000;
  source["when_blocked"] = "queue";
  s.op("a", "sink", ScenarioText::deterministic(1000), 2);
  s.edge("s", "a", "shuffle");
  const json result = run({.scenario = s.text(), .windows = true});
  INFO(result.value("error", ""));
  REQUIRE(!result.contains("error"));
  REQUIRE(result["summary"]["conservation"]["ok"].get<bool>());
  for (const json& window : result["windows"]) {
    double records = 0;
    for (const json& metrics : window["operators"][1]) records += metrics["records_in"].get<double>();
    INFO("until " << window["end_ns"]);
    CHECK(records == Approx(120'000).epsilon(0.05));
  }
}

#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <map>

#include "tests/reference/random_scenario.hpp"
#include "tests/support/simulate.hpp"

// What must hold on any scenario, with batches of many records that are gathered for a while, on shared cores
// and contended links, with and without rescaling.

using namespace weir::test;

namespace {

using json = nlohmann::json;

int many(int usual) {
  return std::getenv("WEIR_LONG") != nullptr ? 20 * usual : usual;
}

// The operators as the scenario names them, in weir's order: sources first, as random_scenario() makes them.
struct Shape {
  std::vector<std::string> names;
  std::vector<double> selectivity;
  std::vector<int> parallelism;
  std::size_t sources = 0;

  explicit Shape(const json& dataflow) {
    for (const json& source : dataflow["sources"]) {
      names.push_back(source["name"]);
      selectivity.push_back(1);
      parallelism.push_back(source["parallelism"]);
      ++sources;
    }
    for (const json& op : dataflow["operators"]) {
      names.push_back(op["name"]);
      selectivity.push_back(op["logic"].is_object() ? op["logic"]["selectivity"].get<double>() : 1);
      parallelism.push_back(op["parallelism"]);
    }
  }
  std::size_t find(const std::string& name) const {
    return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
  }
};

std::int64_t sum(const json& instances, const char* counter) {
  std::int64_t total = 0;
  for (const json& instance : instances) total += instance[counter].get<std::int64_t>();
  return total;
}

// Of time; a time of backpressure may lie in any of them.
bool is_account(const std::string& name) {
  return name.ends_with("_ns") && name != "backpressure_ns";
}

void check_any(const json& result, std::int64_t until_ns) {
  if (result.contains("error")) FAIL(result["error"].get<std::string>());
  const json& summary = result["summary"];
  INFO(summary["failed_checks"].dump());
  REQUIRE(summary["conservation"]["ok"].get<bool>());
  for (const char* what : {"emitted", "delivered", "filtered", "dropped", "in_flight"}) {
    REQUIRE(summary["conservation"][what].get<std::int64_t>() >= 0);
  }
  REQUIRE(result["latency"]["min_ns"].get<std::int64_t>() >= 0);
  for (const json& instances : result["instances"]) {
    for (const json& instance : instances) {
      std::int64_t time_ns = 0;
      for (const auto& [name, value] : instance.items()) {
        INFO(name);
        REQUIRE(value.get<std::int64_t>() >= 0);
        if (is_account(name)) time_ns += value.get<std::int64_t>();
      }
      REQUIRE(time_ns <= until_ns);
    }
  }
}

}  // namespace

TEST_CASE("Books balance on random scenarios with batches", "[property][dataflow]") {
  std::vector<Run> runs;
  for (int i = 0; i < many(150); ++i) {
    const std::uint64_t seed = test_seed() + 10000 + static_cast<std::uint64_t>(i);
    Dice dice(seed);
    const bool join = i % 3 == 2;  // goes record by record
    ScenarioText s = random_scenario(dice, {.hosts = false, .pull = i % 2 == 1, .join = join});
    if (!join) make_batches(s, dice);
    if (dice.coin()) crowd_cores(s, dice);
    if (dice.coin()) contend_links(s, dice);
    runs.push_back({.scenario = s.text(), .seed = seed});
  }
  const std::vector<json> results = run_all(runs);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    INFO("seed " << runs[i].seed << "\n" << runs[i].scenario);
    check_any(results[i], 2'000'000'000);
  }
}

TEST_CASE("What is emitted comes out, times the selectivities", "[property][dataflow]") {
  // Sources stop after a second, and there is time for everything to come out.
  std::vector<Run> runs;
  std::vector<json> dataflows;
  for (int i = 0; i < many(100); ++i) {
    const std::uint64_t seed = test_seed() + 20000 + static_cast<std::uint64_t>(i);
    Dice dice(seed);
    ScenarioText s = random_scenario(dice, {.rescale = false, .hosts = false, .pull = i % 2 == 1});
    make_batches(s, dice);
    if (dice.coin()) crowd_cores(s, dice);
    if (dice.coin()) contend_links(s, dice);
    s.all["until_s"] = 200;
    for (json& source : s.dataflow()["sources"]) {
      source["arrivals"] = {
          {"type", "phases"},
          {"phases", {{{"duration_s", 1}, {"rate_per_s", source["arrivals"]["rate_per_s"]}}}},
          {"after", "stop"}};
    }
    runs.push_back({.scenario = s.text(), .seed = seed});
    dataflows.push_back(s.dataflow());
  }
  const std::vector<json> results = run_all(runs);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    INFO("seed " << runs[i].seed << "\n" << runs[i].scenario);
    const json& result = results[i];
    check_any(result, 200'000'000'000);
    REQUIRE(result["summary"]["conservation"]["in_flight"] == 0);
    const Shape shape(dataflows[i]);
    std::vector<std::int64_t> arrives(shape.names.size(), 0);
    for (const json& edge : dataflows[i]["edges"]) {
      const std::size_t from = shape.find(edge["from"]), to = shape.find(edge["to"]);
      const int copies = edge["partitioning"] == "broadcast" ? shape.parallelism[to] : 1;
      arrives[to] += sum(result["instances"][from], "records_out") * copies;
    }
    for (std::size_t op = 0; op < shape.names.size(); ++op) {
      INFO(shape.names[op]);
      const json& instances = result["instances"][op];
      if (op < shape.sources) {
        REQUIRE(sum(instances, "arrived") == sum(instances, "records_out") + sum(instances, "suppressed"));
        REQUIRE(sum(instances, "queue") == 0);
        continue;
      }
      REQUIRE(sum(instances, "records_in") == arrives[op]);
      if (op + 1 == shape.names.size() || sum(instances, "records_out") == 0) continue;
      // Each instance carries its remainder: the floor of selectivity times records, in billionths.
      const auto billionths = static_cast<std::int64_t>(shape.selectivity[op] * 1e9 + 0.5);
      for (const json& instance : instances) {
        REQUIRE(instance["records_out"].get<std::int64_t>() ==
                instance["records_in"].get<std::int64_t>() * billionths / 1'000'000'000);
      }
    }
    // Instances that were there all the time account for all of it.
    for (const json& instances : result["instances"]) {
      for (const json& instance : instances) {
        std::int64_t time_ns = 0;
        for (const auto& [name, value] : instance.items()) {
          if (is_account(name)) time_ns += value.get<std::int64_t>();
        }
        REQUIRE(time_ns == 200'000'000'000);
      }
    }
  }
}

TEST_CASE("Deterministic work takes the same useful time in batches of any size", "[property][dataflow]") {
  // A chain with deterministic costs and nothing lost: useful time is records times cost, to a nanosecond a
  // batch, whatever the batches are.
  std::map<int, std::vector<std::int64_t>> useful;
  for (const int batch : {1, 7, 100}) {
    ScenarioText s(30);
    s.all["fidelity"] = {{"batch_records", batch}, {"batch_span_ms", batch > 1 ? 20 : 0}};
    s.source(
        "s",
        {{"type", "phases"}, {"phases", {{{"duration_s", 10}, {"rate_per_s", 1000}}}}, {"after", "stop"}});
    s.op("a", {{"type", "flat-map"}, {"selectivity", 1.5}}, ScenarioText::deterministic(300));
    s.op("b", "sink", ScenarioText::deterministic(1000), 2);
    s.edge("s", "a");
    s.edge("a", "b");
    s.engine()["channel_capacity_records"] = 400;
    const json result = run({.scenario = s.text()});
    check_any(result, 30'000'000'000);
    for (int op = 1; op <= 2; ++op) useful[batch].push_back(sum(result["instances"][op], "useful_ns"));
  }
  const std::vector<std::int64_t> expected = {10'000 * 300'000ll, 15'000 * 1'000'000ll};
  for (const auto& [batch, times] : useful) {
    INFO("batches of " << batch);
    for (std::size_t op = 0; op < 2; ++op) CHECK(std::abs(times[op] - expected[op]) <= 15'000);
  }
}

TEST_CASE("Memory does not grow with simulated time", "[property][dataflow]") {
  // Overload included: what waits outside of a blocked source is kept in batches of up to a second.
  const auto peak_mib = [](double until_s) {
    ScenarioText s(until_s);
    s.all["fidelity"] = {{"batch_records", 100}, {"batch_span_ms", 20}};
    s.hosts()[0]["count"] = 2;
    s.source("s", ScenarioText::poisson(12000));
    s.op("a", "map", ScenarioText::deterministic(100));
    s.op("b", "sink", ScenarioText::deterministic(300), 4);
    s.edge("s", "a");
    s.edge("a", "b", "shuffle");
    s.engine()["channel_capacity_records"] = 1000;
    const json result = run({.scenario = s.text()});
    check_any(result, static_cast<std::int64_t>(until_s * 1e9));
    return result["summary"]["peak_rss_mib"].get<double>();
  };
  const double short_mib = peak_mib(100);
  const double long_mib = peak_mib(2000);
  INFO(short_mib << " MiB after 100 s, " << long_mib << " MiB after 2000 s");
  CHECK(long_mib < short_mib + 2);
}

TEST_CASE("A drain waits for records without weight", "[property][dataflow]") {
  // One record becomes 2^21: of each two the first has no weight, and goes to the first of two sinks, which
  // take turns at being the last. At the only decision all are under way.
  for (const std::uint64_t seed : {1, 2}) {
    ScenarioText s(30, 0.5);
    s.source(
        "s",
        {{"type", "phases"}, {"phases", {{{"duration_s", 0.1}, {"rate_per_s", 10}}}}, {"after", "stop"}});
    s.op("a", {{"type", "flat-map"}, {"selectivity", 1024}}, ScenarioText::deterministic(1));
    s.op("b", {{"type", "flat-map"}, {"selectivity", 1024}}, ScenarioText::deterministic(1));
    s.op("two", {{"type", "flat-map"}, {"selectivity", 2}}, ScenarioText::deterministic(1));
    s.op("c", "sink", ScenarioText::exponential(200'000), 2);
    s.edge("s", "a");
    s.edge("a", "b");
    s.edge("b", "two");
    s.edge("two", "c");
    s.engine()["on_stop"] = "drain";
    s.engine()["savepoint_s"] = s.engine()["restart_s"] = 0.1;
    s.job()["policy"] = {{"type", "test-scripted"},
                         {"interval_s", 0.5},
                         {"steps", {{{"time_s", 0.5}, {"operator_id", 4}, {"parallelism", 3}}}}};
    const json result = run({.scenario = s.text(), .seed = seed});
    check_any(result, 30'000'000'000);
    REQUIRE(result["summary"]["scaling"]["actions"].size() == 1);
    const json& instances = result["instances"][4];
    CHECK(sum(instances, "lost") == 0);
    CHECK(sum(instances, "records_in") == 1 << 21);
  }
}

TEST_CASE("Every origin is complete, lost or pending when Heron restarts", "[property][dataflow]") {
  std::vector<Run> runs;
  for (int i = 0; i < many(40); ++i) {
    const std::uint64_t seed = test_seed() + 30000 + static_cast<std::uint64_t>(i);
    Dice dice(seed);
    ScenarioText s = random_scenario(dice, {.hosts = false});
    if (dice.coin()) contend_links(s, dice);
    s.all["fidelity"]["origins"] = "exact";
    s.engine() = {{"type", "heron"}, {"metrics_interval_s", 0.1}, {"restart_s", 0.1}, {"drain_ms", 5}};
    runs.push_back({.scenario = s.text(), .seed = seed});
  }
  const std::vector<json> results = run_all(runs);
  std::int64_t lost = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    INFO("seed " << runs[i].seed << "\n" << runs[i].scenario);
    check_any(results[i], 2'000'000'000);
    const json& books = results[i]["summary"]["conservation"];
    const json& origins = books["origins"];
    INFO(books.dump());
    REQUIRE(origins["complete"].get<std::int64_t>() + origins["lost"].get<std::int64_t>() +
                origins["pending"].get<std::int64_t>() ==
            books["emitted"].get<std::int64_t>());
    REQUIRE(origins["repeated"] == 0);
    lost += origins["lost"].get<std::int64_t>();
  }
  CHECK(lost > 100);
}

#include <catch2/catch.hpp>

#include "tests/support/scenario_text.hpp"
#include "tests/support/simulate.hpp"

// Who waited goes on because of a message, and so every window has a path: where a sender waits for room in
// several channels, and where a whole cascade happens in one instant.

using namespace weir::test;
using nlohmann::json;

namespace {

json trace_of(const ScenarioText& scenario) {
  const json result = run({.scenario = scenario.text(), .trace = true});
  INFO(result.value("error", ""));
  REQUIRE(!result.contains("error"));
  return result["trace"];
}

void check_causes(const json& trace) {
  CHECK(trace["windows"].get<int>() >= 19);
  CHECK(trace["uncaused"] == 0);
  CHECK(trace["without_path"] == 0);
}

}  // namespace

TEST_CASE("what leaves a sender that still waits for room elsewhere has a cause", "[trace]") {
  ScenarioText s(2, 0.1);
  s.source("in", ScenarioText::constant(20));
  s.op("many", {{"type", "flat-map"}, {"selectivity", 4}, {"law", "deterministic"}},
       ScenarioText::deterministic(1e3));
  s.op("quick", "sink", ScenarioText::deterministic(3e3));
  s.op("slow", "sink", ScenarioText::deterministic(20e3));
  s.edge("in", "many");
  s.edge("many", "quick");
  s.edge("many", "slow");
  s.engine()["channel_capacity_records"] = 1;
  check_causes(trace_of(s));
}

TEST_CASE("a signal comes from who made room, not from who took what it let go", "[trace]") {
  ScenarioText s(2, 0.1);
  s.hosts()[0]["count"] = 2;
  s.all["cluster"]["network"] = {{"latency_us", 1000}};
  s.source("in", ScenarioText::constant(400))["record_bytes"] = 0;
  s.op("work", "sink", ScenarioText::deterministic(16e3), 3);
  s.edge("in", "work", "pull");
  s.engine()["channel_capacity_records"] = 1;
  check_causes(trace_of(s));
}

TEST_CASE("a cascade within one instant leaves every worker the cause that woke it", "[trace]") {
  ScenarioText s(2, 0.1);
  s.source("in", ScenarioText::constant(200))["parallelism"] = 2;
  s.op("first", {{"type", "flat-map"}, {"selectivity", 2.5}, {"law", "deterministic"}},
       ScenarioText::deterministic(6e3), 2);
  s.op("free", {{"type", "flat-map"}, {"selectivity", 2.5}, {"law", "deterministic"}}, json::object());
  s.op("out", "sink", {{"law", "gamma"}, {"per_record_us", 3e3}}, 2);
  s.edge("in", "first");
  s.edge("first", "free");
  s.edge("free", "out");
  s.engine()["channel_capacity_records"] = 1;
  check_causes(trace_of(s));
}

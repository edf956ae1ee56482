#include <catch2/catch.hpp>

#include "tests/support/scenario_text.hpp"
#include "tests/support/simulate.hpp"

using namespace weir::test;
using nlohmann::json;

TEST_CASE("a window that a restart cuts off between two arrivals does not say that nothing is offered",
          "[control]") {
  ScenarioText s(6);
  s.source("s", ScenarioText::constant(10));
  s.op("q", "sink", ScenarioText::deterministic(1e3));
  s.edge("s", "q");
  // Asked for at 2 s, done at 4.001 s: a window ends at 4 s.
  s.engine().update({{"on_stop", "drop"}, {"savepoint_s", 0}, {"restart_s", 2.001}});
  s.job()["policy"] = {{"type", "test-scripted"},
                       {"steps", {{{"time_s", 2}, {"operator_id", 1}, {"parallelism", 2}}}}};
  const json result = run({.scenario = s.text(), .windows = true});
  INFO(result.value("error", ""));
  bool found = false;
  for (const json& window : result["windows"]) {
    const bool short_one =
        window["end_ns"].get<std::int64_t>() - window["start_ns"].get<std::int64_t>() == 1'000'000;
    if (!short_one) continue;
    found = true;
    CHECK(window["running"] == false);
    CHECK(window["offered_per_s"][0].get<double>() == Approx(10));
  }
  CHECK(found);
}

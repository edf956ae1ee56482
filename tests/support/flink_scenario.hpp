#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "tests/support/scenario_text.hpp"
#include "tests/support/simulate.hpp"

// Scenarios of the engine flink, record by record.

namespace weir::test {

inline ScenarioText flink_scenario(double until_s) {
  ScenarioText s(until_s);
  s.engine() = {{"type", "flink"}, {"metrics_interval_s", 1}};
  return s;
}

// Of a run whose books balance.
inline nlohmann::json flink_result(const ScenarioText& s, bool windows = false) {
  const nlohmann::json result = run({.scenario = s.text(), .windows = windows});
  if (result.contains("error")) FAIL(result["error"].get<std::string>());
  INFO(result["summary"]["failed_checks"].dump());
  REQUIRE(result["summary"]["conservation"]["ok"].get<bool>());
  return result;
}

inline double engine_figure(const nlohmann::json& result, const char* name) {
  return result["summary"]["engine_figures"][name].get<double>();
}

}  // namespace weir::test

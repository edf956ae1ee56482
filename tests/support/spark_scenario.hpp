#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "tests/support/scenario_text.hpp"
#include "tests/support/simulate.hpp"

// Scenarios of the engine spark: on one host, record by record, a driver that takes no time, unless a test
// says otherwise.

namespace weir::test {

inline ScenarioText spark_scenario(double until_s, int cores) {
  ScenarioText s(until_s);
  s.hosts()[0]["cores"] = cores;
  s.hosts()[0]["slots"] = cores;
  s.job()["placement"] = "packed";
  s.engine() = {{"type", "spark"},
                {"input", "direct"},
                {"direct", {{"partitions", 1}}},
                {"driver", {{"generation_ms", 0}, {"stage_ms", 0}, {"task_ms", 0}, {"rpc_ms", 0}}},
                {"task_setup_ms", 0}};
  return s;
}

// Of a run whose books balance.
inline nlohmann::json spark_result(const ScenarioText& s, bool trace = false) {
  const nlohmann::json result = run({.scenario = s.text(), .trace = trace});
  if (result.contains("error")) FAIL(result["error"].get<std::string>());
  INFO(result["summary"]["failed_checks"].dump());
  REQUIRE(result["summary"]["conservation"]["ok"].get<bool>());
  return result;
}

inline double spark_figure(const nlohmann::json& result, const char* name) {
  return result["summary"]["engine_figures"][name].get<double>();
}

}  // namespace weir::test

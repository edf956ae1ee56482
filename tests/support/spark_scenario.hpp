#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <queue>
#include <string>
#include <vector>

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
  REQUIRE(result["summary"].value("failed_checks", nlohmann::json::array()).empty());
  return result;
}

inline double spark_figure(const nlohmann::json& result, const char* name) {
  return result["summary"]["engine_figures"][name].get<double>();
}

// When the tasks of a stage are over that begins at `at_s`: launched one after the other by one thread, each
// on the first core that is free.
inline double stage_end_s(double at_s, const std::vector<double>& work_s, int cores, double launch_s,
                          double rpc_s) {
  std::priority_queue<double, std::vector<double>, std::greater<>> free_s;
  for (int i = 0; i < cores; ++i) free_s.push(0);
  double thread_s = at_s, end_s = at_s;
  for (const double work : work_s) {
    thread_s = std::max(thread_s, free_s.top()) + launch_s;
    free_s.pop();
    free_s.push(thread_s + rpc_s + work + rpc_s);
    end_s = std::max(end_s, thread_s + rpc_s + work + rpc_s);
  }
  return end_s;
}

}  // namespace weir::test

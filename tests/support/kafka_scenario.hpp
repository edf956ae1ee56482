#pragma once

#include <catch2/catch.hpp>
#include <string>

#include "tests/support/scenario_text.hpp"
#include "tests/support/simulate.hpp"

// Scenarios of the broker kafka: one job behind it, everything that takes time by itself said.

namespace weir::test {

using nlohmann::json;

inline constexpr double one_way_s = 0.001, request_s = 0.0001, linger_s = 0.005;

// in -> out, both on one host, behind a broker on another.
inline ScenarioText behind_kafka(double until_s, const json& arrivals, int brokers = 1) {
  ScenarioText s(until_s);
  s.hosts()[0]["nic_gbit_per_s"] = 1e5;
  s.hosts().push_back(
      {{"name", "broker"}, {"count", brokers}, {"cores", 4}, {"slots", 0}, {"nic_gbit_per_s", 1e5}});
  s.hosts().push_back({{"name", "producer"}, {"cores", 4}, {"slots", 0}, {"nic_gbit_per_s", 1e5}});
  s.all["cluster"]["network"] = {{"latency_us", one_way_s * 1e6}};
  json hosts = json::array();
  for (int i = 0; i < brokers; ++i) hosts.push_back(brokers == 1 ? "broker" : "broker-" + std::to_string(i));
  s.all["brokers"] = json::array({{{"name", "log"},
                                   {"system",
                                    {{"type", "kafka"},
                                     {"hosts", hosts},
                                     {"request_us", request_s * 1e6},
                                     {"producer", {{"host", "producer"}, {"linger_ms", linger_s * 1e3}}},
                                     {"topics", json::array({{{"name", "t"}}})}}}}});
  s.source("in", arrivals);
  s.op("out", "sink", ScenarioText::deterministic(0));
  s.edge("in", "out", "forward");
  s.job()["reads"] = json::array({{{"source", "in"}, {"topic", "t"}}});
  return s;
}

inline json& system_of(ScenarioText& s) {
  return s.all["brokers"][0]["system"];
}

inline json sound(const Run& what) {
  const json result = run(what);
  if (result.contains("error")) FAIL(result["error"].get<std::string>());
  INFO(result["summary"].dump(1));
  REQUIRE(result["summary"]["failed_checks"].empty());
  return result;
}

inline double figure(const json& result, const char* name) {
  return result["summary"]["brokers"]["log"]["figures"][name].get<double>();
}

}  // namespace weir::test

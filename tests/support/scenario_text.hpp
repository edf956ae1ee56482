#pragma once

#include <nlohmann/json.hpp>
#include <string>

// Scenarios put together in tests: record by record, on one host with a core for everybody, channels without
// bound, unless a test says otherwise.

namespace weir::test {

class ScenarioText {
 public:
  using json = nlohmann::json;

  explicit ScenarioText(double until_s, double metrics_interval_s = 1) {
    all = {{"weir", 1},
           {"name", "test"},
           {"until_s", until_s},
           {"cluster", {{"hosts", json::array({{{"name", "h"}, {"count", 1}, {"cores", 64}}})}}},
           {"fidelity", {{"batch_records", 1}, {"batch_span_ms", 0}}},
           {"jobs", json::array({{{"workload",
                                   {{"type", "dataflow"},
                                    {"sources", json::array()},
                                    {"operators", json::array()},
                                    {"edges", json::array()}}},
                                  {"engine",
                                   {{"type", "generic"},
                                    {"channel_capacity_records", 0},
                                    {"metrics_interval_s", metrics_interval_s}}}}})}};
  }
  json& job() { return all["jobs"][0]; }
  json& engine() { return job()["engine"]; }
  json& dataflow() { return job()["workload"]; }
  json& hosts() { return all["cluster"]["hosts"]; }

  // Returns what was added, to add more to it.
  json& source(const std::string& name, const json& arrivals) {
    dataflow()["sources"].push_back({{"name", name}, {"arrivals", arrivals}});
    return dataflow()["sources"].back();
  }
  json& op(const std::string& name, const json& logic, const json& cost, int parallelism = 1) {
    dataflow()["operators"].push_back(
        {{"name", name}, {"logic", logic}, {"cost", cost}, {"parallelism", parallelism}});
    return dataflow()["operators"].back();
  }
  json& edge(const std::string& from, const std::string& to, const std::string& partitioning = "rebalance") {
    dataflow()["edges"].push_back({{"from", from}, {"to", to}, {"partitioning", partitioning}});
    return dataflow()["edges"].back();
  }
  std::string text() const { return all.dump(2); }

  static json poisson(double rate_per_s) { return {{"type", "poisson"}, {"rate_per_s", rate_per_s}}; }
  static json constant(double rate_per_s) { return {{"type", "constant"}, {"rate_per_s", rate_per_s}}; }
  static json exponential(double rate_per_s) {
    return {{"per_record_us", 1e6 / rate_per_s}, {"law", "exponential"}};
  }
  static json deterministic(double per_record_us) { return {{"per_record_us", per_record_us}}; }

  json all;
};

}  // namespace weir::test

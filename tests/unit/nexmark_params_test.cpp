#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/simulate.hpp"

// A query has the parameters that it looks at: what would do nothing is an unknown name.

using namespace weir::test;
using nlohmann::json;

namespace {

std::string error_of(const std::string& workload, const std::string& parameter, const json& value) {
  json job = {
      {"workload", {{"type", workload}, {parameter, value}}}, {"engine", "flink"}, {"policy", "static"}};
  const json scenario = {{"weir", 1},
                         {"name", "parameters"},
                         {"until_s", 0.1},
                         {"cluster", {{"hosts", {{{"name", "h"}, {"count", 4}, {"cores", 64}}}}}},
                         {"jobs", {job}}};
  return run({.scenario = scenario.dump()}).value("error", "");
}

struct Case {
  const char* parameter;
  json value;
  std::vector<std::string> queries;  // that look at it
};

const std::vector<std::string> all = {"nexmark-q0",     "nexmark-q1",      "nexmark-q2",     "nexmark-q3",
                                      "nexmark-q4",     "nexmark-q5",      "nexmark-q7",     "nexmark-q8",
                                      "nexmark-q9",     "nexmark-q11",     "nexmark-q12",    "nexmark-q15",
                                      "nexmark-q20",    "ds2-nexmark-q1",  "ds2-nexmark-q3", "ds2-nexmark-q5",
                                      "ds2-nexmark-q8", "ds2-nexmark-q11", "yahoo"};

}  // namespace

TEST_CASE("nexmark: a query has the parameters that it looks at", "[nexmark]") {
  const std::vector<std::string> event_time_windows = {"nexmark-q5",      "nexmark-q7",     "nexmark-q8",
                                                       "nexmark-q11",     "ds2-nexmark-q5", "ds2-nexmark-q8",
                                                       "ds2-nexmark-q11", "yahoo"};
  const std::vector<Case> cases = {
      {"gap_s", 5, {"nexmark-q11", "ds2-nexmark-q11"}},
      {"slide_s", 5, {"nexmark-q5", "ds2-nexmark-q5"}},
      // Not a multiple of any query's slide but its own.
      {"window_s", 6, {"nexmark-q5", "nexmark-q7", "nexmark-q8", "nexmark-q12", "ds2-nexmark-q8", "yahoo"}},
      {"idle_timeout_s", 5, event_time_windows},
      {"watermark_interval_ms", 5, event_time_windows},
      {"event_delay_us",
       5,
       {"nexmark-q4", "nexmark-q9", "nexmark-q5", "nexmark-q7", "nexmark-q8", "nexmark-q11", "ds2-nexmark-q5",
        "ds2-nexmark-q8", "ds2-nexmark-q11"}}};
  for (const Case& c : cases)
    for (const std::string& query : all) {
      const std::string error = error_of(query, c.parameter, c.value);
      INFO(query << " " << c.parameter << ": " << error);
      const bool looks = std::find(c.queries.begin(), c.queries.end(), query) != c.queries.end();
      if (looks) {
        CHECK(error.empty());
      } else if (c.parameter == std::string("window_s") && query == "ds2-nexmark-q5") {
        CHECK_THAT(error, Catch::Contains("does not divide window_s"));  // its slide is a minute
      } else {
        CHECK_THAT(error, Catch::Contains("unknown parameter"));
      }
    }
}

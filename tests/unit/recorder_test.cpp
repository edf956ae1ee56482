#include "sim/simulation/recorder.hpp"

#include <catch2/catch.hpp>

#include "tests/support/scenario_text.hpp"
#include "tests/support/simulate.hpp"

using namespace weir;
using namespace weir::test;
using nlohmann::json;

namespace {

// What the summary says of the throughput when an operator that does 100/s is offered these rates for 5 s
// each.
json throughput(double first_per_s, double then_per_s, const std::string& when_blocked) {
  ScenarioText s(10);
  json& source =
      s.source("in", {{"type", "phases"},
                      {"phases", json::array({{{"rate_per_s", first_per_s}, {"duration_s", 5}},
                                              {{"rate_per_s", then_per_s}, {"duration_s", 60}}})}});
  source["when_blocked"] = when_blocked;
  s.op("work", "sink", ScenarioText::deterministic(10'000));
  s.edge("in", "work");
  s.engine()["channel_capacity_records"] = 10;
  const json result = run({s.text()});
  INFO(result.dump());
  REQUIRE(result.contains("summary"));
  return result["summary"]["throughput"];
}

}  // namespace

TEST_CASE("a job that works off a backlog does not fall behind", "[record]") {
  const json spike = throughput(300, 50, "queue");
  CHECK(spike["end_achieved_per_s"].get<double>() < 0.9 * spike["end_offered_per_s"].get<double>());
  CHECK(spike["falling_behind"] == false);
  CHECK(throughput(50, 300, "queue")["falling_behind"] == false);  // lately, which may be a spike
  CHECK(throughput(300, 300, "queue")["falling_behind"] == true);
  CHECK(throughput(90, 90, "queue")["falling_behind"] == false);
}

TEST_CASE("records that a source skips are counted", "[record]") {
  const json skips = throughput(300, 300, "skip");
  CHECK(skips["suppressed_records"].get<double>() == Approx(2000).epsilon(0.1));
  CHECK(skips["falling_behind"] == true);
  CHECK(throughput(300, 300, "queue")["suppressed_records"] == 0);
}

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>

#include "policies/drs/allocation.hpp"
#include "tests/support/scenario_text.hpp"
#include "tests/support/simulate.hpp"

// DRS in the loop on the network that its model is of: Poisson arrivals, exponential service, one queue for
// the instances of an operator. There it must give out what theory does, and the job must be as fast as it
// expects.

using namespace weir;
using namespace weir::test;

TEST_CASE("drs meets its deadline on an open Jackson network, as fast as it expects",
          "[oracle][theory][drs]") {
  const double arrivals = 200;
  const std::vector<drs::Station> stations{{arrivals, 50, 1, 100}, {arrivals, 100, 1, 100}};
  // Between what nine instances can do and what ten can, so that noise in the rates does not matter.
  const auto nine = drs::best_servers(stations, 9), ten = drs::best_servers(stations, 10);
  REQUIRE((nine && ten));
  const double ten_s = drs::total_sojourn_s(stations, *ten, arrivals);
  const double deadline_s = std::sqrt(drs::total_sojourn_s(stations, *nine, arrivals) * ten_s);

  ScenarioText s(330);
  s.source("in", ScenarioText::poisson(arrivals));
  s.op("work", "map", ScenarioText::exponential(50), 5);
  s.op("out", "sink", ScenarioText::exponential(100), 3);
  s.edge("in", "work", "pull");
  s.edge("work", "out", "pull");
  s.job()["policy"] = {{"type", "drs"}, {"deadline_s", deadline_s}, {"interval_s", 30}, {"min_saving", 2}};
  const auto results = replicate(s.text(), 8);
  std::vector<double> latencies;
  for (const nlohmann::json& result : results) {
    const nlohmann::json& operators = result["summary"]["operators"];
    INFO(result["summary"]["scaling"].dump(1));
    CHECK(operators["work"]["parallelism"] == (*ten)[0]);
    CHECK(operators["out"]["parallelism"] == (*ten)[1]);
    latencies.push_back(mean_latency_s(result, 130));  // the restart, and what it left, are over
  }
  const Estimate latency = estimate(latencies);
  INFO("latency " << latency.mean << " +- " << latency.half_width << " s, theory " << ten_s << " s, deadline "
                  << deadline_s << " s");
  CHECK(latency.covers(ten_s));
  CHECK(latency.half_width < 0.05 * ten_s);
  CHECK(latency.mean < deadline_s);
}

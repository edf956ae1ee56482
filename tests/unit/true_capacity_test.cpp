#include "sim/control/true_capacity.hpp"

#include <catch2/catch.hpp>

#include "sim/control/policy.hpp"
#include "sim/simulation/simulation.hpp"
#include "tests/support/scenario_text.hpp"
#include "tests/support/simulate.hpp"

using namespace weir;
using namespace weir::test;
using nlohmann::json;

namespace {

// The optima of [0, 1 s]: of the operators, then of all workers.
json optima(const ScenarioText& scenario) {
  return in_child([&]() -> json {
    Errors errors;
    const auto loaded = load_scenario_text(scenario.text(), "test", ".", {}, errors);
    if (!loaded) return errors.text();
    json found;
    SimulationOptions options;
    options.at_end = [&](const Job& job) {
      const TrueCapacity truth(job);
      for (const int id : {0, 1, 2, all_workers}) found.push_back(truth.optimal_parallelism(id, 0, 1));
    };
    simulate(*loaded, options);
    return found;
  });
}

}  // namespace

TEST_CASE("workers that run all operators need the sum of what these need", "[control]") {
  ScenarioText s(1);
  s.source("in", ScenarioText::constant(1000));
  s.op("half", {{"type", "filter"}, {"selectivity", 0.5}}, ScenarioText::deterministic(1600));
  s.op("out", "sink", ScenarioText::deterministic(1000));
  s.edge("in", "half");
  s.edge("half", "out");
  // 1000/s of 1.6 ms and 500/s of 1 ms: 1.6 and 0.5 instances.
  CHECK(optima(s) == json({1, 2, 1, 3}));
  s.dataflow()["operators"][0]["max_parallelism"] = 2;
  CHECK(optima(s) == json({1, 2, 1, 2}));
  // With contention an instance of two does less: 1.6 * 1.25 of 2, (1.6 * 1.5 + 0.5) of 3.
  s.dataflow()["operators"][0].erase("max_parallelism");
  s.dataflow()["operators"][0]["contention"] = {{"sigma", 0.25}};
  CHECK(optima(s) == json({1, 2, 1, 3}));
}

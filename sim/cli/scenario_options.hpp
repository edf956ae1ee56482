#pragma once

#include <optional>

#include "sim/cli/options.hpp"
#include "sim/simulation/scenario.hpp"

// The options that change a scenario, which several commands share.

namespace weir {

void add_scenario_options(Options& options);
// What is wrong with the values goes to `errors`.
ScenarioOverrides scenario_overrides(const Options& options, Errors& errors);

// The file that is there, or was shipped under that name; its errors go to `errors`.
std::optional<LoadedScenario> load_scenario_argument(const std::string& argument,
                                                     const ScenarioOverrides& overrides, Errors& errors);

// What was simulated, in a line: `word-count: word-count on flink under ds2; 600 s`.
std::string scenario_line(const Scenario& scenario);

}  // namespace weir

#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/record/summary.hpp"
#include "sim/simulation/scenario.hpp"
#include "tests/bench/harness.hpp"

namespace weir::bench {

// Reads a scenario from text (or a file, with overrides); throws std::runtime_error with every error.
LoadedScenario scenario_of_text(const std::string& text);
LoadedScenario scenario_of_file(const std::filesystem::path& path, const ScenarioOverrides& overrides = {});

// Simulates it, once per process. With `record`, run.h5 is written to a temporary directory, which is removed
// afterwards: metrics are recorded as in `weir run`; `traced`: and the program activity graph. Throws when a
// self-check of the run fails.
struct TimedRun {
  RunSummary summary;
  Sample sample;  // work: the events executed
};
TimedRun timed_run(const LoadedScenario& scenario, bool record, bool traced = false);

}  // namespace weir::bench

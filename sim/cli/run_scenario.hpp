#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sim/cli/command.hpp"
#include "sim/simulation/simulation.hpp"

// One run with everything around it: result directory, manifest, progress, interrupts, summary.

namespace weir {

struct RunSettings {
  std::vector<std::string> argv;
  std::string scenario_path;        // as the manifest names it
  std::filesystem::path directory;  // of the results
  bool lookahead = true;
  std::optional<PagTrace::Settings> trace = std::nullopt;
  bool quiet = false;
};

// Runs and writes the results; the directory was checked. RecordError when they cannot be written.
RunSummary run_scenario(const LoadedScenario& loaded, const RunSettings& settings);

// What is said at the end on stdout: a summary for people, or exactly the content of summary.json.
void say_summary(const RunSummary& summary, const Scenario& scenario, const std::filesystem::path& directory,
                 bool json, bool quiet);

// good, or failed with sentences on stderr that say why.
ExitCode exit_code(const RunSummary& summary);

}  // namespace weir

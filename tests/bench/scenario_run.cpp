#include "tests/bench/scenario_run.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <stdexcept>

#include "sim/scenario/errors.hpp"
#include "sim/simulation/simulation.hpp"

namespace weir::bench {

namespace {

LoadedScenario checked(std::optional<LoadedScenario> loaded, const Errors& errors) {
  if (!loaded) throw std::runtime_error("a scenario of the benchmarks is wrong:\n" + errors.text());
  return std::move(*loaded);
}

}  // namespace

LoadedScenario scenario_of_text(const std::string& text) {
  Errors errors;
  return checked(load_scenario_text(text, "bench.json", std::filesystem::current_path(), {}, errors), errors);
}

LoadedScenario scenario_of_file(const std::filesystem::path& path, const ScenarioOverrides& overrides) {
  Errors errors;
  return checked(load_scenario(path, overrides, errors), errors);
}

TimedRun timed_run(const LoadedScenario& scenario, bool record, bool traced) {
  SimulationOptions options;
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / fmt::format("weir_bench_{}", getpid());
  if (record) {
    std::filesystem::create_directories(folder);
    options.output = folder;
    if (traced) options.trace.emplace();
  }
  const Stopwatch watch;
  TimedRun run;
  run.summary = simulate(scenario, options);
  run.sample = watch.finish(static_cast<double>(run.summary.events));
  if (record) std::filesystem::remove_all(folder);
  if (!run.summary.failed_checks.empty()) {
    throw std::runtime_error("a run failed its self-check: " + run.summary.failed_checks.front());
  }
  return run;
}

}  // namespace weir::bench

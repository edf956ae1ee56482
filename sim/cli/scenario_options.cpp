#include "sim/cli/scenario_options.hpp"

#include <fmt/format.h>

#include "sim/cli/home.hpp"
#include "sim/cli/output.hpp"
#include "sim/record/readable.hpp"

namespace weir {

void add_scenario_options(Options& options) {
  options.value("seed", "N", "seed of all random streams, instead of the scenario's");
  options.value("until", "S", "simulated seconds, instead of the scenario's");
  options.value("policy", "NAME", "policy of every job, with its default parameters (weir list policies)");
  options.values("set", "path.to.key=VALUE",
                 "changes any value of the scenario, such as jobs[0].policy.interval_s=30; repeatable");
}

ScenarioOverrides scenario_overrides(const Options& options, Errors& errors) {
  return {.sets = options.texts("set"),
          .policy = options.text("policy"),
          .seed = options.unsigned_integer("seed", errors),
          .until_s = options.positive_number("until", errors)};
}

std::optional<LoadedScenario> load_scenario_argument(const std::string& argument,
                                                     const ScenarioOverrides& overrides, Errors& errors) {
  const std::filesystem::path file = scenario_file(argument);
  std::error_code ignored;
  if (!std::filesystem::exists(file, ignored)) {
    errors.add_file(argument, 1, "$", "there is no such file", scenario_hint(argument));
    return {};
  }
  auto loaded = load_scenario(file, overrides, errors);
  if (!loaded) return loaded;
  for (const std::string& warning : loaded->warnings) {
    write_err(fmt::format("weir: warning: {}: {}\n", file.string(), warning));
  }
  return loaded;
}

std::string scenario_line(const Scenario& scenario) {
  std::string jobs;
  for (const JobSpec& job : scenario.jobs) {
    jobs += fmt::format("{}{} on {} under {}", jobs.empty() ? "" : ", ", job.workload.name(),
                        job.engine.name(), job.policy.name());
  }
  return fmt::format("{}: {}; {} from seed {}", scenario.name, jobs, readable_duration(scenario.until_s),
                     scenario.seed);
}

}  // namespace weir

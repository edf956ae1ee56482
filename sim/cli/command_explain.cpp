// weir explain: what would be simulated.

#include <fmt/format.h>

#include "sim/cli/output.hpp"
#include "sim/cli/scenario_options.hpp"
#include "sim/simulation/simulation.hpp"

namespace weir {
namespace {

ExitCode run(const CommandContext& context) {
  Options options(*find_command("explain"), "SCENARIO");
  add_scenario_options(options);
  if (!options.parse(context.arguments)) return ExitCode::good;
  if (options.positional().size() != 1)
    throw UsageError(
        fmt::format("explain takes one scenario, and {} are given", options.positional().size()));
  Errors errors;
  const ScenarioOverrides overrides = scenario_overrides(options, errors);
  const auto loaded = load_scenario_argument(options.positional()[0], overrides, errors);
  if (!errors.empty() || !loaded) {
    write_err(errors.text());
    return ExitCode::wrong_input;
  }
  write_out(fmt::format("{}\n", fmt::join(explain(*loaded), "\n")));
  return ExitCode::good;
}

const auto registered = add_command({.name = "explain",
                                     .usage = "SCENARIO [options]",
                                     .help = "the resolved models of a scenario, and what its run will cost",
                                     .order = 30,
                                     .run = run});

}  // namespace
}  // namespace weir

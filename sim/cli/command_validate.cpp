// weir validate: whether scenarios are right, and everything that is wrong with them.

#include <fmt/format.h>

#include "sim/cli/output.hpp"
#include "sim/cli/repeat.hpp"
#include "sim/cli/scenario_options.hpp"

namespace weir {
namespace {

ExitCode run(const CommandContext& context) {
  Options options(*find_command("validate"), "SCENARIO…");
  add_scenario_options(options);
  if (!options.parse(context.arguments)) return ExitCode::good;
  if (options.positional().empty()) throw UsageError("validate takes one scenario or more");
  Errors errors;
  const ScenarioOverrides overrides = scenario_overrides(options, errors);
  const bool understood = errors.empty();
  std::string good, manifests;
  for (const std::string& argument : options.positional()) {
    if (is_manifest_file(argument)) {
      manifests += fmt::format(
          "{0}: is the manifest of a run, not a scenario: `weir run {0}` repeats the run\n", argument);
      continue;
    }
    Errors of_this;
    const auto loaded = load_scenario_argument(argument, overrides, of_this);
    if (understood && loaded) good += fmt::format("{}: ok: {}\n", argument, scenario_line(loaded->scenario));
    for (const InputError& error : of_this.sorted()) errors.add(error);
  }
  write_out(good);
  write_err(errors.text());
  write_err(manifests);
  return errors.empty() && manifests.empty() ? ExitCode::good : ExitCode::wrong_input;
}

const auto registered = add_command({.name = "validate",
                                     .usage = "SCENARIO… [options]",
                                     .help = "say whether scenarios are right, or everything that is wrong",
                                     .order = 20,
                                     .run = run});

}  // namespace
}  // namespace weir

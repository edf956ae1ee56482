// weir run: simulates one scenario.

#include <fmt/format.h>

#include "sim/cli/home.hpp"
#include "sim/cli/output.hpp"
#include "sim/cli/repeat.hpp"
#include "sim/cli/result_directory.hpp"
#include "sim/cli/run_scenario.hpp"
#include "sim/cli/scenario_options.hpp"
#include "sim/cli/trace_options.hpp"
#include "sim/record/record_error.hpp"

namespace weir {
namespace {

ExitCode run(const CommandContext& context) {
  Options options(*find_command("run"), "SCENARIO");
  options.value(
      "output,o", "DIR",
      "where results go (default out/<scenario>/<policy>/seed=<n>; a manifest's: rerun, beside it); "
      "an older result there is replaced");
  add_scenario_options(options);
  add_trace_options(options);
  options.value("lookahead", "on|off", "off: step SimGrid to every event; slower, same result");
  options.flag("json", "print summary.json instead of the summary for people");
  options.flag("quiet,q", "no progress bar, no summary");
  if (!options.parse(context.arguments)) return ExitCode::good;
  if (options.positional().size() != 1)
    throw UsageError(fmt::format("run takes one scenario, or the manifest of a run, and {} are given",
                                 options.positional().size()));
  const std::string argument = options.positional()[0];
  const std::filesystem::path file = scenario_file(argument);
  if (is_manifest_file(file)) return repeat_run(context, options, file);

  Errors errors;
  const ScenarioOverrides overrides = scenario_overrides(options, errors);
  const auto trace = trace_settings(options, errors);
  const bool lookahead = options.choice("lookahead", {"on", "off"}, errors) == "on";
  const auto loaded = load_scenario_argument(argument, overrides, errors);
  const auto given = options.text("output");
  std::filesystem::path directory = given.value_or("");
  if (!given && loaded) directory = default_result_directory(loaded->scenario);
  if (given || loaded)
    check_result_directory(directory, given ? "-o " + *given : "default output directory", {file}, errors);
  if (!errors.empty() || !loaded) {
    write_err(errors.text());
    return ExitCode::wrong_input;
  }
  const bool quiet = options.has("quiet");
  const RunSummary summary = run_scenario(*loaded, {.argv = context.argv,
                                                    .scenario_path = file.string(),
                                                    .directory = directory,
                                                    .lookahead = lookahead,
                                                    .trace = trace,
                                                    .quiet = quiet});
  say_summary(summary, loaded->scenario, directory, options.has("json"), quiet);
  return exit_code(summary);
}

const auto registered = add_command({.name = "run",
                                     .usage = "SCENARIO|MANIFEST [options]",
                                     .help = "simulate a scenario, or repeat the run of a manifest.json",
                                     .order = 10,
                                     .run = run});

}  // namespace
}  // namespace weir

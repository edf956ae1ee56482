#include "sim/cli/run_scenario.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "sim/allocation/linear_program.hpp"
#include "sim/cli/interrupt.hpp"
#include "sim/cli/output.hpp"
#include "sim/cli/progress.hpp"
#include "sim/cli/published_text.hpp"
#include "sim/cli/result_directory.hpp"
#include "sim/record/manifest.hpp"
#include "sim/record/summary_text.hpp"

namespace weir {

namespace {

Manifest manifest_of(const LoadedScenario& loaded, const RunSettings& settings) {
  std::vector<std::pair<std::string, std::filesystem::path>> inputs;
  for (const std::filesystem::path& file : loaded.input_files)
    inputs.emplace_back(file.lexically_proximate(loaded.base_dir).string(), file);
  return begin_manifest(settings.argv, scenario_table().write(loaded.scenario), settings.scenario_path,
                        loaded.scenario.seed, inputs);
}

struct Begun {
  Manifest manifest;
  std::unique_ptr<ResultDirectory> directory;  // locked for as long as this lives
};

// Everything that can fail before the run does: then it is as if it had never been asked for.
Begun begin(const LoadedScenario& loaded, const RunSettings& settings) {
  try {
    Begun begun;
    begun.manifest = manifest_of(loaded, settings);
    begun.directory = std::make_unique<ResultDirectory>(settings.directory);
    write_manifest(settings.directory, begun.manifest);
    return begun;
  } catch (const RecordError& error) {
    throw CannotStart(error.what());
  }
}

}  // namespace

RunSummary run_scenario(const LoadedScenario& loaded, const RunSettings& settings) {
  Interrupts interrupts;
  const auto start = std::chrono::steady_clock::now();
  Begun begun = begin(loaded, settings);
  Manifest& manifest = begun.manifest;

  bool under_way = false;
  ProgressBar bar(!settings.quiet);
  SimulationOptions options;
  options.lookahead = settings.lookahead;
  options.trace = settings.trace;
  options.output = settings.directory;
  options.scenario_sha256 = manifest.scenario_sha256;
  options.progress = [&](const Progress& progress) {
    under_way |= progress.simulated_s > 0;
    bar.update(progress.simulated_s, progress.until_s);
  };
  options.interrupted = &interrupts.asked();
  RunSummary summary;
  try {
    summary = simulate(loaded, options);
  } catch (const allocation::Unsolvable&) {
    // What was recorded before nodes changed stays, as below; before that nothing was.
    bar.wipe();
    if (under_way) {
      manifest.complete = false;
      write_manifest(settings.directory, manifest);
    } else {
      begun.directory->discard();
    }
    throw;
  } catch (...) {
    // What was recorded so far stays readable, and says that it is not all.
    bar.wipe();
    manifest.complete = false;
    try {
      write_manifest(settings.directory, manifest);
    } catch (const RecordError&) {
      // The failure that is under way says more than this one would.
    }
    throw;
  }
  bar.wipe();

  summary.wall_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  summary.peak_rss_mib = peak_rss_mib();
  if (interrupts.asked() && !summary.complete && summary.incomplete_reason.empty())
    summary.incomplete_reason = "stopped by a signal";
  manifest.wall_s = summary.wall_s;
  manifest.peak_rss_mib = summary.peak_rss_mib;
  manifest.complete = summary.complete;
  manifest.failed_checks = summary.failed_checks;
  manifest.fingerprint = summary.fingerprint;
  write_manifest(settings.directory, manifest);
  write_summary(settings.directory, summary);
  return summary;
}

void say_summary(const RunSummary& summary, const Scenario& scenario, const std::filesystem::path& directory,
                 bool json, bool quiet) {
  if (json) {
    write_out(summary_json_text(summary));
  } else if (!quiet) {
    write_out(summary_text(summary, {.directory = directory, .colour = is_terminal(STDOUT_FILENO)}));
    if (scenario.paper) write_out(published_text(*scenario.paper, summary.jobs.front()));
  }
}

ExitCode exit_code(const RunSummary& summary) {
  for (const std::string& failed : summary.failed_checks)
    write_err(fmt::format("weir: self-check failed: {}\n", failed));
  if (!summary.complete) write_err(fmt::format("weir: incomplete: {}\n", summary.incomplete_reason));
  bool balanced = true;
  for (const JobSummary& job : summary.jobs) balanced = balanced && job.conservation.ok;
  const bool good = summary.complete && summary.failed_checks.empty() && balanced;
  return good ? ExitCode::good : ExitCode::failed;
}

}  // namespace weir

#include "sim/cli/repeat.hpp"

#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "sim/cli/output.hpp"
#include "sim/cli/result_directory.hpp"
#include "sim/cli/run_scenario.hpp"
#include "sim/cli/trace_options.hpp"
#include "sim/cli/version_text.hpp"
#include "sim/record/manifest.hpp"
#include "version.hpp"

namespace weir {

namespace fs = std::filesystem;

namespace {

std::string content(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// Why the fingerprint may differ although nothing is wrong.
void warn_of_differences(const ManifestToRepeat& manifest) {
  if (manifest.version != version || manifest.git_commit != version_commit)
    write_err(fmt::format("weir: warning: the manifest is of weir {} (commit {}), this is {}\n",
                          manifest.version, manifest.git_commit.substr(0, 12), version_line()));
  if (manifest.simgrid_version != version_simgrid)
    write_err(fmt::format("weir: warning: the manifest is of SimGrid {}, this is {}\n",
                          manifest.simgrid_version, version_simgrid));
}

// Relative input files start at the folder of the scenario, which was named relative to the folder that the
// first run was started in.
fs::path base_directory(const ManifestToRepeat& manifest, const fs::path& file) {
  const fs::path folder = fs::path(manifest.scenario_path).parent_path();
  if (folder.is_absolute()) return folder;
  const auto json = nlohmann::json::parse(content(file), nullptr, false);
  const fs::path started_in = json.value("working_directory", std::string());
  for (const fs::path& base : {fs::path("."), started_in, file.parent_path()})
    if (changed_inputs(manifest, base / folder).empty()) return base / folder;
  return folder;
}

ExitCode compare(const ManifestToRepeat& manifest, const RunSummary& summary, bool quiet) {
  if (!summary.complete) return ExitCode::failed;
  if (!manifest.fingerprint) {
    write_err(
        "weir: the manifest has no fingerprint, since its run did not come to its end: nothing to compare\n");
    return ExitCode::good;
  }
  if (*manifest.fingerprint == summary.fingerprint) {
    if (!quiet) write_err(fmt::format("weir: the same run: fingerprint {}\n", summary.fingerprint));
    return ExitCode::good;
  }
  write_err(fmt::format("weir: NOT the same run: fingerprint {}, and {} in the manifest\n",
                        summary.fingerprint, *manifest.fingerprint));
  return ExitCode::failed;
}

}  // namespace

bool is_manifest_file(const fs::path& file) {
  std::error_code ignored;
  if (!fs::is_regular_file(file, ignored)) return false;
  const std::string text = content(file);
  if (text.find("\"weir_manifest\"") == std::string::npos) return false;
  return is_manifest(nlohmann::json::parse(text, nullptr, false));
}

ExitCode repeat_run(const CommandContext& context, const Options& options, const fs::path& file) {
  for (const char* name : {"seed", "until", "policy", "set"})
    if (options.has(name))
      throw UsageError(
          fmt::format("--{} changes the run, and a manifest is repeated as it is (run the scenario "
                      "instead)",
                      name));
  ManifestToRepeat manifest;
  try {
    manifest = read_manifest(file);
  } catch (const RecordError& error) {
    write_err(std::string(error.what()) + "\n");
    return ExitCode::wrong_input;
  }
  Errors errors;
  const fs::path base = base_directory(manifest, file);
  for (const std::string& changed : changed_inputs(manifest, base))
    errors.add_file(file.string(), 1, "inputs", changed, "the file that the first run read");
  const bool lookahead = options.choice("lookahead", {"on", "off"}, errors) == "on";
  const auto trace = trace_settings(options, errors);
  // Named by a file in the folder that relative paths start at.
  const auto loaded =
      load_scenario_text(manifest.scenario.dump(), (base / file.filename()).string(), base, {}, errors);
  const auto given = options.text("output");
  const fs::path directory = given ? fs::path(*given) : file.parent_path() / "rerun";
  check_result_directory(directory, given ? "-o " + *given : "default output directory", {file}, errors);
  if (!errors.empty() || !loaded) {
    write_err(errors.text());
    return ExitCode::wrong_input;
  }
  warn_of_differences(manifest);
  const bool quiet = options.has("quiet");
  const RunSummary summary =
      run_scenario(*loaded, {.argv = context.argv,
                             .scenario_path = (base / fs::path(manifest.scenario_path).filename()).string(),
                             .directory = directory,
                             .lookahead = lookahead,
                             .trace = trace,
                             .quiet = quiet});
  say_summary(summary, loaded->scenario, directory, options.has("json"), quiet);
  const ExitCode code = exit_code(summary);
  const ExitCode same = compare(manifest, summary, quiet);
  return code == ExitCode::good ? same : code;
}

}  // namespace weir

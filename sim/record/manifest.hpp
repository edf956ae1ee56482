#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/record/record_error.hpp"

// manifest.json: all that is needed to repeat a run, and to know where it came from. Written when the run
// starts (a killed run can be repeated, too), and again at its end with what is known then.

namespace weir {

struct ManifestInput {
  std::string path;  // as the scenario names it
  std::string sha256;
};

struct Manifest {
  // Of the program; begin_manifest() fills them in.
  std::string version, git_commit;
  bool git_dirty = false;
  std::string compiler, build_type;
  std::string simgrid_version;  // that it was compiled against; who knows the one that runs may set it

  // Of the run.
  std::vector<std::string> argv;
  nlohmann::json scenario;  // resolved: defaults filled in, --set and --policy applied
  std::string scenario_sha256;
  std::string scenario_path;  // as given; relative input paths start at its folder
  std::vector<ManifestInput> inputs;
  std::uint64_t seed = 0;

  // Of the machine.
  std::string host, working_directory;
  std::map<std::string, std::string> environment;
  std::string started_utc;  // ISO 8601

  // Known at the end.
  std::optional<double> wall_s;
  std::optional<double> peak_rss_mib;
  std::optional<bool> complete;
  std::vector<std::string> failed_checks;  // sentences of the self-check; empty: passed, or not yet known
  std::optional<std::string> fingerprint;
};

// SHA-256 of the canonical form of a JSON value: keys sorted, no white space, UTF-8.
std::string canonical_sha256(const nlohmann::json& value);

// Everything that is known at the start. `input_files` are hashed: pairs of the name in the scenario and
// where it is. RecordError if one cannot be read.
Manifest begin_manifest(std::vector<std::string> argv, nlohmann::json scenario, std::string scenario_path,
                        std::uint64_t seed,
                        const std::vector<std::pair<std::string, std::filesystem::path>>& input_files);

nlohmann::ordered_json to_json(const Manifest& manifest);

// Atomically replaces `directory`/manifest.json. RecordError.
void write_manifest(const std::filesystem::path& directory, const Manifest& manifest);

// Whether a JSON document given to `weir run` is a manifest and not a scenario.
bool is_manifest(const nlohmann::json& document);

// What `weir run manifest.json` needs.
struct ManifestToRepeat {
  nlohmann::json scenario;
  std::string scenario_path;
  std::uint64_t seed = 0;
  std::string version, git_commit, simgrid_version;
  std::vector<ManifestInput> inputs;
  std::optional<std::string> fingerprint;  // none: the run did not end in order; or it was incomplete
};

// Reads and verifies a manifest: its form, and that the scenario's hash and seed are those written beside it.
// Throws RecordError with every defect, one a line, as for scenarios (sim/scenario/errors.hpp): an input
// error.
ManifestToRepeat read_manifest(const std::filesystem::path& file);

// One sentence per input file that is missing or has changed since (paths relative to `base`); empty: all the
// same.
std::vector<std::string> changed_inputs(const ManifestToRepeat& manifest, const std::filesystem::path& base);

// Peak resident set of this process so far.
double peak_rss_mib();

}  // namespace weir

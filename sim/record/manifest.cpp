#include "sim/record/manifest.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "sim/kernel/assert.hpp"
#include "sim/record/atomic_file.hpp"
#include "sim/record/sha256.hpp"
#include "sim/scenario/parse.hpp"
#include "version.hpp"

namespace weir {

namespace {

constexpr int manifest_schema_version = 1;
constexpr char schema_key[] = "weir_manifest";

// Variables that can change what a run does, or that say where on a cluster it ran. Others may hold secrets.
constexpr std::array environment_names{"HDF5_USE_FILE_LOCKING",
                                       "LC_ALL",
                                       "LANG",
                                       "LD_LIBRARY_PATH",
                                       "LD_PRELOAD",
                                       "MALLOC_ARENA_MAX",
                                       "OAR_JOB_ID",
                                       "PBS_JOBID",
                                       "SLURM_ARRAY_JOB_ID",
                                       "SLURM_ARRAY_TASK_ID",
                                       "SLURM_JOB_ID",
                                       "SLURM_NODEID",
                                       "SLURM_JOB_PARTITION"};

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "unknown";
}

template <class T>
nlohmann::ordered_json known(const std::optional<T>& value) {
  return value ? nlohmann::ordered_json(*value) : nlohmann::ordered_json(nullptr);
}

std::string content_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream content;
  if (!stream || !(content << stream.rdbuf()))
    throw RecordError(fmt::format("{}: cannot be read", file.string()));
  return content.str();
}

// Collects what is wrong with a manifest, all of it, each at its line.
class ManifestReader {
 public:
  explicit ManifestReader(const std::filesystem::path& file) {
    const std::string text = content_of(file);
    document_ = parse_document(text, file.string(), errors_);
    throw_if_wrong();
    json_ = nlohmann::json::parse(text);
    if (is_manifest(json_)) return;
    errors_.add(document_->root(), "is not a manifest", fmt::format("an object with \"{}\"", schema_key));
    throw_if_wrong();
  }

  void error(const char* key, const std::string& what, const std::string& allowed) {
    const Node* at = document_->root().find(key);
    if (at != nullptr) return errors_.add(*at, what, allowed);
    errors_.add_member(document_->root(), key, what, allowed);
  }

  // The member `key` as a T, if it is there and of that kind; else an error and T{}.
  template <class T>
  T get(const char* key, bool (nlohmann::json::*is_kind)() const noexcept, const char* kind) {
    const auto found = json_.find(key);
    if (found != json_.end() && ((*found).*is_kind)()) return found->get<T>();
    if (found == json_.end()) return error(key, "is missing", kind), T{};
    return error(key, fmt::format("{} is of the wrong kind", document_->root().find(key)->shown()), kind),
           T{};
  }
  std::string text(const char* key) { return get<std::string>(key, &nlohmann::json::is_string, "a string"); }

  const nlohmann::json& json() const { return json_; }
  void throw_if_wrong() const {
    if (errors_.empty()) return;
    std::string text = errors_.text();
    text.pop_back();
    throw RecordError(text);
  }

 private:
  Errors errors_;
  std::optional<Document> document_;
  nlohmann::json json_;
};

std::vector<ManifestInput> read_inputs(ManifestReader& reader) {
  std::vector<ManifestInput> inputs;
  const auto listed =
      reader.get<nlohmann::json>("inputs", &nlohmann::json::is_array, "a list of {path, sha256}");
  for (const auto& input : listed) {
    if (input.is_object() && input.contains("path") && input["path"].is_string() &&
        input.contains("sha256") && input["sha256"].is_string())
      inputs.push_back({input["path"].get<std::string>(), input["sha256"].get<std::string>()});
    else
      reader.error("inputs", "an entry is of the wrong kind", "{path, sha256}");
  }
  return inputs;
}

}  // namespace

std::string canonical_sha256(const nlohmann::json& value) {
  return sha256_hex(value.dump());
}

Manifest begin_manifest(std::vector<std::string> argv, nlohmann::json scenario, std::string scenario_path,
                        std::uint64_t seed,
                        const std::vector<std::pair<std::string, std::filesystem::path>>& input_files) {
  Manifest m;
  m.version = version;
  m.git_commit = version_commit;
  m.git_dirty = version_dirty;
  m.compiler = version_compiler;
  m.build_type = version_build_type;
  m.simgrid_version = version_simgrid;
  m.argv = std::move(argv);
  m.scenario_sha256 = canonical_sha256(scenario);
  m.scenario = std::move(scenario);
  m.scenario_path = std::move(scenario_path);
  m.seed = seed;
  for (const auto& [name, path] : input_files) m.inputs.push_back({name, sha256_of_file(path)});
  m.host = host_name();
  std::error_code ignored;
  m.working_directory = std::filesystem::current_path(ignored).string();
  for (const char* name : environment_names)
    if (const char* value = std::getenv(name)) m.environment[name] = value;
  m.started_utc =
      fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                  fmt::gmtime(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now())));
  return m;
}

nlohmann::ordered_json to_json(const Manifest& m) {
  nlohmann::ordered_json json;
  json[schema_key] = manifest_schema_version;
  json["version"] = m.version;
  json["git_commit"] = m.git_commit;
  json["git_dirty"] = m.git_dirty;
  json["simgrid_version"] = m.simgrid_version;
  json["compiler"] = m.compiler;
  json["build_type"] = m.build_type;
  json["argv"] = m.argv;
  json["seed"] = m.seed;
  json["fingerprint"] = known(m.fingerprint);
  json["complete"] = known(m.complete);
  json["failed_checks"] = m.failed_checks;
  json["host"] = m.host;
  json["working_directory"] = m.working_directory;
  json["environment"] = m.environment;
  json["started_utc"] = m.started_utc;
  json["wall_s"] = known(m.wall_s);
  json["peak_rss_mib"] = known(m.peak_rss_mib);
  json["inputs"] = nlohmann::ordered_json::array();
  for (const ManifestInput& input : m.inputs)
    json["inputs"].push_back({{"path", input.path}, {"sha256", input.sha256}});
  json["scenario_path"] = m.scenario_path;
  json["scenario_sha256"] = m.scenario_sha256;
  json["scenario"] = m.scenario;
  return json;
}

void write_manifest(const std::filesystem::path& directory, const Manifest& manifest) {
  create_result_directory(directory);
  const auto replace = nlohmann::ordered_json::error_handler_t::replace;  // argv need not be UTF-8
  write_file_atomically(directory / "manifest.json", to_json(manifest).dump(2, ' ', false, replace) + "\n");
}

bool is_manifest(const nlohmann::json& document) {
  return document.is_object() && document.contains(schema_key);
}

ManifestToRepeat read_manifest(const std::filesystem::path& file) {
  ManifestReader reader(file);
  const auto schema = reader.get<int>(schema_key, &nlohmann::json::is_number_integer, "an integer");
  if (schema > manifest_schema_version)
    reader.error(schema_key, fmt::format("is {}, from a newer weir", schema),
                 fmt::format("at most {}", manifest_schema_version));
  ManifestToRepeat m;
  m.scenario = reader.get<nlohmann::json>("scenario", &nlohmann::json::is_object, "an object");
  m.scenario_path = reader.text("scenario_path");
  m.seed = reader.get<std::uint64_t>("seed", &nlohmann::json::is_number_unsigned, "an integer from 0 on");
  m.version = reader.text("version");
  m.git_commit = reader.text("git_commit");
  m.simgrid_version = reader.text("simgrid_version");
  m.inputs = read_inputs(reader);
  const std::string stated = reader.text("scenario_sha256");
  if (m.scenario.is_object() && !stated.empty() && canonical_sha256(m.scenario) != stated)
    reader.error("scenario", fmt::format("was changed: its SHA-256 is {}", canonical_sha256(m.scenario)),
                 fmt::format("that of scenario_sha256, {}; run the scenario itself to change it", stated));
  // It is there twice, and the scenario's is what is run.
  if (const auto seed = m.scenario.is_object() ? m.scenario.find("seed") : m.scenario.end();
      seed != m.scenario.end() && reader.json().contains("seed") && *seed != reader.json()["seed"])
    reader.error("seed",
                 fmt::format("is {}, and scenario.seed is {}", reader.json()["seed"].dump(), seed->dump()),
                 "the same; run the scenario itself to change it");
  if (reader.json().value("complete", nlohmann::json()) == true)
    m.fingerprint = reader.get<std::string>("fingerprint", &nlohmann::json::is_string,
                                            "a string, as the run is complete");
  reader.throw_if_wrong();
  return m;
}

std::vector<std::string> changed_inputs(const ManifestToRepeat& manifest, const std::filesystem::path& base) {
  std::vector<std::string> findings;
  for (const ManifestInput& input : manifest.inputs) {
    const std::filesystem::path path = base / input.path;  // an absolute input.path replaces base
    try {
      if (sha256_of_file(path) != input.sha256)
        findings.push_back(fmt::format("{}: has changed since the manifest was written", path.string()));
    } catch (const RecordError& error) {
      findings.push_back(error.what());
    }
  }
  return findings;
}

double peak_rss_mib() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;  // Linux counts KiB
}

}  // namespace weir

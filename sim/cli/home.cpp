#include "sim/cli/home.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <system_error>

#include "sim/scenario/errors.hpp"
#include "version.hpp"

namespace weir {

namespace fs = std::filesystem;

namespace {

bool is_home(const fs::path& directory) {
  std::error_code ignored;
  return fs::is_directory(directory / "scenarios", ignored);
}

std::string content(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::vector<fs::path> files_below(const fs::path& directory, const std::string& extension) {
  std::vector<fs::path> files;
  std::error_code error;
  auto it = fs::recursive_directory_iterator(directory, fs::directory_options::skip_permission_denied, error);
  for (; !error && it != fs::recursive_directory_iterator(); it.increment(error)) {
    if (it->path().extension() == extension && it->is_regular_file(error)) files.push_back(it->path());
  }
  // As their names are listed: without the extension.
  std::sort(files.begin(), files.end(), [](fs::path a, fs::path b) {
    return a.replace_extension().generic_string() < b.replace_extension().generic_string();
  });
  return files;
}

std::string name_in(const fs::path& directory, fs::path file) {
  return file.replace_extension().lexically_relative(directory).generic_string();
}

// The first line of a script's doc string.
std::string doc_line(const std::string& script) {
  const auto open = script.find("\"\"\"");
  if (open == std::string::npos) return {};
  const auto end = script.find_first_of("\n\"", open + 3);
  return script.substr(open + 3, end == std::string::npos ? end : end - open - 3);
}

std::string text_member(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

fs::path program_path() {
  std::error_code ignored;
  return fs::read_symlink("/proc/self/exe", ignored);
}

std::optional<fs::path> home_directory() {
  if (const char* home = std::getenv("WEIR_HOME"); home != nullptr && *home != 0) return fs::path(home);
  for (fs::path at = program_path().parent_path(); at.has_relative_path(); at = at.parent_path()) {
    if (is_home(at)) return at;
    if (is_home(at / "share/weir")) return at / "share/weir";
  }
  if (is_home(source_directory)) return fs::path(source_directory);
  return {};
}

std::vector<ShippedFile> shipped_scenarios() {
  const auto home = home_directory();
  if (!home) return {};
  const fs::path directory = *home / "scenarios";
  std::vector<ShippedFile> list;
  for (const fs::path& file : files_below(directory, ".json")) {
    // Platforms, sweeps and data lie there, too: a scenario is what has jobs.
    const auto json = nlohmann::json::parse(content(file), nullptr, false);
    if (!json.is_object() || !json.contains("jobs")) continue;
    std::string source;
    if (json.contains("paper") && json["paper"].is_object()) source = text_member(json["paper"], "citation");
    if (source.empty()) source = file.lexically_relative(*home).generic_string();
    list.push_back({name_in(directory, file), text_member(json, "description"), source, file});
  }
  return list;
}

std::vector<ShippedFile> shipped_figures() {
  const auto home = home_directory();
  if (!home) return {};
  const fs::path directory = *home / "plots";
  std::vector<ShippedFile> list;
  for (const fs::path& file : files_below(directory, ".py")) {
    if (file.parent_path() != directory || file.filename().string().starts_with("_")) continue;  // helpers
    list.push_back({name_in(directory, file), doc_line(content(file)),
                    file.lexically_relative(*home).generic_string(), file});
  }
  return list;
}

fs::path scenario_file(const std::string& argument) {
  std::error_code ignored;
  if (fs::exists(argument, ignored)) return argument;
  for (const ShippedFile& scenario : shipped_scenarios())
    if (scenario.name == argument) return scenario.path;
  return argument;
}

std::string scenario_hint(const std::string& argument) {
  std::vector<std::string> names;
  for (const ShippedFile& scenario : shipped_scenarios()) names.push_back(scenario.name);
  const std::string near = closest(argument, names);
  return near.empty() ? "a file, or a name of `weir list scenarios`"
                      : "did you mean \"" + near + "\"? a file, or a name of `weir list scenarios`";
}

}  // namespace weir

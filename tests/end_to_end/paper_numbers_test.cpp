// Every number of a scenario that reproduces a paper has a source.

#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/program.hpp"

using namespace weir::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

// Those of what `is` says.
void add_paths(const json& value, const std::string& path, bool (json::*is)() const noexcept,
               std::vector<std::string>& paths) {
  if ((value.*is)()) paths.push_back(path);
  if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      add_paths(value[i], path + "[" + std::to_string(i) + "]", is, paths);
    }
  } else if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      add_paths(member, path.empty() ? key : path + "." + key, is, paths);
    }
  }
}

// Whether `parameter` is the path, or what the path is inside of.
bool names(const std::string& parameter, const std::string& path) {
  if (!path.starts_with(parameter)) return false;
  return path.size() == parameter.size() || path[parameter.size()] == '.' || path[parameter.size()] == '[';
}

// The numbers of a scenario without a source, and the sources without a number.
std::vector<std::string> unmatched(const json& scenario) {
  json rest = scenario;
  rest.erase("paper");
  rest.erase("weir");
  rest.erase("seed");
  std::vector<std::string> numbers, sources, wrong;
  add_paths(rest, "", &json::is_number, numbers);
  // A switch may have been fitted, too.
  std::vector<std::string> known = numbers;
  add_paths(rest, "", &json::is_boolean, known);
  for (const char* list : {"numbers", "calibrated"}) {
    for (const json& entry : scenario["paper"].value(list, json::array()))
      sources.push_back(entry["parameter"]);
  }
  for (const std::string& number : numbers) {
    const auto found = [&](const std::string& source) { return names(source, number); };
    if (std::none_of(sources.begin(), sources.end(), found)) wrong.push_back("no source: " + number);
  }
  for (const std::string& source : sources) {
    const auto found = [&](const std::string& number) { return names(source, number); };
    if (std::none_of(known.begin(), known.end(), found)) wrong.push_back("no number: " + source);
  }
  return wrong;
}

}  // namespace

TEST_CASE("where a paper's scenario names the sources of its numbers, none is left out", "[scenario]") {
  int scenarios = 0;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(WEIR_SOURCE_DIR) / "scenarios/papers")) {
    if (entry.path().extension() != ".json") continue;
    const json scenario = json::parse(read_file(entry.path()));
    // Those that say where their numbers come from, and all of DS2's.
    const bool of_ds2 = entry.path().parent_path().filename() == "ds2";
    if (!scenario.contains("jobs") || (!of_ds2 && !scenario["paper"].contains("numbers"))) continue;
    ++scenarios;
    INFO(entry.path().string());
    CHECK(unmatched(scenario) == std::vector<std::string>());
    json without = scenario;
    without["paper"]["numbers"].erase(0);
    CHECK_FALSE(unmatched(without).empty());
  }
  CHECK(scenarios >= 3);
}

TEST_CASE("the job of figure 6 is the same under both policies, but for what was fitted", "[scenario]") {
  const fs::path folder = fs::path(WEIR_SOURCE_DIR) / "scenarios/papers/ds2";
  const json ds2 = json::parse(read_file(folder / "fig6-heron-ds2.json"));
  const json dhalion = json::parse(read_file(folder / "fig6-heron-dhalion-unfitted.json"));
  for (const char* part : {"workload", "engine"}) CHECK(ds2["jobs"][0][part] == dhalion["jobs"][0][part]);
  CHECK(ds2["cluster"] == dhalion["cluster"]);
  CHECK(ds2["fidelity"] == dhalion["fidelity"]);
}

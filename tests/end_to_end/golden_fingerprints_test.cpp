#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/program.hpp"

// The event trajectory of every shipped scenario, against golden_fingerprints.txt. A change that is meant to
// change trajectories says so in its commit and brings the new table:
//
//   WEIR_UPDATE_GOLDEN=1 weir_tests "Every shipped scenario runs as it did"
//
// Lines: path, simulated seconds, fingerprint. A scenario that is new gets 300 s; lower or raise that by
// hand. Fingerprints hold on machines of one architecture with one build of SimGrid (3.32 of Debian 12).

using namespace weir::test;

namespace {

struct Golden {
  std::string until_s = "300";
  std::string fingerprint;
};

const std::filesystem::path root = WEIR_SOURCE_DIR;
const std::filesystem::path table_file = root / "tests/end_to_end/golden_fingerprints.txt";

std::map<std::string, Golden> read_table() {
  std::map<std::string, Golden> table;
  std::istringstream lines(std::filesystem::exists(table_file) ? read_file(table_file) : "");
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string path;
    Golden golden;
    if (words >> path >> golden.until_s >> golden.fingerprint) table[path] = golden;
  }
  return table;
}

std::vector<std::string> shipped_scenarios() {
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / "scenarios")) {
    if (entry.path().extension() != ".json") continue;
    const auto json = nlohmann::json::parse(read_file(entry.path()), nullptr, false);
    // Sweeps and other descriptions are no scenarios.
    if (json.is_object() && json.contains("weir") && json.contains("jobs")) {
      paths.push_back(std::filesystem::relative(entry.path(), root).generic_string());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

TEST_CASE("Every shipped scenario runs as it did", "[end-to-end][golden]") {
  const bool update = std::getenv("WEIR_UPDATE_GOLDEN") != nullptr;
  std::map<std::string, Golden> table = read_table();
  std::map<std::string, Golden> seen;
  const TemporaryFolder folder;
  for (const std::string& path : shipped_scenarios()) {
    INFO(path << " (a new one, or meant to change: WEIR_UPDATE_GOLDEN=1, see this file)");
    Golden golden = table[path];
    const Outcome outcome =
        run_weir({"run", (root / path).string(), "--until", golden.until_s, "--json", "-o", "out"},
                 {.folder = folder.path()});
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    const auto summary = nlohmann::json::parse(outcome.out);
    if (!update) CHECK(summary["fingerprint"] == golden.fingerprint);
    golden.fingerprint = summary["fingerprint"];
    seen[path] = golden;
  }
  if (!update) {
    for (const auto& [path, golden] : table) {
      INFO(path << " is in the table, and no longer shipped");
      CHECK(seen.contains(path));
    }
    return;
  }
  std::ofstream out(table_file);
  for (const auto& [path, golden] : seen)
    out << path << ' ' << golden.until_s << ' ' << golden.fingerprint << '\n';
}

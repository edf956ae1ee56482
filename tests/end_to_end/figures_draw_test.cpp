// `weir figure` from outside: every figure that comes with weir, with few runs.

#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <string>
#include <vector>

#include "tests/support/program.hpp"

using namespace weir::test;
namespace fs = std::filesystem;

namespace {

// Whether figures can be drawn here; says so when not.
bool can_draw() {
  const char* chosen = std::getenv("WEIR_PYTHON");
  const std::string python = chosen != nullptr && *chosen != 0 ? chosen : "/usr/bin/python3";
  const TemporaryFolder folder;
  if (::access(python.c_str(), X_OK) == 0 &&
      run_program({python, "-c", "import matplotlib, h5py"}, {folder.path()}).code == 0)
    return true;
  WARN("skipped: figures need matplotlib and h5py for " << python);
  return false;
}

bool begins(const fs::path& file, const std::string& magic) {
  return fs::exists(file) && read_file(file).starts_with(magic);
}

void check_picture(const fs::path& directory, const std::string& name) {
  INFO(name);
  CHECK(begins(directory / (name + ".pdf"), "%PDF"));
  CHECK(begins(directory / (name + ".png"), "\x89PNG"));
  const std::string data = read_file(directory / (name + ".csv"));
  CHECK(data.find("\npublished,") != std::string::npos);
  CHECK(data.find("\nweir,") != std::string::npos);
}

}  // namespace

TEST_CASE("the figures of DS2 are drawn, and their data have published and simulated values",
          "[cli][figure]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const std::string source = std::string("WEIR_HOME=") + WEIR_SOURCE_DIR;
  const Outcome rate = run_weir({"figure", "ds2-fig1", "-o", "one"}, {folder.path(), {source}});
  INFO(rate.out << rate.err);
  REQUIRE(rate.code == 0);
  check_picture(folder.path() / "one", "ds2-fig1");

  const Outcome steps =
      run_weir({"figure", "ds2-fig6", "-o", "six", "--", "--seeds", "3"}, {folder.path(), {source}});
  INFO(steps.out << steps.err);
  REQUIRE(steps.code == 0);
  for (const char* name : {"ds2-fig6", "ds2-fig6-ensemble"}) check_picture(folder.path() / "six", name);
  const std::string data = read_file(folder.path() / "six/ds2-fig6.csv");
  CHECK(data.find("\nweir,calibrated,dhalion,") != std::string::npos);
  CHECK(data.find("\nweir,predicted,ds2,") != std::string::npos);
  CHECK_THAT(steps.out, Catch::Contains("FlatMap 22 at "));  // the calibrated run
}

TEST_CASE("the table of policies has a row for each policy", "[cli][figure]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome =
      run_weir({"figure", "policy-table", "-o", "table", "--", "--scenarios", "quickstart"},
               {folder.path(), {std::string("WEIR_HOME=") + WEIR_SOURCE_DIR}});
  INFO(outcome.out << outcome.err);
  REQUIRE(outcome.code == 0);
  const std::string table = read_file(folder.path() / "table/policy-table.md");
  CHECK(std::count(table.begin(), table.end(), '\n') == 2 + 5);
  for (const char* policy : {"static", "threshold", "dhalion", "ds2", "oracle"})
    CHECK_THAT(table, Catch::Contains(std::string("| quickstart | ") + policy + " |"));
}

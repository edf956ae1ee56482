// The burst table: one burst under every system and policy, with the rows that docs/figures.md has, and what
// a fluid says of those that never act. All rows with WEIR_LONG.

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <cmath>
#include <cstdlib>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/figures.hpp"

using namespace weir::test;

namespace {

const std::vector<std::string> usual_rows = {"synergy: static",
                                             "synergy: barre",
                                             "flink: static",
                                             "flink: ds2",
                                             "flink: oracle",
                                             "heron: static",
                                             "heron: ds2",
                                             "harmonicio: static",
                                             "harmonicio: irm configured",
                                             "spark: static",
                                             "spark: dynamic-allocation core"};
const std::vector<std::string> long_rows = {"synergy: static-reservation",
                                            "synergy: dynamic-adaptation",
                                            "synergy: adaptation-with-reservation",
                                            "flink: static 10+4",
                                            "flink: threshold",
                                            "flink: flink-autoscaler",
                                            "flink: flink-autoscaler short",
                                            "flink: hpa",
                                            "flink: keda",
                                            "flink: drs",
                                            "flink: contune",
                                            "flink: twres",
                                            "heron: dhalion paper",
                                            "heron: dhalion 0.17.8",
                                            "harmonicio: irm documented",
                                            "spark: dynamic-allocation streaming"};

class Data {
 public:
  explicit Data(std::string text) : text_(std::move(text)) {}
  double value(const std::string& row, const std::string& load, int seed, const std::string& measure) const {
    return value_of(text_, fmt::format("{},{},{},{},", comma(row), load, seed, measure));
  }
  double mean(const std::string& row, const std::string& load, const std::string& measure) const {
    double sum = 0;
    for (int seed = 1; seed <= 5; ++seed) sum += value(row, load, seed, measure);
    return sum / 5;
  }
  double fluid(const std::string& row, const std::string& measure) const {
    return value_of(text_, fmt::format("{},fluid,,{},", comma(row), measure));
  }

 private:
  static std::string comma(const std::string& row) {
    const std::size_t at = row.find(": ");
    return row.substr(0, at) + "," + row.substr(at + 2);
  }
  std::string text_;
};

}  // namespace

TEST_CASE("One burst under every system: as documented, and as a fluid where nothing reacts",
          "[cli][figure]") {
  if (!can_draw()) return;
  const bool all = std::getenv("WEIR_LONG") != nullptr;
  std::vector<std::string> rows = usual_rows, options;
  if (all) {
    rows.insert(rows.end(), long_rows.begin(), long_rows.end());
  } else {
    options = {"--policies", "static,barre,ds2,oracle,irm configured,dynamic-allocation core"};
  }
  const TemporaryFolder folder;
  const Outcome outcome = draw(folder, "burst-table", options);
  check_picture(folder.path() / "burst-table", "burst-table", {"synergy,barre,burst,1,lost_percent,"});
  CHECK(begins(folder.path() / "burst-table/burst-table-waiting.png", "\x89PNG"));
  for (const std::string& row : rows)
    CHECK(documented(fmt::format("| {} |", row)) == told(outcome, fmt::format("| {} |", row)));

  const Data data(read_file(folder.path() / "burst-table/burst-table.csv"));
  for (const std::string& row : rows) {
    CAPTURE(row);
    for (int seed = 1; seed <= 5; ++seed) {
      // The same records for all; nothing of what is held is used twice, and what is not lost is worked on.
      const double arrived = data.value(row, "burst", seed, "arrived");
      CHECK(arrived == data.value("flink: static", "burst", seed, "arrived"));
      const double used = data.value(row, "burst", seed, "used_core_s");
      CHECK(used <= data.value(row, "burst", seed, "held_slot_s"));
      if (row == "flink: twres" || row == "heron: dhalion paper") continue;  // may not get through
      const double lost = data.value(row, "burst", seed, "lost_percent");
      CHECK(used == Approx(0.1 * arrived * (1 - lost / 100)).epsilon(0.02));
    }
  }
  for (const char* row :
       {"synergy: static", "flink: static", "heron: static", "harmonicio: static", "spark: static"}) {
    CAPTURE(row);
    for (int seed = 1; seed <= 5; ++seed) {
      CHECK(data.value(row, "none", seed, "lost_percent") == 0);
      CHECK(data.value(row, "none", seed, "late_percent") == 0);
    }
  }
  const auto near_fluid = [&](const char* row, const char* measure, double tolerance) {
    INFO(row << " " << measure);
    CHECK(data.mean(row, "burst", measure) == Approx(data.fluid(row, measure)).epsilon(tolerance));
  };
  near_fluid("synergy: static", "lost_percent", 0.1);
  near_fluid("flink: static", "late_percent", 0.02);
  near_fluid("flink: static", "recovery_s", 0.03);
  near_fluid("harmonicio: static", "late_percent", 0.03);
  near_fluid("harmonicio: static", "recovery_s", 0.05);
  near_fluid("heron: static", "recovery_s", 0.03);
  // 64 tasks do not divide by 10 cores, and the driver takes time between them.
  CHECK(data.mean("spark: static", "burst", "late_percent") > data.fluid("spark: static", "late_percent"));
  CHECK(data.mean("spark: static", "burst", "recovery_s") > data.fluid("spark: static", "recovery_s"));
  CHECK(data.mean("flink: oracle", "burst", "late_percent") <
        data.mean("flink: ds2", "burst", "late_percent"));
}

TEST_CASE("Recovery from a burst: the first time, and for good", "[cli][figure]") {
  if (!can_draw()) return;
  const char* const program = R"(
import sys
sys.path.insert(0, sys.argv[1])
import _burst_table as burst
def recovery(changes, level=0.1):
    minutes = [level] * 80
    for first, last, value in changes:
        minutes[first:last] = [value] * (last - first)
    return burst.recovery_s(minutes)
print(recovery([]))                                     # never left
print(recovery([(30, 34, 5)]))                          # in the burst
print(recovery([(31, 34, 5), (41, 42, 1)]))             # and again, as it shrinks
print(recovery([(30, 60, 5)]))
print(recovery([(35, 80, 5)]))                          # not by the end
print(recovery([(30, 33, 5), (79, 80, 5)]))             # not for good
print(recovery([(30, 34, 0.19)]), recovery([(30, 34, 0.21)]))  # a tenth of a second does not count
print(recovery([(25, 26, 5), (30, 34, 4)]))             # as bad before the burst
print(recovery([(10, 15, 5), (30, 34, 4)]))             # long before
)";
  const TemporaryFolder folder;
  const char* chosen = std::getenv("WEIR_PYTHON");
  const std::string python = chosen != nullptr && *chosen != 0 ? chosen : "/usr/bin/python3";
  const Outcome outcome = run_program({python, "-c", program, std::string(WEIR_SOURCE_DIR) + "/plots"},
                                      {.folder = folder.path()});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(outcome.out ==
        "(0.0, 0.0)\n(240.0, 240.0)\n(240.0, 720.0)\n(1800.0, 1800.0)\n(None, None)\n(180.0, None)\n"
        "(0.0, 0.0) (240.0, 240.0)\n(0.0, 0.0)\n(240.0, 240.0)\n");
}

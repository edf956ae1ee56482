// The figures of Spark Streaming: drawn, with the numbers that docs/figures.md has.

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/figures.hpp"

using namespace weir::test;

TEST_CASE("CellProfiler on Spark: executors as recorded, one after the other, and the end within 5 %",
          "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = draw(folder, "spark-cellprofiler", {});
  check_picture(folder.path() / "spark-cellprofiler", "spark-cellprofiler",
                {"published,predicted,concurrent-40,", "weir,predicted,concurrent-40,",
                 "weir,calibrated,concurrent-40,busy core-seconds,"});
  for (const char* quantity :
       {"concurrent-40: busy core-seconds", "concurrent-40: executors as they are added",
        "concurrent-40: 40 executors at", "concurrent-40: CPU from 24 s to 600 s",
        "concurrent-40: executors at 630 s", "concurrent-40: executors at 640 s",
        "concurrent-40: executors at 660 s", "concurrent-40: last work at", "concurrent-3: dips of executors",
        "concurrent-3: last work at", "in-turn: dips of executors", "in-turn: dips at (s)",
        "in-turn: last work at"}) {
    const std::string row = fmt::format("| {} |", quantity);
    CHECK(documented(row) == told(outcome, row));
  }
  const std::string data = read_file(folder.path() / "spark-cellprofiler/spark-cellprofiler.csv");
  const auto value = [&](const std::string& run, const std::string& quantity) {
    return value_of(data, fmt::format("weir,predicted,{},{},", run, quantity));
  };
  CHECK(data.find("weir,predicted,concurrent-40,executors as they are added,\"3, 4, 6, 10, 18, 34, 40\"") !=
        std::string::npos);
  CHECK(value("concurrent-40", "40 executors at") == Approx(12).margin(1));
  CHECK(value("concurrent-40", "last work at") == Approx(636.6).epsilon(0.05));
  CHECK(value("concurrent-40", "CPU from 24 s to 600 s") >= 98);
  // Missed, and said so: if this changes, the text about it must.
  CHECK(value("concurrent-3", "last work at") < 0.85 * 846);
  // One job after the other: every recorded dip is within 8 s of one of ours.
  CHECK(value_of(data, "weir,calibrated,in-turn,last work at,") == Approx(846).epsilon(0.02));
  CHECK(data.find("weir,predicted,concurrent-3,dips of executors,none") != std::string::npos);
  const std::string label = "weir,calibrated,in-turn,dips at (s),\"";
  const std::size_t at = data.find(label);
  REQUIRE(at != std::string::npos);
  std::istringstream list(data.substr(at + label.size()));
  std::vector<double> dips;
  for (double dip; list >> dip; list.ignore(1)) dips.push_back(dip);
  REQUIRE(dips.size() == 8);
  for (const double recorded : {218, 314, 405, 584, 671, 761}) {
    const auto near = [&](double dip) { return std::abs(dip - recorded) <= 8; };
    INFO(recorded);
    CHECK(std::any_of(dips.begin(), dips.end(), near));
  }
}

TEST_CASE("Windows on Spark: the inverse function reads what the formula says, and saves what is told",
          "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = draw(folder, "spark-windows", {});
  check_picture(folder.path() / "spark-windows", "spark-windows",
                {"published,formula,yes,", "weir,predicted,no,30,"});
  for (const char* setting : {"20 s, 50,000", "30 s, 50,000", "60 s, 50,000", "120 s, 50,000", "30 s, 1,000",
                              "30 s, 10,000", "30 s, 200,000", "30 s, 1,000,000"}) {
    const std::string row = fmt::format("| {} |", setting);
    CHECK(documented(row) == told(outcome, row));
  }
  const std::string data = read_file(folder.path() / "spark-windows/spark-windows.csv");
  for (const int length : {20, 30, 60, 120}) {
    for (const char* inverse : {"no", "yes"}) {
      CHECK(value_of(data, fmt::format("weir,by construction,{},{},50000,reads,", inverse, length)) ==
            value_of(data, fmt::format("published,formula,{},{},,reads,", inverse, length)));
    }
  }
  const auto value = [&](const char* inverse, int length, int keys, const char* quantity) {
    return value_of(data, fmt::format("weir,predicted,{},{},{},{},", inverse, length, keys, quantity));
  };
  // It pays the more, the longer the window; not with so many keys that hardly one comes twice.
  CHECK(value("yes", 120, 50000, "processing time s") < 0.8 * value("no", 120, 50000, "processing time s"));
  CHECK(value("yes", 30, 1000000, "merged entries") > value("no", 30, 1000000, "merged entries"));
}

TEST_CASE("Drizzle: groups as measured, within 20 %, and latencies against Spark", "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = draw(folder, "drizzle", {});
  check_picture(folder.path() / "drizzle", "drizzle",
                {"published,,single-stage,128,100,", "weir,calibrated,single-stage,4,1,",
                 "weir,predicted,yahoo-spark,0.4,9,"});
  for (const char* begin : {"4 machines", "8 machines", "16 machines", "32 machines", "64 machines",
                            "128 machines", "0.1 s, 9 us", "0.2 s, 9 us", "0.4 s, 9 us", "0.5 s, 9 us",
                            "0.7 s, 9 us", "1.0 s, 9 us", "0.5 s, 4 us", "0.5 s, 14 us"}) {
    const std::string row = fmt::format("| {} |", begin);
    CHECK(documented(row) == told(outcome, row));
  }
  const std::string data = read_file(folder.path() / "drizzle/drizzle.csv");
  for (const int machines : {4, 8, 16, 32, 64, 128}) {
    for (const int group : {1, 25, 50, 100}) {
      const std::string run = fmt::format("single-stage,{},{},", machines, group);
      const bool fitted =
          (group == 1 && (machines == 4 || machines == 128)) || (group == 100 && machines == 4);
      INFO(run);
      const double published = value_of(data, "published,," + run);
      const double ours = value_of(data, (fitted ? "weir,calibrated," : "weir,predicted,") + run);
      CHECK(ours == Approx(published).epsilon(group == 1 || fitted ? 0.04 : 0.2));
    }
  }
  const double spark = value_of(data, "weir,predicted,yahoo-spark,0.4,9,");
  const double drizzle = value_of(data, "weir,predicted,yahoo-drizzle,0.4,9,");
  CHECK(spark / drizzle > 2);
  CHECK(spark / drizzle < 3);
  CHECK(value_of(data, "weir,predicted,yahoo-drizzle,0.1,9,") < 100);
  // Where a group begins, and the batches behind; told in words too.
  CHECK(value_of(data, "weir,predicted,\"yahoo-drizzle, slowest batch\",0.1,9,") == Approx(335).margin(0.5));
  CHECK(told(outcome, "| 0.1 s, 9 us |").find("| 335 ms | 6 of 200 |") != std::string::npos);
}

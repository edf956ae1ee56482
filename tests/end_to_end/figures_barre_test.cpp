// The figures of BARRE: drawn, with the numbers that docs/figures.md has.

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <string>

#include "tests/support/figures.hpp"

using namespace weir::test;

TEST_CASE("BARRE's burst: at 80 % it misses hardly anything, others a lot, and later",
          "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = draw(folder, "barre-burst", {"--intensities", "80"});
  check_picture(folder.path() / "barre-burst", "barre-burst",
                {"published,stated,barre,", "weir,calibrated,barre,80,missed_percent,",
                 "weir,chosen,barre,80,on_time_percent,"});
  const char* const policies[] = {"burst-unaware", "static reservation, 20 %", "dynamic adaptation",
                                  "adaptation and reservation", "BARRE"};
  for (const char* policy : policies) {
    for (const char* which : {"", ", one bursts"}) {
      const std::string row = fmt::format("| {}, 80 %{} |", policy, which);
      CHECK(documented(row) == told(outcome, row));
    }
  }
  const std::string data = read_file(folder.path() / "barre-burst/barre-burst.csv");
  const auto value = [&](const std::string& policy, int intensity, const std::string& measure) {
    const bool calibrated = policy == "barre" && measure != "on_time_percent";
    return value_of(data, fmt::format("weir,{},{},{},{},", calibrated ? "calibrated" : "chosen", policy,
                                      intensity, measure));
  };
  CHECK(value("barre", 80, "missed_percent") < 1);
  for (const char* other :
       {"static", "static-reservation", "dynamic-adaptation", "adaptation-with-reservation"}) {
    CAPTURE(other);
    CHECK(value(other, 80, "missed_percent") > 10);
    CHECK(value(other, 80, "delay_ms") > value("barre", 80, "delay_ms"));
    CHECK(value(other, 80, "on_time_percent") < value("barre", 80, "on_time_percent"));
  }
}

TEST_CASE("BARRE's data base: an index point for each application", "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = draw(folder, "barre-database", {});
  check_picture(folder.path() / "barre-database", "barre-database",
                {"published,stated,", "weir,chosen,12,index_points,", "weir,chosen,12,linear_programs,",
                 "weir,measured,12,creation_s,"});
  for (const int applications : {2, 3, 4, 5, 8, 12}) {
    const std::string row = fmt::format("| {} applications |", applications);
    CHECK(documented(row) == told(outcome, row));
  }
  // No middle moves: one program for each greatest rate, for each point, and one for the only side.
  const std::string data = read_file(folder.path() / "barre-database/barre-database.csv");
  for (int applications = 5; applications <= 12; ++applications)
    CHECK(value_of(data, fmt::format("weir,chosen,{},linear_programs,", applications)) ==
          2 * applications + 1);
}

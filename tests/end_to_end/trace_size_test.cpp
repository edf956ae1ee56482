// What traces take: bytes in the file for each edge, memory for each window that is analyzed at once.

#include <catch2/catch.hpp>
#include <filesystem>

#include "sim/analyzer/readers/run_edges.hpp"
#include "tests/support/program.hpp"
#include "tests/support/pyramid.hpp"
#include "tests/support/snailtrail_bytes.hpp"

using namespace weir::test;

TEST_CASE("A trace takes at most 4 bytes an edge", "[cli][trace]") {
  const HowToRun from_source = {{}, {std::string("WEIR_HOME=") + WEIR_SOURCE_DIR}};
  for (const std::string scenario :
       {"papers/ds2/fig6-heron-ds2", "papers/ds2/fig6-heron-dhalion", "word-count", "bursty-wordcount"}) {
    const TemporaryFolder folder;
    const HowToRun how = {folder.path(), from_source.environment};
    REQUIRE(run_weir({"run", scenario, "-o", "traced", "--trace", "pag", "--quiet"}, how).code == 0);
    REQUIRE(run_weir({"run", scenario, "-o", "plain", "--quiet"}, how).code == 0);
    const std::filesystem::path traced = folder.path() / "traced/run.h5";
    const auto bytes =
        std::filesystem::file_size(traced) - std::filesystem::file_size(folder.path() / "plain/run.h5");
    const std::int64_t edges = weir::analyzer::RunEdges(traced, false).rows();
    INFO(scenario << ": " << bytes << " bytes for " << edges << " edges");
    CHECK(edges > 1'000'000);
    CHECK(static_cast<double>(bytes) <= 4 * static_cast<double>(edges));
  }
}

// Windows of the log are held until it is certain that nothing of them comes any more.
TEST_CASE("The memory of an analysis is that of its windows in flight", "[cli][trace]") {
  const TemporaryFolder folder;
  const auto log = [&](int windows) {
    Pyramid pyramid{.workers = 4, .phases = windows * 2000, .phase_ns = 500'000};
    const auto records = pyramid.records();
    folder.write("log" + std::to_string(windows), snailtrail_bytes(records));
    return static_cast<double>(records.size()) / windows;
  };
  const double window_kib = log(20) * sizeof(weir::analyzer::LogRecord) / 1024;
  log(60);
  const auto peak_kib = [&](int windows, int in_flight) {
    return peak_kib_of_weir({"analyze", "log" + std::to_string(windows), "--csv", "--threads", "1",
                             "--windows-in-flight", std::to_string(in_flight)},
                            {folder.path()});
  };
  const double few = peak_kib(20, 2), few_of_long = peak_kib(60, 2), many_of_long = peak_kib(60, 17);
  INFO("a window has " << window_kib << " KiB of records; 20 windows, 2 in flight: " << few
                       << " KiB; 60, 2: " << few_of_long << " KiB; 60, 17: " << many_of_long << " KiB");
  CHECK(few_of_long < few + 4 * window_kib);
  // Fifteen more: each as large as its records, or twice that, as vectors grow; other memory comes and goes.
  CHECK(many_of_long - few_of_long > 0.6 * 15 * window_kib);
  CHECK(many_of_long - few_of_long < 2.2 * 15 * window_kib);
}

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/program.hpp"

using namespace weir::test;
using nlohmann::json;

TEST_CASE("Shipped scenarios can be traced: same trajectory, a path in every window", "[cli][trace]") {
  const std::filesystem::path root = WEIR_SOURCE_DIR;
  std::istringstream golden(read_file(root / "tests/end_to_end/golden_fingerprints.txt"));
  std::string scenario, until_s, fingerprint;
  int traced = 0;
  while (golden >> scenario >> until_s >> fingerprint) {
    INFO(scenario);
    const TemporaryFolder folder;
    const Outcome run =
        run_weir({"run", (root / scenario).string(), "--until", until_s, "--trace", "pag", "--json"},
                 {folder.path(), {"WEIR_HOME=" + root.string()}});
    if (run.code == 2 && run.err.find("tweets") != std::string::npos)
      continue;  // recorded data that is not here
    REQUIRE(run.code == 0);
    CHECK(json::parse(run.out)["fingerprint"] == fingerprint);
    std::string result;
    for (const std::string& file : folder.files()) {
      if (file.ends_with("run.h5")) result = file;
    }
    const Outcome analysis = run_weir({"analyze", result, "--json"}, {folder.path()});
    REQUIRE(analysis.code == 0);
    json report = json::parse(analysis.out);
    // Are cut, and counted (docs/decisions/analyzer.md).
    report["left_out"].erase("messages in circles that take no time");
    CHECK(report["windows"].size() == std::stoul(until_s));
    CHECK(report["windows_without_path"] == 0);
    CHECK(report["left_out"].empty());
    for (const json& window : report["windows"]) {
      if (!(window["cp_sum"].get<double>() == Approx(1).epsilon(1e-9))) FAIL(window.dump());
    }
    ++traced;
  }
  CHECK(traced >= 6);
}

TEST_CASE("A part of a run can be traced, and a run that was stopped is analyzed up to there",
          "[cli][trace]") {
  const TemporaryFolder folder;
  REQUIRE(run_weir({"run", "quickstart", "-o", "part", "--trace", "pag", "--trace-from", "100", "--trace-to",
                    "110", "--trace-loads", "--quiet"},
                   {folder.path()})
              .code == 0);
  const Outcome part = run_weir({"analyze", "part", "--json"}, {folder.path()});
  REQUIRE(part.code == 0);
  const json report = json::parse(part.out);
  CHECK(report["windows"].size() >= 10);
  CHECK(report["windows"].size() <= 12);

  const Outcome stopped =
      run_weir({"run", "word-count", "-o", "stopped", "--trace", "pag", "--until", "3000"},
               {.folder = folder.path(), .interrupt_after_ms = 700});
  CHECK(stopped.code == 1);
  const Outcome analysis = run_weir({"analyze", "stopped", "--json"}, {folder.path()});
  REQUIRE(analysis.code == 0);
  CHECK(json::parse(analysis.out)["windows"].size() > 1);

  const Outcome untraced =
      run_weir({"run", "quickstart", "-o", "untraced", "--until", "10", "--quiet"}, {folder.path()});
  CHECK(untraced.code == 0);
  const Outcome nothing = run_weir({"analyze", "untraced"}, {folder.path()});
  CHECK(nothing.code == 0);  // it has converged in some way
  CHECK_THAT(nothing.out, Catch::Contains("--trace pag"));
  const Outcome alone = run_weir({"run", "quickstart", "--trace-from", "3"}, {folder.path()});
  CHECK(alone.code == 2);
  CHECK_THAT(alone.err, Catch::Contains("with --trace pag"));
}

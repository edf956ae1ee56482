#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "sim/cli/run_scenario.hpp"
#include "tests/support/program.hpp"
#include "tests/support/scenario_text.hpp"
#include "tests/support/simulate.hpp"

using namespace weir;
using namespace weir::test;
using nlohmann::json;

TEST_CASE("a run that fails its self-check ends with 1, and its results say so", "[cli][run]") {
  ScenarioText s(10);
  s.source("in", ScenarioText::constant(100));
  s.op("out", "sink", ScenarioText::deterministic(100));
  s.edge("in", "out");
  s.job()["engine"] = "test-leaky";
  const TemporaryFolder folder;
  const json outcome = in_child([&]() -> json {
    Errors errors;
    const auto loaded = load_scenario_text(s.text(), "test", folder.path(), {}, errors);
    if (!loaded) return {{"error", errors.text()}};
    const RunSummary summary = run_scenario(*loaded, {.argv = {"weir", "run"},
                                                      .scenario_path = "s.json",
                                                      .directory = folder.path() / "r",
                                                      .quiet = true});
    return {{"code", static_cast<int>(exit_code(summary))}};
  });
  INFO(outcome.dump());
  REQUIRE(outcome["code"] == 1);
  const json summary = json::parse(read_file(folder.path() / "r/summary.json"));
  const json manifest = json::parse(read_file(folder.path() / "r/manifest.json"));
  CHECK(summary["complete"] == true);  // it got to its end, and it is wrong
  CHECK(summary["conservation"]["ok"] == false);
  REQUIRE(summary["failed_checks"].size() == 2);
  CHECK_THAT(summary["failed_checks"][0].get<std::string>(), Catch::Contains("in -> out: pushed"));
  CHECK_THAT(summary["failed_checks"][1].get<std::string>(), Catch::Contains("origins"));
  CHECK(manifest["failed_checks"] == summary["failed_checks"]);
}

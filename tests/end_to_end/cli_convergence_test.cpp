// weir analyze on what runs recorded of metrics and decisions, from outside.

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tests/support/program.hpp"

using namespace weir::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

const std::string home = std::string("WEIR_HOME=") + WEIR_SOURCE_DIR;

json convergence(const TemporaryFolder& folder, const std::string& directory) {
  const Outcome outcome = run_weir({"analyze", directory, "--convergence", "--json"}, {folder.path()});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  return json::parse(outcome.out)["convergence"];
}

void check_against_summary(const json& job, const json& summary) {
  const json& scaling = summary["scaling"];
  CHECK(job["steps"] == scaling["steps"]);
  CHECK(job["converged"] == scaling["converged"]);
  CHECK(job["settled_s"] == scaling["convergence_time_s"]);
  CHECK(job["oscillations"] == scaling["oscillations"]);
  CHECK(job["unexplained_oscillations"] == scaling["unexplained_oscillations"]);
  CHECK(job["over_provisioned_slot_s"] == scaling["over_provisioned"]);
  CHECK(job["under_provisioned_slot_s"] == scaling["under_provisioned"]);
  CHECK(job["slot_seconds"] == scaling["slot_seconds"]);
  CHECK(job["final_over_slots"] == scaling["final_over_slots"]);
  CHECK(job["final_under_slots"] == scaling["final_under_slots"]);
  CHECK(job["phases"] == scaling["phase_count"]);
  CHECK(job["phases_settled"] == scaling["phases_settled"]);
  CHECK(job["backlog_records_end"] == summary["throughput"]["backlog_records"]);
  for (const auto& [name, op] : summary["operators"].items())
    CHECK(job["operators"][name]["final_parallelism"] == op["parallelism"]);
}

}  // namespace

TEST_CASE("what run.h5 says of scaling is what summary.json says, in every shipped scenario",
          "[cli][analyzer][convergence]") {
  int checked = 0;
  for (const auto& entry : fs::recursive_directory_iterator(fs::path(WEIR_SOURCE_DIR) / "scenarios")) {
    if (entry.path().extension() != ".json") continue;
    const json scenario = json::parse(read_file(entry.path()), nullptr, false);
    if (!scenario.is_object() || !scenario.contains("jobs")) continue;
    INFO(entry.path());
    const TemporaryFolder folder;
    // The begin of long ones is enough.
    const double until_s = std::min(200.0, scenario.value("until_s", 200.0));
    const Outcome run = run_weir(
        {"run", entry.path().string(), "--until", fmt::format("{}", until_s), "-o", "run", "--quiet"},
        {folder.path()});
    REQUIRE(run.code == 0);
    const json summary = json::parse(read_file(folder.path() / "run/summary.json"));
    const json report = convergence(folder, "run");
    CHECK(report["simulated_s"] == summary["simulated_s"]);
    CHECK(report["complete"] == true);
    for (const auto& [name, job] : report["jobs"].items())
      check_against_summary(job, summary.contains("jobs") ? summary["jobs"][name] : summary);
    ++checked;
  }
  CHECK(checked >= 7);
}

TEST_CASE("a policy that a run never asked has not converged, for the analyzer either",
          "[cli][analyzer][convergence]") {
  const TemporaryFolder folder;
  REQUIRE(
      run_weir({"run", "quickstart", "--until", "3", "-o", "run", "--quiet"}, {folder.path(), {home}}).code ==
      0);
  const json summary = json::parse(read_file(folder.path() / "run/summary.json"));
  REQUIRE(summary["scaling"]["converged"] == false);
  const json report = convergence(folder, "run");
  for (const auto& [name, job] : report["jobs"].items()) check_against_summary(job, summary);
  const Outcome told = run_weir({"analyze", "run", "--convergence"}, {folder.path()});
  CHECK_THAT(told.out, Catch::Contains("took no step: it was never asked, or never had anything to go by"));
}

// Kalavri et al., OSDI 2018, section 5.2: DS2 one step at 60 s, Dhalion six in 2,000 s: 33 times as long.
TEST_CASE("the two runs of figure 6 are told beside what was published", "[cli][analyzer][convergence]") {
  const TemporaryFolder folder;
  for (const char* name : {"ds2", "dhalion"}) {
    const Outcome run = run_weir({"run", std::string("papers/ds2/fig6-heron-") + name, "-o", name, "--quiet"},
                                 {folder.path(), {home}});
    INFO(run.err);
    REQUIRE(run.code == 0);
  }
  const Outcome told = run_weir({"analyze", "ds2", "dhalion"}, {folder.path()});
  REQUIRE(told.code == 0);
  for (const char* sentence :
       {"ds2 needed 1 step: the last was asked for at 60 s", "No step went past the optimum of its moment.",
        "dhalion needed 6 steps", "Steps up went past the optimum: flatmap by 12, count by 10.",
        "Published: steps 6; here 6 (the scenario was fitted to it).", "2000 (33.3)"})
    CHECK_THAT(told.out, Catch::Contains(sentence));

  const Outcome as_json = run_weir({"analyze", "ds2", "dhalion", "--json"}, {folder.path()});
  REQUIRE(as_json.code == 0);
  const json both = json::parse(as_json.out)["convergence"];
  REQUIRE(both["runs"].size() == 2);
  const auto row = [&](const std::string& quantity) -> const json& {
    for (const json& one : both["comparison"])
      if (one["quantity"] == quantity) return one;
    throw std::runtime_error(quantity);
  };
  CHECK(row("steps")["values"] == json({1, 6}));
  CHECK(row("steps")["published"] == json({1, 6}));
  CHECK(row("final_slots")["values"] == json({30, 52}));
  CHECK(row("last_step_asked_s")["values"][0] == 60);
  CHECK(row("last_step_asked_s")["published_ratios"][1].get<double>() == Approx(33.3).epsilon(0.01));
  // Its steps are those of the figure, and the last one comes a sample or two before it shows there.
  CHECK(row("last_step_asked_s")["ratios"][1].get<double>() == Approx(30).epsilon(0.05));
  CHECK(row("final_over_slots")["values"] == json({0, 22}));
  const json& dhalion = both["runs"][1]["jobs"]["wordcount"];
  REQUIRE(dhalion["action_costs"].size() == 6);
  CHECK(dhalion["action_costs"][0]["changes"] ==
        json::parse(R"([{"operator": "flatmap", "from": 1, "to": 2}])"));
  for (const json& published : both["runs"][1]["published"]) CHECK(published["calibrated"] == true);
  for (const json& published : both["runs"][0]["published"]) CHECK(published["calibrated"] == false);

  // What `weir run` prints of the same comparison, without running again: the manifest has the scenario.
  const Outcome csv = run_weir({"analyze", "ds2", "--csv"}, {folder.path()});
  CHECK(csv.code == 0);
  CHECK_THAT(csv.out, Catch::StartsWith("run,job,policy,quantity,unit,value,published,calibrated\n"));
  CHECK_THAT(csv.out, Catch::Contains("ds2,wordcount,ds2,steps,,1,1,false\n"));
}

TEST_CASE("weir run prints how far it is from what was published", "[cli][run]") {
  const TemporaryFolder folder;
  const Outcome run = run_weir({"run", "papers/ds2/fig6-heron-dhalion", "--until", "700", "-o", "run"},
                               {folder.path(), {home}});
  REQUIRE(run.code == 0);
  for (const char* line :
       {"calibrated, since the scenario was fitted to it:",
        "step 1: FlatMap 1 -> 2, seen at 120 s; here flatmap 1 -> 2 at 126 s: the same values, 6 s later",
        "step 6: FlatMap 6 -> 22, seen at 1920 s; here no such step", "steps: 6; here 2: 4 less"})
    CHECK_THAT(run.out, Catch::Contains(line));
}

TEST_CASE("a traced run is told with its critical paths", "[cli][analyzer][convergence]") {
  const TemporaryFolder folder;
  const HowToRun here{folder.path(), {home}};
  REQUIRE(run_weir({"run", "quickstart", "--until", "150", "--trace", "pag", "-o", "traced", "--quiet"}, here)
              .code == 0);
  REQUIRE(run_weir({"run", "quickstart", "--until", "150", "-o", "plain", "--quiet"}, here).code == 0);
  const Outcome traced = run_weir({"analyze", "traced"}, here);
  CHECK_THAT(traced.out, Catch::Contains("Convergence of traced") && Catch::Contains("critical"));
  const json report = json::parse(run_weir({"analyze", "traced", "--json"}, here).out);
  CHECK(!report["windows"].empty());
  CHECK(report["convergence"]["jobs"]["wordcount"]["steps"].is_number());
  const Outcome plain = run_weir({"analyze", "plain"}, here);
  CHECK(plain.code == 0);
  CHECK_THAT(plain.out, Catch::Contains("--trace pag records them"));
  for (const auto& [words, says] : std::vector<std::pair<std::vector<std::string>, std::string>>{
           {{"analyze", "plain", "nothing"}, "nothing"},
           {{"analyze", "plain", "--slo-throughput", "1.5"}, "--slo-throughput 1.5"},
           {{"analyze", "plain", "--slo-latency", "0"}, "--slo-latency 0"}}) {
    const Outcome wrong = run_weir(words, here);
    CHECK(wrong.code == 2);
    CHECK(wrong.out.empty());
    CHECK_THAT(wrong.err, Catch::Contains(says));
  }
}

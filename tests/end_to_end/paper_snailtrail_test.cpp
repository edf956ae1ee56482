// The scenarios of SnailTrail's figures (docs/figures.md), traced and analyzed from outside: the trends of
// the paper that hold, at the recorded seed.

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/support/program.hpp"

using namespace weir::test;
using nlohmann::json;

namespace {

json analyzed(const std::string& scenario, const std::vector<std::string>& how) {
  const TemporaryFolder folder;
  const HowToRun here{folder.path(), {std::string("WEIR_HOME=") + WEIR_SOURCE_DIR}};
  const Outcome run =
      run_weir({"run", "papers/snailtrail/" + scenario, "-o", "run", "--trace", "pag", "--quiet"}, here);
  INFO(scenario << "\n" << run.out << run.err);
  REQUIRE(run.code == 0);
  std::vector<std::string> words = {"analyze", "run", "--json"};
  words.insert(words.end(), how.begin(), how.end());
  const Outcome analysis = run_weir(words, here);
  INFO(analysis.err);
  REQUIRE(analysis.code == 0);
  json report = json::parse(analysis.out);
  CHECK(report["windows_without_path"] == 0);
  return report;
}

std::map<std::string, double> column(const json& rows, const std::string& key, const std::string& method) {
  std::map<std::string, double> values;
  for (const json& row : rows) values[row[key]] = row[method];
  return values;
}

const std::vector<std::string> steady = {"--from", "2", "--to", "12"};

}  // namespace

TEST_CASE("SnailTrail, Fig. 5b: the straggler stands out among four workers", "[cli][paper]") {
  const json report = analyzed("fig5b-straggler", steady);
  const auto cp = column(report["straggler"], "worker", "cp");
  const auto conventional = column(report["straggler"], "worker", "conventional");
  for (const char* other : {"count[0]", "count[1]", "count[2]"}) {
    CHECK(cp.at("count[3]") >= 2.8 * cp.at(other));  // published: 0.135 against 0.047
    CHECK(conventional.at("count[3]") == Approx(conventional.at(other)).epsilon(0.01));
  }
}

TEST_CASE("SnailTrail, Fig. 10: with skew, critical participation names the straggler", "[cli][paper]") {
  double before = 0;
  for (const char* skew : {"30", "50", "80"}) {
    const json report = analyzed(std::string("fig10-skew-") + skew, steady);
    const auto cp = column(report["straggler"], "worker", "cp");
    const auto conventional = column(report["straggler"], "worker", "conventional");
    const auto most = std::max_element(cp.begin(), cp.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    INFO(skew << " %: " << most->first << " " << most->second);
    CHECK(most->first.starts_with("count["));
    CHECK(most->second > before);
    before = most->second;
    for (const auto& [worker, share] : conventional)
      CHECK(share == Approx(conventional.at(most->first)).epsilon(0.01));
  }
}

TEST_CASE("SnailTrail, Fig. 8: scheduling is critical, and a profile does not show it", "[cli][paper]") {
  const json report = analyzed("fig8-micro-batch", {"--window", "8", "--from", "40", "--to", "120"});
  CHECK(report["windows"].size() == 10);
  const auto cp = column(report["activity"], "activity", "cp");
  const auto conventional = column(report["activity"], "activity", "conventional");
  CHECK(cp.at("scheduling") >= 0.33);  // calibrated
  CHECK(cp.at("scheduling") <= 0.42);
  CHECK(cp.at("scheduling") >= 4 * conventional.at("scheduling"));  // published: a factor of 5
  CHECK(conventional.at("scheduling") < 0.081);
  // One driver among 19 workers: its work cannot be a larger share of their time.
  CHECK(conventional.at("scheduling") < 1.0 / 19);
}

TEST_CASE("SnailTrail, Fig. 8, on the engine spark: the driver is critical, and a profile does not show it",
          "[cli][paper]") {
  const json report = analyzed("fig8-spark", {"--window", "8", "--from", "40", "--to", "120"});
  CHECK(report["windows"].size() == 10);
  const auto cp = column(report["activity"], "activity", "cp");
  const auto conventional = column(report["activity"], "activity", "conventional");
  // A thread for each core, the source and two of the driver; a worker for each operator on a core.
  constexpr double workers = 2 * 16 + 1 + 2, threads = 16 + 1 + 2;
  CHECK(cp.at("scheduling") == Approx(0.378).margin(0.03));                                // calibrated
  CHECK(conventional.at("processing") * workers / threads == Approx(0.335).margin(0.03));  // calibrated
  CHECK(cp.at("scheduling") >= 4 * conventional.at("scheduling") * workers / threads);     // published: 5
  CHECK(cp.at("processing") < 0.5);                                                        // published: 0.27
  // What the driver does for a batch, by hand: its batch, two stages and 32 tasks; all of it is critical but
  // what it launches while tasks run.
  const double driver_s = 0.005 + 2 * 0.05 + 32 * 0.0045;
  CHECK(conventional.at("scheduling") * workers == Approx(driver_s / 0.52).epsilon(0.02));
  CHECK(cp.at("scheduling") < driver_s / 0.52);
}

TEST_CASE("A job whose loop sets its own pace is told of no optimum", "[cli][paper]") {
  const TemporaryFolder folder;
  const HowToRun here{folder.path(), {std::string("WEIR_HOME=") + WEIR_SOURCE_DIR}};
  const auto said = [&](const std::vector<std::string>& words) {
    const Outcome outcome = run_weir(words, here);
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    return outcome.out;
  };
  const std::string fig8 = "papers/snailtrail/fig8-micro-batch";
  CHECK_THAT(said({"run", fig8, "--until", "20", "-o", "run"}), !Catch::Contains("slot-seconds"));
  const json summary = json::parse(read_file(folder.path() / "run/summary.json"));
  for (const json& op : summary["operators"]) {
    CHECK(op["optimal_parallelism"].is_null());
    CHECK(op["optimum_suffices"].is_null());
  }
  CHECK(summary["scaling"]["over_provisioned"].is_null());
  CHECK(summary["scaling"]["under_provisioned"].is_null());
  CHECK_THAT(said({"analyze", "run"}),
             !Catch::Contains("below the optimum") && !Catch::Contains("settled on"));
  CHECK_THAT(said({"explain", fig8}), Catch::Contains("none: its loops set their own pace"));
  // A job without such a loop is told of.
  CHECK_THAT(said({"run", "quickstart", "--until", "20", "-o", "other"}), Catch::Contains("slot-seconds"));
  CHECK_THAT(said({"analyze", "other"}), Catch::Contains("below the optimum"));
}

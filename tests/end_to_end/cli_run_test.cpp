// `weir run` from outside: what it writes, what it says, and that bad luck does not make it lie.

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/program.hpp"

using namespace weir::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

const std::string scenario = R"({
  "weir": 1,
  "name": "small",
  "until_s": 30,
  "cluster": {"hosts": [{"name": "h", "count": 2, "cores": 4}]},
  "jobs": [{
    "policy": "ds2",
    "workload": {"type": "chain", "length": 2, "arrivals": {"type": "poisson", "rate_per_s": 500}}
  }]
})";

// Hours of simulated time, so that there is something to interrupt.
std::string long_scenario() {
  json changed = json::parse(scenario);
  changed["until_s"] = 1e6;
  return changed.dump();
}

struct Place {
  TemporaryFolder folder;
  Place() { folder.write("s.json", scenario); }
  Outcome weir(const std::vector<std::string>& arguments, int interrupt_after_ms = 0) const {
    return run_weir(arguments, {folder.path(), {}, interrupt_after_ms});
  }
  json result(const std::string& file) const { return json::parse(read_file(folder.path() / file)); }
  bool exists(const std::string& file) const { return fs::exists(folder.path() / file); }
};

}  // namespace

TEST_CASE("a run writes its three files where they are expected, and sums up", "[cli][run]") {
  const Place at;
  const Outcome outcome = at.weir({"run", "s.json"});
  INFO(outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(outcome.err.empty());  // no progress bar where there is no terminal
  CHECK_THAT(outcome.out, Catch::StartsWith("small: ds2 on generic, seed 1\n"));
  CHECK(at.folder.files() ==
        std::vector<std::string>{"out/", "out/small/", "out/small/ds2/", "out/small/ds2/seed=1/",
                                 "out/small/ds2/seed=1/manifest.json", "out/small/ds2/seed=1/run.h5",
                                 "out/small/ds2/seed=1/summary.json", "s.json"});
  const json summary = at.result("out/small/ds2/seed=1/summary.json");
  const json manifest = at.result("out/small/ds2/seed=1/manifest.json");
  CHECK(summary["complete"] == true);
  CHECK(summary["simulated_s"] == 30.0);  // not 30.000000000000004
  CHECK(summary["peak_rss_mib"].get<double>() > 1);
  CHECK(summary["wall_s"].get<double>() > 0);
  CHECK(manifest["fingerprint"] == summary["fingerprint"]);
  CHECK(manifest["complete"] == true);
  CHECK(manifest["wall_s"] == summary["wall_s"]);
  CHECK(manifest["argv"][1] == "run");
  CHECK(manifest["scenario_path"] == "s.json");
}

TEST_CASE("with --json standard output is summary.json", "[cli][run]") {
  const Place at;
  const Outcome outcome = at.weir({"run", "s.json", "--json", "-o", "r"});
  CHECK(outcome.code == 0);
  CHECK(outcome.out == read_file(at.folder.path() / "r/summary.json"));
}

TEST_CASE("with --quiet nothing is said, and results are written", "[cli][run]") {
  const Place at;
  const Outcome outcome = at.weir({"run", "s.json", "--quiet", "-o", "r"});
  CHECK(outcome.code == 0);
  CHECK(outcome.out.empty());
  CHECK(outcome.err.empty());
  CHECK(at.exists("r/summary.json"));
}

TEST_CASE("options change what is run", "[cli][run]") {
  const Place at;
  REQUIRE(at.weir({"run", "s.json", "--seed", "7", "--until", "5", "--policy", "static", "--set",
                   "jobs[0].workload.length=4"})
              .code == 0);
  const json summary = at.result("out/small/static/seed=7/summary.json");
  CHECK(summary["simulated_s"].get<double>() == Approx(5));
  CHECK(summary["seed"] == 7);
  CHECK(summary["policy"] == "static");
  CHECK(summary["operators"].size() == 5);
}

TEST_CASE("the parameters of the policy that --policy names can be --set", "[cli][run]") {
  const Place at;
  REQUIRE(
      at.weir({"run", "s.json", "-q", "-o", "r", "--set", "jobs[0].policy.high=0.7", "--policy", "threshold"})
          .code == 0);
  CHECK(at.result("r/manifest.json")["scenario"]["jobs"][0]["policy"]["type"] == "threshold");
  CHECK(at.result("r/manifest.json")["scenario"]["jobs"][0]["policy"]["high"] == 0.7);
  CHECK(at.weir({"run", "s.json", "-o", "x", "--set", "jobs[0].policy.warm_up_intervals=3", "--policy",
                 "threshold"})
            .code == 2);
}

TEST_CASE("lookahead changes nothing but the speed", "[cli][run]") {
  const Place at;
  REQUIRE(at.weir({"run", "s.json", "-o", "on", "--quiet"}).code == 0);
  REQUIRE(at.weir({"run", "s.json", "-o", "off", "--quiet", "--lookahead", "off"}).code == 0);
  CHECK(at.result("on/summary.json")["fingerprint"] == at.result("off/summary.json")["fingerprint"]);
}

TEST_CASE("the seed changes the fingerprint", "[cli][run]") {
  const Place at;
  REQUIRE(at.weir({"run", "s.json", "-o", "one", "--quiet"}).code == 0);
  REQUIRE(at.weir({"run", "s.json", "-o", "two", "--quiet", "--seed", "2"}).code == 0);
  CHECK(at.result("one/summary.json")["fingerprint"] != at.result("two/summary.json")["fingerprint"]);
}

TEST_CASE("a manifest repeats its run, and says that it is the same", "[cli][run]") {
  const Place at;
  REQUIRE(at.weir({"run", "s.json", "-o", "r", "--quiet", "--seed", "3", "--set", "until_s=7"}).code == 0);
  fs::remove(at.folder.path() / "s.json");  // the manifest holds all of it
  const Outcome outcome = at.weir({"run", "r/manifest.json"});
  INFO(outcome.err);
  CHECK(outcome.code == 0);
  CHECK_THAT(outcome.err, Catch::Contains("weir: the same run: fingerprint "));
  CHECK(at.result("r/rerun/summary.json")["fingerprint"] == at.result("r/summary.json")["fingerprint"]);
}

TEST_CASE("the manifest of every shipped scenario can be run", "[cli][run]") {
  const Place at;
  const json scenarios = json::parse(at.weir({"list", "scenarios", "--json"}).out);
  for (const json& item : scenarios) {
    const std::string name = item["name"];
    INFO(name);
    const Outcome first = at.weir({"run", name, "-o", "r", "--until", "5", "--quiet"});
    INFO(first.err);
    CHECK(first.code == 0);
    const Outcome again = at.weir({"run", "r/manifest.json", "--quiet"});
    INFO(again.err);
    CHECK(again.code == 0);
  }
}

TEST_CASE("a manifest whose run comes out differently is told so", "[cli][run]") {
  const Place at;
  REQUIRE(at.weir({"run", "s.json", "-o", "r", "--quiet"}).code == 0);
  json manifest = at.result("r/manifest.json");
  manifest["fingerprint"] = "0123456789abcdef";
  manifest["simgrid_version"] = "3.99";
  at.folder.write("r/manifest.json", manifest.dump());
  const Outcome outcome = at.weir({"run", "r/manifest.json"});
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.err, Catch::Contains("NOT the same run"));
  CHECK_THAT(outcome.err, Catch::Contains("warning: the manifest is of SimGrid 3.99"));
}

TEST_CASE("a manifest that was changed is refused", "[cli][run]") {
  const Place at;
  REQUIRE(at.weir({"run", "s.json", "-o", "r", "--quiet"}).code == 0);
  json manifest = at.result("r/manifest.json");
  manifest["scenario"]["until_s"] = 8;
  at.folder.write("r/manifest.json", manifest.dump());
  const Outcome outcome = at.weir({"run", "r/manifest.json"});
  CHECK(outcome.code == 2);
  CHECK_THAT(outcome.err, Catch::StartsWith("r/manifest.json:1: scenario: was changed"));
  CHECK_FALSE(at.exists("r/rerun"));
}

TEST_CASE("a manifest is repeated as it is", "[cli][run]") {
  const Place at;
  REQUIRE(at.weir({"run", "s.json", "-o", "r", "--quiet"}).code == 0);
  CHECK(at.weir({"run", "r/manifest.json", "--seed", "2"}).code == 2);
  const std::string before = read_file(at.folder.path() / "r/manifest.json");
  CHECK(at.weir({"run", "r/manifest.json", "-o", "r"}).code == 2);  // would replace what it is compared with
  CHECK(read_file(at.folder.path() / "r/manifest.json") == before);
}

TEST_CASE("input files are found again when a manifest is run from elsewhere", "[cli][run]") {
  const Place at;
  json changed = json::parse(scenario);
  changed["jobs"][0]["workload"]["arrivals"] = {{"type", "trace"}, {"path", "rates.csv"}};
  at.folder.write("in/t.json", changed.dump());
  at.folder.write("in/rates.csv", "time,rate\n0,100\n10,300\n20,200\n30,0\n");
  REQUIRE(at.weir({"run", "in/t.json", "-o", "r", "--quiet"}).code == 0);
  const json manifest = at.result("r/manifest.json");
  REQUIRE(manifest["inputs"].size() == 1);
  CHECK(manifest["inputs"][0]["path"] == "rates.csv");
  const Outcome elsewhere = run_weir({"run", (at.folder.path() / "r/manifest.json").string(), "-q"}, {"/"});
  INFO(elsewhere.err);
  CHECK(elsewhere.code == 0);
  at.folder.write("in/rates.csv", "time,rate\n0,100\n10,301\n");
  const Outcome differs = at.weir({"run", "r/manifest.json"});
  CHECK(differs.code == 2);
  CHECK_THAT(differs.err, Catch::Contains("has changed since"));
}

TEST_CASE("Ctrl-C leaves a readable result that is marked incomplete", "[cli][run]") {
  const Place at;
  at.folder.write("long.json", long_scenario());
  const Outcome outcome = at.weir({"run", "long.json", "-o", "r"}, 500);
  INFO(outcome.err);
  CHECK(outcome.code == 1);
  const json summary = at.result("r/summary.json");
  CHECK(summary["complete"] == false);
  CHECK(summary["simulated_s"].get<double>() > 0);
  CHECK(summary["simulated_s"].get<double>() < 1e6);
  CHECK(summary["conservation"]["ok"] == true);
  CHECK(at.result("r/manifest.json")["complete"] == false);
  CHECK_THAT(outcome.err, Catch::Contains("incomplete"));
}

TEST_CASE("an older result is replaced, and never mixed with a new one", "[cli][run]") {
  const Place at;
  at.folder.write("long.json", long_scenario());
  REQUIRE(at.weir({"run", "s.json", "-o", "r", "--quiet"}).code == 0);
  at.folder.write("r/notes.txt", "mine");
  const std::string first = at.result("r/summary.json")["fingerprint"];
  REQUIRE(at.weir({"run", "s.json", "-o", "r", "--quiet", "--seed", "2"}).code == 0);
  CHECK(at.result("r/summary.json")["fingerprint"] != first);
  CHECK(at.result("r/manifest.json")["fingerprint"] == at.result("r/summary.json")["fingerprint"]);
  CHECK(read_file(at.folder.path() / "r/notes.txt") == "mine");
  // Killed at once: the old summary must not vouch for what is there now.
  const Outcome killed = run_program(
      {"timeout", "-s", "KILL", "0.7", WEIR_PROGRAM, "run", "long.json", "-o", "r"}, {at.folder.path()});
  CHECK(killed.code != 0);
  CHECK_FALSE(at.exists("r/summary.json"));
}

TEST_CASE("where results cannot go is said before the run, and nothing is written", "[cli][run]") {
  const Place at;
  at.folder.write("file", "");
  at.folder.write("taken/summary.json/x", "");
  fs::create_symlink("/nowhere/at/all", at.folder.path() / "dangling");
  const auto before = at.folder.files();
  for (const char* directory :
       {"file", "file/below", "/proc/weir/r", "/dev/null", "dangling", "dangling/r", "taken", ""}) {
    INFO(directory);
    const Outcome outcome = at.weir({"run", "s.json", "-o", directory});
    INFO(outcome.err);
    CHECK(outcome.code == 2);
    CHECK_FALSE(outcome.err.empty());
    CHECK(outcome.out.empty());
    CHECK(at.folder.files() == before);
  }
}

TEST_CASE("a folder that holds other things and no result is refused, an empty one is not", "[cli][run]") {
  const Place at;
  at.folder.write("photos/cat.jpg", "mine");
  const auto before = at.folder.files();
  const Outcome outcome = at.weir({"run", "s.json", "-o", "photos"});
  CHECK(outcome.code == 2);
  CHECK(outcome.err ==
        "-o photos: photos: is not empty, and holds no result of weir (a new or an empty directory, or that "
        "of a "
        "result)\n");
  CHECK(at.folder.files() == before);
  fs::create_directory(at.folder.path() / "empty");
  CHECK(at.weir({"run", "s.json", "-o", "empty", "--quiet"}).code == 0);
  // A run that was killed before it wrote anything else.
  at.folder.write("killed/manifest.json.tmp17", "");
  CHECK(at.weir({"run", "s.json", "-o", "killed", "--quiet"}).code == 0);
}

TEST_CASE("of two runs into one directory the second is refused, until the first is over or killed",
          "[cli][run]") {
  const Place at;
  at.folder.write("long.json", long_scenario());
  const Outcome both = run_program(
      {"bash", "-c",
       WEIR_PROGRAM
       " run long.json -o r & first=$!; while [ ! -e r/run.h5 ]; do sleep 0.02; done; " WEIR_PROGRAM
       " run s.json -o r; code=$?; [ -e r/summary.json ] && code=99; kill -KILL $first; "
       "wait $first; exit $code"},
      {at.folder.path()});
  CHECK(both.code == 2);
  CHECK_THAT(both.err, Catch::Contains("-o r: r: another run is writing its results there ("));
  CHECK(at.weir({"run", "s.json", "-o", "r", "--quiet"}).code == 0);
}

TEST_CASE("a folder without permission is refused", "[cli][run]") {
  if (::geteuid() == 0) return;  // root may write everywhere
  const Place at;
  fs::create_directory(at.folder.path() / "locked");
  ::chmod((at.folder.path() / "locked").c_str(), 0500);
  CHECK(at.weir({"run", "s.json", "-o", "locked/r"}).code == 2);
}

TEST_CASE("a disk that fills up is an error, not a crash", "[cli][run]") {
  const Place at;
  // Files of at most 8 KiB: the manifest fits, run.h5 does not.
  const Outcome outcome =
      run_program({"bash", "-c", "ulimit -f 8; exec " WEIR_PROGRAM " run s.json -o r"}, {at.folder.path()});
  INFO(outcome.err);
  CHECK(outcome.code == 1);
  CHECK_THAT(outcome.err, Catch::Contains("run.h5"));
  CHECK_FALSE(at.exists("r/summary.json"));
}

TEST_CASE("a full disk is an error, not a crash, wherever it fills up", "[cli][run]") {
  const Place at;
  at.folder.write("long.json", long_scenario());
  for (const char* size : {"4k", "16k", "64k", "256k"}) {
    INFO(size);
    const Outcome outcome = run_program({"bash", "-c",
                                         "mkdir -p small && mount -t tmpfs -o size=" + std::string(size) +
                                             " tmpfs small 2>/dev/null || exit 77; " WEIR_PROGRAM
                                             " run long.json -o small/r; code=$?; [ -e small/r/summary.json "
                                             "] && code=99; umount small; exit $code"},
                                        {at.folder.path()});
    if (outcome.code == 77) {
      WARN("skipped: no tmpfs can be mounted here");
      return;
    }
    INFO(outcome.err);
    CHECK((outcome.code == 1 || outcome.code == 2));  // 2: not even the manifest could be written
    CHECK_THAT(outcome.err, Catch::Contains("small/r"));
    CHECK_THAT(outcome.err, !Catch::Contains("internal error"));
  }
}

TEST_CASE("SIGTERM stops a run like Ctrl-C, and never leaves a complete result", "[cli][run]") {
  const Place at;
  at.folder.write("long.json", long_scenario());
  // From before anything is done to the middle of the run.
  for (const char* after_s : {"0.001", "0.01", "0.03", "0.1", "0.8"}) {
    INFO(after_s);
    const Outcome outcome =
        run_program({"timeout", "-s", "TERM", after_s, WEIR_PROGRAM, "run", "long.json", "-o", "r", "-q"},
                    {at.folder.path()});
    INFO(outcome.err);
    CHECK(outcome.code == 124);  // timeout's own
    if (!at.exists("r/summary.json")) continue;
    CHECK(at.result("r/summary.json")["complete"] == false);
    CHECK(at.result("r/manifest.json")["complete"] == false);
  }
  REQUIRE(at.exists("r/summary.json"));
  CHECK(at.result("r/summary.json")["incomplete_reason"] == "interrupted");
}

TEST_CASE("memory does not grow with the simulated time", "[cli][run]") {
  // A metric window a second, so that each column comes to one chunk of 4,096 rows or to 20. HDF5 would keep
  // up to a MiB of each column, which was twice the memory of the short run.
  const Place place;
  const auto peak_mib = [&](const std::string& until_s) {
    const Outcome run =
        place.weir({"run", "s.json", "--json", "--policy", "static", "--until", until_s, "--set",
                    R"(jobs[0].workload.arrivals={"type": "constant", "rate_per_s": 5})", "--set",
                    R"(jobs[0].engine={"type": "generic", "metrics_interval_s": 1})", "-o", until_s});
    INFO(run.err);
    REQUIRE(run.code == 0);
    return json::parse(run.out)["peak_rss_mib"].get<double>();
  };
  const double short_mib = peak_mib("4000"), long_mib = peak_mib("80000");
  CAPTURE(short_mib, long_mib);
  CHECK(long_mib < 1.1 * short_mib);
}

TEST_CASE("the most records that can be counted are said before the run", "[cli][run]") {
  const Place at;
  const Outcome outcome =
      at.weir({"run", "s.json", "--set", "jobs[0].workload.arrivals.rate_per_s=1e9", "--until", "1e4"});
  CHECK(outcome.code == 2);
  CHECK_THAT(outcome.err,
             Catch::Contains("records by the end of the run (at most 4e+12: a lower rate or a shorter run)"));
  // Nearly as many, most of which wait outside, are no problem.
  const Outcome most = at.weir({"run", "s.json", "--set", "jobs[0].workload.arrivals.rate_per_s=1e9", "--set",
                                "fidelity.batch_records=1000000", "--until", "400", "-q", "-o", "r"});
  INFO(most.err);
  CHECK(most.code == 0);
  CHECK(at.result("r/summary.json")["throughput"]["backlog_records"].get<double>() > 1e10);
}

TEST_CASE("a reader that goes away is no failure, a full device is", "[cli][run]") {
  const Place at;
  const HowToRun here{at.folder.path()};
  CHECK(run_program({"bash", "-c", "set -o pipefail; " WEIR_PROGRAM " schema | head -c 1 >/dev/null"}, here)
            .code == 0);
  CHECK(run_program({"bash", "-c", WEIR_PROGRAM " list policies >/dev/full"}, here).code == 1);
}

TEST_CASE("a name in the scenario cannot lead out of the output folder", "[cli][run]") {
  const Place at;
  json changed = json::parse(scenario);
  changed["name"] = "../../up/and away";
  changed["until_s"] = 1;
  at.folder.write("s.json", changed.dump());
  REQUIRE(at.weir({"run", "s.json", "--quiet"}).code == 0);
  CHECK(at.exists("out/.._.._up_and away/ds2/seed=1/summary.json"));
}

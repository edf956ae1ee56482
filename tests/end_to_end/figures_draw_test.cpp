// `weir figure` from outside: every figure that comes with weir, with few runs.

#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <tuple>
#include <vector>

#include "tests/support/figures.hpp"
#include "tests/support/recorded.hpp"

using namespace weir::test;
namespace fs = std::filesystem;

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
  // Not on a terminal: lines that end.
  CHECK_THAT(steps.err, Catch::Contains("1 of 2 runs: six/runs/") &&
                            Catch::Contains("\n3 of 3 runs: six/runs/unfitted/"));
  CHECK(steps.err.find('\r') == std::string::npos);
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
  CHECK(std::count(table.begin(), table.end(), '\n') == 2 + 7);
  for (const char* policy : {"static", "threshold", "hpa", "keda", "dhalion", "ds2", "oracle"})
    CHECK_THAT(table, Catch::Contains(std::string("| quickstart | ") + policy + " |"));
}

namespace {

std::string drawn(const TemporaryFolder& folder, const std::string& name) {
  draw(folder, name);
  check_picture(folder.path() / name, name);
  return read_file(folder.path() / name / (name + ".csv"));
}

}  // namespace

TEST_CASE("SnailTrail, Fig. 11: the ratio of operators follows their parallelism, a profile's does not",
          "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const std::string data = drawn(folder, "snailtrail-fig11");
  const auto ratio = [&](const std::string& source, const std::string& view, const std::string& configuration,
                         const std::string& method) {
    const std::string begin = source + "," + view + "," + configuration + ",";
    return value_of(data, begin + "flatmap," + method + ",") /
           value_of(data, begin + "count," + method + ",");
  };
  for (const auto& [configuration, tolerance] :
       {std::pair{"4-2-4", 0.1}, std::pair{"1-2-4", 0.15}, std::pair{"4-4-4", 0.15}}) {
    INFO(configuration);
    CHECK(ratio("weir,calibrated", "as published", configuration, "cp") ==
          Approx(ratio("published,", "", configuration, "cp")).epsilon(tolerance));
    CHECK(ratio("weir,calibrated", "as published", configuration, "conventional") ==
          Approx(ratio("published,", "", configuration, "conventional")).epsilon(0.15));
    for (const auto& [method, called] :
         {std::pair{"cp", "critical"}, std::pair{"conventional", "conventional"}}) {
      const std::string begin = std::string("weir,calibrated,as published,") + configuration + ",";
      const std::string tail = std::string(",") + method + ",";
      const double flatmap = value_of(data, begin + "flatmap" + tail);
      const double count = value_of(data, begin + "count" + tail);
      CHECK_THAT(
          documented(std::string("| ") + configuration + " | " + called + " |"),
          Catch::Contains(fmt::format("| {:.3f} / {:.3f} = {:.2f} |", flatmap, count, flatmap / count)));
    }
  }
}

TEST_CASE("SnailTrail, Fig. 10: the straggler is first in the published view, too", "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const std::string data = drawn(folder, "snailtrail-fig10");
  for (const char* skew : {"30", "50", "80"}) {
    const std::string begin = std::string("weir,calibrated,as published,") + skew + ",";
    for (const char* other : {"flatmap[0]", "flatmap[3]", "count[0]", "count[1]", "count[2]"})
      CHECK(value_of(data, begin + "count[3],cp,") > 1.5 * value_of(data, begin + other + ",cp,"));
    const double exact = value_of(data, std::string("weir,predicted,exact,") + skew + ",count[3],cp,");
    CHECK_THAT(
        documented(std::string("| ") + skew + " % |"),
        Catch::Contains(fmt::format("| {:.3f} | {:.2f} |", value_of(data, begin + "count[3],cp,"), exact)));
  }
}

TEST_CASE("SnailTrail, Fig. 5d: the pairs that talk most are to be placed together", "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const std::string data = drawn(folder, "snailtrail-fig5d");
  double cold = 0;
  for (const char* other : {"0", "1", "3", "4", "5", "6", "7", "8"})
    cold = std::max(cold, value_of(data, std::string("weir,calibrated,5,") + other + ","));
  for (const char* hot : {"2", "9", "10", "11"})
    CHECK(value_of(data, std::string("weir,calibrated,5,") + hot + ",") > 1.5 * cold);
}

TEST_CASE("SnailTrail, Figs. 5b and 8, and a picture of any trace, are drawn", "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  drawn(folder, "snailtrail-fig5b");
  drawn(folder, "snailtrail-fig8");
  const HowToRun here{folder.path(), {std::string("WEIR_HOME=") + WEIR_SOURCE_DIR}};
  REQUIRE(run_weir({"run", "quickstart", "--until", "5", "--trace", "pag", "-o", "traced", "--quiet"}, here)
              .code == 0);
  const Outcome any =
      run_weir({"figure", "critical-participation", "-o", "any", "--", "--trace", "traced"}, here);
  INFO(any.out << any.err);
  REQUIRE(any.code == 0);
  CHECK(begins(folder.path() / "any/critical-participation.png", "\x89PNG"));
  const std::string data = read_file(folder.path() / "any/critical-participation.csv");
  CHECK(data.find("\nstraggler,split[0],") != std::string::npos);
  const Outcome none = run_weir({"figure", "critical-participation", "-o", "none"}, here);
  CHECK(none.code == 2);
  CHECK_THAT(none.err, Catch::Contains("which trace?"));
}

TEST_CASE("runs are drawn side by side", "[cli][figure]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const HowToRun here{folder.path(), {std::string("WEIR_HOME=") + WEIR_SOURCE_DIR}};
  for (const char* policy : {"ds2", "static"})
    REQUIRE(run_weir({"run", "quickstart", "--policy", policy, "-o", policy, "--quiet"}, here).code == 0);
  const Outcome drawn = run_weir({"figure", "convergence", "-o", "figure", "--", "ds2", "static"}, here);
  INFO(drawn.out << drawn.err);
  REQUIRE(drawn.code == 0);
  CHECK(begins(folder.path() / "figure/convergence.pdf", "%PDF"));
  CHECK(begins(folder.path() / "figure/convergence.png", "\x89PNG"));
  const std::string data = read_file(folder.path() / "figure/convergence.csv");
  for (const char* quantity :
       {"parallelism", "optimum", "offered_per_s", "achieved_per_s", "held_back_share"})
    CHECK(data.find(quantity) != std::string::npos);
  CHECK_THAT(drawn.out, Catch::Contains("static took no step."));
  const Outcome nothing = run_weir({"figure", "convergence", "-o", "figure", "--", "nowhere"}, here);
  CHECK(nothing.code == 1);
  CHECK_THAT(nothing.err, Catch::Contains("nowhere"));
}

TEST_CASE("progress off a terminal is a line for every tenth of the runs, and every 10 s", "[cli][figure]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  folder.write("progress.py", R"(import io, sys
sys.dont_write_bytecode = True
sys.path.insert(0, sys.argv[1])
import _runs
def lines(runs, each_s):
    now, out = [0], io.StringIO()
    progress = _runs.Progress(runs, out, lambda: now[0])
    for i in range(runs):
        now[0] += each_s
        progress.finished(i)
    return [line.split()[0] for line in out.getvalue().splitlines()]
assert lines(3, 1) == ["1", "2", "3"]
assert lines(100, 0.01) == ["1"] + [str(10 * i) for i in range(1, 11)], lines(100, 0.01)
assert lines(20, 11) == [str(i) for i in range(1, 21)]
)");
  const Outcome outcome = run_program(
      {"/usr/bin/python3", "progress.py", std::string(WEIR_SOURCE_DIR) + "/plots"}, {folder.path()});
  INFO(outcome.err);
  CHECK(outcome.code == 0);
}

TEST_CASE("the critical path of a traced run is drawn", "[cli][figure]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const std::string source = std::string("WEIR_HOME=") + WEIR_SOURCE_DIR;
  REQUIRE(run_weir({"run", "quickstart", "--until", "100", "--trace", "pag", "-o", "run", "--quiet"},
                   {folder.path(), {source}})
              .code == 0);
  const Outcome outcome =
      run_weir({"figure", "critical-path", "-o", "path", "--", "run"}, {folder.path(), {source}});
  INFO(outcome.out << outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK(begins(folder.path() / "path/critical-path.png", "\x89PNG"));
  CHECK(begins(folder.path() / "path/critical-path.pdf", "%PDF"));
  CHECK(read_file(folder.path() / "path/critical-path.csv").starts_with("begin_s,end_s,worker,"));
  const Outcome wrong =
      run_weir({"figure", "critical-path", "-o", "none", "--", "nothing"}, {folder.path(), {source}});
  CHECK(wrong.code == 2);
  CHECK_THAT(wrong.err, Catch::Contains("nothing"));
}

TEST_CASE("the recorded Yahoo benchmark is drawn, calibrated and predicted apart", "[cli][figure][paper]") {
  if (!can_draw() || recorded("phoebe-ysb-12workers-workRate.psv").empty()) return;
  const TemporaryFolder folder;
  const std::string data = drawn(folder, "yahoo-recorded");
  const std::string p99 = ",99th percentile of achieved,";
  for (const auto& [workers, sigma, kind] :
       {std::tuple{"12", "0.0", "calibrated"}, std::tuple{"4", "0.0", "predicted"},
        std::tuple{"4", "0.03", "predicted"}, std::tuple{"24", "0.0", "predicted"},
        std::tuple{"24", "0.03", "predicted"}}) {
    const double published = value_of(data, std::string("published,computed") + p99 + workers + ",,");
    const double weir = value_of(data, std::string("weir,") + kind + p99 + workers + "," + sigma + ",");
    INFO(workers << " workers, sigma " << sigma << ": " << weir << ", published " << published);
    CHECK(weir == Approx(published).epsilon(0.25));
    CHECK_THAT(documented(fmt::format("| {} | {} |", workers, sigma == std::string("0.0") ? "0" : sigma)),
               Catch::Contains(fmt::format("| {:.0f} k/s |", weir / 1000)));
  }
  // By the simulator as by the model that was fitted: less than half of the baseline's error where nothing
  // was fitted.
  const std::string held_out = "weir,predicted,\"achieved rate, other four hours: rmse (records/s)\",12,0,";
  const double model = value_of(data, held_out);
  const std::string line = data.substr(data.find("\n" + held_out) + 1 + held_out.size());
  CHECK(model < 0.5 * std::stod(line.substr(line.find(',') + 1)));
}

TEST_CASE("a figure of a recording says where it looked for it", "[cli][figure]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = run_weir({"figure", "yahoo-recorded", "-o", "out", "--", "--traces", "/nowhere"},
                                   {folder.path(), {std::string("WEIR_HOME=") + WEIR_SOURCE_DIR}});
  CHECK(outcome.code == 2);
  CHECK_THAT(outcome.err, Catch::Contains("/nowhere/phoebe-ysb-12workers-workRate.psv is not here"));
}

#include <catch2/catch.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "tests/support/program.hpp"

using namespace weir::test;
using nlohmann::json;

namespace {

// Every `of`-th of the scenarios, from number `part` on: together they take minutes.
void trace_shipped(int part, int of) {
  const std::filesystem::path root = WEIR_SOURCE_DIR;
  std::istringstream golden(read_file(root / "tests/end_to_end/golden_fingerprints.txt"));
  std::string scenario, until_s, fingerprint;
  int traced = 0;
  for (int number = 0; golden >> scenario >> until_s >> fingerprint; ++number) {
    if (number % of != part) continue;
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

}  // namespace

TEST_CASE("Shipped scenarios can be traced: same trajectory, a path in every window, first quarter",
          "[cli][trace]") {
  trace_shipped(0, 4);
}

TEST_CASE("Shipped scenarios can be traced: same trajectory, a path in every window, second quarter",
          "[cli][trace]") {
  trace_shipped(1, 4);
}

TEST_CASE("Shipped scenarios can be traced: same trajectory, a path in every window, third quarter",
          "[cli][trace]") {
  trace_shipped(2, 4);
}

TEST_CASE("Shipped scenarios can be traced: same trajectory, a path in every window, last quarter",
          "[cli][trace]") {
  trace_shipped(3, 4);
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

namespace {

// A run in the background, and whoever follows it in the foreground.
Outcome follow(const TemporaryFolder& folder, const std::string& run, const std::string& meanwhile,
               const std::string& analyze) {
  const std::string weir = WEIR_PROGRAM;
  return run_program({"sh", "-c",
                      weir + " run " + run + " --quiet & run=$!; (" + meanwhile + ") & " + weir +
                          " analyze " + analyze + "; code=$?; wait $run; exit $code"},
                     {folder.path()});
}

std::vector<json> lines_of(const std::string& text) {
  std::vector<json> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(json::parse(line));
  return lines;
}

}  // namespace

TEST_CASE("A run is followed while it is written, and gives what it gives afterwards", "[cli][trace]") {
  for (const std::string scenario : {"word-count", "quickstart", "papers/ds2/fig6-heron-ds2"}) {
    INFO(scenario);
    const TemporaryFolder folder;
    const Outcome followed = follow(
        folder,
        std::string(WEIR_SOURCE_DIR) + "/scenarios/" + scenario + ".json -o out --trace pag --until 200",
        "true", "out --follow --json --threads 1");
    INFO(followed.err);
    REQUIRE(followed.code == 0);
    const Outcome afterwards = run_weir({"analyze", "out", "--json", "--threads", "1"}, {folder.path()});
    REQUIRE(afterwards.code == 0);
    const json report = json::parse(afterwards.out);
    std::vector<json> lines = lines_of(followed.out);
    REQUIRE(lines.size() == report["windows"].size() + 1);
    CHECK(lines.back()["left_out"].empty());
    CHECK(lines.back()["activity"] == report["activity"]);
    lines.pop_back();
    for (std::size_t i = 0; i < lines.size(); ++i) REQUIRE(lines[i] == report["windows"][i]);
  }
}

TEST_CASE("A run that is killed is followed up to its last commit, and said to be incomplete",
          "[cli][trace]") {
  const TemporaryFolder folder;
  const Outcome followed = follow(folder, "word-count -o out --trace pag --until 100000",
                                  "sleep 4; kill -9 $run", "out --follow --json --threads 1");
  INFO(followed.err);
  CHECK(followed.code == 1);
  CHECK_THAT(followed.err, Catch::Contains("incomplete"));
  const std::vector<json> lines = lines_of(followed.out);
  REQUIRE(lines.size() > 3);
  const Outcome afterwards = run_weir({"analyze", "out", "--json", "--threads", "1"}, {folder.path()});
  REQUIRE(afterwards.code == 0);
  CHECK(json::parse(afterwards.out)["windows"].size() + 1 == lines.size());
}

TEST_CASE("A part of the windows can be traced", "[cli][trace]") {
  const TemporaryFolder folder;
  REQUIRE(run_weir({"run", "quickstart", "-o", "out", "--trace", "pag", "--trace-sample", "1/10",
                    "--trace-sample-window", "2", "--until", "100", "--quiet"},
                   {folder.path()})
              .code == 0);
  const Outcome outcome = run_weir({"analyze", "out", "--json"}, {folder.path()});
  REQUIRE(outcome.code == 0);
  const json report = json::parse(outcome.out);
  REQUIRE(report["windows"].size() == 10);
  for (const json& window : report["windows"]) {
    CHECK(std::fmod(window["start_s"].get<double>(), 20.0) < 2);
    CHECK(window["cp_sum"].get<double>() == Approx(1).epsilon(1e-9));
  }
  CHECK(report["left_out"].size() == 1);
  for (const std::string wrong : {"1", "2/3", "1/0", "1/x", "1/10 "}) {
    const Outcome refused =
        run_weir({"run", "quickstart", "--trace", "pag", "--trace-sample", wrong}, {folder.path()});
    CHECK(refused.code == 2);
    CHECK_THAT(refused.err, Catch::Contains("--trace-sample"));
  }
}

TEST_CASE("Memory grows neither with the length of a traced run nor with that of its analysis",
          "[cli][trace]") {
  const TemporaryFolder folder;
  const auto peak_mib = [&](const std::string& until_s) {
    const Outcome run = run_weir({"run", "quickstart", "-o", "out" + until_s, "--trace", "pag", "--set",
                                  "until_s=" + until_s, "--json"},
                                 {folder.path()});
    REQUIRE(run.code == 0);
    return json::parse(run.out)["peak_rss_mib"].get<double>();
  };
  // As CSV: of the windows alone. How a run converged is told from all its metrics.
  const auto analysis_kib = [&](const std::string& until_s) {
    return peak_kib_of_weir({"analyze", "out" + until_s, "--threads", "1", "--csv"}, {folder.path()});
  };
  // The short run, too, is longer than what a reader keeps of its rows.
  const double run_short = peak_mib("2500"), run_long = peak_mib("10000");
  INFO("run: " << run_short << " MiB, four times as long " << run_long << " MiB");
  CHECK(run_long < 1.05 * run_short);
  const double analysis_short = analysis_kib("2500"), analysis_long = analysis_kib("10000");
  INFO("analysis: " << analysis_short << " KiB, four times as long " << analysis_long << " KiB");
  CHECK(analysis_long < 1.05 * analysis_short);
}

TEST_CASE("the workers of several jobs are told apart by their job", "[cli][trace]") {
  // Two jobs that are alike, names of operators and all.
  const auto job = [](const char* name) {
    const json op = {
        {"name", "map"}, {"logic", "map"}, {"cost", {{"per_record_us", 10}}}, {"parallelism", 2}};
    return json({{"name", name},
                 {"workload",
                  {{"type", "dataflow"},
                   {"sources", {{{"name", "in"}, {"arrivals", {{"type", "constant"}, {"rate_per_s", 100}}}}}},
                   {"operators", {op}},
                   {"edges", {{{"from", "in"}, {"to", "map"}}}}}}});
  };
  json scenario = {{"weir", 1},
                   {"until_s", 3},
                   {"cluster", {{"hosts", {{{"name", "h"}, {"cores", 16}}}}}},
                   {"jobs", {job("a"), job("b")}}};
  using Names = std::set<std::string>;
  const auto told = [&](const char* option) {
    const TemporaryFolder folder;
    folder.write("s.json", scenario.dump());
    const Outcome run =
        run_weir({"run", "s.json", "--trace", "pag", "-o", "out", "--quiet"}, {folder.path()});
    INFO(run.err);
    REQUIRE(run.code == 0);
    const Outcome analysis = run_weir({"analyze", "out", option}, {folder.path()});
    INFO(analysis.err);
    REQUIRE(analysis.code == 0);
    if (option != std::string("--json")) return std::pair{Names{analysis.out}, Names{}};
    const json report = json::parse(analysis.out);
    std::pair<Names, Names> names;
    for (const json& row : report["straggler"]) names.first.insert(row["worker"].get<std::string>());
    for (const json& row : report["operator"]) names.second.insert(row["operator"].get<std::string>());
    return names;
  };
  const auto [workers, operators] = told("--json");
  CHECK(workers == Names{"a/in[0]", "a/map[0]", "a/map[1]", "b/in[0]", "b/map[0]", "b/map[1]"});
  CHECK(operators == Names{"a/map", "b/map"});
  CHECK_THAT(*told("--critical-path").first.begin(),
             Catch::Contains("a/in[0]") || Catch::Contains("b/in[0]"));
  scenario["jobs"].erase(1);
  const auto [own_workers, own_operators] = told("--json");
  CHECK(own_workers == Names{"in[0]", "map[0]", "map[1]"});
  CHECK(own_operators == Names{"map"});
}

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "tests/support/program.hpp"
#include "tests/support/pyramid.hpp"
#include "tests/support/snailtrail_bytes.hpp"
#include "tests/support/spark_log.hpp"

using namespace weir::test;
using nlohmann::json;

namespace {

// Four workers call one another ten times a second, for three seconds.
std::string calls() {
  return snailtrail_bytes(
      Pyramid{.workers = 4, .phases = 30, .phase_ns = 100'000'000, .infix = weir::Activity::buffer}
          .records());
}

}  // namespace

TEST_CASE("weir analyze reports participation in text, JSON and CSV", "[cli][analyzer]") {
  const TemporaryFolder folder;
  folder.write("calls.msgpack", calls());
  const Outcome text = run_weir({"analyze", "calls.msgpack", "--gap-threshold", "1e-6"}, {folder.path()});
  CHECK(text.code == 0);
  CHECK(text.err.empty());
  for (const char* word : {"3 windows", "activity", "worker", "operator", "messages", "0 -> 1"})
    CHECK_THAT(text.out, Catch::Contains(word));

  const Outcome as_json =
      run_weir({"analyze", "calls.msgpack", "--gap-threshold", "1e-6", "--json"}, {folder.path()});
  REQUIRE(as_json.code == 0);
  const json report = json::parse(as_json.out);
  REQUIRE(report["windows"].size() == 3);
  for (const json& window : report["windows"]) {
    CHECK(window["cp_sum"].get<double>() == Approx(1).epsilon(1e-9));
    CHECK(window["end_s"].get<double>() - window["start_s"].get<double>() == Approx(1));
    // Each of ten calls can be answered at four depths.
    CHECK(window["paths"].get<double>() == Approx(std::pow(4, 10)));
  }
  for (const char* summary : {"activity", "straggler", "operator", "communication"}) {
    REQUIRE(!report[summary].empty());
    for (const json& row : report[summary]) {
      CHECK(row["cp"].is_number());
      CHECK(row["conventional"].is_number());
      CHECK(row["single_path"].is_number());
    }
  }
  CHECK(report["left_out"].empty());

  const Outcome as_csv = run_weir({"analyze", "calls.msgpack", "--csv"}, {folder.path()});
  CHECK(as_csv.code == 0);
  CHECK_THAT(as_csv.out, Catch::StartsWith("summary,activity,worker,operator,from,to,cp,"));
  CHECK(folder.files() == std::vector<std::string>{"calls.msgpack"});
}

TEST_CASE("weir analyze quotes names that hold commas, and reads Spark's logs from standard input",
          "[cli][analyzer]") {
  const TemporaryFolder folder;
  folder.write("spark.log", small_spark_log());
  const Outcome from_file = run_weir({"analyze", "spark.log", "--csv"}, {folder.path()});
  REQUIRE(from_file.code == 0);
  CHECK_THAT(from_file.out, Catch::Contains("\nstraggler,,\"executor a, thread 0\",,,,0."));
  CHECK_THAT(from_file.out, Catch::Contains("\ncommunication,,,,driver,\"executor b, thread 0\",0."));
  // A quotation mark is doubled (RFC 4180).
  CHECK_THAT(from_file.out, Catch::Contains("\noperator,,,\"stage 1: \"\"reduce\"\", by key\",,,0."));
  std::istringstream lines(from_file.out);
  for (std::string line; std::getline(lines, line);) {
    int fields = 1;
    bool quoted = false;
    for (const char c : line) {
      if (c == '"') quoted = !quoted;
      fields += c == ',' && !quoted ? 1 : 0;
    }
    CHECK(fields == 11);
  }
  const Outcome from_input =
      run_weir({"analyze", "-", "--csv"}, {.folder = folder.path(), .input = "spark.log"});
  CHECK(from_input.code == 0);
  CHECK(from_input.out == from_file.out);
}

TEST_CASE("weir analyze refuses options of event logs for whole edges", "[cli][analyzer]") {
  const TemporaryFolder folder;
  folder.write("spark.log", small_spark_log());
  REQUIRE(
      run_weir({"run", "quickstart", "--trace", "pag", "--until", "2", "-o", "out"}, {folder.path()}).code ==
      0);
  for (const std::string path : {"spark.log", "out"}) {
    for (const std::vector<std::string>& option : {std::vector<std::string>{"--gap-threshold", "1"},
                                                   {"--no-insert-waiting"},
                                                   {"--windows-in-flight", "4"}}) {
      std::vector<std::string> words = {"analyze", path};
      words.insert(words.end(), option.begin(), option.end());
      const Outcome outcome = run_weir(words, {folder.path()});
      INFO(path);
      CHECK(outcome.code == 2);
      CHECK(outcome.out.empty());
      CHECK_THAT(outcome.err, Catch::Contains(option[0] + " is for event logs"));
    }
    CHECK(run_weir({"analyze", path, "--waiting-message", "1"}, {folder.path()}).code == 0);
  }
}

TEST_CASE("weir analyze names windows by from and to", "[cli][analyzer]") {
  const TemporaryFolder folder;
  folder.write("calls.msgpack", calls());
  const Outcome middle = run_weir(
      {"analyze", "calls.msgpack", "--from", "1000001", "--to", "1000002", "--json"}, {folder.path()});
  REQUIRE(middle.code == 0);
  const json report = json::parse(middle.out);
  REQUIRE(report["windows"].size() == 1);
  CHECK(report["windows"][0]["start_s"] == 1000001.0);
}

TEST_CASE("weir analyze says what is wrong with a trace or an option", "[cli][analyzer]") {
  const TemporaryFolder folder;
  folder.write("empty", "");
  folder.write("text", "This is a text, and not a trace of anything at all.\n");
  folder.write("calls.msgpack", calls());
  struct Case {
    std::vector<std::string> words;
    std::string says;
  };
  for (const Case& wrong : std::vector<Case>{
           {{"analyze"}, "one trace"},
           {{"analyze", "empty"}, "empty: is empty"},
           {{"analyze", "text"}, "text: not a trace"},
           {{"analyze", "nothing"}, "nothing: cannot be opened"},
           {{"analyze", "."}, "run.h5: cannot be opened"},
           {{"analyze", "calls.msgpack", "--window", "0"}, "--window 0"},
           {{"analyze", "calls.msgpack", "--window", "1e300"}, "--window 1e300"},
           {{"analyze", "calls.msgpack", "--widow", "1"}, "did you mean \"--window\""},
           {{"analyze", "calls.msgpack", "--json", "--csv"}, "not both"},
           {{"analyze", "-", "--critical-path"}, "standard input: is empty"},
           {{"analyze", "calls.msgpack", "--from", "3", "--to", "2"}, "is not after --from"},
           {{"analyze", "calls.msgpack", "--from", "1", "--to", "2"}, "no whole window with something in it"},
           {{"analyze", "calls.msgpack", "--threads", "0"}, "--threads 0"},
           {{"analyze", "calls.msgpack", "--windows-in-flight", "0"}, "--windows-in-flight 0"},
           {{"analyze", "calls.msgpack", "text"}, "calls.msgpack: is no run"},
           {{"analyze", "--follow", "calls.msgpack"}, "--follow follows a run, or standard input"},
           {{"analyze", "text", "--critical-path"}, "text: not a trace"},
           {{"analyze", "calls.msgpack", "--critical-path", "--from", "1"}, "through the whole trace"}}) {
    const Outcome outcome = run_weir(wrong.words, {folder.path()});
    INFO(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, Catch::Contains(wrong.says));
  }
  // Cut off in the middle: what there is, and a word about it.
  folder.write("cut", calls().substr(0, 5000));
  constexpr const char* word = "Left out: the last record is cut off: 1";
  const Outcome cut = run_weir({"analyze", "cut"}, {folder.path()});
  CHECK(cut.code == 0);
  CHECK_THAT(cut.out, Catch::Contains(word));
  CHECK_THAT(run_weir({"analyze", "cut", "--critical-path"}, {folder.path()}).out, Catch::Contains(word));
  CHECK_THAT(run_weir({"analyze", "cut", "--critical-path", "--csv"}, {folder.path()}).err,
             Catch::Contains(word));
  const Outcome as_json = run_weir({"analyze", "cut", "--critical-path", "--json"}, {folder.path()});
  CHECK(json::parse(as_json.out)["critical_path"]["left_out"]["the last record is cut off"] == 1);
}

TEST_CASE("weir analyze refuses what does not go with a trace, or with one another", "[cli][analyzer]") {
  const TemporaryFolder folder;
  folder.write("calls", calls());
  folder.write("spark", small_spark_log());
  folder.write("map.json", R"({"worker": "vtid", "events": {}})");
  for (const std::vector<std::string>& how :
       {std::vector<std::string>{"-o", "plain"}, {"--trace", "pag", "-o", "traced"}}) {
    std::vector<std::string> words = {"run", "quickstart", "--until", "2", "--quiet"};
    words.insert(words.end(), how.begin(), how.end());
    REQUIRE(run_weir(words, {folder.path()}).code == 0);
  }
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"plain", "traced", "--k-hop", "2"},
                                             {"plain", "traced", "--window", "3"},
                                             {"plain", "--window", "5"},
                                             {"plain", "--from", "10"},
                                             {"plain", "--metrics"},
                                             {"traced", "--convergence", "--seed", "4"},
                                             {"traced", "--map", "map.json"},
                                             {"traced", "--csv", "--slo-latency", "2"},
                                             {"traced", "--critical-path", "--gap-threshold", "1"},
                                             {"traced", "--critical-path", "--windows-in-flight", "2"},
                                             {"traced", "--critical-path", "--threads", "1"},
                                             {"traced", "--follow", "--slo-latency", "2"},
                                             {"spark", "--convergence"},
                                             {"spark", "--slo-throughput", "0.5"},
                                             {"spark", "--map", "map.json"},
                                             {"calls", "--map", "map.json"},
                                             {"calls", "--slo-latency", "2"},
                                             {"calls", "--critical-path", "--window", "2"}}) {
    std::vector<std::string> all = {"analyze"};
    all.insert(all.end(), words.begin(), words.end());
    const Outcome outcome = run_weir(all, {folder.path()});
    INFO(fmt::format("{}\n{}{}", fmt::join(all, " "), outcome.out, outcome.err));
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, Catch::Contains(" is for "));
  }
}

TEST_CASE("a run that somebody stopped is followed to its end, and said to be incomplete",
          "[cli][analyzer]") {
  const TemporaryFolder folder;
  const Outcome run =
      run_weir({"run", "quickstart", "--until", "1e6", "--trace", "pag", "-o", "run", "--quiet"},
               {.folder = folder.path(), .interrupt_after_ms = 700});
  REQUIRE(run.code == 1);
  const Outcome followed = run_weir({"analyze", "run", "--follow", "--window", "100"}, {folder.path()});
  CHECK(followed.code == 1);
  CHECK_THAT(followed.err, Catch::Contains("incomplete: the run was stopped before its end"));
  const Outcome missing = run_weir({"analyze", "nowhere", "--follow"}, {folder.path()});
  CHECK(missing.code == 2);
  CHECK_THAT(missing.err, Catch::Contains("nowhere/run.h5: cannot be opened"));
}

TEST_CASE("weir analyze says when a clock ran backwards", "[cli][analyzer]") {
  using weir::Activity;
  using weir::analyzer::LogEvent;
  const TemporaryFolder folder;
  const auto record = [](std::uint64_t time_ns, std::int64_t worker, LogEvent event) {
    weir::analyzer::LogRecord one;
    one.time_ns = time_ns;
    one.worker = worker;
    one.activity = Activity::processing;
    one.event = event;
    return one;
  };
  const std::string late =
      snailtrail_bytes({record(100'000'000, 0, LogEvent::start), record(200'000'000, 1, LogEvent::start),
                        record(50'000'000, 0, LogEvent::end), record(300'000'000, 1, LogEvent::end)});
  folder.write("backwards", late);
  for (const char* option : {"--threads=1", "--critical-path"}) {
    const Outcome outcome = run_weir({"analyze", "backwards", option}, {folder.path()});
    INFO(outcome.err);
    CHECK(outcome.code == 0);
    CHECK_THAT(outcome.out, Catch::Contains("Left out: the order of records that are earlier than the one "
                                            "before of their worker: 1\n"));
  }
}

TEST_CASE("times of a clock that counts from 1970 can be read", "[cli][analyzer]") {
  const TemporaryFolder folder;
  folder.write("calls", calls());
  const Outcome outcome = run_weir({"analyze", "calls", "--critical-path"}, {folder.path()});
  REQUIRE(outcome.code == 0);
  CHECK_THAT(outcome.out, Catch::Contains("The critical path: from 0 s to ") &&
                              Catch::Contains(" s of the trace's clock.)") && !Catch::Contains("e+"));
  const Outcome csv = run_weir({"analyze", "calls", "--critical-path", "--csv"}, {folder.path()});
  CHECK(!Catch::Contains("e+").match(csv.out));
}

// While FlatMap holds everybody up, the path runs along it; then it is restarted; from then on Count does.
TEST_CASE("the critical path of Dhalion's first step goes from bottleneck to restart to bottleneck",
          "[cli][analyzer]") {
  const TemporaryFolder folder;
  const std::string home = std::string("WEIR_HOME=") + WEIR_SOURCE_DIR;
  const Outcome run = run_weir(
      {"run", "papers/ds2/fig6-heron-dhalion", "--until", "600", "--trace", "pag", "-o", "run", "--quiet"},
      {folder.path(), {home}});
  INFO(run.err);
  REQUIRE(run.code == 0);
  const Outcome told = run_weir({"analyze", "run", "--critical-path", "--json"}, {folder.path()});
  REQUIRE(told.code == 0);
  const json path = json::parse(told.out)["critical_path"];
  CHECK(path["begin_s"] == 0.0);
  CHECK(path["end_s"] == 600.0);
  CHECK(path["waiting_s"].get<double>() < 0.6);
  // From the first step at 126 s on, and 8.8 s of restart.
  REQUIRE(path["kinds"].size() >= 3);
  const std::vector<std::tuple<std::string, double>> expected = {
      {"processing", 600 - 126 - 8.8}, {"processing", 126}, {"fault-tolerance", 8.8}};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CHECK(path["kinds"][i]["activity"] == std::get<0>(expected[i]));
    CHECK(path["kinds"][i]["duration_s"].get<double>() == Approx(std::get<1>(expected[i])).margin(0.1));
  }
  CHECK(path["kinds"][0]["operator"] == "count");
  CHECK(path["kinds"][1]["operator"] == "flatmap");

  const Outcome csv = run_weir({"analyze", "run", "--critical-path", "--csv"}, {folder.path()});
  REQUIRE(csv.code == 0);
  CHECK(csv.out.starts_with("begin_s,end_s,worker,to,activity,operator\n0,"));
  CHECK(static_cast<std::int64_t>(std::count(csv.out.begin(), csv.out.end(), '\n')) ==
        1 + path["pieces"].get<std::int64_t>());
  const Outcome text = run_weir({"analyze", "run", "--critical-path"}, {folder.path()});
  CHECK_THAT(text.out, Catch::Contains("The critical path: from 0 s to 600 s"));
}

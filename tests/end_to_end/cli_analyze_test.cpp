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
  for (const Case& wrong :
       std::vector<Case>{{{"analyze"}, "one trace"},
                         {{"analyze", "empty"}, "empty: is empty"},
                         {{"analyze", "text"}, "text: not a trace"},
                         {{"analyze", "nothing"}, "nothing: cannot be opened"},
                         {{"analyze", "."}, "run.h5: cannot be opened"},
                         {{"analyze", "calls.msgpack", "--window", "0"}, "--window 0"},
                         {{"analyze", "calls.msgpack", "--window", "1e300"}, "--window 1e300"},
                         {{"analyze", "calls.msgpack", "--widow", "1"}, "did you mean \"--window\""},
                         {{"analyze", "calls.msgpack", "--json", "--csv"}, "not both"}}) {
    const Outcome outcome = run_weir(wrong.words, {folder.path()});
    INFO(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, Catch::Contains(wrong.says));
  }
  // Cut off in the middle: what there is, and a word about it.
  folder.write("cut", calls().substr(0, 5000));
  const Outcome cut = run_weir({"analyze", "cut"}, {folder.path()});
  CHECK(cut.code == 0);
  CHECK_THAT(cut.out, Catch::Contains("Left out: the last record is cut off: 1"));
}

// What the program says of a job on the engine spark, and of what is wrong with one.

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <vector>

#include "tests/support/program.hpp"

using namespace weir::test;

namespace {

// Lines are numbered: errors name them. `engine`: what is said of it besides, on a line each from 9 on.
std::string scenario(const std::vector<std::string>& engine) {
  std::string text =
      R"({"weir": 1, "until_s": 10,
 "cluster": {"hosts": [{"name": "w", "cores": 4, "slots": 4}, {"name": "hdfs", "slots": 0}]},
 "jobs": [{"name": "j", "placement": "packed", "workload": {"type": "dataflow",
   "sources": [{"name": "in", "arrivals": {"type": "constant", "rate_per_s": 100}}],
   "operators": [{"name": "words", "logic": "map", "parallelism": 4},
                 {"name": "count", "logic": "keyed-count", "parallelism": 4}],
   "edges": [{"from": "in", "to": "words"}, {"from": "words", "to": "count", "partitioning": "key"}]},
  "engine": {"type": "spark", "input": "direct")";
  for (const std::string& line : engine) text += ",\n    " + line;
  return text + "}}]}\n";
}

Outcome call(const std::string& command, const std::vector<std::string>& engine,
             const std::vector<std::string>& arguments = {}) {
  const TemporaryFolder folder;
  folder.write("s.json", scenario(engine));
  std::vector<std::string> words = {command, "s.json"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return run_weir(words, {folder.path()});
}

bool says(const Outcome& outcome, const std::string& line) {
  return ("\n" + outcome.err).find("\n" + line + "\n") != std::string::npos;
}

}  // namespace

TEST_CASE("Hosts that are not there are told all at once, of an input that is not chosen too",
          "[cli][spark]") {
  const Outcome outcome =
      call("validate", {R"("receiver": {"host": "nobody1"})", R"("file": {"host": "hdsf"})",
                        R"("direct": {"host": "nobody3"})", R"("checkpoint": {"host": "nobody4"})",
                        R"("joins": {"count": {"host": "nobody5"}})"});
  INFO(outcome.err);
  CHECK(outcome.code == 2);
  const std::string allowed = "(a host of the cluster, with slots or without: allowed: w, hdfs)";
  CHECK(says(outcome, R"(s.json:9: jobs[0].engine.receiver.host: there is no host "nobody1" )" + allowed));
  CHECK(says(outcome,
             R"(s.json:10: jobs[0].engine.file.host: there is no host "hdsf" (a host of the cluster, )"
             R"(with slots or without: did you mean "hdfs"? allowed: w, hdfs))"));
  CHECK(says(outcome, R"(s.json:11: jobs[0].engine.direct.host: there is no host "nobody3" )" + allowed));
  CHECK(says(outcome, R"(s.json:12: jobs[0].engine.checkpoint.host: there is no host "nobody4" )" + allowed));
  CHECK(
      says(outcome, R"(s.json:13: jobs[0].engine.joins.count.host: there is no host "nobody5" )" + allowed));
}

TEST_CASE("Operators that are not there are told at their keys, and blamed on the argument", "[cli][spark]") {
  const std::string wrong =
      R"(there is no operator "coun" besides the sources (did you mean "count"? allowed: words, count))";
  for (const std::string what : {"windows", "states", "joins"}) {
    INFO(what);
    const std::string path = "jobs[0].engine." + what + ".coun";
    const Outcome written = call("validate", {"\"" + what + "\": {\n\"coun\": {}}"});
    CHECK(written.code == 2);
    CHECK(says(written, "s.json:10: " + path + ": " + wrong));
    const std::string set = path + "={}";
    const Outcome argument = call("validate", {}, {"--set", set});
    CHECK(argument.code == 2);
    CHECK(says(argument, "--set " + set + ": " + path + ": " + wrong));
  }
  const Outcome combined = call("validate", {"\"combine\": [\"count\",\n\"coun\", \"in\"]"});
  INFO(combined.err);
  CHECK(says(combined, "s.json:10: jobs[0].engine.combine[1]: " + wrong));
  CHECK(says(combined,
             R"(s.json:10: jobs[0].engine.combine[2]: there is no operator "in" besides the sources )"
             R"((allowed: words, count))"));
}

TEST_CASE("What is written and has no effect is warned of, where it is", "[cli][spark]") {
  const auto warned = [](const std::vector<std::string>& engine,
                         const std::vector<std::string>& arguments = {}) {
    const Outcome validated = call("validate", engine, arguments);
    CHECK(validated.code == 0);
    std::vector<std::string> words = {"-q", "-o", "out"};
    words.insert(words.end(), arguments.begin(), arguments.end());
    const Outcome run = call("run", engine, words);
    CHECK(run.code == 0);
    CHECK(run.err == validated.err);
    return validated.err;
  };
  const std::string nothing =
      "has no effect: states and windows with an inverse function are written, and there are none\n";
  CHECK(warned({}) == "");
  CHECK(warned({R"("checkpoint": {"host": "hdfs"})"}) ==
        "weir: warning: s.json: jobs[0].engine.checkpoint (line 9) " + nothing);
  CHECK(warned({R"("windows": {"count": {"length_s": 5, "slide_s": 5}})", R"("checkpoint": {})"}) ==
        "weir: warning: s.json: jobs[0].engine.checkpoint (line 10) " + nothing);
  const std::string window = R"("windows": {"count": {"length_s": 5, "slide_s": 1, "inverse": true}})";
  CHECK(warned({window, R"("checkpoint": {"interval_s": 5})"}) == "");
  CHECK(warned({R"("states": {"count": {}})", R"("checkpoint": {"interval_s": 5})"}) == "");

  CHECK(warned({R"("direct": {"partitions": 2})", R"("backpressure": {"enabled": true})"}) == "");
  CHECK(warned({R"("file": {"kept_s": 5})", R"("receiver": {})"}) ==
        "weir: warning: s.json: jobs[0].engine.receiver (line 10) has no effect: the input is another one "
        "(input \"receiver\" would read it)\n"
        "weir: warning: s.json: jobs[0].engine.file (line 9) has no effect: the input is another one (input "
        "\"file\" would read it)\n");
  CHECK(warned({R"("backpressure": {"enabled": true})"}, {"--set", "jobs[0].engine.input=file"}) ==
        "weir: warning: s.json: jobs[0].engine.backpressure (line 9) has no effect: a file stream takes all "
        "the "
        "files that are there, in Spark too\n");
  CHECK(warned({R"("backpressure": {"enabled": false})"}, {"--set", "jobs[0].engine.input=file"}) == "");
  CHECK(
      warned({}, {"--set", "jobs[0].engine.file.kept_s=3"}) ==
      "weir: warning: s.json: jobs[0].engine.file (by --set jobs[0].engine.file.kept_s=3) has no effect: the "
      "input is another one (input \"file\" would read it)\n");
}

TEST_CASE("weir explain says what a job keeps, and nothing of threads that there are not", "[cli][spark]") {
  const auto explained = [](const std::vector<std::string>& engine) { return call("explain", engine).out; };
  const auto has = [](const std::string& text, const char* line) {
    INFO(text);
    return text.find(std::string("\n  ") + line + "\n") != std::string::npos;
  };
  const std::string plain = explained({});
  CHECK(has(plain, "4 slots, each a thread for every operator in turn"));
  CHECK(has(plain, "stage 0: words (reads in)"));
  CHECK(has(plain, "stage 1: count (reads a shuffle of words in 4 partitions)"));
  for (const char* const wrong :
       {"chained", "more threads", "state of", "checkpoints", "join of", "combine"}) {
    INFO(wrong << "\n" << plain);
    CHECK(plain.find(wrong) == std::string::npos);
  }
  const std::string kept = explained({R"("states": {"count": {}})", R"("combine": ["count"])",
                                      R"("checkpoint": {"host": "hdfs"})", R"("shuffle_partitions": 9)"});
  CHECK(has(kept, "stage 1: count (reads a shuffle of words in 9 partitions)"));
  CHECK(has(kept,
            "state of count: made anew by every batch, 1 us for each key that it has and each different "
            "one of the batch"));
  CHECK(has(kept, "checkpoints: every 10 s, 1 us for a key, written to hdfs"));
  CHECK(has(kept, "combine for count: what a task sends is joined by key before it is written"));
  const std::string window =
      explained({R"("windows": {"count": {"length_s": 6, "slide_s": 3, "inverse": true}})"});
  CHECK(has(window, "checkpoints: every 12 s, 1 us for a key"));
  const std::string batch =
      explained({R"("batches_max": 1)", R"("joins": {"count": {"cached": false, "host": "hdfs"}})"});
  CHECK(has(batch, "batches: 1 in all, every 1 s, from partitions of topics; one job at a time"));
  CHECK(has(batch,
            "join of count: with 10000 keys in every batch, 1 us each; read again each time, from hdfs"));
}

TEST_CASE("docs/spark.md: what it writes as JSON is an engine that runs", "[docs][spark]") {
  const std::string text = read_file(std::filesystem::path(WEIR_SOURCE_DIR) / "docs/spark.md");
  const std::regex block("```json\n([^`]*)```");
  int blocks = 0;
  for (std::sregex_iterator at(text.begin(), text.end(), block); at != std::sregex_iterator();
       ++at, ++blocks) {
    INFO((*at)[1].str());
    nlohmann::json all = nlohmann::json::parse(scenario({}));
    all["jobs"][0]["engine"] = nlohmann::json::parse((*at)[1].str());
    const TemporaryFolder folder;
    folder.write("s.json", all.dump());
    const Outcome run =
        run_weir({"run", "s.json", "--until", "70", "-q", "-o", "out", "--json"}, {folder.path()});
    CHECK(run.err == "");
    REQUIRE(run.code == 0);
    CHECK(nlohmann::json::parse(run.out)["conservation"]["delivered"].get<int>() > 0);
  }
  CHECK(blocks == 3);
}

TEST_CASE("Published values that a run has nothing beside are not said to be compared", "[cli][spark]") {
  const TemporaryFolder folder;
  const Outcome run = run_weir({"run", "papers/drizzle/yahoo-drizzle", "--until", "0.3", "-o", "out"},
                               {folder.path(), {std::string("WEIR_HOME=") + WEIR_SOURCE_DIR}});
  INFO(run.out);
  REQUIRE(run.code == 0);
  CHECK_THAT(run.out, Catch::Contains("figure Yahoo streaming benchmark on 128 machines (abstract))\n"
                                      "  not compared here, and not fitted to:\n"
                                      "    latency of Drizzle: less than 100 ms\n") &&
                          !Catch::Contains("and here") && !Catch::Contains("predicted:"));
}

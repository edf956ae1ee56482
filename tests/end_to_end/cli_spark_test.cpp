// What the program says of a job on the engine spark, and of what is wrong with one.

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/program.hpp"

using namespace weir::test;

namespace {

// Lines are numbered: errors name them. `engine`: what is said of it besides, on a line each from 9 on.
std::string scenario(const std::vector<std::string>& engine) {
  std::string text =
      R"({"weir": 1, "until_s": 10,
 "cluster": {"hosts": [{"name": "w", "cores": 4, "slots": 4}, {"name": "files", "slots": 0}]},
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
      call("validate", {R"("receiver": {"host": "nobody1"})", R"("file": {"host": "fils"})",
                        R"("direct": {"host": "nobody3"})", R"("checkpoint": {"host": "nobody4"})",
                        R"("joins": {"count": {"host": "nobody5"}})"});
  INFO(outcome.err);
  CHECK(outcome.code == 2);
  const std::string allowed = "(a host of the cluster, with slots or without: allowed: w, files)";
  CHECK(says(outcome, R"(s.json:9: jobs[0].engine.receiver.host: there is no host "nobody1" )" + allowed));
  CHECK(says(outcome,
             R"(s.json:10: jobs[0].engine.file.host: there is no host "fils" (a host of the cluster, )"
             R"(with slots or without: did you mean "files"? allowed: w, files))"));
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

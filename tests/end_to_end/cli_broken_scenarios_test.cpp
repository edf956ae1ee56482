// Scenarios that are wrong, in every way that could be thought of: each must be refused with exit code 2,
// each error at its line and path, and nothing may be written.

#include <algorithm>
#include <catch2/catch.hpp>
#include <cctype>
#include <cstdlib>
#include <map>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/dice.hpp"
#include "tests/support/program.hpp"

using namespace weir::test;

namespace {

// Lines are counted from 1, as errors do.
const std::vector<std::string> good = {
    R"({)",                                                                            // 1
    R"(  "weir": 1,)",                                                                 // 2
    R"(  "name": "broken",)",                                                          // 3
    R"(  "seed": 1,)",                                                                 // 4
    R"(  "until_s": 1,)",                                                              // 5
    R"(  "cluster": {"hosts": [)",                                                     // 6
    R"(    {"name": "a", "count": 2, "cores": 4})",                                    // 7
    R"(  ]},)",                                                                        // 8
    R"(  "jobs": [{)",                                                                 // 9
    R"(    "name": "job",)",                                                           // 10
    R"(    "policy": {"type": "threshold", "high": 0.8},)",                            // 11
    R"(    "engine": "generic",)",                                                     // 12
    R"(    "workload": {)",                                                            // 13
    R"(      "type": "dataflow",)",                                                    // 14
    R"(      "sources": [)",                                                           // 15
    R"(        {"name": "in", "arrivals": {"type": "constant", "rate_per_s": 100}})",  // 16
    R"(      ],)",                                                                     // 17
    R"(      "operators": [)",                                                         // 18
    R"(        {"name": "a", "logic": "map", "cost": {"per_record_us": 10}},)",        // 19
    R"(        {"name": "b", "logic": {"type": "filter", "selectivity": 0.5}})",       // 20
    R"(      ],)",                                                                     // 21
    R"(      "edges": [)",                                                             // 22
    R"(        {"from": "in", "to": "a"},)",                                           // 23
    R"(        {"from": "a", "to": "b"})",                                             // 24
    R"(      ]})",                                                                     // 25
    R"(  }])",                                                                         // 26
    R"(})",                                                                            // 27
};

std::string with(const std::map<int, std::string>& changes) {
  std::string text;
  for (std::size_t i = 0; i < good.size(); ++i) {
    const auto change = changes.find(static_cast<int>(i) + 1);
    text += (change == changes.end() ? good[i] : change->second) + "\n";
  }
  return text;
}

// The changes by which the scenario ends in line `last`.
std::map<int, std::string> ending_with(int last, const std::string& text) {
  std::map<int, std::string> changes = {{last, text}};
  for (int line = last + 1; line <= static_cast<int>(good.size()); ++line) changes[line] = "";
  return changes;
}

struct Expected {
  std::string start;     // `7: cluster.hosts[0].cores: `, or the start of another line
  std::string contains;  // somewhere in the rest of the line
};

struct Case {
  std::string name;
  std::map<int, std::string> changes;
  std::vector<Expected> errors;
  std::vector<std::string> arguments = {};
};

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) out.push_back(line);
  return out;
}

void check(const Case& c, const std::string& scenario) {
  INFO(c.name);
  const TemporaryFolder folder;
  folder.write("s.json", scenario);
  folder.write("platform.xml", "this is no platform\n");
  folder.write("garbage.csv", "time,rate\n0,10\n1,banana\n2,30\n");
  folder.write("backwards.csv", "0,10\n5,20\n3,30\n");
  folder.write("empty.csv", "");
  folder.write("garbage.prof", "0 1\nbanana\n");
  const auto before = folder.files();
  for (const char* command : {"run", "validate"}) {
    INFO(command);
    std::vector<std::string> words = {command, "s.json"};
    words.insert(words.end(), c.arguments.begin(), c.arguments.end());
    const Outcome outcome = run_weir(words, {folder.path()});
    INFO(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK(folder.files() == before);
    const auto found = lines(outcome.err);
    REQUIRE(found.size() == c.errors.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
      // A line number alone is one of the scenario.
      const bool of_scenario = std::isdigit(static_cast<unsigned char>(c.errors[i].start[0])) != 0;
      const std::string start = of_scenario ? "s.json:" + c.errors[i].start : c.errors[i].start;
      CHECK(found[i].substr(0, start.size()) == start);
      CHECK_THAT(found[i], Catch::Contains(c.errors[i].contains));
    }
  }
}

void check_all(const std::vector<Case>& cases) {
  for (const Case& c : cases) check(c, with(c.changes));
}

}  // namespace

TEST_CASE("the scenario that the broken ones are made from is right", "[cli][broken]") {
  const TemporaryFolder folder;
  folder.write("s.json", with({}));
  const Outcome outcome = run_weir({"validate", "s.json"}, {folder.path()});
  INFO(outcome.err);
  CHECK(outcome.code == 0);
  CHECK(outcome.err.empty());
  CHECK_THAT(outcome.out, Catch::StartsWith("s.json: ok"));
}

TEST_CASE("values of the wrong type are refused", "[cli][broken]") {
  check_all({
      {"a text for a number", {{5, R"(  "until_s": "ten",)"}}, {{"5: until_s: ", "ten"}}},
      {"a number for a text", {{3, R"(  "name": 7,)"}}, {{"3: name: ", "7"}}},
      {"a fraction for an integer", {{4, R"(  "seed": 1.5,)"}}, {{"4: seed: ", "1.5"}}},
      {"a list for an object", {{6, R"(  "cluster": [[)"}, {8, "  ]],"}}, {{"6: cluster: ", "array"}}},
      {"an object for a list",
       {{9, R"(  "jobs": {)"}, {26, "  }"}, {25, "      ]}"}},
       {{"9: jobs: ", "object"}}},
      {"a boolean for a component", {{12, R"(    "engine": true,)"}}, {{"12: jobs[0].engine: ", "true"}}},
      {"null for a component", {{12, R"(    "engine": null,)"}}, {{"12: jobs[0].engine: ", "null"}}},
      {"a text for a boolean",
       {{11, R"(    "policy": {"type": "threshold", "down": "yes"},)"}},
       {{"11: jobs[0].policy.down: ", "yes"}}},
      {"a component without type", {{12, R"(    "engine": {},)"}}, {{"12: jobs[0].engine", "type"}}},
      {"a component whose type is a number",
       {{12, R"(    "engine": {"type": 1},)"}},
       {{"12: jobs[0].engine", "1"}}},
  });
}

TEST_CASE("misspelt, duplicate and missing keys are refused", "[cli][broken]") {
  check_all({
      {"a misspelt key", {{5, R"(  "untill_s": 1,)"}}, {{"5: untill_s: ", "did you mean \"until_s\"?"}}},
      {"a misspelt key of a policy",
       {{11, R"(    "policy": {"type": "threshold", "hihg": 0.8},)"}},
       {{"11: jobs[0].policy.hihg: ", "did you mean \"high\"?"}}},
      {"a misspelt key of an operator",
       {{19, R"(        {"name": "a", "logic": "map", "cots": {"per_record_us": 10}},)"}},
       {{"19: jobs[0].workload.operators[0].cots: ", "did you mean \"cost\"?"}}},
      {"a misspelt key deep inside",
       {{19, R"(        {"name": "a", "logic": "map", "cost": {"per_recrod_us": 10}},)"}},
       {{"19: jobs[0].workload.operators[0].cost.per_recrod_us: ", "did you mean \"per_record_us\"?"}}},
      {"a key that is there twice", {{4, R"(  "seed": 1, "seed": 2,)"}}, {{"4: seed: ", "twice"}}},
      {"a job without a workload",
       ending_with(12, R"(    "engine": "generic"}], "description": "" })"),
       {{"9: jobs[0].workload: ", "missing"}}},
      {"an operator without logic",
       {{19, R"(        {"name": "a"},)"}},
       {{"19: jobs[0].workload.operators[0].logic: ", "missing"}}},
      {"no version", {{2, ""}}, {{"1: weir: ", "missing"}}},
      {"a version to come", {{2, R"(  "weir": 2,)"}}, {{"2: weir: ", "2"}}},
      {"no jobs", ending_with(9, R"(  "jobs": [], "record": {}})"), {{"9: jobs: ", "at least 1"}}},
  });
}

TEST_CASE("unknown names are refused, with the nearest that is known", "[cli][broken]") {
  check_all({
      {"a policy",
       {{11, R"(    "policy": "treshold",)"}},
       {{"11: jobs[0].policy: ", "did you mean \"threshold\"?"}}},
      {"an engine",
       {{12, R"(    "engine": "genric",)"}},
       {{"12: jobs[0].engine: ", "did you mean \"generic\"?"}}},
      {"a workload",
       {{14, R"(      "type": "dataflwo",)"}},
       {{"14: jobs[0].workload.type: ", "did you mean \"dataflow\"?"}}},
      {"an operator's logic",
       {{19, R"(        {"name": "a", "logic": "mpa"},)"}},
       {{"19: jobs[0].workload.operators[0].logic: ", "did you mean \"map\"?"}}},
      {"arrivals",
       {{16, R"(        {"name": "in", "arrivals": {"type": "poison"}})"}},
       {{"16: jobs[0].workload.sources[0].arrivals.type: ", "did you mean \"poisson\"?"}}},
      {"a placement",
       {{12, R"(    "engine": "generic", "placement": "round-robbin",)"}},
       {{"12: jobs[0].placement: ", "did you mean \"round-robin\"?"}}},
      {"a choice",
       {{19, R"(        {"name": "a", "logic": "map", "cost": {"law": "exponentail"}},)"}},
       {{"19: jobs[0].workload.operators[0].cost.law: ", "did you mean \"exponential\"?"}}},
      {"an operator at the start of an edge",
       {{24, R"(        {"from": "c", "to": "b"})"}},
       {{"24: jobs[0].workload.edges[1].from: ", "unknown operator \"c\""}}},
      {"an operator at the end of an edge",
       {{24, R"(        {"from": "a", "to": "bb"})"}},
       {{"24: jobs[0].workload.edges[1].to: ", "unknown operator \"bb\""}}},
  });
}

TEST_CASE("operators that a policy names and the job does not have are refused", "[cli][broken]") {
  check_all({
      {"an operator",
       {{11, R"(    "policy": {"type": "hpa", "operators": ["a", "c"]},)"}},
       {{"11: jobs[0].policy.operators[1]: ", "\"c\" (did you mean \"a\"? allowed: a, b)"}}},
      {"a source as what is scaled, an operator as a source",
       {{11, R"(    "policy": {"type": "keda", "operators": ["in"], "sources": ["b"]},)"}},
       {{"11: jobs[0].policy.operators[0]: ", "no operator to scale with the name \"in\""},
        {"11: jobs[0].policy.sources[0]: ", "no source \"b\" (allowed: in)"}}},
      {"one that the engine cannot scale",
       {{11, R"(    "policy": {"type": "hpa", "operators": ["b"]},)"},
        {20, R"(        {"name": "b", "logic": "sink", "scalable": false})"}},
       {{"11: jobs[0].policy.operators[0]: ", "\"b\" (did you mean \"a\"? allowed: a)"}}},
      // Whether there is one of that name is not known.
      {"a name that cannot be read",
       {{11, R"(    "policy": {"type": "hpa", "operators": ["c"]},)"},
        {20, R"(        {"name": 5, "logic": "sink"})"}},
       {{"20: jobs[0].workload.operators[1].name: ", "5"}}},
      {"in an argument",
       {},
       {{"--set jobs[0].policy.sources=[\"inn\"]", "did you mean \"in\""}},
       {"--policy", "keda", "--set", R"(jobs[0].policy.sources=["inn"])"}},
  });
}

TEST_CASE("numbers out of range are refused", "[cli][broken]") {
  const std::string arrivals = "16: jobs[0].workload.sources[0].arrivals.rate_per_s: ";
  const auto rate = [](const std::string& number) {
    return R"(        {"name": "in", "arrivals": {"type": "constant", "rate_per_s": )" + number + "}}";
  };
  check_all({
      {"a negative rate", {{16, rate("-1")}}, {{arrivals, "-1"}}},
      {"a rate beyond all", {{16, rate("1e300")}}, {{arrivals, "1e300"}}},
      {"a negative cost",
       {{19, R"(        {"name": "a", "logic": "map", "cost": {"per_record_us": -10}},)"}},
       {{"19: jobs[0].workload.operators[0].cost.per_record_us: ", "-10"}}},
      {"no time at all", {{5, R"(  "until_s": 0,)"}}, {{"5: until_s: ", "0"}}},
      {"time backwards", {{5, R"(  "until_s": -5,)"}}, {{"5: until_s: ", "-5"}}},
      {"more time than nanoseconds can count", {{5, R"(  "until_s": 1e12,)"}}, {{"5: until_s: ", "1e12"}}},
      {"a negative seed", {{4, R"(  "seed": -1,)"}}, {{"4: seed: ", "-1"}}},
      {"a seed beyond 64 bits",
       {{4, R"(  "seed": 99999999999999999999,)"}},
       {{"4: seed: ", "99999999999999999999"}}},
      {"no hosts of a group",
       {{7, R"(    {"name": "a", "count": 0, "cores": 4})"}},
       {{"7: cluster.hosts[0].count: ", "0"}}},
      {"half a core",
       {{7, R"(    {"name": "a", "count": 2, "cores": 0.5})"}},
       {{"7: cluster.hosts[0].cores: ", "0.5"}}},
      {"too many hosts",
       {{7, R"(    {"name": "a", "count": 1000000000, "cores": 4})"}},
       {{"7: cluster.hosts[0].count: ", "1000000000"}}},
      {"a share above one",
       {{20, R"(        {"name": "b", "logic": {"type": "filter", "selectivity": 1.5}})"}},
       {{"20: jobs[0].workload.operators[1].logic.selectivity: ", "1.5"}}},
      {"parallelism 0",
       {{19, R"(        {"name": "a", "logic": "map", "parallelism": 0},)"}},
       {{"19: jobs[0].workload.operators[0].parallelism: ", "0"}}},
      {"parallelism beyond its limit",
       {{19, R"(        {"name": "a", "logic": "map", "parallelism": 3, "max_parallelism": 2},)"}},
       {{"19: jobs[0].workload.operators[0].parallelism: ", "3"}}},
      {"limits of parallelism the wrong way round",
       {{19, R"(        {"name": "a", "logic": "map", "min_parallelism": 3, "max_parallelism": 2},)"}},
       {{"19: jobs[0].workload.operators[0].min_parallelism: ", "at most 2"}}},
      {"marks of a policy the wrong way round",
       {{11, R"(    "policy": {"type": "threshold", "high": 0.2, "low": 0.8},)"}},
       {{"11: jobs[0].policy", "low"}}},
      {"a batch of nothing",
       {{12,
         R"(    "engine": "generic", "workload": "chain"}], "fidelity": {"batch_records": 0}, "description": "", "x": [{)"}},
       {{"12: fidelity.batch_records: ", "0"}, {"12: x: ", "unknown"}}},
  });
}

TEST_CASE("text that is not JSON is refused at its line", "[cli][broken]") {
  check_all({
      {"NaN", {{5, R"(  "until_s": NaN,)"}}, {{"5: until_s: ", "JSON"}}},
      {"Infinity", {{5, R"(  "until_s": Infinity,)"}}, {{"5: until_s: ", "JSON"}}},
      {"a number that overflows", {{5, R"(  "until_s": 1e999,)"}}, {{"5: until_s: ", "1e999"}}},
      {"a missing comma", {{3, R"(  "name": "broken")"}}, {{"4: ", "JSON"}}},
      {"a trailing comma",
       {{24, R"(        {"from": "a", "to": "b"},)"}},
       {{"25: jobs[0].workload.edges", "JSON"}}},
      {"a comment", {{2, R"(  "weir": 1, // the version)"}}, {{"2: ", "JSON"}}},
      {"something after the end", {{27, "} }"}}, {{"27: $: ", "JSON"}}},
      {"single quotes", {{3, "  'name': \"broken\","}}, {{"3: ", "JSON"}}},
      {"a text that is not closed", {{3, R"(  "name": "broken,)"}}, {{"3: name: ", "JSON"}}},
      {"a byte that is not UTF-8", {{3, "  \"name\": \"br\xffken\","}}, {{"3: name: ", "JSON"}}},
  });
  check({"truncated", {}, {{"13: jobs[0].workload", "JSON"}}},
        with({}).substr(0, with({}).find("\"type\": \"dataflow\"") - 7));
  check({"empty", {}, {{"1: $: ", "JSON"}}}, "");
  check({"a list", {}, {{"1: $: ", "object"}}}, "[]");
  check({"a null", {}, {{"1: $: ", "object"}}}, "null");
  check({"nested too deep", {}, {{"1: ", "deep"}}}, std::string(100'000, '['));
}

TEST_CASE("times that the clock cannot hold, or that fill a run, are refused", "[cli][broken]") {
  check_all({
      {"a cost of 300 years",
       {{19, R"(        {"name": "a", "logic": "map", "cost": {"per_record_us": 1e16}},)"}},
       {{"19: jobs[0].workload.operators[0].cost.per_record_us: ", "1000000000000"}}},
      {"a policy that looks every nanosecond",
       {{11, R"(    "policy": {"type": "static", "interval_s": 1e-9},)"}},
       {{"11: jobs[0].policy.interval_s: ", "0.001"}}},
      {"a run that rounds to nothing",
       {{5, R"(  "until_s": 1e-300,)"}},
       {{"5: until_s: ", "from 1e-09 to "}}},
      {"a seed of 64 bits",
       {{4, R"(  "seed": 18446744073709551615,)"}},
       {{"4: seed: ", "out of range (an integer from 0 to 9223372036854775807)"}}},
      {"metrics every nanosecond",
       {{12, R"(    "engine": {"type": "generic", "metrics_interval_s": 1e-9},)"}},
       {{"12: jobs[0].engine.metrics_interval_s: ", "0.001"}}},
  });
}

TEST_CASE("graphs that are none are refused", "[cli][broken]") {
  const std::string workload = "jobs[0].workload";
  check_all({
      {"an undeclared cycle",
       {{24, R"(        {"from": "a", "to": "b"}, {"from": "b", "to": "a"})"}},
       {{"24: jobs[0].workload.edges[1]: ", "cycle"}}},
      {"an edge to itself",
       {{24, R"(        {"from": "a", "to": "b"}, {"from": "a", "to": "a"})"}},
       {{"24: jobs[0].workload.edges[2]: ", "cycle"}}},
      {"a loop that takes no time",
       {{19, R"(        {"name": "a", "logic": "map"},)"},
        {24, R"(        {"from": "a", "to": "b"}, {"from": "b", "to": "a", "feedback": true})"}},
       {{"24: jobs[0].workload.edges[2]: ", "the loop a -> b -> a takes no time"}}},
      {"a sink in the middle",
       {{19, R"(        {"name": "a", "logic": "sink"},)"}},
       {{"24: jobs[0].workload.edges[1].from: ", "\"a\" is a sink, which sends nothing on (an edge from"}}},
      {"an operator that nothing reaches",
       {{23, R"(        {"from": "in", "to": "b"},)"}, {24, R"(        {"from": "a", "to": "b"})"}},
       {{"19: jobs[0].workload.operators[0]: ", "cannot be reached"}}},
      {"a source that leads nowhere",
       {{16, R"(        {"name": "in", "arrivals": "constant"}, {"name": "on", "arrivals": "constant"})"}},
       {{"16: jobs[0].workload.sources[1]: ", "no edge"}}},
      {"two operators of one name",
       {{20, R"(        {"name": "a", "logic": "map"})"}},
       {{"20: jobs[0].workload.operators[1].name: ", "taken"}}},
      {"an edge into a source",
       {{24, R"(        {"from": "a", "to": "b"}, {"from": "b", "to": "in"})"}},
       {{"24: jobs[0].workload.edges[2].to: ", "is a source"}}},
      {"an edge twice",
       {{24, R"(        {"from": "a", "to": "b"}, {"from": "a", "to": "b"})"}},
       {{"24: jobs[0].workload.edges[2]: ", "second edge"}}},
      {"a name that steers a terminal",
       {{10, R"(    "name": "job\u001b[2J",)"}},
       {{"10: jobs[0].name: ", "control characters"}}},
      {"an empty name",
       {{16, R"(        {"name": "", "arrivals": "constant"})"}, {23, R"(        {"from": "", "to": "a"},)"}},
       {{"16: jobs[0].workload.sources[0].name: ", "empty"},
        {"23: jobs[0].workload.edges[0].from: ", "unknown"}}},
      {"no source",
       {{16, ""}, {23, ""}},
       {{"15: jobs[0].workload.sources: ", "no source"},
        {"19: jobs[0].workload.operators[0]: ", "cannot be reached"},
        {"20: jobs[0].workload.operators[1]: ", "cannot be reached"}}},
      {"a forward edge between unequal operators",
       {{19, R"(        {"name": "a", "logic": "map", "parallelism": 2},)"},
        {24, R"(        {"from": "a", "to": "b", "partitioning": "forward"})"}},
       {{"24: jobs[0].workload.edges[1].partitioning: ", "parallelism 2 and 1"}}},
      {"a queue for a keyed operator",
       {{20, R"(        {"name": "b", "logic": "keyed-count"})"},
        {24, R"(        {"from": "a", "to": "b", "partitioning": "pull"})"}},
       {{"24: jobs[0].workload.edges[1].partitioning: ", "results (keyed-count) by key"}}},
      {"a queue for an operator with keyed state",
       {{20, R"(        {"name": "b", "logic": "map", "state": {"keys": 10, "bytes_per_key": 8}})"},
        {24, R"(        {"from": "a", "to": "b", "partitioning": "pull"})"}},
       {{"24: jobs[0].workload.edges[1].partitioning: ", "state by key"}}},
      {"a queue on an engine without",
       {{12, R"(    "engine": "heron",)"},
        {24, R"(        {"from": "a", "to": "b", "partitioning": "pull"})"}},
       {{"24: jobs[0].workload.edges[1].partitioning: ", "\"heron\" does not have"}}},
      {"a join without partners, and with batches",
       {{19, R"(        {"name": "a", "logic": "join", "parallelism": 2},)"}},
       {{"1: fidelity: ", "1024"},
        {"19: jobs[0].workload.operators[0].parallelism: ", "one instance"},
        {"19: jobs[0].workload.operators[0]: ", "1 input"}}},
      {"a join at the end",
       {{19, R"(        {"name": "a", "logic": "map"}, {"name": "c", "logic": "map"},)"},
        {20, R"(        {"name": "b", "logic": "join", "scalable": false})"},
        {23, R"(        {"from": "in", "to": "a"}, {"from": "in", "to": "c"}, {"from": "c", "to": "b"},)"}},
       {{"1: fidelity: ", "1024"}, {"20: jobs[0].workload.operators[2]: ", "no output"}}},
      {"a misspelt partitioning",
       {{24, R"(        {"from": "a", "to": "b", "partitioning": "pul"})"}},
       {{"24: jobs[0].workload.edges[1].partitioning: ", "did you mean \"pull\""}}},
      {"keys without a key partitioning",
       {{24, R"(        {"from": "a", "to": "b", "keys": {"law": "zipf"}})"}},
       {{"24: jobs[0].workload.edges[1].keys: ", "not partitioned by key"}}},
  });
}

TEST_CASE("joins that would not join are refused", "[cli][broken]") {
  // in -> a -> join -> out, in -> c -> join
  const auto fork = [](const std::string& engine, const std::string& second_source) {
    return std::map<int, std::string>{
        {12, R"(    "engine": ")" + engine + R"(",)"},
        {16, R"(        {"name": "in", "arrivals": "constant"}, {"name": "in2", "arrivals": "constant"})"},
        {19,
         R"(        {"name": "a", "logic": "map"}, {"name": "c", "logic": "map"}, {"name": "out", "logic": "sink"},)"},
        {20, R"(        {"name": "b", "logic": "join", "scalable": false})"},
        {23, R"(        {"from": "in", "to": "a"}, {"from": "in2", "to": "out"}, {"from": ")" +
                 second_source + R"(", "to": "c"}, {"from": "c", "to": "b"}, {"from": "b", "to": "out"},)"}};
  };
  check_all({
      {"a join in batches",
       fork("generic", "in"),
       {{"1: fidelity: ", "\"b\" joins them one by one (\"fidelity\": {\"batch_records\": 1})"}}},
      {"a join on an engine that merges records",
       fork("heron", "in"),
       {{"1: fidelity: ", "1024"}, {"20: jobs[0].workload.operators[3].logic: ", "\"heron\""}}},
      {"a join of records that have nothing in common",
       fork("generic", "in2"),
       {{"1: fidelity: ", "1024"}, {"20: jobs[0].workload.operators[3]: ", "different sources"}}},
  });
}

TEST_CASE("origins one by one need records one by one", "[cli][broken]") {
  check_all({
      {"origins of batches",
       {{5, R"(  "until_s": 1, "fidelity": {"batch_records": 8, "origins": "exact"},)"}},
       {{"5: fidelity.origins: ", "up to 8 records (\"batch_records\": 1"}}},
  });
}

TEST_CASE("clusters that do not fit are refused", "[cli][broken]") {
  check_all({
      {"no hosts", {{7, ""}}, {{"6: cluster: ", "no hosts"}}},
      {"no cluster", {{6, ""}, {7, ""}, {8, ""}}, {{"13: jobs[0].workload: ", "at most 0"}}},
      {"two hosts of one name",
       {{7, R"(    {"name": "a", "count": 1}, {"name": "a", "count": 1})"}},
       {{"6: cluster.hosts: ", "two hosts are called \"a\""}}},
      {"a rack without hosts",
       {{8, R"(  ], "racks": [{"name": "r2"}]},)"}},
       {{"8: cluster.racks[0].name: ", "no host stands in rack \"r2\""}}},
      {"a rack twice, in which no host stands",
       {{8, R"(  ], "racks": [{"name": "r2"}, {"name": "r2"}]},)"}},
       {{"8: cluster.racks[0].name: ", "no host stands in rack \"r2\" (no racks: no group of hosts"},
        {"8: cluster.racks[1].name: ", "rack \"r2\" is described twice (once)"}}},
      {"more instances than slots",
       {{19, R"(        {"name": "a", "logic": "map", "parallelism": 7},)"}},
       {{"13: jobs[0].workload: ", "9 slots"}}},
      {"two jobs of one name, one of which cannot be read",
       {{26, R"(  }, {"name": "job", "workload": "chain"}])"}},
       {{"26: jobs[1].name: ", "taken"}}},
  });
}

TEST_CASE("files that cannot be used are refused", "[cli][broken]") {
  const std::string where = "16: jobs[0].workload.sources[0].arrivals";
  const auto trace = [](const std::string& path) {
    return R"(        {"name": "in", "arrivals": {"type": "trace", "path": ")" + path + "\"}}";
  };
  const auto platform = [](const std::string& path) {
    return std::map<int, std::string>{
        {6, R"(  "cluster": {"platform": ")" + path + "\"},"}, {7, ""}, {8, ""}};
  };
  check_all({
      {"a trace that is not there", {{16, trace("missing.csv")}}, {{where, "missing.csv"}}},
      {"a trace that is a folder", {{16, trace(".")}}, {{where, ""}}},
      {"a trace of garbage",
       {{16, trace("garbage.csv")}},
       {{"garbage.csv:3: jobs[0].workload.sources[0].arrivals.path: ", "banana"}}},
      {"a trace that goes back in time",
       {{16, trace("backwards.csv")}},
       {{"backwards.csv:3: jobs[0].workload.sources[0].arrivals.path: ", "goes back"}}},
      {"a trace that the workload itself reads, and an error beside it",
       ending_with(
           12,
           R"(    "engine": "genric", "workload": {"type": "trace-analysis", "arrivals": {"type": "ctf-trace", "path": "nowhere"}}}]})"),
       {{"12: jobs[0].engine: ", "generic"}, {"12: jobs[0].workload.arrivals.path: ", "no CTF trace"}}},
      {"a trace of nothing", {{16, trace("empty.csv")}}, {{where, "empty.csv"}}},
      {"speed profiles that are not there, beside other errors",
       {{5, R"(  "until_s": 0,)"}, {7, R"(    {"name": "a", "cores": 4, "profile": {"file": "missing.prof"}},
    {"name": "b", "profile": {"file": "garbage.prof"}}, {"name": "c", "profile": {"file": "gone.prof"}})"}},
       {{"5: until_s: ", "0"},
        {"7: cluster.hosts[0].profile.file: ", "missing.prof: cannot be read (a file of lines"},
        {"8: cluster.hosts[1].profile.file: ", "garbage.prof:2: not a step (time factor, or"},
        {"8: cluster.hosts[2].profile.file: ", "gone.prof: cannot be read (a file of lines"}}},
      {"a platform that is not there", platform("missing.xml"), {{"6: cluster.platform: ", "missing.xml"}}},
      {"a platform of garbage", platform("platform.xml"), {{"6: cluster.platform: ", "platform.xml"}}},
  });
}

TEST_CASE("arguments that change a scenario for the worse are named", "[cli][broken]") {
  check_all({
      {"--set of a wrong value", {}, {{"--set until_s=soon: until_s: ", "soon"}}, {"--set", "until_s=soon"}},
      {"--set of an unknown key", {}, {{"--set untill_s=5: untill_s: ", "until_s"}}, {"--set", "untill_s=5"}},
      {"--set of an item that is not there",
       {},
       {{"--set jobs[3].engine=generic: jobs: ", "there is no item [3]"}},
       {"--set", "jobs[3].engine=generic"}},
      {"--set, --until and --seed over what is wrong in the file",
       {{4, R"(  "seed": "x",)"}, {5, R"(  "until_s": 0,)"}},
       {{"4: seed: ", "integer"}, {"5: until_s: ", "from 1e-09"}},
       {"--seed", "3", "--until", "5", "--set", "until_s=7"}},
      {"a wrong value over a wrong value",
       {{5, R"(  "until_s": 0,)"}},
       {{"5: until_s: ", "from 1e-09"}, {"--set until_s=soon: until_s: ", "soon"}},
       {"--set", "until_s=soon"}},
      {"--policy over a wrong policy",
       {{11, R"(    "policy": {"type": "threshold", "high": 8},)"}},
       {{"11: jobs[0].policy.high: ", "1"}},
       {"--policy", "static"}},
      {"--set without a value", {}, {{"--set until_s: ", "="}}, {"--set", "until_s"}},
      {"--policy of an unknown name",
       {},
       {{"--policy treshold: jobs[0].policy: ", "did you mean \"threshold\"?"}},
       {"--policy", "treshold"}},
      {"--seed of words", {}, {{"--seed one: seed: ", "integer"}}, {"--seed", "one"}},
      {"--until of nothing", {}, {{"--until 0: until: ", "> 0"}}, {"--until", "0"}},
      {"--until of less than the clock's step",
       {},
       {{"--until 1e-12: until_s: ", "from 1e-09 to "}},
       {"--until", "1e-12"}},
      {"--until of NaN", {}, {{"--until nan: until: ", "> 0"}}, {"--until", "nan"}},
  });
}

TEST_CASE("everything that is wrong is said at once, in the order of the file", "[cli][broken]") {
  check_all({
      {"five errors",
       {{4, R"(  "seed": -1,)"},
        {5, R"(  "until": 1,)"},
        {7, R"(    {"name": "a", "count": 2, "cores": "four"})"},
        {11, R"(    "policy": {"type": "threshold", "hihg": 0.8},)"},
        {19, R"(        {"name": "a", "logic": "mpa", "parallelism": 0},)"}},
       {{"4: seed: ", "-1"},
        {"5: until: ", "until_s"},
        {"7: cluster.hosts[0].cores: ", "four"},
        {"11: jobs[0].policy.hihg: ", "high"},
        {"19: jobs[0].workload.operators[0].logic: ", "map"},
        {"19: jobs[0].workload.operators[0].parallelism: ", "0"}}},
      {"errors of the file before those of arguments",
       {{7, R"(    {"name": "a", "count": 2, "cores": 0})"}},
       {{"7: cluster.hosts[0].cores: ", "0"},
        {"--set seed=x: seed: ", "x"},
        {"--set until_s=y: until_s: ", "y"}},
       {"--set", "seed=x", "--set", "until_s=y"}},
  });
}

TEST_CASE("each stage's errors are said, whatever else is wrong", "[cli][broken]") {
  check_all({
      {"a value, a graph, and a cluster that is too small",
       {{5, R"(  "until_s": 0,)"},
        {19, R"(        {"name": "a", "logic": "map", "parallelism": 7, "cost": {"per_record_us": -10}},)"},
        {24, R"(        {"from": "a", "to": "b"}, {"from": "b", "to": "a"})"}},
       {{"5: until_s: ", "0"},
        {"13: jobs[0].workload: ", "9 slots"},
        {"19: jobs[0].workload.operators[0].cost.per_record_us: ", "-10"},
        {"24: jobs[0].workload.edges[1]: ", "cycle"}}},
      {"a number that overflows, and all else",
       {{4, R"(  "seed": 1e999, "x": [-1e400],)"},
        {11, R"(    "policy": {"type": "threshold", "high": 1E+999, "low": 0.9},)"},
        {24, R"(        {"from": "c", "to": "b"})"}},
       {{"4: seed: ", "1e999 is too large"},
        {"4: x[0]: ", "-1e400 is too large"},
        {"4: x: ", "unknown"},
        {"11: jobs[0].policy.high: ", "1E+999 is too large"},
        {"24: jobs[0].workload.edges[1].from: ", "unknown operator \"c\""}}},
      {"unknown hosts and operators of a placement beside wrong values",
       {{12,
         R"(    "engine": "genric", "placement": {"type": "explicit", "operators": {"b": {"hosts": ["a-0", "z"]}, "c": {"hosts": ["y"]}}},)"},
        {20, R"(        {"name": "b", "logic": {"type": "filter", "selectivity": 5}})"}},
       {{"12: jobs[0].engine: ", "did you mean \"generic\"?"},
        {"12: jobs[0].placement.operators.b.hosts: ", "no host \"z\" (a-0, "},
        {"12: jobs[0].placement.operators.c: ", "no operator \"c\" (in, a, b)"},
        {"12: jobs[0].placement.operators.c.hosts: ", "no host \"y\" (a-0, "},
        {"20: jobs[0].workload.operators[1].logic.selectivity: ", "5"}}},
      {"instances that fit on no host",
       {{12,
         R"(    "engine": "generic", "placement": {"type": "first-fit", "cores": 5, "operators": {"b": {"cores": 4}}},)"}},
       {{"12: jobs[0].placement: ",
         "an instance of \"in\" takes 1 slot, 5 cores, which first-fit finds on no host"},
        {"12: jobs[0].placement: ",
         "an instance of \"a\" takes 1 slot, 5 cores, which first-fit finds on no host"}}},
      {"instances that do not fit together",
       {{12,
         R"(    "engine": "generic", "placement": {"type": "best-fit", "cores": 3, "memory_gib": 2.5},)"}},
       {{"12: jobs[0].placement: ",
         "best-fit finds no room for an instance of \"b\" (1 slot, 3 cores, 2.5 GiB) after 2"}}},
      {"instances that next-fit would have to go back for",
       {{7, R"(    {"name": "a", "cores": 4, "slots": 3}, {"name": "c", "cores": 3, "slots": 1})"},
        {12,
         R"(    "engine": "generic", "placement": {"type": "next-fit", "cores": 1, "operators": {"in": {"cores": 2}, "a": {"cores": 3}}},)"}},
       {{"12: jobs[0].placement: ",
         "next-fit finds no room for an instance of \"b\" (1 slot, 1 cores) after 2"}}},
      {"slots of all operators that fit on no host",
       {{12, R"(    "engine": "flink", "placement": {"type": "worst-fit", "cores": 2},)"}},
       {{"12: jobs[0].placement: ", "a slot with an instance of every operator takes 1 slot, 6 cores"}}},
      {"sizes of an operator that is not there",
       {{12,
         R"(    "engine": "generic", "placement": {"type": "first-fit-decreasing", "operators": {"c": {"cores": 1}}},)"}},
       {{"12: jobs[0].placement.operators.c: ", "there is no operator \"c\" (in, a, b)"}}},
      {"a size below nothing, of all and of one",
       {{12,
         R"(    "engine": "generic", "placement": {"type": "best-fit", "cores": -1, "operators": {"a": {"memory_gib": -2}}},)"}},
       {{"12: jobs[0].placement.cores: ", "-1"}, {"12: jobs[0].placement.operators.a.memory_gib: ", "-2"}}},
      {"a container that is all padding",
       {{12,
         R"(    "engine": "heron", "placement": {"type": "heron-first-fit-decreasing", "padding_percent": 100},)"}},
       {{"12: jobs[0].placement: ",
         "\"in\" takes 1 slot, 1 cores, 1 GiB, which heron-first-fit-decreasing finds on no host"},
        {"12: jobs[0].placement: ", "\"a\" takes"},
        {"12: jobs[0].placement: ", "\"b\" takes"}}},
      {"containers that are too small for all",
       {{12,
         R"(    "engine": "heron", "placement": {"type": "resource-compliant-round-robin", "container_cores": 2, "instances_max": 1},)"}},
       {{"12: jobs[0].placement: ",
         "resource-compliant-round-robin finds no room for an instance of \"b\""}}},
      {"a pull to an operator whose cost is wrong",
       {{20, R"(        {"name": "b", "logic": "keyed-count", "cost": {"cv": -1}})"},
        {24, R"(        {"from": "a", "to": "b", "partitioning": "pull"})"}},
       {{"20: jobs[0].workload.operators[1].cost.cv: ", "-1"},
        {"24: jobs[0].workload.edges[1].partitioning: ", "by key"}}},
      {"a workload of which not all is known needs at least what is",
       {{19, R"(        {"name": "a", "logic": "map", "parallelism": 0},)"},
        {20, R"(        {"name": "b", "logic": "map", "parallelism": 20})"}},
       {{"13: jobs[0].workload: ", "at least 21 slots"},
        {"19: jobs[0].workload.operators[0].parallelism: ", "0"}}},
      {"a workload of another kind",
       ending_with(
           13,
           R"(    "workload": {"type": "fan-out", "branches": 9, "arrivals": "poison", "branch": {"cost": {"cv": -1}}}}]})"),
       {{"13: jobs[0].workload.arrivals: ", "poisson"},
        {"13: jobs[0].workload.branch.cost.cv: ", "-1"},
        {"13: jobs[0].workload: ", "needs 10 slots"}}},
  });
}

TEST_CASE("what follows from an error is not said again", "[cli][broken]") {
  check_all({
      {"a name that is no text",
       {{20, R"(        {"name": 7, "logic": "map"})"}},
       {{"20: jobs[0].workload.operators[1].name: ", "7"}}},
      {"a misspelt key of a name",
       {{19, R"(        {"nmae": "a", "logic": "map"},)"}},
       {{"19: jobs[0].workload.operators[0].nmae: ", "did you mean \"name\"?"}}},
      {"sources that are no list",
       ending_with(15,
                   R"(      "sources": 5, "operators": [{"name": "a", "logic": "map"}], "edges": []}}]})"),
       {{"15: jobs[0].workload.sources: ", "5"}}},
      {"an unknown parallelism of a forward edge",
       {{19, R"(        {"name": "a", "logic": "map", "parallelism": "two"},)"},
        {24, R"(        {"from": "a", "to": "b", "partitioning": "forward"})"}},
       {{"19: jobs[0].workload.operators[0].parallelism: ", "two"}}},
      {"an unknown engine with a pull edge",
       {{12, R"(    "engine": "hron",)"},
        {24, R"(        {"from": "a", "to": "b", "partitioning": "pull"})"}},
       {{"12: jobs[0].engine: ", "heron"}}},
      {"a value that overflows under a check",
       {{11, R"(    "policy": {"type": "threshold", "high": 1e999},)"}},
       {{"11: jobs[0].policy.high: ", "too large"}}},
      {"a loop whose cost is not known",
       {{19, R"(        {"name": "a", "logic": "map", "cost": {"per_record_us": "10"}},)"},
        {24, R"(        {"from": "a", "to": "b"}, {"from": "b", "to": "a", "feedback": true})"}},
       {{"19: jobs[0].workload.operators[0].cost.per_record_us: ", "10"}}},
      {"hosts of an unknown number",
       {{7, R"(    {"name": "a", "count": "2", "cores": 1})"}},
       {{"7: cluster.hosts[0].count: ", "2"}}},
  });
}

TEST_CASE("more jobs and operators than there are ids for are refused", "[cli][broken]") {
  const auto job = [](int number, int length) {
    return "{\"name\": \"j" + std::to_string(number) +
           "\", \"workload\": {\"type\": \"chain\", \"length\": " + std::to_string(length) +
           ", \"stage\": {\"cost\": {\"per_record_us\": 0}}}}";
  };
  const std::string hosts = R"(    {"name": "a", "cores": 1, "slots": 100000})";
  const auto with_jobs = [&](int count, int length) {
    std::string text;
    for (int i = 0; i < count; ++i) text += (i == 0 ? "" : ", ") + job(i, length);
    std::map<int, std::string> changes = ending_with(9, "  \"jobs\": [" + text + "]}");
    changes[7] = hosts;
    return changes;
  };
  const TemporaryFolder folder;
  folder.write("most.json", with(with_jobs(128, 1)));
  CHECK(run_weir({"validate", "most.json"}, {folder.path()}).err == "");
  check({"129 jobs", {}, {{"9: jobs: ", "129 jobs (at most 128)"}}}, with(with_jobs(129, 1)));

  // Wide: one operator after the source, and many beside each other.
  const auto wide = [&](int operators, bool alone) {
    std::string list, edges;
    for (int i = 1; i < operators; ++i) {
      const std::string name = "\"o" + std::to_string(i) + "\"";
      list += std::string(i == 1 ? "" : ", ") + "{\"name\": " + name + ", \"logic\": \"sink\"}";
      edges += std::string(i == 1 ? "" : ", ") + "{\"from\": \"in\", \"to\": " + name + "}";
    }
    std::map<int, std::string> changes = {
        {7, hosts}, {18, "      \"operators\": ["}, {19, list}, {20, ""}, {23, edges}, {24, ""}};
    if (!alone) changes[26] = "  }, " + job(1, 1) + "]";
    return with(changes);
  };
  folder.write("alone.json", wide(1025, true));
  CHECK(run_weir({"validate", "alone.json"}, {folder.path()}).err == "");
  folder.write("beside.json", wide(1024, false));
  CHECK(run_weir({"validate", "beside.json"}, {folder.path()}).err == "");
  check({"1025 operators beside another job", {}, {{"13: jobs[0].workload: ", "1025 sources and operators"}}},
        wide(1025, false));
}

TEST_CASE("a description may have lines, and nothing else that steers a terminal", "[cli][broken]") {
  const TemporaryFolder folder;
  folder.write("s.json", with({{3, R"(  "name": "broken", "description": "one\ntwo: ä",)"}}));
  CHECK(run_weir({"validate", "s.json"}, {folder.path()}).code == 0);
  const Outcome explained = run_weir({"explain", "s.json"}, {folder.path()});
  CHECK_THAT(explained.out, Catch::Contains("\n  one\n  two: ä\n"));
  check_all({
      {"an escape in a description",
       {{3, R"(  "name": "broken", "description": "one\n\u001b[2J",)"}},
       {{"3: description: ", "control characters"}}},
      {"a tab in a description",
       {{3, R"(  "name": "broken", "description": "one\ttwo",)"}},
       {{"3: description: ", "control characters"}}},
      {"lines in a name", {{3, R"(  "name": "one\ntwo",)"}}, {{"3: name: ", "control characters"}}},
  });
}

namespace {

// One mistake, on lines of its own. What it makes unknown silences the errors of others that need it, and
// only those.
struct Mistake {
  std::string name;
  std::map<int, std::string> changes;
  struct Error {
    Expected expected;
    std::vector<std::string> needs = {};
  };
  std::vector<Error> errors;
  std::vector<std::string> unknown = {};
};

const std::vector<Mistake> mistakes = {
    {"a wrong name", {{3, R"(  "name": 7,)"}}, {{{"3: name: ", "7"}}}},
    {"a negative seed", {{4, R"(  "seed": -1,)"}}, {{{"4: seed: ", "-1"}}}},
    {"a seed that overflows", {{4, R"(  "seed": 1e999,)"}}, {{{"4: seed: ", "too large"}}}},
    {"a key that is there twice", {{4, R"(  "seed": 1, "seed": 2,)"}}, {{{"4: seed: ", "twice"}}}},
    {"no time", {{5, R"(  "until_s": 0,)"}}, {{{"5: until_s: ", "0"}}}},
    {"a misspelt key", {{5, R"(  "untill_s": 1,)"}}, {{{"5: untill_s: ", "until_s"}}}},
    {"too few slots",
     {{7, R"(    {"name": "a", "cores": 2})"}},
     {{{"13: jobs[0].workload: ", "slots"}, {"one slot"}}}},
    {"no cores",
     {{7, R"(    {"name": "a", "cores": 0})"}},
     {{{"7: cluster.hosts[0].cores: ", "0"}}},
     {"slots", "hosts"}},
    {"two hosts of a name",
     {{7, R"(    {"name": "a", "cores": 4}, {"name": "a", "cores": 4})"}},
     {{{"6: cluster.hosts: ", "two hosts"}}},
     {"hosts"}},
    {"no such rack",
     {{8, R"(  ], "racks": [{"name": "r2"}]},)"}},
     {{{"8: cluster.racks[0].name: ", "no host stands in rack"}}}},
    {"an empty name of a job", {{10, R"(    "name": "",)"}}, {{{"10: jobs[0].name: ", "empty"}}}},
    {"an unknown policy", {{11, R"(    "policy": "treshold",)"}}, {{{"11: jobs[0].policy: ", "threshold"}}}},
    {"marks the wrong way round",
     {{11, R"(    "policy": {"type": "threshold", "high": 0.2, "low": 0.8},)"}},
     {{{"11: jobs[0].policy.low: ", "low"}}}},
    {"an unknown engine",
     {{12, R"(    "engine": "genric",)"}},
     {{{"12: jobs[0].engine: ", "generic"}}},
     {"engine"}},
    {"an unknown host",
     {{12,
       R"(    "engine": "generic", "placement": {"type": "explicit", "operators": {"b": {"hosts": ["z"]}}},)"}},
     {{{"12: jobs[0].placement.operators.b.hosts: ", "no host \"z\""}, {"hosts", "graph"}}}},
    {"wrong arrivals",
     {{16, R"(        {"name": "in", "arrivals": {"type": "constant", "rate_per_s": -1}})"}},
     {{{"16: jobs[0].workload.sources[0].arrivals.rate_per_s: ", "-1"}}}},
    {"a parallelism that is a text",
     {{16, R"(        {"name": "in", "arrivals": "constant", "parallelism": "1"})"}},
     {{{"16: jobs[0].workload.sources[0].parallelism: ", "\"1\""}}},
     {"one slot"}},
    {"a source that leads nowhere",
     {{16, R"(        {"name": "in", "arrivals": "constant"}, {"name": "on", "arrivals": "constant"})"}},
     {{{"16: jobs[0].workload.sources[1]: ", "no edge"}, {"edges"}}}},
    {"an unknown logic",
     {{19, R"(        {"name": "a", "logic": "mpa"},)"}},
     {{{"19: jobs[0].workload.operators[0].logic: ", "map"}}}},
    {"limits the wrong way round",
     {{19, R"(        {"name": "a", "logic": "map", "min_parallelism": 3, "max_parallelism": 2},)"}},
     {{{"19: jobs[0].workload.operators[0].min_parallelism: ", "at most 2"}}}},
    {"a wrong cost",
     {{19, R"(        {"name": "a", "logic": "map", "cost": {"per_recrod_us": 10}},)"}},
     {{{"19: jobs[0].workload.operators[0].cost.per_recrod_us: ", "per_record_us"}}}},
    {"too much parallelism",
     {{19, R"(        {"name": "a", "logic": "map", "parallelism": 70},)"}},
     {{{"13: jobs[0].workload: ", "slots"}, {"slots"}}}},
    {"a share above one",
     {{20, R"(        {"name": "b", "logic": {"type": "filter", "selectivity": 1.5}})"}},
     {{{"20: jobs[0].workload.operators[1].logic.selectivity: ", "1.5"}}}},
    {"a name that is no text",
     {{20, R"(        {"name": 7, "logic": "map"})"}},
     {{{"20: jobs[0].workload.operators[1].name: ", "7"}}},
     {"names", "edges", "graph"}},
    {"an operator that nothing reaches",
     {{20, R"(        {"name": "b", "logic": "map"}, {"name": "c", "logic": "map"})"}},
     {{{"20: jobs[0].workload.operators[2]: ", "cannot be reached"}, {"edges"}}}},
    {"an unknown end",
     {{24, R"(        {"from": "a", "to": "bb"})"}},
     {{{"24: jobs[0].workload.edges[1].to: ", "unknown operator \"bb\""}, {"names"}}},
     {"edges", "graph"}},
    {"an undeclared cycle",
     {{24, R"(        {"from": "a", "to": "b"}, {"from": "b", "to": "a"})"}},
     {{{"24: jobs[0].workload.edges[1]: ", "cycle"}, {"edges"}}},
     {"graph"}},
    {"an edge twice",
     {{24, R"(        {"from": "a", "to": "b"}, {"from": "a", "to": "b"})"}},
     {{{"24: jobs[0].workload.edges[2]: ", "second edge"}}}},
    {"a queue on an engine without",
     {{12, R"(    "engine": "heron",)"}, {24, R"(        {"from": "a", "to": "b", "partitioning": "pull"})"}},
     {{{"24: jobs[0].workload.edges[1].partitioning: ", "\"heron\" does not have"}}}},
    {"keys without a key partitioning",
     {{24, R"(        {"from": "a", "to": "b", "keys": {"law": "zipf"}})"}},
     {{{"24: jobs[0].workload.edges[1].keys: ", "not partitioned by key"}}}},
    {"a batch of nothing",
     {{26, R"(  }], "fidelity": {"batch_records": 0})"}},
     {{{"26: fidelity.batch_records: ", "0"}}}},
};

bool overlap(const Mistake& a, const Mistake& b) {
  return std::any_of(a.changes.begin(), a.changes.end(),
                     [&](const auto& change) { return b.changes.contains(change.first); });
}

bool matches(const std::string& line, const Expected& expected) {
  return line.starts_with("s.json:" + expected.start) && line.find(expected.contains) != std::string::npos;
}

// All of them at once: what none of them makes unknown is said, and nothing beside.
void check_together(const std::vector<Mistake>& chosen) {
  std::map<int, std::string> changes;
  std::vector<std::string> unknown;
  std::string names;
  for (const Mistake& mistake : chosen) {
    changes.insert(mistake.changes.begin(), mistake.changes.end());
    unknown.insert(unknown.end(), mistake.unknown.begin(), mistake.unknown.end());
    names += mistake.name + "; ";
  }
  const TemporaryFolder folder;
  folder.write("s.json", with(changes));
  const Outcome outcome = run_weir({"validate", "s.json"}, {folder.path()});
  INFO(names << "\n" << outcome.err);
  CHECK(outcome.code == 2);
  const auto found = lines(outcome.err);
  std::vector<Expected> allowed;
  for (const Mistake& mistake : chosen) {
    for (const Mistake::Error& error : mistake.errors) {
      INFO("expected " << error.expected.start << error.expected.contains);
      allowed.push_back(error.expected);
      const bool silent = std::any_of(error.needs.begin(), error.needs.end(), [&](const std::string& need) {
        return std::find(unknown.begin(), unknown.end(), need) != unknown.end();
      });
      const auto said = std::count_if(found.begin(), found.end(),
                                      [&](const std::string& line) { return matches(line, error.expected); });
      if (!silent) CHECK(said == 1);
    }
  }
  for (const std::string& line : found) {
    INFO("found " << line);
    CHECK(std::any_of(allowed.begin(), allowed.end(),
                      [&](const Expected& expected) { return matches(line, expected); }));
  }
}

}  // namespace

TEST_CASE("each mistake alone is said", "[cli][broken]") {
  for (const Mistake& mistake : mistakes) check_together({mistake});
}

TEST_CASE("mistakes do not hide each other", "[cli][broken][property]") {
  const std::uint64_t seed = test_seed();
  INFO("seed " << seed);
  std::mt19937_64 random(seed);
  const int rounds = std::getenv("WEIR_LONG") != nullptr ? 1000 : 60;
  for (int round = 0; round < rounds; ++round) {
    std::vector<Mistake> shuffled = mistakes;
    std::shuffle(shuffled.begin(), shuffled.end(), random);
    const std::size_t most = 2 + random() % 7;
    std::vector<Mistake> chosen;
    for (const Mistake& mistake : shuffled) {
      if (chosen.size() == most) break;
      if (std::none_of(chosen.begin(), chosen.end(), [&](const Mistake& c) { return overlap(c, mistake); }))
        chosen.push_back(mistake);
    }
    check_together(chosen);
  }
}

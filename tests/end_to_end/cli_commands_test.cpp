// The commands that do not simulate, and what is said to those who mistype.

#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tests/support/program.hpp"

using namespace weir::test;
using nlohmann::json;

namespace {

Outcome call(const std::vector<std::string>& arguments) {
  const TemporaryFolder folder;
  const Outcome outcome = run_weir(arguments, {folder.path()});
  CHECK(folder.files().empty());
  return outcome;
}

}  // namespace

TEST_CASE("weir says what it is", "[cli]") {
  const Outcome version = call({"--version"});
  CHECK(version.code == 0);
  for (const char* word : {"weir ", "commit ", "compiler ", "SimGrid "})
    CHECK_THAT(version.out, Catch::Contains(word));
  const Outcome help = call({"--help"});
  CHECK(help.code == 0);
  for (const char* command : {"run", "validate", "explain", "list", "schema", "analyze", "figure"}) {
    CHECK_THAT(help.out, Catch::Contains(std::string("\n  ") + command));
    const Outcome of_command = call({command, "--help"});
    CHECK(of_command.code == 0);
    CHECK_THAT(of_command.out, Catch::StartsWith(std::string("weir ") + command));
    CHECK(call({"help", command}).out == of_command.out);
  }
  CHECK(call({}).code == 2);
}

TEST_CASE("weir --version stands alone", "[cli]") {
  const Outcome more = call({"--version", "x"});
  CHECK(more.code == 2);
  CHECK(more.out.empty());
  CHECK_THAT(more.err, Catch::Contains("unexpected argument \"x\""));
}

TEST_CASE("mistyped commands and options are answered with the nearest that exist", "[cli]") {
  struct Typo {
    std::vector<std::string> words;
    std::string says;
  };
  for (const Typo& typo : std::vector<Typo>{
           {{"rnu"}, "unknown command \"rnu\" (did you mean \"run\"?"},
           {{"run", "x.json", "--polcy", "ds2"}, "unknown option \"--polcy\" (did you mean \"--policy\"?"},
           {{"run", "x.json", "--qiet", "--jsn"}, "unknown option \"--jsn\" (did you mean \"--json\"?"},
           {{"run", "x.json", "--sed=1"}, "unknown option \"--sed\" (did you mean \"--se"},
           {{"run", "x.json", "--seed"}, "'--seed' is missing"},
           {{"run", "x.json", "--seed", "1", "--seed", "2"}, "--seed is given more than once"},
           {{"run", "x.json", "-x"}, "unknown option \"-x\""},
           {{"run"}, "run takes one scenario"},
           {{"run", "a.json", "b.json"}, "2 are given"},
           {{"validate"}, "validate takes one scenario or more"},
           {{"explain"}, "explain takes one scenario"},
           {{"list"}, "list takes one kind"},
           {{"list", "policys"}, "unknown kind \"policys\" (did you mean \"policies\"?"},
           {{"schema", "x"}, "unexpected argument \"x\""},
           {{"figure", "no-such-figure"}, "figure"},
           {{"run", "no-such.json"}, "no-such.json:1: $: there is no such file"},
           {{"run", "word-cuont"}, "did you mean \"word-count\"?"},
           {{"run", "x.json", "--trace", "peg"},
            "--trace peg: trace: is \"peg\" (did you mean \"pag\"? allowed: off, pag)"},
           {{"run", "x.json", "--lookahead", "perhaps"}, "allowed: on, off"},
       }) {
    INFO(typo.says);
    const Outcome outcome = call(typo.words);
    INFO(outcome.err);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, Catch::Contains(typo.says));
  }
}

TEST_CASE("list --json is an array of name, help and source", "[cli]") {
  for (const char* kind : {"policies", "engines", "workloads", "operators", "placements", "arrivals",
                           "migrations", "scenarios"}) {
    INFO(kind);
    const Outcome outcome = call({"list", kind, "--json"});
    REQUIRE(outcome.code == 0);
    const json list = json::parse(outcome.out);
    REQUIRE(list.is_array());
    std::set<std::string> names;
    for (const json& item : list) {
      CHECK(item.size() == 3);
      CHECK(names.insert(item["name"]).second);
      CHECK_FALSE(item["help"].get<std::string>().empty());
      CHECK(item["source"].is_string());
    }
    CHECK(std::is_sorted(list.begin(), list.end(),
                         [](const json& a, const json& b) { return a["name"] < b["name"]; }));
    if (std::string(kind) != "migrations") CHECK(names.size() >= 1);
    CHECK(call({"list", kind}).code == 0);
  }
}

TEST_CASE("list with a name shows the parameters of that component", "[cli]") {
  const Outcome ds2 = call({"list", "policies", "ds2"});
  CHECK(ds2.code == 0);
  CHECK_THAT(ds2.out, Catch::Contains("\ninterval_s [s]  (default "));
  CHECK_THAT(call({"list", "operators", "map"}).out, Catch::Contains("no parameters"));
  CHECK_THAT(call({"list", "arrivals", "phases"}).out, Catch::Contains("(required;"));
  const Outcome unknown = call({"list", "policies", "ds3"});
  CHECK(unknown.code == 2);
  CHECK_THAT(unknown.err, Catch::Contains("did you mean \"ds2\"?"));
  CHECK(call({"list", "migrations", "x"}).code == 2);
}

TEST_CASE("every shipped scenario is right, can be explained, and is found by its name", "[cli]") {
  for (const json& item : json::parse(call({"list", "scenarios", "--json"}).out)) {
    const std::string name = item["name"];
    INFO(name);
    const Outcome validated = call({"validate", name});
    INFO(validated.err);
    CHECK(validated.code == 0);
    const Outcome explained = call({"explain", name});
    INFO(explained.err);
    CHECK(explained.code == 0);
    CHECK_FALSE(explained.out.empty());
  }
}

TEST_CASE("explain says where the accuracy dial costs latencies their meaning", "[cli]") {
  const TemporaryFolder folder;
  const auto explained = [&](double span_ms, const std::string& partitioning) {
    const json edges = json::array({{{"from", "s"}, {"to", "q"}, {"partitioning", partitioning}}});
    const json workload = {
        {"type", "dataflow"},
        {"sources", json::array({{{"name", "s"}, {"arrivals", {{"type", "poisson"}, {"rate_per_s", 5}}}}})},
        {"operators", json::array({{{"name", "q"}, {"logic", "sink"}, {"parallelism", 2}}})},
        {"edges", edges}};
    const json scenario = {
        {"weir", 1},
        {"until_s", 10},
        {"cluster", {{"hosts", json::array({{{"name", "h"}, {"cores", 1}, {"slots", 4}}})}}},
        {"fidelity", {{"batch_span_ms", span_ms}}},
        {"jobs", json::array({{{"workload", workload}, {"policy", "static"}}})}};
    folder.write("s.json", scenario.dump());
    const Outcome outcome = run_weir({"explain", "s.json"}, {folder.path()});
    INFO(outcome.err);
    CHECK(outcome.code == 0);
    return outcome.out;
  };
  CHECK_THAT(explained(50, "pull"), Catch::Contains("the pull edge s -> q, cores shared by slots on 1 host"));
  CHECK_THAT(explained(50, "rebalance"), Catch::Contains("say little with cores shared"));
  CHECK_THAT(explained(0, "pull"), !Catch::Contains("say little"));
}

TEST_CASE("validate looks at all files, and says for each that is right what it is", "[cli]") {
  const TemporaryFolder folder;
  folder.write("bad.json", "{\"weir\": 1,\n \"jbos\": []}");
  const Outcome outcome = run_weir({"validate", "word-count", "bad.json", "missing.json"}, {folder.path()});
  CHECK(outcome.code == 2);
  CHECK_THAT(outcome.out, Catch::StartsWith("word-count: ok: word-count"));
  CHECK(std::count(outcome.out.begin(), outcome.out.end(), '\n') == 1);
  CHECK_THAT(outcome.err, Catch::Contains("bad.json:2: jbos: "));
  CHECK_THAT(outcome.err, Catch::Contains("missing.json:1: $: there is no such file"));
}

TEST_CASE("the schema is JSON and knows every component", "[cli]") {
  const Outcome outcome = call({"schema"});
  REQUIRE(outcome.code == 0);
  CHECK(json::parse(outcome.out)["$schema"].is_string());
  for (const char* name : {"\"ds2\"", "\"word-count\"", "\"poisson\"", "\"generic\"", "\"flat-map\""})
    CHECK_THAT(outcome.out, Catch::Contains(name));
}

TEST_CASE("figures are found, and what they lack is said", "[cli]") {
  const TemporaryFolder home;
  home.write("scenarios/x", "");
  home.write("plots/works.py", "\"\"\"Draws nothing.\"\"\"\nimport sys\nprint(sys.argv[1:])\n");
  home.write("plots/fails.py", "\"\"\"Fails.\"\"\"\nraise SystemExit(3)\n");
  home.write("plots/_helper.py", "");
  home.write("python-without-anything", "#!/bin/sh\nexit 1\n");
  std::filesystem::permissions(home.path() / "python-without-anything", std::filesystem::perms::owner_all);
  const std::string at_home = "WEIR_HOME=" + home.path().string();
  CHECK(run_weir({"figure"}, {home.path(), {at_home}}).out ==
        "fails                     Fails.\nworks                     Draws nothing.\n");
  const Outcome lacking =
      run_weir({"figure", "works"},
               {home.path(), {at_home, "WEIR_PYTHON=" + home.path().string() + "/python-without-anything"}});
  CHECK(lacking.code == 2);
  CHECK_THAT(lacking.err, Catch::Contains("python3-matplotlib"));
  CHECK(run_weir({"figure", "works"}, {home.path(), {at_home, "WEIR_PYTHON=/no/python"}}).code == 2);
  const Outcome unknown = run_weir({"figure", "wroks"}, {home.path(), {at_home}});
  CHECK(unknown.code == 2);
  CHECK_THAT(unknown.err, Catch::Contains("did you mean \"works\"?"));
}

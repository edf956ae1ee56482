// What HarmonicIO says for people: of its workers before a run, of its backlog after it.

#include <catch2/catch.hpp>

#include "tests/support/program.hpp"
#include "tests/support/scenario_text.hpp"

using namespace weir::test;
using nlohmann::json;

TEST_CASE("irm says which numbers its preset has", "[cli][harmonicio][irm]") {
  const TemporaryFolder folder;
  const HowToRun in_folder{folder.path(), {std::string("WEIR_HOME=") + WEIR_SOURCE_DIR}};
  const auto told = [&](const std::vector<std::string>& options) {
    std::vector<std::string> words = {"explain", "papers/harmonicio/workers-fill"};
    for (const std::string& option : options) words.insert(words.end(), {"--set", option});
    const Outcome outcome = run_weir(words, in_folder);
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    return outcome.out;
  };
  // The two published sets: IRM_default_parameters.md and irm_configuration.json.
  CHECK_THAT(told({}), Catch::Contains("irm: parameters as documented (2020)\n") &&
                           Catch::Contains("every 1 s: a backlog that grows by more than 5 messages/s, or is "
                                           "longer than 10 and changes by more than -2 messages/s, gets 2 "
                                           "containers; one that grows by more than 2 messages/s, or is "
                                           "longer than 10, gets 1 container; then none for 10 s\n") &&
                           Catch::Contains("every 1 s: a container takes 0.125 of a worker until it is "
                                           "profiled, every 4 s; a start that failed is tried again once\n"));
  CHECK_THAT(
      told({"jobs[0].policy.preset=configured"}),
      Catch::Contains("irm: parameters as configured in the code\n") &&
          Catch::Contains("every 2 s: a backlog that grows by more than 10 messages/s, or is longer than "
                          "100 and changes by more than -10 messages/s, gets 4 containers; one that "
                          "grows by more than 5 messages/s, or is longer than 100, gets 1 container; "
                          "then none for 5 s\n") &&
          Catch::Contains("every 1 s: a container takes 0.5 of a worker until it is profiled, every 5 "
                          "s; a start that failed is tried again 50 times\n"));
  CHECK_THAT(told({"jobs[0].policy.preset=configured", "jobs[0].policy.queue_size_limit=50"}),
             Catch::Contains("as configured in the code, but for those that the scenario gives\n") &&
                 Catch::Contains("longer than 50, gets 1 container"));
}

TEST_CASE("harmonicio explains its workers, and tells what waits at the end", "[cli][harmonicio]") {
  // Of 20 messages one is worked on. The source's host has a spare slot.
  ScenarioText s(10);
  s.hosts() = json::array({{{"name", "source"}, {"cores", 1}, {"slots", 2}},
                           {{"name", "worker"}, {"count", 2}, {"cores", 4}, {"slots", 3}}});
  s.source("s", {{"type", "phases"},
                 {"phases", json::array({{{"duration_s", 0.5}, {"rate_per_s", 40}}})},
                 {"after", "stop"}});
  s.op("q", "sink", ScenarioText::deterministic(60e6), 7);
  s.edge("s", "q");
  s.job()["placement"] = {
      {"type", "explicit"},
      {"operators",
       {{"s", {{"hosts", {"source"}}}}, {"q", {{"hosts", {"source", "worker-0", "worker-1"}}}}}}};
  s.engine() = {{"type", "harmonicio"}, {"initial_containers", 1}};
  const TemporaryFolder folder;
  folder.write("s.json", s.text());
  const Outcome explained = run_weir({"explain", "s.json"}, {folder.path()});
  INFO(explained.out << explained.err);
  REQUIRE(explained.code == 0);
  CHECK_THAT(explained.out, Catch::Contains("worker source: q (1 place, 1 used from the start)\n") &&
                                Catch::Contains("workers worker-0, worker-1: q (3 places)\n"));
  const Outcome outcome = run_weir({"run", "s.json", "-o", "out"}, {folder.path()});
  INFO(outcome.out << outcome.err);
  REQUIRE(outcome.code == 0);
  CHECK_THAT(outcome.out,
             Catch::Contains("The sources sent 2 of 2 records/s offered (100 %).\n"
                             "    Of that, 19 records wait in a backlog of the engine at the end, and nobody "
                             "has worked on it.\n") &&
                 !Catch::Contains("Took in") &&
                 Catch::Contains("1 messages went to a container directly, 19 to the master's backlog") &&
                 Catch::Contains("19 messages wait in the master's backlog at the end"));
}

// What HarmonicIO says for people: of its workers before a run, of its backlog after it.

#include <catch2/catch.hpp>

#include "tests/support/program.hpp"
#include "tests/support/scenario_text.hpp"

using namespace weir::test;
using nlohmann::json;

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
             Catch::Contains("1 messages went to a container directly, 19 to the master's backlog") &&
                 Catch::Contains("19 messages wait in the master's backlog at the end"));
}

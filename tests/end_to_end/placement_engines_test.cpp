// Placements that pack, under engines: a run, a rescale in it, and where the instances were at its end.

#include <catch2/catch.hpp>

#include "sim/dataflow/job.hpp"
#include "sim/simulation/simulation.hpp"
#include "tests/support/scenario_text.hpp"
#include "tests/support/simulate.hpp"

using namespace weir;
using namespace weir::test;
using nlohmann::json;

namespace {

const std::vector<std::string> placements = {"first-fit",
                                             "best-fit",
                                             "next-fit",
                                             "worst-fit",
                                             "first-fit-decreasing",
                                             "heron-first-fit-decreasing",
                                             "resource-compliant-round-robin"};

// Four hosts of 4 cores; from 1, 2, 1 instances of a core each to 1, 5, 1 at 2 s.
ScenarioText scenario(const std::string& engine, const std::string& placement) {
  ScenarioText s(90);
  s.hosts() = {{{"name", "h"}, {"count", 4}, {"cores", 4}, {"slots", 8}}};
  s.source("in", ScenarioText::constant(50));
  s.op("work", "map", ScenarioText::deterministic(10), 2);
  s.op("out", "sink", ScenarioText::deterministic(10));
  s.edge("in", "work");
  s.edge("work", "out");
  s.engine() = engine;
  s.job()["placement"] = {{"type", placement}, {"cores", 1}};
  s.job()["policy"] = {{"type", "test-scripted"},
                       {"interval_s", 1},
                       {"steps", {{{"time_s", 2}, {"operator_id", 1}, {"parallelism", 5}}}}};
  return s;
}

// Hosts of what was placed at the end, instance by instance (slots, where they are shared), and whether the
// books balance.
json outcome(const ScenarioText& s) {
  return in_child([&]() -> json {
    Errors errors;
    const auto loaded = load_scenario_text(s.text(), "test", ".", {}, errors);
    if (!loaded) return errors.text();
    json hosts = json::array();
    SimulationOptions options;
    options.at_end = [&](const Job& job) {
      for (const PlacedInstance& placed : job.placed()) hosts.push_back(placed.host);
    };
    const RunSummary summary = simulate(*loaded, options);
    return {{"hosts", hosts},
            {"ok", summary.jobs[0].conservation.ok && summary.failed_checks.empty()},
            {"parallelism", summary.jobs[0].operators[1].parallelism}};
  });
}

}  // namespace

TEST_CASE("every placement that packs runs under the engines, and says where",
          "[placement][packing][engine]") {
  // in, 5 of work, out: a core each, 4 on a host. Before the rescale in, work, work, out filled host 0, where
  // they stay. The three others go to host 1: with next-fit too, whose last host is the last that stays.
  const json textbook = {0, 0, 0, 1, 1, 1, 0};
  // Less a core for the container's managers: 3 on a host. At first in 0, 0, 0, 1: by RAM and cores alike.
  const json heron_ffd = {0, 0, 0, 1, 1, 2, 1};
  // At first 1 container was too small, 2 took in, work, work, out in turn. Three more are a container: 3 of
  // them, in turn where there is room: 0, 1, 2.
  const json heron_rr = {0, 1, 0, 0, 1, 2, 1};
  // A slot with an instance of each of the three operators takes 3 cores, so a host each: five slots would
  // need five hosts, and the rescale is not possible.
  const json shared = {0, 1};
  for (const char* engine : {"generic", "heron", "flink"}) {
    for (const std::string& placement : placements) {
      INFO(engine << ", " << placement);
      const json result = outcome(scenario(engine, placement));
      INFO(result.dump());
      REQUIRE(result.contains("ok"));
      CHECK(result["ok"] == true);
      const bool shares = std::string(engine) == "flink";
      CHECK(result["parallelism"] == (shares ? 2 : 5));
      CHECK(result["hosts"] == (shares                                          ? shared
                                : placement == "heron-first-fit-decreasing"     ? heron_ffd
                                : placement == "resource-compliant-round-robin" ? heron_rr
                                                                                : textbook));
    }
  }
}

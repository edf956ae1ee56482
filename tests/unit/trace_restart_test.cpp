#include <catch2/catch.hpp>

#include "tests/support/traced.hpp"

// A restart stops everybody: from the signal to stop on, the overhead of those who waited just before is on a
// path too, as that of those who worked is.

using namespace weir;
using namespace weir::test;
using nlohmann::json;

namespace {

// By worker: the largest share of paths along an edge of fault tolerance that begins at the restart. What
// begins at 0 is the first deployment.
json shares_of_restart(const ScenarioText& scenario, double restart_s) {
  return sum_of_trace(scenario, [&](auto& source) -> json {
    analyzer::EdgeWindow window;
    if (!source.next(nanos_per_second * 100'000, window)) return {{"error", "no window"}};
    analyzer::Pag pag;
    analyzer::EdgeConstruction(0).build(window, pag);
    analyzer::Participation participation;
    participation.count(pag);
    json shares = json::object();
    for (std::size_t c = 0; c < pag.chains(); ++c) {
      const std::string name = source.worker_name(pag.worker[c]);
      for (std::uint32_t v = pag.chain_first[c]; v + 1 < pag.chain_first[c + 1]; ++v) {
        if (pag.local[v].activity != Activity::fault_tolerance || pag.time_ns[v] != to_nanos(restart_s))
          continue;
        shares[name] = participation.local_share(v);
      }
    }
    return shares;
  });
}

}  // namespace

TEST_CASE("a restart is on the paths of a source that was blocked when it began", "[trace]") {
  ScenarioText s(6);
  s.source("in", ScenarioText::constant(100));
  s.op("slow", "map", ScenarioText::deterministic(12e3));
  s.op("out", "sink", ScenarioText::deterministic(1e3));
  s.edge("in", "slow");
  s.edge("slow", "out");
  // 12 ms of work for each of 100 records a second: one is always in service, and one finds no room.
  s.engine().update(
      {{"on_stop", "drop"}, {"savepoint_s", 0}, {"restart_s", 1.5}, {"channel_capacity_records", 1}});
  s.job()["policy"] = {{"type", "test-scripted"},
                       {"steps", {{{"time_s", 2}, {"operator_id", 1}, {"parallelism", 2}}}}};
  const json shares = shares_of_restart(s, 2);
  INFO(shares.dump());
  REQUIRE(shares.size() == 3);
  // No path comes along its own timeline, which is blocked, but by the engine's signal to stop; its records
  // go on when it may, and the paths with them.
  CHECK(shares["in[0]"].get<double>() > 0);
  CHECK(shares["slow[0]"].get<double>() > 0);  // it worked
}

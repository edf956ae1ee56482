#include <catch2/catch.hpp>

#include "tests/support/flink_scenario.hpp"

// When windows fire: watermarks of all sources, sent at ticks.

using namespace weir::test;

namespace {

using json = nlohmann::json;

ScenarioText with_workload(const json& workload, double until_s) {
  ScenarioText s(until_s, 0.1);
  s.job()["workload"] = workload;
  return s;
}

// The metric windows in which something was delivered: when they end.
std::vector<double> deliveries_s(const ScenarioText& s) {
  const json result = flink_result(s, true);
  std::vector<double> ends;
  for (const json& window : result["windows"])
    if (window["delivered"].get<std::int64_t>() > 0) ends.push_back(window["end_ns"].get<double>() * 1e-9);
  return ends;
}

}  // namespace

TEST_CASE("nexmark: a window fires with the first watermark after its end", "[oracle][nexmark]") {
  // At a tick a watermark is the time of the last event before it. So a window that ends at 10 s is over at
  // the next tick, if that is at 10 s sharp; and its results come with the next record.
  for (const auto& [interval_ms, fires_s] : {std::pair{0, 10.0}, {200, 10.2}, {1000, 11.0}, {7000, 14.0}}) {
    INFO(interval_ms);
    const ScenarioText s = with_workload({{"type", "yahoo"},
                                          {"arrivals", ScenarioText::constant(1000)},
                                          {"watermark_interval_ms", interval_ms}},
                                         19);
    const std::vector<double> at_s = deliveries_s(s);
    REQUIRE_FALSE(at_s.empty());
    CHECK(at_s.front() == Approx(fires_s + 0.1).margin(1e-6));
    CHECK(at_s.back() <= fires_s + 0.3);
  }
}

TEST_CASE("nexmark: a watermark is behind all events of a group that is out of order", "[oracle][nexmark]") {
  // An auction every 10 ms from one source, and no holdback: the first event at or after 10 s is number 1000.
  // In groups of 300 it is told of when number 1200 leaves, at 12 s, by the next tick.
  for (const auto& [group, fires_s] : {std::pair{1, 10.2}, {300, 12.2}, {1001, 10.2}}) {
    INFO(group);
    const ScenarioText s = with_workload({{"type", "ds2-nexmark-q8"},
                                          {"event_time", "arrival"},
                                          {"auctions", ScenarioText::constant(100)},
                                          {"auction_sources", 1},
                                          {"persons", ScenarioText::constant(100)},
                                          {"person_sources", 1},
                                          {"generator", {{"out_of_order_group_size", group}}}},
                                         25);
    const std::vector<double> at_s = deliveries_s(s);
    REQUIRE_FALSE(at_s.empty());
    CHECK(at_s.front() == Approx(fires_s + 0.1).margin(0.11));
  }
}

TEST_CASE("nexmark: a watermark does not overtake the records before it", "[oracle][nexmark]") {
  // A third of 3000 events a second are views, and one instance counts 500 of them: what came before the tick
  // at 10.2 s is dealt with at 20.4 s.
  const ScenarioText s = with_workload({{"type", "yahoo"},
                                        {"arrivals", ScenarioText::constant(3000)},
                                        {"source_parallelism", 1},
                                        {"count", {{"parallelism", 1}, {"cost", {{"per_record_us", 2000}}}}}},
                                       30);
  const std::vector<double> at_s = deliveries_s(s);
  REQUIRE_FALSE(at_s.empty());
  CHECK(at_s.front() == Approx(20.4).margin(0.5));
}

TEST_CASE("nexmark: who sends nothing holds windows back, unless it counts as idle", "[oracle][nexmark]") {
  const json stops = {
      {"type", "phases"}, {"phases", {{{"duration_s", 5}, {"rate_per_s", 200}}}}, {"after", "stop"}};
  ScenarioText s = with_workload({{"type", "ds2-nexmark-q8"},
                                  {"event_time", "arrival"},
                                  {"auctions", ScenarioText::constant(600)},
                                  {"persons", stops}},
                                 40);
  CHECK(deliveries_s(s).empty());
  s.job()["workload"]["idle_timeout_s"] = 8;
  // Idle from 13 s on: then the watermark is that of the others.
  const std::vector<double> at_s = deliveries_s(s);
  REQUIRE_FALSE(at_s.empty());
  CHECK(at_s.front() == Approx(13.1).margin(0.11));
}

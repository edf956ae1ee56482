#include "sim/control/true_capacity.hpp"

#include <catch2/catch.hpp>

#include "sim/control/policy.hpp"
#include "sim/simulation/simulation.hpp"
#include "tests/support/scenario_text.hpp"
#include "tests/support/simulate.hpp"

using namespace weir;
using namespace weir::test;
using nlohmann::json;

namespace {

// The optima of [0, 1 s]: of the operators, then of all workers.
json optima(const ScenarioText& scenario, const std::vector<int>& ids = {0, 1, 2, all_workers}) {
  return in_child([&]() -> json {
    Errors errors;
    const auto loaded = load_scenario_text(scenario.text(), "test", ".", {}, errors);
    if (!loaded) return errors.text();
    json found;
    SimulationOptions options;
    options.at_end = [&](const Job& job) {
      const TrueCapacity truth(job);
      for (const int id : ids) found.push_back(truth.optimal_parallelism(id, 0, 1));
    };
    simulate(*loaded, options);
    return found;
  });
}

}  // namespace

TEST_CASE("workers that run all operators need the sum of what these need", "[control]") {
  ScenarioText s(1);
  s.source("in", ScenarioText::constant(1000));
  s.op("half", {{"type", "filter"}, {"selectivity", 0.5}}, ScenarioText::deterministic(1600));
  s.op("out", "sink", ScenarioText::deterministic(1000));
  s.edge("in", "half");
  s.edge("half", "out");
  // 1000/s of 1.6 ms and 500/s of 1 ms: 1.6 and 0.5 instances.
  CHECK(optima(s) == json({1, 2, 1, 3}));
  s.dataflow()["operators"][0]["max_parallelism"] = 2;
  CHECK(optima(s) == json({1, 2, 1, 2}));
  // With contention an instance of two does less: 1.6 * 1.25 of 2, (1.6 * 1.5 + 0.5) of 3.
  s.dataflow()["operators"][0].erase("max_parallelism");
  s.dataflow()["operators"][0]["contention"] = {{"sigma", 0.25}};
  CHECK(optima(s) == json({1, 2, 1, 3}));
}

TEST_CASE("what comes back in a loop is demand too", "[control]") {
  ScenarioText s(0.01);
  s.source("in", ScenarioText::constant(15'000));
  s.op("again", "map", ScenarioText::deterministic(50));
  s.op("half", {{"type", "filter"}, {"selectivity", 0.5}}, ScenarioText::deterministic(50));
  s.op("out", "sink", ScenarioText::deterministic(50));
  s.edge("in", "again");
  s.edge("again", "half");
  s.edge("half", "again")["feedback"] = true;
  s.edge("half", "out");
  // 15 k/s and half of what there is: 30 k/s of 50 us are 1.5 instances, 15 k/s are 0.75.
  CHECK(optima(s, {0, 1, 2, 3, all_workers}) == json({1, 2, 2, 1, 4}));
  // A quarter comes back over another loop as well: 15 / (1 - 0.5 - 0.25) k/s are 3 instances.
  s.op("quarter", {{"type", "filter"}, {"selectivity", 0.5}}, ScenarioText::deterministic(50));
  s.edge("half", "quarter");
  s.edge("quarter", "again")["feedback"] = true;
  CHECK(optima(s, {1, 2}) == json({3, 3}));
  // All of it comes back: no parallelism is enough, there or behind.
  s.dataflow()["operators"][1]["logic"]["selectivity"] = 1;
  for (json& op : s.dataflow()["operators"]) op["max_parallelism"] = 7;
  CHECK(optima(s, {1, 2, 3, 4, all_workers}) == json({7, 7, 7, 7, 7}));
}

TEST_CASE("the optimum of a graph of many paths is found at once", "[control]") {
  ScenarioText s(0.001);
  s.source("in", ScenarioText::constant(1000));
  std::vector<std::string> before = {"in"};
  for (int layer = 0; layer < 40; ++layer) {
    std::vector<std::string> here;
    for (const char side : {'a', 'b'}) {
      here.push_back(side + std::to_string(layer));
      s.op(here.back(), {{"type", "filter"}, {"selectivity", 0.5}}, ScenarioText::deterministic(1500));
      for (const std::string& from : before) s.edge(from, here.back());
    }
    before = here;
  }
  s.hosts()[0]["cores"] = 128;
  // 2^40 ways, and 1000/s at every operator.
  CHECK(optima(s, {1, 80}) == json({2, 2}));
}

TEST_CASE("hosts that hold nothing of an operator do not slow its optimum", "[control]") {
  ScenarioText s(1);
  s.source("in", ScenarioText::constant(1000));
  s.op("work", "sink", ScenarioText::deterministic(1500));
  s.edge("in", "work");
  s.hosts() = {{{"name", "fast"}, {"count", 1}, {"cores", 4}},
               {{"name", "slow"}, {"count", 1}, {"speed", 0.5}}};
  s.job()["placement"] = "packed";
  CHECK(optima(s, {1}) == json({2}));
  std::swap(s.hosts()[0], s.hosts()[1]);
  s.hosts()[0]["slots"] = 2;
  CHECK(optima(s, {1}) == json({3}));
}

TEST_CASE("a broadcast edge multiplies demand by the instances that get the copies", "[control]") {
  // in -> all (broadcast) -> out: as the simulation counts.
  for (const int copies : {1, 3, 5}) {
    ScenarioText s(2);
    s.source("in", ScenarioText::constant(1000));
    s.op("all", "map", ScenarioText::deterministic(200));
    s.dataflow()["operators"][0]["parallelism"] = copies;
    s.op("out", "sink", ScenarioText::deterministic(10));
    s.edge("in", "all")["partitioning"] = "broadcast";
    s.edge("all", "out");
    const json found = in_child([&]() -> json {
      Errors errors;
      const auto loaded = load_scenario_text(s.text(), "test", ".", {}, errors);
      if (!loaded) return errors.text();
      json of_job;
      SimulationOptions options;
      options.at_end = [&](const Job& job) {
        const TrueCapacity truth(job);
        for (int op = 0; op < 3; ++op) of_job["demand"].push_back(truth.demand_per_s(op, 0, 1));
        of_job["optimum"] = truth.optimal_parallelism(1, 0, 1);
      };
      const RunSummary summary = simulate(*loaded, options);
      for (const auto& op : summary.jobs[0].operators) of_job["records_in"].push_back(op.records_in);
      return of_job;
    });
    INFO(copies << ": " << found.dump());
    for (int op = 1; op < 3; ++op) {
      CHECK(found["demand"][op] == 1000.0 * copies);
      // What is under way at the end is not in: a span of 50 ms on each of two hops.
      const double simulated_per_s = found["records_in"][op].get<double>() / 2;
      CHECK(simulated_per_s <= 1000.0 * copies);
      CHECK(simulated_per_s >= 0.9 * 1000.0 * copies);
    }
    CHECK(found["optimum"] == 1);
  }
}

TEST_CASE("no parallelism helps who gets a copy of everything in each instance", "[control]") {
  const auto with = [](double all_us, int most) {
    ScenarioText s(0.01);
    s.source("in", ScenarioText::constant(1000));
    s.op("all", "map", ScenarioText::deterministic(all_us));
    s.dataflow()["operators"][0]["min_parallelism"] = 2;
    s.dataflow()["operators"][0]["parallelism"] = 2;
    s.dataflow()["operators"][0]["max_parallelism"] = most;
    s.op("out", "sink", ScenarioText::deterministic(800));
    s.edge("in", "all")["partitioning"] = "broadcast";
    s.edge("all", "out");
    return optima(s, {1, 2, all_workers});
  };
  // 1000/s of 0.9 ms: one instance bears its copies, and so does each of two, which make 2000/s for `out`.
  CHECK(with(900, 7)[0] == 2);
  CHECK(with(900, 7)[1] == 2);
  // 1.1 ms: no instance bears them, however many there are: more than the fewest are for nothing.
  CHECK(with(1100, 7)[0] == 2);
  CHECK(with(1100, 7)[1] == 2);
  // What also comes shared: 0.5 of each instance are copies, and 1.2 are for all together: 3 do.
  ScenarioText s(0.01);
  s.source("copied", ScenarioText::constant(1000));
  s.source("shared", ScenarioText::constant(2400));
  s.op("all", "sink", ScenarioText::deterministic(500));
  s.edge("copied", "all")["partitioning"] = "broadcast";
  s.edge("shared", "all");
  CHECK(optima(s, {2}) == json({3}));
}

TEST_CASE("a global edge brings everything to one instance, and more do not help", "[control]") {
  const auto with = [](double us, const char* partitioning, int most) {
    ScenarioText s(0.01);
    s.source("in", ScenarioText::constant(1000));
    s.op("all", "sink", ScenarioText::deterministic(us));
    s.dataflow()["operators"][0]["max_parallelism"] = most;
    s.edge("in", "all")["partitioning"] = partitioning;
    return in_child([&]() -> json {
      Errors errors;
      const auto loaded = load_scenario_text(s.text(), "test", ".", {}, errors);
      if (!loaded) return errors.text();
      json found;
      SimulationOptions options;
      options.at_end = [&](const Job& job) {
        const TrueCapacity truth(job);
        const auto unborne = truth.unborne(1, 0, 0.01);
        found = {{"optimum", truth.optimal_parallelism(1, 0, 0.01)}, {"bears", !unborne}};
        if (unborne && unborne->would_bear) found["would_bear"] = *unborne->would_bear;
      };
      simulate(*loaded, options);
      return found;
    });
  };
  CHECK(with(900, "global", 8) == json({{"optimum", 1}, {"bears", true}}));
  // 4.5 instances' worth of work.
  CHECK(with(4500, "global", 8) == json({{"optimum", 1}, {"bears", false}}));
  CHECK(with(4500, "broadcast", 8) == json({{"optimum", 1}, {"bears", false}}));
  CHECK(with(4500, "rebalance", 8) == json({{"optimum", 5}, {"bears", true}}));
  CHECK(with(4500, "rebalance", 3) == json({{"optimum", 3}, {"bears", false}, {"would_bear", 5}}));
}

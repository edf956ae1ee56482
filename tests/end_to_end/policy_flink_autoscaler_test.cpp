#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/simulate.hpp"

// Flink's autoscaler in the loop: the simulator measures, it acts, the job restarts with what it had to
// leave.

using namespace weir;
using namespace weir::test;
using nlohmann::json;

namespace {

// A splitter does 4000 sentences a second, a counter 50 000 words, ten words a sentence.
json summary_of(const json& phases, double until_s, const json& policy) {
  const json scenario = {{"weir", 1},
                         {"name", "word-count"},
                         {"until_s", until_s},
                         {"cluster", {{"hosts", {{{"name", "worker"}, {"count", 2}, {"cores", 16}}}}}},
                         {"jobs",
                          {{{"workload",
                             {{"type", "word-count"},
                              {"arrivals", {{"type", "phases"}, {"phases", phases}}},
                              {"words_per_sentence", 10},
                              {"split", {{"cost", {{"per_record_us", 250}}}}},
                              {"count", {{"cost", {{"per_record_us", 20}}}}}}},
                            {"engine", {{"type", "generic"}, {"metrics_interval_s", 5}, {"restart_s", 10}}},
                            {"policy", policy}}}}};
  const json result = run({.scenario = scenario.dump()});
  INFO(result.value("error", ""));
  REQUIRE(result.contains("summary"));
  return result["summary"];
}

// As experiments shorten it (Justin: windows of 2 min, 1 min of stabilization).
const json shortened = {
    {"type", "flink-autoscaler"}, {"metrics_window_s", 120}, {"stabilization_s", 60},
    {"catch_up_s", 600},          {"restart_s", 10},         {"scale_down_interval_s", 300}};

json phase(double duration_s, double rate_per_s) {
  return {{"duration_s", duration_s}, {"rate_per_s", rate_per_s}};
}

std::vector<json> actions_on(const json& summary, const std::string& op) {
  std::vector<json> actions;
  for (const json& action : summary["scaling"]["actions"])
    if (action["operator"] == op) actions.push_back(action);
  return actions;
}

}  // namespace

TEST_CASE("flink-autoscaler settles where its formula says, and stays there", "[policy][flink-autoscaler]") {
  // 9000 sentences a second at 70 %, 10 s of a restart and what one splitter left in 180 s, each caught up in
  // 600 s, are 14 507 a second: 3.6 splitters, and 2.9 counters, which is aligned to a divisor of 128.
  const json summary = summary_of(json::array({phase(3600, 9000)}), 3600, shortened);
  INFO(summary["scaling"].dump(1));
  CHECK(summary["operators"]["split"]["parallelism"] == 4);
  CHECK(summary["operators"]["count"]["parallelism"] == 4);
  const auto split = actions_on(summary, "split");
  REQUIRE(split.size() == 1);
  // No decision within 60 s of stabilization and 120 s of window.
  CHECK(split[0]["time_s"].get<double>() >= 180);
  CHECK(summary["scaling"]["converged"] == true);
  CHECK(summary["throughput"]["ratio"].get<double>() > 0.99);
  CHECK(summary["throughput"]["backlog_records"].get<double>() < 1000);
}

TEST_CASE("flink-autoscaler follows the load down slowly, by no more than its factor",
          "[policy][flink-autoscaler]") {
  const json summary = summary_of(json::array({phase(900, 9000), phase(2700, 3000)}), 3600, shortened);
  INFO(summary["scaling"].dump(1));
  // 4336 sentences a second: 1.08 splitters and 0.87 counters, of four 1.6 at least.
  CHECK(summary["operators"]["split"]["parallelism"] == 2);
  CHECK(summary["operators"]["count"]["parallelism"] == 1);
  for (const std::string op : {"split", "count"})
    for (const json& action : actions_on(summary, op)) {
      const int from = action["from"], to = action["to"];
      CHECK(to >= 0.4 * from);
      if (to < from) CHECK(action["time_s"].get<double>() >= 900 + 300);
    }
}

TEST_CASE("flink-autoscaler's presets decide when their windows are full", "[policy][flink-autoscaler]") {
  const auto first_action_s = [](const char* preset) {
    const json summary = summary_of(json::array({phase(1800, 5000)}), 1800,
                                    {{"type", "flink-autoscaler"}, {"preset", preset}});
    INFO(summary["scaling"].dump(1));
    REQUIRE_FALSE(summary["scaling"]["actions"].empty());
    return summary["scaling"]["actions"][0]["time_s"].get<double>();
  };
  // Samples count from 300 s on.
  CHECK(first_action_s("1.4") == Approx(600).margin(1));
  CHECK(first_action_s("1.6") == Approx(900).margin(1));
  CHECK(first_action_s("1.7") == Approx(1200).margin(1));
}

TEST_CASE("flink-autoscaler has the slots that Flink shares", "[policy][flink-autoscaler][flink]") {
  // Nexmark's query 5 in eight slots of 16: the window is short of instances, the slots are not. One for each
  // instance, 26 would be needed.
  const json scenario = {
      {"weir", 1},
      {"name", "shared-slots"},
      {"until_s", 400},
      {"cluster", {{"hosts", {{{"name", "host"}, {"count", 2}, {"cores", 16}, {"slots", 8}}}}}},
      {"jobs",
       {{{"workload",
          {{"type", "nexmark-q5"},
           {"arrivals", {{"type", "constant"}, {"rate_per_s", 300'000}}},
           {"source_parallelism", 8},
           {"window", {{"parallelism", 1}}}}},
         {"engine", {{"type", "flink"}}},
         {"policy", shortened}}}}};
  const json result = run({.scenario = scenario.dump()});
  INFO(result.value("error", ""));
  REQUIRE(result.contains("summary"));
  INFO(result["summary"]["scaling"].dump(1));
  const auto actions = actions_on(result["summary"], "window");
  REQUIRE(!actions.empty());
  CHECK(actions[0]["status"] == "done");
  CHECK(actions[0]["to"] >= 4);  // of 276 k bids/s one does 119 k, and should be busy at 70 %
}

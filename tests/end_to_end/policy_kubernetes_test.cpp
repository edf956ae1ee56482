#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/simulate.hpp"

// Kubernetes' autoscaler and KEDA in the loop: the simulator measures, they act, the job restarts.

using namespace weir;
using namespace weir::test;
using nlohmann::json;

namespace {

// A word count: a splitter does 4000 sentences a second, a counter 50 000 words, ten words a sentence.
json word_count(const json& arrivals, const json& policy, double until_s, double restart_s = 10) {
  return {{"weir", 1},
          {"name", "word-count"},
          {"until_s", until_s},
          {"cluster", {{"hosts", {{{"name", "worker"}, {"count", 2}, {"cores", 16}}}}}},
          {"jobs",
           {{{"workload",
              {{"type", "word-count"},
               {"arrivals", arrivals},
               {"words_per_sentence", 10},
               {"split", {{"cost", {{"per_record_us", 250}}}}},
               {"count", {{"cost", {{"per_record_us", 20}}}}}}},
             {"engine", {{"type", "generic"}, {"metrics_interval_s", 10}, {"restart_s", restart_s}}},
             {"policy", policy}}}}};
}

json phases(const std::vector<std::pair<double, double>>& s_and_per_s) {
  json list = json::array();
  for (const auto& [duration_s, rate_per_s] : s_and_per_s)
    list.push_back({{"duration_s", duration_s}, {"rate_per_s", rate_per_s}});
  return {{"type", "phases"}, {"phases", list}};
}

json summary_of(const json& scenario) {
  const json result = run({.scenario = scenario.dump()});
  INFO(result.value("error", ""));
  REQUIRE(result.contains("summary"));
  return result["summary"];
}

const json step = phases({{120, 3000}, {2880, 9000}});

std::vector<double> action_times_s(const json& summary) {
  std::vector<double> times_s;
  for (const json& action : summary["scaling"]["actions"]) times_s.push_back(action["time_s"]);
  return times_s;
}

int parallelism(const json& summary, const char* op) {
  return summary["operators"][op]["parallelism"];
}

}  // namespace

TEST_CASE("hpa settles after a step of the load where its formula says", "[policy][hpa]") {
  // 9000 sentences a second are 2.25 splitters and 1.8 counters at work: three of each are at 75 and 60 %, of
  // which the formula makes 3 * 75 / 80 (within the tolerance) and ceil(3 * 60 / 80) = 3.
  const json summary = summary_of(word_count(step, "hpa", 1500, 1));
  INFO(summary["scaling"].dump(1));
  CHECK(parallelism(summary, "split") == 3);
  CHECK(parallelism(summary, "count") == 3);
  REQUIRE_FALSE(summary["scaling"]["actions"].empty());
  // At 3000 sentences a second one splitter is at 75 %: nothing before the step.
  CHECK(action_times_s(summary).front() > 120);
  // What it added for the backlog is taken back when that was recommended 300 s ago.
  CHECK(action_times_s(summary).back() < 900);
  CHECK(summary["throughput"]["ratio"].get<double>() > 0.99);
}

TEST_CASE("hpa does not settle where a restart makes the backlog for the next one", "[policy][hpa]") {
  // After 10 s without service three splitters are full for longer than a sync, so it adds more, and takes
  // them away 300 s later, by a restart.
  const json restless = summary_of(word_count(step, "hpa", 3000, 10));
  CHECK(action_times_s(restless).back() > 2500);
  // The remedy that the documentation names: a stabilization window on the way up, longer than the backlog.
  const json policy = {{"type", "hpa"}, {"scale_up", {{"stabilization_s", 120}}}};
  const json calm = summary_of(word_count(step, policy, 3000, 10));
  INFO(calm["scaling"].dump(1));
  CHECK(parallelism(calm, "split") == 3);
  CHECK(parallelism(calm, "count") == 3);
  CHECK(action_times_s(calm).back() < 1500);
}

TEST_CASE("hpa does nothing under a load that fits, and says why", "[policy][hpa]") {
  const json summary = summary_of(word_count(phases({{300, 3200}}), "hpa", 300));
  CHECK(summary["scaling"]["steps"] == 0);
  const std::string why = summary["scaling"]["why_nothing"];
  INFO(why);
  CHECK(why.find("at split: ") != std::string::npos);
  CHECK(why.find("the metric asked for what ran (utilization") != std::string::npos);
  CHECK(why.find("target 80 %") != std::string::npos);
}

TEST_CASE("keda works off a burst with the whole job, then goes back to one", "[policy][keda]") {
  const json policy = {{"type", "keda"}, {"lag_threshold", 1000}, {"partitions", 6}};
  const json summary = summary_of(word_count(phases({{60, 1000}, {60, 12000}, {780, 1000}}), policy, 900));
  INFO(summary["scaling"].dump(1));
  CHECK(parallelism(summary, "split") == 1);
  CHECK(parallelism(summary, "count") == 1);
  int most = 1;
  for (const json& action : summary["scaling"]["actions"]) most = std::max(most, action["to"].get<int>());
  CHECK(most >= 5);
  CHECK(most <= 7);  // partitions, and one for a started threshold
  CHECK(summary["throughput"]["backlog_records"].get<double>() < 1000);
  CHECK(summary["throughput"]["ratio"].get<double>() > 0.99);
}

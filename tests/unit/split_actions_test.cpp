#include <catch2/catch.hpp>

#include "sim/control/policy.hpp"
#include "sim/dataflow/splitter.hpp"
#include "tests/support/worked_example.hpp"

// Shares of instances as actions: when they are in force, and what is refused.

using namespace weir;
using namespace weir::test;
using nlohmann::json;

namespace {

constexpr int c2 = 3;  // by the order of operators in the worked example
constexpr double rate_per_s = 80;

json scripted(const json& steps) {
  json scenario = shipped_worked_example(WEIR_SOURCE_DIR);
  scenario["until_s"] = 100;
  for (json& source : scenario["jobs"][0]["workload"]["sources"]) source["arrivals"] = steady(rate_per_s);
  scenario["jobs"][0]["policy"] = {{"type", "test-scripted"}, {"steps", steps}};
  return scenario;
}

json result_of(const json& scenario) {
  const json result = run({.scenario = scenario.dump()});
  INFO(result.value("error", ""));
  REQUIRE(result.contains("summary"));
  CHECK(result["summary"]["conservation"]["ok"]);
  return result;
}

json split(double time_s, int operator_id, const std::vector<double>& shares) {
  return {{"time_s", time_s}, {"operator_id", operator_id}, {"shares", shares}};
}

struct Told {
  ActionReport::Status status;
  std::string detail;
};

std::vector<Told> told(const json& result) {
  std::vector<Told> all;
  for (const json& report : result["summary"]["policy_state"])
    all.push_back({static_cast<ActionReport::Status>(report[1].get<int>()), report[2]});
  return all;
}

}  // namespace

TEST_CASE("shares are in force when the reconfiguration is over", "[control]") {
  json scenario = scripted(json::array({split(50, c2, {0.75, 0.25})}));
  scenario["jobs"][0]["engine"]["reconfiguration_ms"] = 10'000;
  const json result = result_of(scenario);
  const auto records = [&](int index) { return result["instances"][c2][index]["records_in"].get<double>(); };
  CHECK(records(0) == Approx(0.75 * rate_per_s * 40).margin(2));
  CHECK(records(1) == Approx(rate_per_s * 60 + 0.25 * rate_per_s * 40).margin(3));
  const std::vector<Told> reports = told(result);
  REQUIRE(reports.size() == 2);
  CHECK(reports[0].status == ActionReport::Status::accepted);
  CHECK(reports[1].status == ActionReport::Status::done);
  CHECK(result["summary"]["policy_state"][1][0].get<double>() == Approx(60));

  const json& scaling = result["summary"]["scaling"];
  REQUIRE(scaling["splits"].size() == 1);
  const json& written = scaling["splits"][0];
  CHECK(written["time_s"] == 50);
  CHECK(written["ended_s"] == 60);
  CHECK(written["status"] == "done");
  CHECK(written["shares"] == json{{"c2", {0.75, 0.25}}});
  CHECK(written["decision_id"] == scaling["decisions"][0]["decision_id"]);
  CHECK(scaling["decisions"][0]["acted"] == true);
  CHECK(scaling["splits_done"] == 1);
  CHECK(scaling["why_nothing"].is_null());
}

TEST_CASE("a split that is under way at the end, or was refused, is told as such", "[control]") {
  json scenario = scripted(json::array({split(95, c2, {0.75, 0.25})}));
  scenario["jobs"][0]["engine"]["reconfiguration_ms"] = 10'000;
  const json running = result_of(scenario)["summary"]["scaling"];
  REQUIRE(running["splits"].size() == 1);
  CHECK(running["splits"][0]["status"] == "running");
  CHECK(running["splits"][0]["ended_s"].is_null());
  CHECK(running["splits_done"] == 0);
  const json refused = result_of(scripted(json::array({split(10, 99, {1})})))["summary"]["scaling"];
  REQUIRE(refused["splits"].size() == 1);
  CHECK(refused["splits"][0]["status"] == "refused");
  CHECK(refused["splits"][0]["shares"] == json{{"99", {1}}});
  CHECK(refused["splits"][0]["detail"] == "a share for each instance of an operator is needed");
  CHECK(refused["splits_done"] == 0);
}

TEST_CASE("a split that makes no sense is refused, and changes nothing", "[control]") {
  const std::string share_each = "a share for each instance of an operator is needed";
  struct Wrong {
    json step;
    std::string says;
  };
  for (const Wrong& wrong :
       std::vector<Wrong>{{split(10, c2, {1}), share_each},
                          {split(10, 99, {1}), share_each},
                          {split(10, c2, {1.5, -0.5}), "a share is negative"},
                          {split(10, c2, {0.5, 0.4}), "the shares of an operator do not add up to 1"}}) {
    CAPTURE(wrong.step.dump());
    const json result = result_of(scripted(json::array({wrong.step})));
    const std::vector<Told> reports = told(result);
    REQUIRE(reports.size() == 1);
    CHECK(reports[0].status == ActionReport::Status::refused);
    CHECK(reports[0].detail == wrong.says);
    CHECK(result["instances"][c2][0]["records_in"] == 0);
  }
}

TEST_CASE("one split at a time, and no other parallelism on nodes that are shared", "[control]") {
  json scenario = scripted({split(10, c2, {1, 0}), split(11, c2, {0.5, 0.5}),
                            json{{"time_s", 40}, {"operator_id", c2}, {"parallelism", 1}}});
  scenario["jobs"][0]["engine"]["reconfiguration_ms"] = 5000;
  const std::vector<Told> reports = told(result_of(scenario));
  REQUIRE(reports.size() == 4);
  CHECK(reports[1].status == ActionReport::Status::refused);
  CHECK(reports[1].detail == "another action is under way");
  CHECK(reports[2].status == ActionReport::Status::done);
  CHECK(reports[3].status == ActionReport::Status::refused);
}

TEST_CASE("an engine that splits no rates refuses", "[control]") {
  json scenario = scripted(json::array({split(10, c2, {1, 0})}));
  scenario["jobs"][0]["engine"] = "generic";
  const std::vector<Told> reports = told(result_of(scenario));
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].detail == "the engine does not split rates among instances");
}

TEST_CASE("a splitter with other shares deals by them from then on", "[control]") {
  EdgeSpec edge;
  edge.partitioning = Partitioning::shares;
  const auto shares = [](std::vector<double> values) {
    return std::make_shared<const std::vector<double>>(values);
  };
  Splitter splitter(edge, shares({0.2, 0.3, 0.5}), 0, 3, RandomStream(1, "test", "split"));
  std::vector<std::int64_t> got(3, 0);
  const auto deal = [&](int times) {
    got.assign(3, 0);
    for (int i = 0; i < times; ++i)
      splitter.split(1, [&](int to, std::int64_t n) { got[static_cast<std::size_t>(to)] += n; });
  };
  deal(1000);
  CHECK(std::abs(got[0] - 200) <= 2);
  CHECK(std::abs(got[1] - 300) <= 2);
  splitter.reshare(shares({0.9, 0, 0.1}));
  deal(1000);
  CHECK(std::abs(got[0] - 900) <= 2);
  CHECK(got[1] == 0);
  CHECK(std::abs(got[2] - 100) <= 2);
}

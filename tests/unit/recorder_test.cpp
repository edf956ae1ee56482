#include "sim/simulation/recorder.hpp"

#include <catch2/catch.hpp>

#include "tests/support/scenario_text.hpp"
#include "tests/support/simulate.hpp"

using namespace weir;
using namespace weir::test;
using nlohmann::json;

namespace {

// What the summary says of the throughput when an operator that does 100/s is offered these rates for 5 s
// each.
json throughput(double first_per_s, double then_per_s, const std::string& when_blocked) {
  ScenarioText s(10);
  json& source =
      s.source("in", {{"type", "phases"},
                      {"phases", json::array({{{"rate_per_s", first_per_s}, {"duration_s", 5}},
                                              {{"rate_per_s", then_per_s}, {"duration_s", 60}}})}});
  source["when_blocked"] = when_blocked;
  s.op("work", "sink", ScenarioText::deterministic(10'000));
  s.edge("in", "work");
  s.engine()["channel_capacity_records"] = 10;
  const json result = run({s.text()});
  INFO(result.dump());
  REQUIRE(result.contains("summary"));
  return result["summary"]["throughput"];
}

}  // namespace

TEST_CASE("a job that works off a backlog does not fall behind", "[record]") {
  const json spike = throughput(300, 50, "queue");
  CHECK(spike["end_achieved_per_s"].get<double>() < 0.9 * spike["end_offered_per_s"].get<double>());
  CHECK(spike["falling_behind"] == false);
  CHECK(throughput(50, 300, "queue")["falling_behind"] == false);  // lately, which may be a spike
  CHECK(throughput(300, 300, "queue")["falling_behind"] == true);
  CHECK(throughput(90, 90, "queue")["falling_behind"] == false);
}

TEST_CASE("records that a source skips are counted", "[record]") {
  const json skips = throughput(300, 300, "skip");
  CHECK(skips["suppressed_records"].get<double>() == Approx(2000).epsilon(0.1));
  CHECK(skips["falling_behind"] == true);
  CHECK(throughput(300, 300, "queue")["suppressed_records"] == 0);
}

namespace {

// in -> work, under a policy.
ScenarioText under(const json& policy, double rate_per_s, double until_s) {
  ScenarioText s(until_s, 10);
  s.source("in", ScenarioText::constant(rate_per_s));
  s.op("work", "sink", ScenarioText::deterministic(1000))["parallelism"] = 2;
  s.edge("in", "work");
  s.job()["policy"] = policy;
  return s;
}

json scaling_of(const ScenarioText& s) {
  const json result = run({s.text()});
  INFO(result.dump());
  REQUIRE(result.contains("summary"));
  return result["summary"]["scaling"];
}

}  // namespace

TEST_CASE("a policy that was never asked, or saw nothing, has not come to rest", "[record]") {
  for (const char* policy : {"ds2", "dhalion", "threshold"}) {
    INFO(policy);
    const json unasked = scaling_of(under(policy, 100, 3));
    CHECK(unasked["converged"] == false);
    CHECK(unasked["convergence_time_s"].is_null());
    CHECK_THAT(unasked["why_nothing"].get<std::string>(),
               Catch::Contains("over before it was asked for the first time, at "));
  }
  const json unmeasured = scaling_of(under("ds2", 0, 700));
  CHECK(unmeasured["converged"] == false);
  CHECK(unmeasured["why_nothing"] ==
        "it was asked 70 times, and never had anything to go by: no operator worked in what was measured");
  // An idle job is something to go by for those that look at utilization, or at backpressure.
  for (const char* policy : {"dhalion", "threshold"}) {
    INFO(policy);
    ScenarioText idle = under(policy, 0, 2000);
    const json rested = scaling_of(idle);
    CHECK(rested["steps"] == 1);
    CHECK(rested["converged"] == true);
  }
  // What it has to go by is enough to leave all as it is.
  ScenarioText fits = under("ds2", 1500, 700);
  const json measured = scaling_of(fits);
  CHECK(measured["converged"] == true);
  CHECK_THAT(measured["why_nothing"].get<std::string>(), Catch::Contains("what it computed was what ran"));
  // Who never acts is at rest from the start.
  CHECK(scaling_of(under("static", 100, 3))["converged"] == true);
}

TEST_CASE("records that no operator divides are counted as such, others by weight", "[record]") {
  // Half of the copies are dropped, though every record reaches a sink.
  ScenarioText s(2);
  s.source("in", ScenarioText::constant(1000));
  s.op("keep", "sink", ScenarioText::deterministic(10));
  s.edge("in", "keep");
  const json plain = run({s.text()})["summary"]["conservation"];
  CHECK(plain["divided"] == false);
  s.op("drop", {{"type", "filter"}, {"selectivity", 0}}, ScenarioText::deterministic(10));
  s.op("nothing", "sink", ScenarioText::deterministic(10));
  s.edge("in", "drop");
  s.edge("drop", "nothing");
  const json fork = run({s.text()})["summary"]["conservation"];
  CHECK(fork["divided"] == true);
  CHECK(fork["filtered"].get<double>() == Approx(fork["emitted"].get<double>() / 2).epsilon(0.01));
  ScenarioText split(2);
  split.source("in", ScenarioText::constant(1000));
  split.op("two", {{"type", "flat-map"}, {"selectivity", 2}}, ScenarioText::deterministic(10));
  split.op("out", "sink", ScenarioText::deterministic(10));
  split.edge("in", "two");
  split.edge("two", "out");
  CHECK(run({split.text()})["summary"]["conservation"]["divided"] == true);
  split.dataflow()["operators"][0]["logic"]["selectivity"] = 0.5;
  CHECK(run({split.text()})["summary"]["conservation"]["divided"] == false);
}

TEST_CASE("a job that another one leaves too few slots is refused them while it runs", "[control]") {
  // Both want to grow from 2 to 4 instances in the same instant: 8 of 6 slots.
  ScenarioText s(200, 10);
  s.source("in", ScenarioText::constant(2500));
  s.op("work", "sink", ScenarioText::deterministic(1000));
  s.edge("in", "work");
  s.hosts() = json::array({{{"name", "h"}, {"cores", 6}}});
  s.job()["policy"] = {{"type", "ds2"}, {"interval_s", 20}, {"warm_up_intervals", 0}};
  s.job()["name"] = "first";
  s.all["jobs"].push_back(s.job());
  s.all["jobs"][1]["name"] = "second";
  const json result = run({s.text()});
  INFO(result.dump());
  REQUIRE(result.contains("summary"));
  const json& jobs = result["summary"]["jobs"];
  CHECK(jobs["first"]["scaling"]["steps"] == 1);
  const json& second = jobs["second"]["scaling"];
  CHECK(second["steps"] == 0);
  REQUIRE(!second["actions"].empty());
  for (const json& action : second["actions"]) {
    CHECK(action["status"] == "refused");
    CHECK(action["downtime_s"] == 0);
    CHECK(action["detail"] == "too few slots: 4 instances, and other jobs leave 2");
  }
}

TEST_CASE("catching up with a rescale takes what the fluid says", "[record]") {
  // 1000/s to an operator that does 600/s an instance: the backlog grows until it has two.
  ScenarioText s(400);
  s.source("in", ScenarioText::constant(1000));
  s.op("work", "sink", ScenarioText::deterministic(1e6 / 600));
  s.edge("in", "work");
  s.engine()["channel_capacity_records"] = 10;
  s.engine()["restart_s"] = 7.5;
  s.job()["policy"] = {{"type", "ds2"}, {"interval_s", 20}, {"warm_up_intervals", 0}};
  const json scaling = scaling_of(s);
  REQUIRE(scaling["actions"].size() == 1);
  const json& action = scaling["actions"][0];
  REQUIRE(action["to"] == 2);
  const double asked_s = action["time_s"], ended_s = action["ended_s"], down_s = action["downtime_s"];
  CHECK(down_s >= 7.5);
  REQUIRE(asked_s == 20);  // when a window had just ended
  // At the old surplus until it stood still, then at the full rate; give or take a tenth of a second's.
  const double excess = 400 * (ended_s - asked_s - down_s) + 1000 * down_s;
  const double expected_s = (excess - 100) / 200;
  CHECK(action["catch_up_s"].get<double>() > expected_s - 0.1);
  CHECK(action["catch_up_s"].get<double>() < expected_s + 1.1);  // to the end of a window
}

TEST_CASE("what another action interrupts is not caught up with", "[record]") {
  CatchingUp job;
  CHECK(!job.window(10, 0, 100));
  job.began();
  job.ended(3, 25);
  CHECK(!job.window(20, 5, 100));  // ended before the action did
  CHECK(!job.window(30, 500, 100));
  job.began();
  job.ended(4, 42);
  CHECK(!job.window(50, 511, 100));
  const auto result = job.window(60, 510, 100);  // as many as before the second, and a tenth of a second's
  REQUIRE(result);
  CHECK(result->action_id == 4);
  CHECK(result->catch_up_s == 18);
  CHECK(!job.window(70, 0, 100));  // once
  job.began();
  job.ended(5, 80);
  CHECK(!job.window(90, 10.5, 100));
  CHECK(job.window(100, 10, 100));
}

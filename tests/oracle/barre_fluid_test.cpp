#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/worked_example.hpp"

// Engine synergy and its policies against what fluids do: the worked example's table of drops, and single
// servers in overload.

using namespace weir;
using namespace weir::test;
using nlohmann::json;

namespace {

constexpr double nominal_per_s = 4000.0 / 45;

json summary_of(const json& scenario) {
  const json result = run({.scenario = scenario.dump()});
  INFO(result.value("error", ""));
  REQUIRE(result.contains("summary"));
  CHECK(result["summary"]["conservation"]["ok"]);
  return result["summary"];
}

json two_applications(const json& arrivals_1, const json& arrivals_2, const json& policy) {
  json scenario = shipped_worked_example(WEIR_SOURCE_DIR);
  json& job = scenario["jobs"][0];
  job["workload"]["sources"][0]["arrivals"] = arrivals_1;
  job["workload"]["sources"][1]["arrivals"] = arrivals_2;
  job["policy"] = policy;
  return scenario;
}

struct Shares {
  double of_all, of_application_2;
};

Shares dropped(const json& summary) {
  const double all = summary["conservation"]["emitted"], lost = summary["conservation"]["dropped"];
  const double second = summary["operators"]["app2"]["records_out"];
  return {lost / all, lost / second};
}

}  // namespace

TEST_CASE("a fixed plan drops what a fluid would: app 1 on A, app 2 on B, a burst of app 2",
          "[oracle][barre]") {
  struct Row {
    double intensity, of_application_2, of_all;
  };
  for (const Row& row : {Row{0.125, 0, 0}, Row{0.2, 0.0625, 0.0341}, Row{0.4, 0.1964, 0.1146},
                         Row{0.6, 0.2969, 0.1827}, Row{0.8, 0.375, 0.2411}, Row{1, 0.4375, 0.2917}}) {
    CAPTURE(row.intensity);
    const double burst_per_s = nominal_per_s * (1 + row.intensity);
    json scenario = two_applications(steady(nominal_per_s), steady(burst_per_s), "static");
    scenario["jobs"][0]["engine"]["queue_ms"] = 50;  // so that what fills it at first is little
    scenario["until_s"] = 600;
    const json summary = summary_of(scenario);
    CHECK(dropped(summary).of_application_2 == Approx(row.of_application_2).epsilon(0.01).margin(1e-4));
    CHECK(dropped(summary).of_all == Approx(row.of_all).epsilon(0.01).margin(1e-4));
    CHECK(summary["engine_figures"]["dropped_share"].get<double>() ==
          Approx(dropped(summary).of_all).margin(2e-3));
  }
}

TEST_CASE("BARRE loses nothing up to 80 % more of both, nor up to 125 % more of app 2", "[oracle][barre]") {
  for (const double intensity : {0.4, 0.8}) {
    CAPTURE(intensity);
    const json burst = steady(nominal_per_s * (1 + intensity) * (1 - 1e-6));
    CHECK(dropped(summary_of(two_applications(burst, burst, "barre"))).of_all == 0);
  }
  for (const double intensity : {0.6, 1.25}) {
    CAPTURE(intensity);
    const json burst = steady(nominal_per_s * (1 + intensity) * (1 - 1e-6));
    CHECK(dropped(summary_of(two_applications(steady(nominal_per_s), burst, "barre"))).of_all == 0);
  }
  // Both beyond: nodes A and B are full with 160/s of each. (Even arrivals of both come at the same instants,
  // and the first of two would always find the room.)
  const json beyond = {{"type", "poisson"}, {"rate_per_s", nominal_per_s * 2}};
  json scenario = two_applications(beyond, beyond, {{"type", "barre"}, {"threshold", 10}});
  scenario["until_s"] = 600;
  CHECK(dropped(summary_of(scenario)).of_all == Approx(0.1).epsilon(0.03));
}

TEST_CASE("a burst that BARRE's plan already has room for needs no other", "[oracle][barre]") {
  const json rise = rising(nominal_per_s, 100, nominal_per_s * 1.7);
  const json policy = {{"type", "barre"}, {"threshold", 10}};  // it never looks anything up again
  const json summary = summary_of(two_applications(rise, rise, policy));
  CHECK(dropped(summary).of_all == 0);
  CHECK(summary["policy_state"]["look_ups"] == 1);
  CHECK(summary["policy_state"]["index_points"] == 2);
}

TEST_CASE("what BARRE looks up at a burst takes a look, a decision and a reconfiguration",
          "[oracle][barre]") {
  // App 2 grows by 110 %: the first plan has B take 150 % of what it can.
  const json rise = rising(nominal_per_s, 100, nominal_per_s * 2.1);
  json scenario = two_applications(steady(nominal_per_s), rise, {{"type", "barre"}, {"interval_s", 1}});
  const json quick = summary_of(scenario);
  scenario["jobs"][0]["policy"]["interval_s"] = 20;
  const json slow = summary_of(scenario);
  CHECK(quick["policy_state"]["look_ups"] == 2);
  CHECK(quick["engine_figures"]["splits"] == 2);
  CHECK(dropped(quick).of_all < 0.005);
  CHECK(dropped(slow).of_all > 3 * dropped(quick).of_all);
  scenario["jobs"][0]["policy"] = "static";
  CHECK(dropped(summary_of(scenario)).of_all > 0.15);
}

TEST_CASE("static reservation begins to drop where its reserve ends", "[oracle][barre]") {
  // The cheapest plan puts both on A, within 80 % of it, and the rest on B.
  for (const double intensity : {0.2, 0.5}) {
    CAPTURE(intensity);
    json scenario =
        two_applications(steady(nominal_per_s), rising(nominal_per_s, 10, nominal_per_s * (1 + intensity)),
                         "static-reservation");
    const json summary = summary_of(scenario);
    // Of A: 4 ms of app 1; app 2 has the rest of 0.8, and so much of it stays there at a burst.
    const double app_1 = nominal_per_s * 0.004, app_2 = (0.8 - app_1) * (1 + intensity);
    const double load = app_1 + app_2;
    // What is too much for A is lost, or waits there at the end. Whose units these are hangs on how regular
    // arrivals meet; the work that they would have been does not.
    const double until_s = scenario["until_s"], begin_s = 10;
    const auto lost_of = [&](const char* application, const char* destination) {
      return summary["operators"][application]["records_out"].get<double>() -
             summary["operators"][destination]["records_in"].get<double>();
    };
    const double lost_s = 0.004 * lost_of("app1", "d1") + 0.006 * lost_of("app2", "d2");
    if (load > 1) {
      CHECK(lost_s == Approx((load - 1) * (until_s - begin_s)).epsilon(0.01));
      CHECK(dropped(summary).of_all > 0.01);
    } else {
      CHECK(dropped(summary).of_all == 0);
    }
    CHECK((load > 1) == (intensity == 0.5));
  }
}

TEST_CASE("dynamic adaptation follows a burst, and has no room before it does", "[oracle][barre]") {
  const json rise = rising(nominal_per_s, 100, nominal_per_s * 1.7);
  const json adapted = summary_of(two_applications(rise, rise, "dynamic-adaptation"));
  const json barre = summary_of(two_applications(rise, rise, "barre"));
  const json both = summary_of(two_applications(rise, rise, "adaptation-with-reservation"));
  CHECK(adapted["policy_state"]["adaptations"] >= 2);
  CHECK(dropped(barre).of_all == 0);
  CHECK(dropped(adapted).of_all > 0);
  CHECK(dropped(adapted).of_all < 0.01);  // of a second or two
  CHECK(dropped(both).of_all <= dropped(adapted).of_all);
}

TEST_CASE("another resource in overload drops what a fluid would, and its units wait for it",
          "[oracle][barre]") {
  json scenario = two_applications(steady(50), steady(100), "static");
  json& engine = scenario["jobs"][0]["engine"];
  // 100/s of 2 units each against 150/s: a quarter is lost, the rest waits 200 ms.
  engine["shares"]["c2"]["by_instance"] = {1, 0};
  engine["resources"] = {{{"name", "bandwidth"},
                          {"per_s", 1000},
                          {"nodes", {{"A", {{"per_s", 150}}}}},
                          {"uses", {{"c2", {{"per_record", 2}}}}}}};
  const json summary = summary_of(scenario);
  CHECK(dropped(summary).of_application_2 == Approx(0.25).epsilon(0.01));
  CHECK(summary["latency_s"]["max"].get<double>() == Approx(0.2 + 2.0 / 150 + 0.011).margin(0.02));
}

TEST_CASE("BARRE plans anew when a node has less to give", "[oracle][barre]") {
  // B loses half of its speed at 50 s: only 10/s of app 2 and half as much of the rest would still fit there.
  json scenario = two_applications(steady(nominal_per_s), steady(nominal_per_s), "barre");
  for (json& host : scenario["cluster"]["hosts"]) {
    if (host["name"] == "B")
      host["profile"] = {{"steps", {{{"time_s", 0}, {"factor", 1}}, {{"time_s", 50}, {"factor", 0.3}}}}};
  }
  const json barre = summary_of(scenario);
  CHECK(barre["policy_state"]["searches"] == 2);
  CHECK(dropped(barre).of_all < 0.01);
  scenario["jobs"][0]["policy"] = "static";
  CHECK(dropped(summary_of(scenario)).of_all > 0.2);
}

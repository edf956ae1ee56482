#include "sim/analyzer/convergence.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "sim/analyzer/convergence_report.hpp"
#include "tests/support/dice.hpp"

using namespace weir;
using namespace weir::analyzer;

namespace {

RecordedChange change(std::int64_t id, int op, int from, int to, double asked_s, double done_s) {
  return {id, op, from, to, asked_s, done_s, "done", done_s - asked_s, 0, 0};
}

JobWindow window(double start_s, double offered, double achieved, double backlog, double blocked,
                 std::optional<double> p99_s) {
  return {start_s, start_s + 10, offered, achieved, p99_s ? 1 : 0, p99_s, backlog, blocked};
}

// Ten windows of 10 s, of 100 records/s. Map goes 1 -> 6 (asked for at 20 s, done at 25 s) -> 3 (50, 52) -> 4
// (70, 71); its optimum is 4. Asked every 2 s.
RunJob by_hand() {
  RunJob job;
  job.name = "job";
  job.engine = "generic";
  job.policy = "threshold";
  job.policy_interval_s = 2;
  job.operators = {{"source", true, false, 1, {{0, 1}}}, {"map", false, true, 1, {{0, 4}}}};
  job.changes = {change(0, 1, 1, 6, 20, 25), change(1, 1, 6, 3, 50, 52), change(2, 1, 3, 4, 70, 71)};
  job.changes[0].records_lost = 7;
  job.windows = {window(0, 100, 25, 750, 0.5, 2.0),  window(10, 100, 25, 1500, 1.0, 4.0),
                 window(20, 100, 10, 2400, 0.5, {}), window(30, 100, 220, 1200, 0, 9.0),
                 window(40, 100, 219, 10, 0, 1.5),   window(50, 100, 80, 210, 0.25, 0.2),
                 window(60, 100, 94, 270, 0, 0.2),   window(70, 100, 96, 310, 0, 0.2),
                 window(80, 100, 131, 0, 0, 0.2),    window(90, 100, 100, 0, 0, 0.2)};
  job.decisions = 9;
  return job;
}

}  // namespace

TEST_CASE("convergence of a series that was worked out by hand", "[analyzer][convergence]") {
  const Convergence c = convergence_of(by_hand(), 100);
  CHECK(c.score.steps == 3);
  CHECK(c.last_step_asked_s == 70);
  CHECK(c.settled_s.value() == 71);
  // Down after up, up after down, and the optimum stood still.
  CHECK(c.score.oscillations == 2);
  CHECK(c.score.unexplained_oscillations == 2);
  REQUIRE(c.operators.size() == 2);
  CHECK(c.operators[1].overshoot_slots == 2);
  CHECK(c.operators[1].undershoot_slots == 1);
  CHECK(c.operators[1].peak_over_final == 2);
  CHECK(c.operators[1].final_parallelism == 4);
  CHECK(c.operators[0].overshoot_slots == 0);
  CHECK(c.final_slots == 4);  // the source cannot be scaled
  CHECK(c.score.phases.at(0).settling_s.value() == 71);
  CHECK(c.longest_settling_s.value() == 71);
  // Map: 3 missing for 25 s, 2 too many for 27 s, 1 missing for 19 s.
  CHECK(c.score.under_provisioned_slot_s.value() == 3 * 25 + 19);
  CHECK(c.score.over_provisioned_slot_s.value() == 2 * 27);
  // Of 100/s at least 95: from 70 s on; not in the windows at 0, 10, 20, 50 and 60 s.
  CHECK(c.throughput_settled_s.value() == 70);
  CHECK(c.throughput_violated_s == 50);
  CHECK(c.observed_s == 100);
  CHECK(c.backpressured_s == 5 + 10 + 5 + 2.5);
  CHECK(c.backlog_records_max == 2400);
  CHECK(c.backlog_max_at_s == 30);
  CHECK(c.backlog_records_end == 0);
  CHECK(c.latency_violated_s == 40);  // above 1 s at 0, 10, 30, 40
  CHECK(c.without_results_s == 10);
  CHECK(c.downtime_s == 5 + 2 + 1);
  CHECK(c.records_lost == 7);
  // Before the first step 1500 waited (the window that ends at 20 s); no more do from 40 s on.
  REQUIRE(c.steps.size() == 3);
  CHECK(c.steps[0].caught_up_s.value() == 20);
  // Before the second 10, and never again that few before the third.
  CHECK(!c.steps[1].caught_up_s);
  // Before the third 270: at 90 s.
  CHECK(c.steps[2].caught_up_s.value() == 20);
  CHECK(c.quantity("steps").value() == 3);
  CHECK(c.quantity("last_step_asked_s").value() == 70);
  CHECK(c.quantity("settled_s").value() == 71);
  CHECK(c.quantity("final_slots").value() == 4);
  CHECK(!c.quantity("something else"));
}

TEST_CASE("service levels can be chosen", "[analyzer][convergence]") {
  const Convergence strict =
      convergence_of(by_hand(), 100, {.latency_p99_max_s = 0.1, .throughput_share_min = 1});
  CHECK(strict.latency_violated_s == 90);
  CHECK(strict.throughput_settled_s.value() == 80);
  const Convergence lax =
      convergence_of(by_hand(), 100, {.latency_p99_max_s = 10, .throughput_share_min = 0.05});
  CHECK(lax.latency_violated_s == 0);
  CHECK(lax.throughput_settled_s.value() == 0);
  CHECK(lax.throughput_violated_s == 0);
}

TEST_CASE("what did not come to rest has no settling times", "[analyzer][convergence]") {
  RunJob job = by_hand();
  job.changes.push_back({3, 1, 4, 5, 97, {}, "running", 0, 0, 0});
  job.windows.back().achieved_per_s = 50;
  const Convergence c = convergence_of(job, 100);
  CHECK(!c.settled_s);
  CHECK(!c.throughput_settled_s);
  CHECK(c.last_step_asked_s == 70);  // the last that was carried out
  CHECK(c.score.steps == 3);
}

TEST_CASE("refused and failed actions are no steps, and told apart", "[analyzer][convergence]") {
  RunJob job = by_hand();
  job.changes.push_back({3, 1, 4, 9, 80, 80.0, "refused", 0, 0, 0});
  job.changes.push_back({4, 1, 4, 9, 82, 85.0, "failed", 3, 0, 11});
  const Convergence c = convergence_of(job, 100);
  CHECK(c.score.steps == 3);
  CHECK(c.refused == 1);
  CHECK(c.failed == 1);
  CHECK(c.downtime_s == 8 + 3);
  CHECK(c.records_lost == 18);
}

TEST_CASE("a run without windows or steps has a report", "[analyzer][convergence]") {
  RunJob job;
  job.name = "job";
  job.policy = "static";
  job.operators = {{"map", false, true, 2, {}}};
  RunMetrics run;
  run.jobs = {job};
  const ConvergenceReport report = convergence_report(run);
  CHECK(report.jobs[0].score.steps == 0);
  CHECK_THAT(convergence_text(report), Catch::Contains("static took no step."));
  const auto json = convergence_json(report);
  CHECK(json["jobs"]["job"]["over_provisioned_slot_s"].is_null());
  CHECK(json["jobs"]["job"]["throughput_settled_s"].is_null());
}

TEST_CASE("findings are told in sentences", "[analyzer][convergence]") {
  RunMetrics run;
  run.path = "out/x";
  run.scenario = "by-hand";
  run.end_s = 100;
  run.complete = true;
  run.jobs = {by_hand()};
  run.published = {{"scale-ups", "steps", 6, true}, {"end", "settled_s", 50, false}};
  const std::string text = convergence_text(convergence_report(run));
  for (const char* sentence :
       {"threshold needed 3 steps: the last was asked for at 70 s and done at 71 s",
        "Steps up went past the optimum: map by 2", "steps down went below it: map by 1",
        "It reversed direction 2 times, 2 of them not because the optimum did.",
        "At the end it has the optimum",
        "From 70 s on the job took in at least 95 % of what was offered; it took in less for 50 s",
        "held back for 22.5 s (22.5 % of the run)",
        "At most 2400 records waited outside, at 30 s; at the end 0", "was above 1 s for 40 s",
        "the job stood still for 8 s and lost 7 records",
        "Published: scale-ups 6; here 3 (the scenario was fitted to it).",
        "Published: end 50; here 71 (predicted)."}) {
    INFO(text);
    CHECK_THAT(text, Catch::Contains(sentence));
  }
}

TEST_CASE("runs are compared with the first, published values among themselves", "[analyzer][convergence]") {
  RunMetrics one, two;
  one.path = "one";
  two.path = "two, too";
  one.end_s = two.end_s = 100;
  one.jobs = two.jobs = {by_hand()};
  two.jobs[0].changes[2] = change(2, 1, 3, 4, 84, 85);
  one.published = {{"a", "last_step_asked_s", 60, false}};
  two.published = {{"b", "last_step_asked_s", 2000, true}};
  const std::vector<ConvergenceReport> reports = {convergence_report(one), convergence_report(two)};
  const auto json = comparison_json(reports);
  bool seen = false;
  for (const auto& row : json["comparison"]) {
    if (row["quantity"] != "last_step_asked_s") continue;
    seen = true;
    CHECK(row["values"] == nlohmann::json({70, 84}));
    CHECK(row["ratios"][1].get<double>() == Approx(1.2));
    CHECK(row["published_ratios"][1].get<double>() == Approx(2000.0 / 60));
  }
  CHECK(seen);
  const std::string text = comparison_text(reports);
  CHECK_THAT(text, Catch::Contains("published (fitted to: 2)"));
  CHECK_THAT(text, Catch::Contains("2000 (33.3)"));
  const std::string csv = convergence_csv(reports);
  CHECK_THAT(csv, Catch::Contains("one,job,threshold,last_step_asked_s,s,70,60,false\n"));
  CHECK_THAT(csv, Catch::Contains("\"two, too\",job,threshold,last_step_asked_s,s,84,2000,true\n"));
}

// What holds whatever happened.
TEST_CASE("convergence reports of random runs are sound", "[analyzer][convergence]") {
  const std::uint64_t first = test::test_seed();
  for (std::uint64_t seed = first; seed < first + 500; ++seed) {
    CAPTURE(seed);
    test::Dice dice(seed);
    RunJob job;
    job.policy = "random";
    job.policy_interval_s = dice.between(0.1, 10);
    const int count = 1 + dice.below(4);
    std::vector<int> now;
    for (int op = 0; op < count; ++op) {
      now.push_back(1 + dice.below(9));
      job.operators.push_back(
          {"op" + std::to_string(op), op == 0, dice.coin(), now.back(), {{0, 1 + dice.below(9)}}});
    }
    double t = 0;
    while (dice.below(20) != 0) {
      JobWindow w;
      w.start_s = t;
      w.end_s = t += dice.between(0.1, 20);
      w.offered_per_s = dice.below(1000);
      w.achieved_per_s = dice.below(1000);
      w.backlog_records = dice.below(3) == 0 ? 0 : dice.below(10'000);
      w.backpressured_share = dice.between(0, 1);
      if (dice.coin()) w.latency_p99_s = dice.between(0, 3);
      job.windows.push_back(w);
    }
    double at = 0;
    for (std::int64_t id = 0; id < dice.below(10); ++id) {
      const double asked = at + dice.between(0, 10), done = asked + dice.between(0, 5);
      if (done > t) break;
      at = done;
      const int op = dice.below(count), to = 1 + dice.below(9);
      job.changes.push_back(change(id, op, now[op], to, asked, done));
      now[op] = to;
    }
    const Convergence c = convergence_of(job, t);
    REQUIRE(c.observed_s == Approx(t).margin(1e-9));
    REQUIRE(c.backpressured_s >= 0);
    REQUIRE(c.backpressured_s <= c.observed_s * (1 + 1e-12));
    REQUIRE(c.throughput_violated_s <= c.observed_s);
    REQUIRE(c.latency_violated_s + c.without_results_s <= c.observed_s * (1 + 1e-12));
    REQUIRE(c.score.steps == static_cast<std::int64_t>(job.changes.size()));
    REQUIRE(c.backlog_records_end <= c.backlog_records_max);
    if (c.settled_s && !job.changes.empty()) REQUIRE(*c.settled_s >= c.last_step_asked_s);
    // From the settling time on every window is good, and the one before it is not.
    for (const JobWindow& w : job.windows) {
      const bool good = w.achieved_per_s >= 0.95 * w.offered_per_s;
      if (c.throughput_settled_s && w.start_s >= *c.throughput_settled_s) REQUIRE(good);
      if (c.throughput_settled_s && w.end_s == *c.throughput_settled_s) REQUIRE(!good);
    }
    if (!c.throughput_settled_s && !job.windows.empty())
      REQUIRE(job.windows.back().achieved_per_s < 0.95 * job.windows.back().offered_per_s);
    for (int op = 0; op < count; ++op) {
      REQUIRE(c.operators[op].overshoot_slots >= 0);
      REQUIRE(c.operators[op].undershoot_slots >= 0);
      REQUIRE(c.operators[op].peak_over_final >= 0);
      REQUIRE(c.operators[op].final_parallelism == now[op]);
    }
    for (const StepCost& step : c.steps) {
      REQUIRE(step.done_s >= step.asked_s);
      if (step.caught_up_s) REQUIRE(*step.caught_up_s > 0);
    }
  }
}

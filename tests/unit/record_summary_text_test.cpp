#include "sim/record/summary_text.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <nlohmann/json.hpp>

#include "record_summary_example.hpp"
#include "sim/record/readable.hpp"

using namespace weir;

namespace {

constexpr char golden[] = R"(word-count: ds2 on flink, seed 7
20 min simulated on 4 hosts (37.5 % of their cores busy) in 4 s: 1 M events, 250 k a second.

  operator  parallelism  optimum      busy  backpressured  records in
  source              1        1      20 %          1.2 %         2 M
  count          1 -> 4        4      82 %            0 %         2 M

What it did
      60 s  count 1 -> 5 (asked for 6) (12 s down, caught up 28 s later)
            1666.75 records/s need 5.17 instances
            barrier 0.5 s, snapshot 1.5 s, cancel 3 s, allocate 1 s, deploy 4 s, restore 2 s
     120 s  count 5 -> 4 (11.5 s down)
            busy 640 ms/s at count: over-provisioned

How it went
  ds2 took 2 steps and came to rest 2 min 12 s after the start.
  It reversed direction once, and not because the load did.
  The parallelism of the end is the optimum; 5844 slot-seconds used, 59.5 above and 216 below the optimum.
  Took in 1666 of 1667 records/s offered (> 99.9 %).
  Latency: median 12.5 ms, 99th percentile 110 ms, largest 31.5 s (2 M results).
  Of 2,000,000 records 1,999,000 were delivered, 500 filtered; 500 under way at the end: all accounted for.

Results in out/word-count/ds2/seed=7
  summary.json   the numbers above and every decision in full, for programs
  run.h5         all metric windows, decisions and actions, for plots
  manifest.json  `weir run out/word-count/ds2/seed=7/manifest.json` repeats and checks this run
)";

auto lines(const std::string& text) {
  return std::count(text.begin(), text.end(), '\n');
}

}  // namespace

TEST_CASE("what a run says to people", "[record]") {
  const std::string text = summary_text(example_summary(), {.directory = "out/word-count/ds2/seed=7"});
  CHECK(text == golden);
  CHECK(text.find('\033') == std::string::npos);
  CHECK(lines(text) <= 40);
}

TEST_CASE("a long run still fits a screen", "[record]") {
  RunSummary run = example_summary();
  JobSummary& job = run.jobs[0];
  for (int i = 0; i < 100; ++i) {
    job.operators.push_back(job.operators[1]);
    job.scaling.actions.push_back(job.scaling.actions[1]);
    job.scaling.actions.back().action_id = i + 2;
    job.scaling.actions.back().time_s = 200 + i;
  }
  const std::string text = summary_text(run, {.directory = "out"});
  CHECK(lines(text) <= 42);
  CHECK_THAT(
      text, Catch::Contains("… and 94 more in summary.json") && Catch::Contains("… 96 more in summary.json"));
}

TEST_CASE("a run with more actions than the summary lists says where they are", "[record]") {
  RunSummary run = example_summary();
  JobSummary& job = run.jobs[0];
  for (int i = 0; i < 20; ++i) {
    job.scaling.actions.push_back(job.scaling.actions[1]);
    job.scaling.actions.back().action_id = i + 2;
    job.scaling.actions.back().time_s = 200 + i;
  }
  job.scaling.actions_omitted = 5;
  CHECK_THAT(summary_text(run, {}), Catch::Contains("more in summary.json, all in run.h5\n"));
  CHECK(to_json(run)["scaling"]["actions_omitted"] == 5);
}

TEST_CASE("a request that is refused again and again is told once", "[record]") {
  RunSummary run = example_summary();
  JobSummary& job = run.jobs[0];
  for (int i = 0; i < 3; ++i) {
    ActionSummary refused{2 + i,          200.0 + i, "count",   4, 4,
                          "count 4 -> 9", "refused", 200.0 + i, 0, "no slots"};
    refused.wanted = 9;
    job.scaling.actions.push_back(refused);
  }
  job.scaling.score.converged = false;
  const std::string text = summary_text(run, {});
  CHECK_THAT(text, Catch::Contains("     200 s  count 4 -> 4 (asked for 9) [refused: no slots]\n"
                                   "            and the same again 2 times, last at 202 s\n"));
  CHECK_THAT(text, Catch::Contains("was still asking at the end for what it cannot have"));
  // Something else in between is told.
  job.scaling.actions[3].wanted = 8;
  CHECK_THAT(summary_text(run, {}), !Catch::Contains("the same again"));
}

TEST_CASE("a policy that did nothing says why", "[record]") {
  RunSummary run = example_summary();
  JobSummary& job = run.jobs[0];
  job.scaling.actions.clear();
  job.scaling.score = {};
  job.scaling.why_nothing = "the estimate was what ran";
  CHECK_THAT(summary_text(run, {}), Catch::Contains("  ds2 changed nothing: the estimate was what ran.\n"));
  job.scaling.splits.resize(1);
  job.scaling.splits[0].status = "refused";
  CHECK_THAT(summary_text(run, {}), Catch::Contains("none was in force at the end: refused.\n"));
  job.scaling.splits_done = 1;
  job.scaling.last_split_s = 30;
  CHECK_THAT(summary_text(run, {}), Catch::Contains("  ds2 changed how rates are split once, at 30 s.\n"));
  job.scaling.splits_done = 4;
  CHECK_THAT(summary_text(run, {}),
             Catch::Contains("  ds2 changed how rates are split 4 times, last at 30 s.\n"));
}

TEST_CASE("the optimum is not praised while the job falls behind", "[record]") {
  RunSummary run = example_summary();
  JobSummary& job = run.jobs[0];
  const auto caveat = Catch::Contains("Yet at the end the job took in 167 of 1667 records/s less");
  job.throughput.end_achieved_per_s = 1'500;  // over all the last windows, but works it off
  job.throughput.falling_behind = false;
  CHECK_THAT(summary_text(run, {}), !caveat);
  job.throughput.falling_behind = true;
  CHECK_THAT(summary_text(run, {}), caveat && !Catch::Contains("skew"));
  job.scaling.score.final_under_slots = 1;  // no wonder
  CHECK_THAT(summary_text(run, {}), !caveat);
}

TEST_CASE("slots are not counted where no number of them is enough", "[record]") {
  RunSummary run = example_summary();
  OperatorSummary& count = run.jobs[0].operators[1];
  count.unborne = true;
  count.allowed_parallelism = 4;
  count.bearing_parallelism = 7;
  run.jobs[0].throughput.end_achieved_per_s = 1'500;
  run.jobs[0].throughput.falling_behind = true;
  const std::string limited = summary_text(run, {});
  CHECK_THAT(limited,
             Catch::Contains("1 -> 4     none") &&
                 Catch::Contains("  No parallelism that is allowed bears what was offered at the end; "
                                 "5844 slot-seconds used. The job took in\n"
                                 "    167 of 1667 records/s less than was offered.\n"
                                 "    count: it would take 7 instances, and 4 are allowed "
                                 "(max_parallelism).\n") &&
                 !Catch::Contains("the optimum;") && !Catch::Contains("mean costs"));
  count.bearing_parallelism.reset();
  CHECK_THAT(summary_text(run, {}),
             Catch::Contains("count: one instance gets more than it can do, whatever their number.\n"));
}

TEST_CASE("weights of divided records are not called records", "[record]") {
  RunSummary run = example_summary();
  ConservationSummary& books = run.jobs[0].conservation;
  books.divided = true;
  const auto by_weight = Catch::Contains(
      "  Of the weight of 2,000,000 records 1,999,000 ended at sinks, 500 filtered; 500 under way at the "
      "end: "
      "all accounted for.\n    (Each record weighs one, shared among all that it becomes.)\n");
  CHECK_THAT(summary_text(run, {}), by_weight && !Catch::Contains("delivered"));
  books.divided = false;
  books.origins = OriginsSummary{1'999'400, 0, 600, 0};
  CHECK_THAT(
      summary_text(run, {}),
      Catch::Contains("  Of 2,000,000 records 1,999,400 are complete, with all that came of them; 0 lost "
                      "in some part, 600 under way.\n    Of 2,000,000 records 1,999,000 were delivered"));
  CHECK(to_json(run)["conservation"]["divided"] == false);
}

TEST_CASE("records that were never made did not wait", "[record]") {
  RunSummary run = example_summary();
  JobSummary& job = run.jobs[0];
  job.latency.p99_s = 30;
  const auto not_made = Catch::Contains(
      "\n    12,000 records were not made, since the sources may not fall behind "
      "(when_blocked: skip).\n");
  const auto waited = Catch::Contains("what came then waited, outside");
  CHECK_THAT(summary_text(run, {}), !not_made && waited);
  job.throughput.suppressed_records = 12'000;
  CHECK_THAT(summary_text(run, {}), not_made && !waited);
}

TEST_CASE("long latencies and losses are explained", "[record]") {
  RunSummary run = example_summary();
  JobSummary& job = run.jobs[0];
  const auto stood_still =
      Catch::Contains("The job stood still for 23.5 s in 2 restarts, and backpressure held");
  CHECK_THAT(summary_text(run, {}), !stood_still);
  job.latency.p99_s = 30;
  CHECK_THAT(summary_text(run, {}), stood_still);
  job.conservation.dropped = 400;
  job.scaling.restarts.losing = 1;
  job.scaling.restarts.why_lost = "nobody keeps them";
  CHECK_THAT(summary_text(run, {}),
             Catch::Contains(", 400 lost;") &&
                 Catch::Contains("What was lost was under way in 1 restart: nobody keeps them.\n"));
}

TEST_CASE("bad news stand at the top", "[record]") {
  RunSummary run = example_summary();
  run.complete = false;
  run.incomplete_reason = "interrupted";
  run.failed_checks = {"operator count: pulled 10, processed 9"};
  const std::string text = summary_text(run, {.colour = true});
  CHECK_THAT(text, Catch::Contains(
                       "\033[1;31mINCOMPLETE: interrupted.\033[0m\n\033[1;31mSELF-CHECK FAILED: operator"));
}

TEST_CASE("numbers for people", "[record]") {
  CHECK(readable_count(0) == "0");
  CHECK(readable_count(9'999) == "9999");
  CHECK(readable_count(12'345) == "12.3 k");
  CHECK(readable_count(4'560'000) == "4.56 M");
  CHECK(readable_count(1.5) == "1.5");
  CHECK(readable_count(std::numeric_limits<double>::quiet_NaN()) == "unknown");
  CHECK(readable_integer(0) == "0");
  CHECK(readable_integer(999) == "999");
  CHECK(readable_integer(-1'999'000) == "-1,999,000");
  CHECK(readable_duration(0) == "0 s");
  CHECK(readable_duration(35e-6) == "35 us");
  CHECK(readable_duration(0.0125) == "12.5 ms");
  CHECK(readable_duration(1.25) == "1.25 s");
  CHECK(readable_duration(0.99999) == "1 s");
  CHECK(readable_duration(59.99) == "1 min");
  CHECK(readable_duration(200) == "3 min 20 s");
  CHECK(readable_duration(3900) == "1 h 5 min");
  CHECK(readable_duration(183'600) == "2 d 3 h");
  CHECK(readable_percent(0) == "0 %");
  CHECK(readable_percent(1) == "100 %");
  CHECK(readable_percent(0.9997) == "> 99.9 %");
  CHECK(readable_percent(0.0034) == "0.3 %");
}

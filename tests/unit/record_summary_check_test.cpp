#include "sim/record/summary_check.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <limits>
#include <nlohmann/json.hpp>

#include "tests/unit/record_summary_example.hpp"

using namespace weir;

TEST_CASE("a summary that can be says nothing", "[record][self-check]") {
  CHECK(implausible(example_summary().jobs[0]).empty());
  CHECK(implausible(JobSummary()).empty());
}

TEST_CASE("what no run can come to is named with its operator", "[record][self-check]") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  struct Case {
    std::function<void(JobSummary&)> spoil;
    std::string says;
  };
  for (const Case& wrong : std::vector<Case>{
           {[&](JobSummary& j) { j.operators[1].busy = nan; }, "count: the busy share of its time is nan"},
           {[](JobSummary& j) { j.operators[1].idle = -1e-6; },
            "count: the idle share of its time is -1e-06"},
           {[](JobSummary& j) { j.operators[0].overhead = 1.5; },
            "source: the overhead share of its time is 1.5"},
           {[](JobSummary& j) { j.operators[0].busy += 0.001; },
            "source: busy + backpressured + idle + overhead"},
           {[](JobSummary& j) { j.operators[1].records_in = -1; }, "count: records_in is -1"},
           {[](JobSummary& j) { j.operators[1].true_rate_per_s = HUGE_VAL; },
            "count: true_rate_per_s is inf"},
           {[](JobSummary& j) { j.latency.mean_s = -0.1; }, "latency: the mean is -0.1"},
           {[](JobSummary& j) { j.latency.p99_s = 0.001; }, "latency: a higher quantile is only 0.001"},
           {[](JobSummary& j) { j.conservation.in_flight = -3; }, "origins: in_flight is -3"},
           {[&](JobSummary& j) { j.throughput.achieved_per_s = nan; }, "throughput: achieved_per_s is nan"},
           {[&](JobSummary& j) { j.scaling.score.over_provisioned_slot_s = nan; },
            "over_provisioned is nan"}}) {
    JobSummary job = example_summary().jobs[0];
    wrong.spoil(job);
    const auto sentences = implausible(job);
    REQUIRE(!sentences.empty());
    CHECK_THAT(sentences[0], Catch::Contains(wrong.says));
  }
}

// Whatever goes in: every real in the struct is one of these.
TEST_CASE("no number in summary.json is other than finite", "[record]") {
  for (const double odd :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    RunSummary run = example_summary();
    run.simulated_s = run.wall_s = run.peak_rss_mib = odd;
    run.hosts.cpu_mean = odd;
    JobSummary& job = run.jobs[0];
    job.latency = {1, odd, odd, odd, odd, odd};
    job.throughput = {odd, odd, odd, odd, odd, odd};
    for (OperatorSummary& op : job.operators) {
      op.busy = op.backpressured = op.idle = op.overhead = odd;
      op.true_rate_per_s = odd;
    }
    for (ActionSummary& action : job.scaling.actions) {
      action.time_s = action.downtime_s = odd;
      action.ended_s = odd;
    }
    for (DecisionSummary& decision : job.scaling.decisions) decision.time_s = odd;
    ScalingScore& score = job.scaling.score;
    score.convergence_time_s = score.over_provisioned_slot_s = score.under_provisioned_slot_s = odd;
    score.slot_seconds = odd;
    score.phases = {{odd, odd}};
    job.reordering = ReorderingSummary{odd, odd};
    job.policy_state_json = nlohmann::json{{"odd", odd}}.dump();
    const std::string text = summary_json_text(run);
    CHECK(text.find("nan") == std::string::npos);
    CHECK(text.find("inf") == std::string::npos);
    const auto flat = nlohmann::json::parse(text).flatten();
    for (const auto& [path, value] : flat.items()) {
      CAPTURE(path);
      if (value.is_number_float()) CHECK(std::isfinite(value.get<double>()));
    }
  }
}

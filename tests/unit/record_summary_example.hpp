#pragma once

#include "sim/record/summary.hpp"

namespace weir {

// A run of word count under DS2, made up by hand: everything in it is known.
inline RunSummary example_summary() {
  RunSummary run;
  run.scenario = "word-count";
  run.seed = 7;
  run.fingerprint = "00c0ffee00c0ffee";
  run.simulated_s = 1200;
  run.wall_s = 4;
  run.events = 1'000'000;
  run.peak_rss_mib = 55.5;
  run.hosts = {4, 0.375};

  JobSummary job;
  job.name = "word-count";
  job.policy = "ds2";
  job.engine = "flink";
  job.conservation = {true, 2'000'000, 1'999'000, 500, 0, 0, 500};
  job.latency = {1'999'000, 0.02, 0.0125, 0.035, 0.11, 31.5};
  job.throughput = {1'666.75, 1'666.25, 0.9997, 0.0, 1'666.75, 1'666.75};
  OperatorSummary source;
  source.name = "source";
  source.source = true;
  source.records_out = 2'000'000;
  source.busy = 0.2;
  source.backpressured = 0.012;
  source.idle = 0.78;
  source.overhead = 0.008;
  source.true_rate_per_s = 8000.0;
  source.optimal_parallelism = 1;
  OperatorSummary count = source;
  count.name = "count";
  count.source = false;
  count.initial_parallelism = 1;
  count.parallelism = 4;
  count.records_in = 2'000'000;
  count.records_out = 1'999'500;
  count.busy = 0.82;
  count.backpressured = 0;
  count.idle = 0.18;
  count.overhead = 0;
  count.true_rate_per_s = 2000.0;
  count.optimal_parallelism = 4;
  job.operators = {source, count};

  ScalingInput input;
  input.end_s = 1200;
  input.quiet_s = 300;
  input.operators = {{"source", 1, {{0, 1}}}, {"count", 1, {{0, 4}}}};
  input.actions = {{0, 1, 1, 5, 60, 72, true}, {1, 1, 5, 4, 120, 131.5, true}};
  job.scaling.score = score_scaling(input);
  job.scaling.decisions = {
      {0, 60, "backpressure at source: 600 ms/s", "under-provisioned", "count 1 -> 5", true},
      {1, 120, "busy 640 ms/s at count", "over-provisioned", "count 5 -> 4", true},
      {2, 180, "none", "as it should be", "the estimate is what runs", false}};
  job.scaling.actions = {
      {0, 60, "count", 1, 5, "1666.75 records/s need 5.17 instances", "done", 72.0, 12,
       "barrier 0.5 s, snapshot 1.5 s, cancel 3 s, allocate 1 s, deploy 4 s, restore 2 s", 6, 0, 0, 28.0},
      {1, 120, "count", 5, 4, "count 5 -> 4", "done", 131.5, 11.5, "", 4, 1, 0}};
  job.scaling.restarts = {2, 0, 23.5, ""};
  job.policy_state_json = R"({"activations":2})";
  run.jobs = {job};
  return run;
}

}  // namespace weir

#include "sim/record/summary.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "record_summary_example.hpp"

using namespace weir;
using nlohmann::json;

namespace {

constexpr char golden[] = R"json({
  "scenario": "word-count",
  "policy": "ds2",
  "engine": "flink",
  "seed": 7,
  "complete": true,
  "fingerprint": "00c0ffee00c0ffee",
  "simulated_s": 1200.0,
  "wall_s": 4.0,
  "events": 1000000,
  "events_per_s": 250000.0,
  "peak_rss_mib": 55.5,
  "conservation": {
    "ok": true,
    "emitted": 2000000,
    "delivered": 1999000,
    "filtered": 500,
    "dropped": 0,
    "replayed": 0,
    "in_flight": 500,
    "divided": false
  },
  "latency_s": {
    "mean": 0.02,
    "p50": 0.0125,
    "p95": 0.035,
    "p99": 0.11,
    "max": 31.5,
    "count": 1999000
  },
  "throughput": {
    "offered_per_s": 1666.75,
    "achieved_per_s": 1666.25,
    "ratio": 0.9997,
    "backlog_records": 0.0,
    "end_offered_per_s": 1666.75,
    "end_achieved_per_s": 1666.75,
    "falling_behind": null,
    "suppressed_records": 0,
    "kept_by_engine_records": 0
  },
  "operators": {
    "source": {
      "parallelism": 1,
      "records_in": 0,
      "records_out": 2000000,
      "busy": 0.2,
      "backpressured": 0.012,
      "idle": 0.78,
      "overhead": 0.008,
      "true_rate_per_s": 8000.0,
      "optimal_parallelism": 1,
      "optimum_suffices": true,
      "initial_parallelism": 1,
      "source": true,
      "scalable": true
    },
    "count": {
      "parallelism": 4,
      "records_in": 2000000,
      "records_out": 1999500,
      "busy": 0.82,
      "backpressured": 0.0,
      "idle": 0.18,
      "overhead": 0.0,
      "true_rate_per_s": 2000.0,
      "optimal_parallelism": 4,
      "optimum_suffices": true,
      "initial_parallelism": 1,
      "source": false,
      "scalable": true
    }
  },
  "scaling": {
    "actions": [
      {
        "time_s": 60.0,
        "operator": "count",
        "from": 1,
        "to": 5,
        "wanted": 6,
        "reason": "1666.75 records/s need 5.17 instances",
        "action_id": 0,
        "decision_id": 0,
        "status": "done",
        "ended_s": 72.0,
        "downtime_s": 12.0,
        "catch_up_s": 28.0,
        "records_lost": 0,
        "detail": "barrier 0.5 s, snapshot 1.5 s, cancel 3 s, allocate 1 s, deploy 4 s, restore 2 s"
      },
      {
        "time_s": 120.0,
        "operator": "count",
        "from": 5,
        "to": 4,
        "wanted": 4,
        "reason": "count 5 -> 4",
        "action_id": 1,
        "decision_id": 1,
        "status": "done",
        "ended_s": 131.5,
        "downtime_s": 11.5,
        "catch_up_s": null,
        "records_lost": 0,
        "detail": ""
      }
    ],
    "actions_omitted": 0,
    "why_nothing": null,
    "steps": 2,
    "converged": true,
    "convergence_time_s": 131.5,
    "oscillations": 1,
    "over_provisioned": 59.5,
    "under_provisioned": 216.0,
    "slot_seconds": 5843.5,
    "unexplained_oscillations": 1,
    "final_over_slots": 0,
    "final_under_slots": 0,
    "phase_count": 1,
    "phases_settled": 1,
    "phases": [
      {
        "start_s": 0.0,
        "settling_s": 131.5
      }
    ],
    "decisions": [
      {
        "decision_id": 0,
        "time_s": 60.0,
        "symptom": "backpressure at source: 600 ms/s",
        "diagnosis": "under-provisioned",
        "reason": "count 1 -> 5",
        "acted": true
      },
      {
        "decision_id": 1,
        "time_s": 120.0,
        "symptom": "busy 640 ms/s at count",
        "diagnosis": "over-provisioned",
        "reason": "count 5 -> 4",
        "acted": true
      },
      {
        "decision_id": 2,
        "time_s": 180.0,
        "symptom": "none",
        "diagnosis": "as it should be",
        "reason": "the estimate is what runs",
        "acted": false
      }
    ],
    "decisions_omitted": 0,
    "splits": [],
    "splits_omitted": 0,
    "splits_done": 0
  },
  "policy_state": {
    "activations": 2
  },
  "hosts": {
    "count": 4,
    "cpu_mean": 0.375
  },
  "failed_checks": []
}
)json";

struct Scratch {
  std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("weir_summary_" + std::to_string(::getpid()));
  ~Scratch() { std::filesystem::remove_all(directory); }
};

}  // namespace

TEST_CASE("summary.json is the contract's object", "[record]") {
  CHECK(summary_json_text(example_summary()) == golden);
}

TEST_CASE("with several jobs the results are under their names", "[record]") {
  RunSummary run = example_summary();
  run.jobs.push_back(run.jobs[0]);
  run.jobs[1].name = "second";
  run.jobs[1].engine = "heron";
  const auto document = to_json(run);
  const auto one = to_json(example_summary());
  CHECK(document["hosts"]["count"] == 4);
  CHECK(document["fingerprint"] == one["fingerprint"]);
  CHECK(!document.contains("operators"));
  CHECK(document["jobs"]["second"]["engine"] == "heron");
  for (const char* key : {"policy", "conservation", "latency_s", "throughput", "operators", "scaling"})
    CHECK(document["jobs"]["word-count"][key] == one[key]);
}

TEST_CASE("what is unknown is null, and every number finite", "[record]") {
  RunSummary run = example_summary();
  JobSummary& job = run.jobs[0];
  job.latency = {};
  job.throughput.ratio.reset();
  job.throughput.achieved_per_s = std::numeric_limits<double>::infinity();
  job.operators[0].true_rate_per_s = std::numeric_limits<double>::quiet_NaN();
  job.operators[0].optimal_parallelism.reset();
  run.wall_s = 0;
  const json document = json::parse(summary_json_text(run));
  CHECK(document["latency_s"]["p99"].is_null());
  CHECK(document["latency_s"]["count"] == 0);
  CHECK(document["throughput"]["ratio"].is_null());
  CHECK(document["throughput"]["achieved_per_s"].is_null());
  CHECK(document["operators"]["source"]["true_rate_per_s"].is_null());
  CHECK(document["operators"]["source"]["optimal_parallelism"].is_null());
  CHECK(document["events_per_s"].is_null());
}

TEST_CASE("an interrupted run says so", "[record]") {
  RunSummary run = example_summary();
  run.complete = false;
  CHECK_THROWS_AS(to_json(run), std::logic_error);
  run.incomplete_reason = "interrupted at 600 s";
  CHECK(to_json(run)["complete"] == false);
  CHECK(to_json(run)["incomplete_reason"] == "interrupted at 600 s");
}

TEST_CASE("text that is not UTF-8 does not break the file", "[record]") {
  RunSummary run = example_summary();
  run.jobs[0].scaling.decisions[0].reason = "half a \xc3";
  CHECK(json::accept(summary_json_text(run)));
}

TEST_CASE("summary.json appears whole", "[record]") {
  Scratch scratch;
  write_summary(scratch.directory, example_summary());
  std::ostringstream content;
  content << std::ifstream(scratch.directory / "summary.json").rdbuf();
  CHECK(content.str() == golden);
  const auto files = std::distance(std::filesystem::directory_iterator(scratch.directory), {});
  CHECK(files == 1);
}

TEST_CASE("a disk too full for summary.json is an error, and leaves none", "[record]") {
  Scratch scratch;
  std::filesystem::create_directories(scratch.directory);
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  const rlimit limit{1000, before.rlim_max};
  ::setrlimit(RLIMIT_FSIZE, &limit);
  std::string message;
  try {
    write_summary(scratch.directory, example_summary());
  } catch (const RecordError& error) {
    message = error.what();
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  CHECK_THAT(message, Catch::Contains("summary.json: cannot write: File too large"));
  CHECK(std::filesystem::is_empty(scratch.directory));
}

#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sim/record/record_error.hpp"
#include "sim/record/scaling_score.hpp"

// summary.json: the result of a run on one page, for people, sweeps and checks.
//
// Its presence means that the run came to an orderly end and that everything else in the directory is
// written: it is renamed into place last. `complete` says whether that end was the one that was asked for:
// - complete true:  the simulated time that was asked for is over.
// - complete false: stopped at a clean point before that (Ctrl-C, a deadline): `incomplete_reason` says why.
//   All numbers hold for the time that was simulated.
// - no summary.json: killed, or out of disk. run.h5 is readable up to its last flush.
// A failed self-check is no matter of completeness: see `failed_checks`.
//
// Numbers in the file are finite. What is unknown (no record arrived, so there is no latency) is null: in
// these structs none, or NaN.

namespace weir {

// Origins one by one, if the scenario's fidelity asks for them.
struct OriginsSummary {
  std::int64_t complete = 0;  // delivered or filtered, in all their parts
  std::int64_t lost = 0;      // in some part, and nothing of them under way any more
  std::int64_t pending = 0;   // in some part under way
  std::int64_t repeated = 0;  // of the complete ones: delivered more than once
};

struct ConservationSummary {
  bool ok = true;
  std::int64_t emitted = 0;  // records that sources brought into the job, replays not counted
  // Where their weight ended: one each, shared among what it becomes (dataflow/batch.hpp), summed up. Numbers
  // of records as long as none becomes several (`divided` false).
  std::int64_t delivered = 0;  // at sinks
  std::int64_t filtered = 0;   // where nothing came of it
  std::int64_t dropped = 0;    // lost or shed
  std::int64_t replayed = 0;   // sent again after a failure
  std::int64_t in_flight = 0;  // under way at the end, backlog outside of the job not counted
  bool divided = false;        // some operator makes several records of one, or sends it along several edges
  std::optional<OriginsSummary> origins = {};
};

struct LatencyQuantiles {
  std::int64_t count = 0;
  std::optional<double> mean_s, p50_s, p95_s, p99_s, max_s;
};

struct ThroughputSummary {
  double offered_per_s = 0;
  double achieved_per_s = 0;
  std::optional<double> ratio;            // achieved / offered; none when nothing was offered
  std::optional<double> backlog_records;  // outside of the job, at the end
  // Over the last whole windows of the last deployment, ten at most; none if there is no such window.
  std::optional<double> end_offered_per_s, end_achieved_per_s;
  // In the first half of these windows, and in the second, noticeably less was taken in than offered: not a
  // spike, and not a backlog that is worked off. None if there are less than two.
  std::optional<bool> falling_behind = {};
  std::int64_t suppressed_records = 0;  // of the offered: never made (`when_blocked: skip`)
  std::int64_t kept_by_engine_records =
      0;  // taken in, and in a backlog of the engine (a master's) at the end
};

struct OperatorSummary {
  std::string name;
  bool source = false;
  bool scalable = true;
  int initial_parallelism = 1;
  int parallelism = 1;  // at the end
  std::int64_t records_in = 0;
  std::int64_t records_out = 0;
  double busy = 0;  // shares of time, means over instances and over the run
  double backpressured = 0;
  double idle = 0;
  double overhead = 0;
  std::optional<double> true_rate_per_s;   // of the whole operator at its parallelism of the end
  std::optional<int> optimal_parallelism;  // at the end; none: no oracle could tell
  // No allowed parallelism bears what was offered at the end; the optimum is what comes nearest to it.
  bool unborne = false;
  int allowed_parallelism = 0;               // at most
  std::optional<int> bearing_parallelism{};  // what would bear it if it were allowed; none: no number
  // Keyed state at the end, of operators that say how much they hold; empty: it does not.
  std::vector<std::int64_t> state_keys{};  // by instance
  double state_bytes = 0;                  // of all
};

// One operator of one action. `reason` is the decision's full text.
struct ActionSummary {
  std::int64_t action_id = 0;
  double time_s = 0;  // requested
  std::string operator_name;
  int from = 0;
  int to = 0;
  std::string reason;
  std::string status;  // "done", "clipped", "refused", "failed", "running"
  std::optional<double> ended_s;
  double downtime_s = 0;
  std::string detail;  // what the engine says: of what its downtime was made
  int wanted = 0;      // what the policy asked for, before it was clipped; 0: not told apart
  std::int64_t decision_id = -1;
  std::int64_t records_lost = 0;  // by the whole action
  // From its end until what arrived meanwhile was worked off (catching_up.hpp); none: never, or another
  // action came before.
  std::optional<double> catch_up_s = {};
};

struct DecisionSummary {
  std::int64_t decision_id = 0;
  double time_s = 0;
  std::string symptom, diagnosis, reason;
  bool acted = false;
};

// A change of how rates are split among the instances of operators.
struct SplitSummary {
  std::int64_t action_id = 0;
  std::int64_t decision_id = -1;
  double time_s = 0;              // requested
  std::string status;             // "done", "refused", "failed", "running"
  std::optional<double> ended_s;  // in force from then on, when done
  std::string reason, detail;
  struct Shares {
    std::string operator_name;
    std::vector<double> by_instance;  // their sum is 1
  };
  std::vector<Shares> shares;  // of those that change
};

// Actions that the engine began to carry out.
struct RestartsSummary {
  std::int64_t count = 0;   // with downtime
  std::int64_t losing = 0;  // with losses
  double downtime_s = 0;
  std::string why_lost;
};

// A long run may have any number of actions. The first and the last ones are listed, a thousand each; run.h5
// has all.
struct ScalingSummary {
  static constexpr std::size_t listed_at_each_end_max = 1000;

  std::vector<ActionSummary> actions;
  std::int64_t actions_omitted = 0;
  std::vector<DecisionSummary> decisions;  // with their full text; run.h5 cuts it
  std::int64_t decisions_omitted = 0;
  std::vector<SplitSummary> splits;
  std::int64_t splits_omitted = 0;
  std::int64_t splits_done = 0;
  std::optional<double> last_split_s;  // when the last of those was asked for
  RestartsSummary restarts;            // of all actions
  bool policy_idle = false;            // it was never asked, or never had anything to go by
  std::string why_nothing;             // in a run in which it asked for nothing: what the policy says to that
  ScalingScore score;
};

// How far from their order records arrived at sinks.
struct ReorderingSummary {
  double share = 0;
  std::optional<double> mean_distance;
};

struct JobSummary {
  std::string name;
  std::string policy;
  std::string engine;
  ConservationSummary conservation;
  LatencyQuantiles latency;
  ThroughputSummary throughput;
  std::vector<OperatorSummary> operators;
  ScalingSummary scaling;
  std::optional<ReorderingSummary> reordering;
  std::string policy_state_json;  // what Policy::state() gave, as text; empty: none
  // What the engine counts besides (its checkpoints, …): numbers by name, and sentences.
  std::vector<std::pair<std::string, double>> engine_figures;
  std::vector<std::string> engine_story;
};

// What a broker counts: numbers by name.
struct BrokerSummary {
  std::string name;
  std::string system;
  std::vector<std::pair<std::string, double>> figures;
};

struct HostsSummary {
  int count = 0;
  std::optional<double> cpu_mean;  // share of all cores, over the run
};

struct RunSummary {
  std::string scenario;
  std::uint64_t seed = 0;
  bool complete = true;
  std::string incomplete_reason;  // empty when complete
  std::string fingerprint;        // hexadecimal
  double simulated_s = 0;
  double wall_s = 0;
  std::int64_t events = 0;
  double peak_rss_mib = 0;
  std::vector<std::string> failed_checks;  // sentences of the self-check; empty: passed
  std::vector<JobSummary> jobs;            // at least one
  std::vector<BrokerSummary> brokers;
  HostsSummary hosts;
};

// The object of the contract: with one job its fields are at the top level, with several under
// `jobs` by name.
nlohmann::ordered_json to_json(const RunSummary& summary);

// The text of the file (two spaces, ends in a line feed); with `--json` also that of stdout.
std::string summary_json_text(const RunSummary& summary);

// Writes `directory`/summary.json under a temporary name, fsync, rename: call it last. RecordError.
void write_summary(const std::filesystem::path& directory, const RunSummary& summary);

}  // namespace weir

#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "models/engines/flink/network_stack.hpp"
#include "models/engines/flink/state_transfers.hpp"
#include "sim/kernel/calendar.hpp"

// Flink's checkpoint coordinator: one checkpoint at a time, by barriers from the sources to the sinks.
//
//   trigger ─▶ sources send a barrier, and take their snapshot
//              each task: barriers on all inputs (aligned), or on the first (unaligned) ─▶ sends it on,
//              snapshot ─▶ uploads its share of the state ─▶ acknowledged
//   acknowledged by all: complete. Not within the timeout: aborted.
//
// A savepoint is one that is aligned and uploads all of the state. Source: CheckpointCoordinator and
// SingleCheckpointBarrierHandler of Flink 1.18.

namespace weir::flink {

struct CheckpointParams {
  double interval_s = 0;  // 0: none
  double min_pause_s = 0;
  double timeout_s = 600;
  bool unaligned = false;
  double changed_share = 1;      // of the state, that a checkpoint uploads; 1 unless incremental
  double upload_mb_per_s = 100;  // of one task
  double sync_ms = 0;            // of a snapshot, before the upload begins
  std::string storage_host;      // where they go; empty: somewhere that no link of the cluster leads to
};

struct Checkpoint {
  int number = -1;
  bool savepoint = false;
  Nanos triggered_ns = 0;
  Nanos completed_ns = 0;
  Nanos barriers_ns = 0;       // when the last task had its barriers
  Nanos alignment_max_ns = 0;  // of one task
  std::int64_t state_bytes = 0;
  std::int64_t channel_state_bytes = 0;          // unaligned: data that was under way
  ChannelState channel_state{};                  // if it is to be restored
  std::vector<std::int64_t> source_positions{};  // by source instance: the next record to emit
};

struct CheckpointCounts {
  int completed = 0;
  int failed = 0;
  Nanos duration_sum_ns = 0;
  Nanos duration_max_ns = 0;
  Nanos alignment_max_ns = 0;
  std::int64_t state_bytes_sum = 0;
  std::int64_t channel_state_bytes_sum = 0;
};

class Checkpoints final : public BarrierHandler, EventHandler {
 public:
  // `storage`: the host of that name, or -1.
  Checkpoints(Calendar& calendar, std::uint32_t id, const CheckpointParams& params, NetworkStack& network,
              StateTransfers& transfers, int storage);

  // Told when one is complete, or was aborted (then `completed_ns` is 0).
  std::function<void(const Checkpoint&)> on_ended;

  // The job runs (again): periodic ones begin after an interval.
  void job_runs(Job& job);
  // It stops: what is under way is aborted.
  void job_stops();
  // As soon as the present one is over.
  void trigger_savepoint();
  bool under_way() const { return current_.number >= 0; }
  const Checkpoint& latest() const { return latest_; }  // that is complete; number -1: none
  const CheckpointCounts& counts() const { return counts_; }

 private:
  enum Kind : std::uint32_t { periodic = 1, acknowledged = 2, timed_out = 3, pause_over = 4 };
  void on_event(std::uint32_t kind, std::uint32_t argument) override;
  void barrier_reached(Instance& task, int checkpoint, Nanos alignment_ns) override;
  void barriers_complete(Instance& task, int checkpoint, std::int64_t channel_state_bytes) override;
  void barrier_emitted(Instance& task, int checkpoint, std::int64_t overtaken_bytes) override;
  void begin(bool savepoint);
  void schedule_periodic(Nanos at);
  void begin_what_is_due();
  void upload(const Instance& task, double bytes, Nanos sync_ns);
  void part_done(Nanos at);
  void end(bool complete);
  bool unaligned() const { return params_.unaligned && !current_.savepoint; }

  Calendar& calendar_;
  CheckpointParams params_;
  NetworkStack& network_;
  StateTransfers& transfers_;
  int storage_;
  Job* job_ = nullptr;
  std::uint32_t deployment_ = 0;  // periodic events of an earlier one are stale
  int next_number_ = 0;
  bool savepoint_wanted_ = false;
  bool periodic_due_ = false;  // since a periodic one could not begin
  Nanos may_begin_ns_ = 0;     // a periodic one: after the pause
  Checkpoint current_;
  Checkpoint latest_;
  int parts_missing_ = 0;  // snapshots, channel states and barriers that are not done with
  CheckpointCounts counts_;
};

}  // namespace weir::flink

#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "models/engines/flink/buffers.hpp"
#include "models/engines/flink/channel_state.hpp"
#include "models/engines/flink/debloater.hpp"
#include "sim/dataflow/instance.hpp"
#include "sim/dataflow/job.hpp"
#include "sim/kernel/calendar.hpp"

// Flink's network stack: records are serialized into buffers of 32 KiB, one being filled for each
// subpartition; what is full, or flushed by the 100 ms tick, goes to the receiver when there is credit.
//
//   task ─▶ filling ─▶ [ready buffers] ─credit─▶ connection of the TaskManagers ─▶ inbox of the task ─▶
//   consumed
//           (excess: has no segment, the task blocks)                        (held up while a barrier aligns)
//
// Between operators that are chained there is no buffer: records are handed over as they are.
//
// A lane is one subpartition and the input channel at its other end. Between tasks of one TaskManager (here:
// of one host) there is no network and no credit: the receiver reads the subpartition itself, whose buffers
// are free when they were read.
//
// Checkpoint barriers travel in the queues, behind the data (aligned) or past them (unaligned). They take no
// buffer and no credit.
//
// Simplified: a record belongs to the buffer in which it begins, and one larger than a buffer takes one; a
// buffer is free for its sender as soon as it is handed to the connection, which credit keeps short.

namespace weir::flink {

struct NetworkParams {
  int segment_bytes = 32768;
  int exclusive_per_channel = 2;
  int floating_per_gate = 8;
  int max_per_channel = 10;
  int overdraft_per_gate = 5;
  double buffer_timeout_ms = 100;  // 0: each record goes at once; negative: only full buffers go
  DebloatParams debloat;
};

// Who is told that a task has a checkpoint's barrier.
class BarrierHandler {
 public:
  // On all its channels (aligned: `alignment_ns` after the first), or on the first one (unaligned).
  virtual void barrier_reached(Instance& task, int checkpoint, Nanos alignment_ns) = 0;
  // Unaligned: it has come on the last channel. So much data was overtaken by it or came in between.
  virtual void barriers_complete(Instance& task, int checkpoint, std::int64_t channel_state_bytes) = 0;
  // The task has sent it on, past so many bytes that wait for the network.
  virtual void barrier_emitted(Instance& task, int checkpoint, std::int64_t overtaken_bytes) = 0;

 protected:
  ~BarrierHandler() = default;
};

class NetworkStack final : public Router, EventHandler {
 public:
  NetworkStack(Calendar& calendar, std::uint32_t id, const NetworkParams& params);

  void deploy(Job& job);
  void handle_barriers(BarrierHandler& handler) { barrier_handler_ = &handler; }

  // The task sends the barrier to all who receive from it; an aligned one once what it emitted before has
  // found its buffers. A source starts with this.
  void emit_barrier(Instance& task, int checkpoint, bool unaligned);
  // Barriers up to this checkpoint's mean nothing any more.
  void abort_checkpoint(int checkpoint);
  // From now on the data that unaligned barriers overtake is kept, until it is taken: that of the checkpoint
  // that has just been completed.
  void keep_channel_state() { keeps_channel_state_ = true; }
  ChannelState take_channel_state() { return std::exchange(channel_state_, {}); }

  // ---- Router ----
  void route(Channel& channel, const Batch& batch) override;
  bool follows_batches() const override { return true; }
  void arrived(Channel& channel, const Batch& batch, Nanos sent_ns) override;
  void consumed(Channel& channel) override;
  void drop_all(Job& job) override;
  std::int64_t held_weight() const override;
  void add_queued(std::vector<std::int64_t>& records_by_edge) const override;

 private:
  static constexpr int no_barrier = -1;
  // In a subpartition's queue.
  struct Entry {
    Batch batch;
    bool holds_segment = false;
    int barrier = no_barrier;
  };
  // Sent to a remote receiver.
  struct Flying {
    int backlog = 0;
    int barrier = no_barrier;
    Nanos not_before_ns = 0;
  };
  // A buffer with data at the receiver.
  struct Held {
    std::uint8_t kind = 0;
    std::int64_t size_bytes = 0;
  };
  // Kept back at the receiver while a barrier aligns.
  struct Stashed {
    Batch batch;
    Nanos sent_ns = 0;
  };
  struct Lane {
    explicit Lane(int exclusive) : in(exclusive) {}
    Channel* channel = nullptr;
    bool remote = false;
    bool chained = false;
    int connection = -1;
    Nanos latency_ns = 0;
    std::uint32_t sender = 0;    // task
    std::uint32_t receiver = 0;  // task
    std::uint32_t gate = 0;
    // ---- subpartition ----
    Batch filling;
    std::int64_t segment_bytes = 0;  // of the next one, as the receiver asks for
    std::int64_t filling_bytes = 0;  // of the one being filled
    std::int64_t filled_bytes = 0;   // of which so much is, with what was flushed of it
    bool has_segment = false;
    int segments = 0;  // all that it holds
    Batch excess;      // has no segment yet
    Ring<Entry> ready;
    int ready_buffers = 0;  // in `ready`, without barriers
    int credit = 0;
    Ring<Nanos> announced;  // credit that is on its way: when it is there
    bool credit_awaited = false;
    // ---- on the network ----
    Ring<Flying> flying;
    // ---- input channel ----
    CreditedChannel in;
    Ring<Held> held;                // buffers with data at the receiver
    bool blocked = false;           // its barrier has come, others' have not
    int overtaken_by = no_barrier;  // unaligned: the latest checkpoint whose barrier has come
    Ring<Stashed> stash;
  };
  struct Gate {
    Gate(std::uint32_t of, int free_floating, const Debloater& debloats)
        : floating{.free = free_floating}, task(of), debloater(debloats) {}
    FloatingPool floating;
    std::uint32_t task = 0;
    std::vector<std::uint32_t> lanes;  // only where they debloat
    std::int64_t consumed_bytes = 0;   // since the last look
    Nanos idle_ns = 0;                 // of the task, up to the last look
    Debloater debloater;
  };
  struct PendingBarrier {
    int checkpoint = 0;
    std::int64_t behind = 0;  // may be read when so many buffers were consumed
  };
  struct Task {
    Task(Instance& of, SegmentPool segments) : instance(&of), pool(segments) {}
    Instance* instance;
    SegmentPool pool;
    std::vector<std::uint32_t> lanes;   // to its receivers
    std::vector<std::uint32_t> inputs;  // lanes that lead here
    Ring<std::uint32_t> wanting;        // lanes with excess, in order
    bool giving = false;
    bool flush_scheduled = false;
    Nanos flush_phase_ns = 0;
    // ---- as a receiver ----
    std::int64_t arrived = 0;
    std::int64_t consumed = 0;
    Ring<PendingBarrier> barriers;
    int checkpoint = no_barrier;  // that is aligning here
    int barriers_missing = 0;
    Nanos first_barrier_ns = 0;
    std::int64_t channel_state_bytes = 0;
    bool unaligned = false;
    // ---- as a sender: a barrier that waits for excess to go ----
    int barrier_to_emit = no_barrier;
  };

  enum Kind : std::uint32_t { debloat = 0, flush = 1, credit = 2, barrier_lands = 3 };
  std::uint32_t kind_now(Kind kind) const { return kind | (generation_ << 2); }
  void on_event(std::uint32_t kind, std::uint32_t number) override;

  std::uint32_t task_of(const Instance& instance) const {
    return first_task_[instance.operator_id()] + static_cast<std::uint32_t>(instance.index());
  }
  void add_lanes(Task& task, std::uint32_t number);
  void add_gates();
  void schedule_debloat();
  void debloat_gates();
  void hand_on(Lane& lane, Batch batch);
  void fill(Lane& lane, Task& sender, Batch rest);
  void close_segment(Lane& lane, Task& sender);
  void flush_lane(Lane& lane, Task& sender);
  void schedule_flush(Task& sender, std::uint32_t number);
  void send_ready(Lane& lane, Task& sender);
  void send_buffer(Lane& lane, Task& sender, const Entry& entry);
  bool take_credit(Lane& lane);
  void await_credit(Lane& lane);
  void announce_credit(Lane& lane);
  void share_floating(Lane& lane);
  void offer_floating(std::uint32_t gate);
  void segment_freed(Task& sender, const Instance& by, Nanos signal_ns);
  static bool has_excess(const Task& task) { return !task.wanting.empty(); }
  static bool takes_output(const Task& task) { return !has_excess(task) && task.pool.available(); }
  void hand_over(Lane& lane, const Batch& batch, Nanos sent_ns);
  // ---- barriers ----
  void emit_now(Task& task);
  void send_barrier(Lane& lane, int checkpoint);
  void barrier_landed(Lane& lane, int checkpoint);
  void land_barriers(Lane& lane);
  void read_barriers(Task& task);
  void barrier_read(Task& task, int checkpoint);
  void unblock(Task& task);
  void keep(const Batch& batch, const Channel& channel);
  void keep_taken_in(const Task& task);

  Calendar& calendar_;
  NetworkParams params_;
  Nanos timeout_ns_;
  Nanos debloat_period_ns_;
  Job* job_ = nullptr;
  BarrierHandler* barrier_handler_ = nullptr;
  bool unaligned_ = false;
  bool keeps_channel_state_ = false;
  ChannelState channel_state_;  // of the checkpoint that is under way
  int aborted_until_ = no_barrier;
  std::uint32_t generation_ = 0;  // events of an earlier deployment are stale
  std::vector<Lane> lanes_;
  std::vector<Task> tasks_;
  std::vector<Gate> gates_;
  std::vector<std::uint32_t> first_task_;  // by operator
};

}  // namespace weir::flink

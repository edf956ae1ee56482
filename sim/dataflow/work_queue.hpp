#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/dataflow/batch.hpp"
#include "sim/dataflow/queue_account.hpp"
#include "sim/dataflow/ring.hpp"

// The one queue of an operator that pulls: competing consumers (work queues of message brokers, a master's
// backlog, a thread pool).
//
//   sender ──push──▶ ┌────────────────────┐ ◀──ask── instance   the first batch goes to the first that is
//   sender ──push──▶ │ in order of arrival│ ◀──ask── instance   free; of several, to the one idle longest
//                    └────────────────────┘
//
// All pull edges of an operator lead into the same queue. An instance is free when it serves nothing, its own
// inbox is empty, nothing is on the way to it and it does not wait for room itself; it takes one batch at a
// time and only then asks again. What other edges push to it, it serves first.
//
// A batch waits on the host that sent it, and travels to the instance that takes it: a batch that waited
// leaves when it is taken, and the taker waits for it. Each sender has one channel, which bounds what it has
// pushed and no instance has begun to serve: then it blocks, as with any other edge.

namespace weir {

class Instance;
class Job;

class WorkQueue {
 public:
  explicit WorkQueue(Job& job) : job_(job) {}

  // Of a new deployment: nobody is free until it asks.
  void deploy(std::vector<Instance*> receivers);

  // From a sender.
  void offer(const Batch& batch);
  // `receiver` is free: it gets the first batch, or is noted as idle from now on.
  void ask(Instance& receiver);
  // A sender begins (1) or ends (-1) to wait for room: all receivers hold it up.
  void sender_waits(int change);

  // Drops what waits, telling the job what was lost.
  void drop_all();

  std::int64_t records() const { return records_; }
  std::int64_t size_bytes() const { return size_bytes_; }
  // The most records that waited since the last call.
  std::int64_t take_records_max();
  std::int64_t held_weight() const;
  void add_queued(std::vector<std::int64_t>& records_by_edge) const;
  // What does not add up in its own books; empty if all does.
  std::string check() const;

 private:
  static constexpr int nobody = -1;

  void hand_over(Batch batch, Instance& receiver, bool waited);
  Instance* longest_idle();
  void leave_idle(int index);

  Job& job_;
  std::vector<Instance*> receivers_;
  Ring<Batch> waiting_;
  std::int64_t records_ = 0;
  std::int64_t size_bytes_ = 0;
  std::int64_t records_max_ = 0;
  QueueAccount account_;
  // Those who asked in vain, in that order: a list through the receivers' indices.
  struct Idle {
    int before = nobody;
    int behind = nobody;
    bool listed = false;
  };
  std::vector<Idle> idle_;
  int idle_first_ = nobody;
  int idle_last_ = nobody;
};

}  // namespace weir

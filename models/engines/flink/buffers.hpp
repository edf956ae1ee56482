#pragma once

#include <algorithm>
#include <cstdint>

#include "sim/dataflow/ring.hpp"
#include "sim/kernel/assert.hpp"

// Flink's network buffers, counted: who may send, and what a receiver has room for. Credit-based flow control
// (FLIP-2; NettyShuffle of Flink 1.18):
//
//   sender                                              receiver
//   ResultPartition: a pool of segments                 InputGate: 2 exclusive buffers for each channel,
//     subpartition: buffers in a queue                             8 floating ones for all
//     a buffer goes when there is credit ─ backlog ──▶    tries to hold backlog + 2 for the channel
//                                        ◀── +1 ───     each buffer that becomes free is one credit
//
// Only numbers here, no time and no data: network_stack.hpp moves the records.

namespace weir::flink {

// Segments of one ResultPartition. Unavailable when none is free, or one of its subpartitions holds as many
// as it may. A task that is in the middle of emitting then may take some more, on overdraft.
class SegmentPool {
 public:
  // Of a partition with so many subpartitions: two for each, and eight.
  SegmentPool(int segments, int per_subpartition, int overdraft)
      : segments_(segments), per_subpartition_(per_subpartition), overdraft_(overdraft) {
    WEIR_ASSERT(segments > 0 && per_subpartition > 0 && overdraft >= 0, "a pool has segments");
  }
  // For what is being emitted.
  bool any_free() const { return in_use_ < segments_ + overdraft_; }
  bool available() const { return in_use_ < segments_ && full_subpartitions_ == 0; }
  int in_use() const { return in_use_; }
  int segments() const { return segments_; }

  // `held`: by the subpartition that takes or gives it.
  void take(int& held) {
    WEIR_ASSERT(any_free(), "more buffers in use than the pool has");
    ++in_use_;
    if (++held == per_subpartition_) ++full_subpartitions_;
  }
  void give_back(int& held) {
    WEIR_ASSERT(in_use_ > 0 && held > 0, "a buffer is given back that nobody took");
    --in_use_;
    if (held-- == per_subpartition_) --full_subpartitions_;
  }

 private:
  int segments_;
  int per_subpartition_;
  int overdraft_;
  int in_use_ = 0;
  int full_subpartitions_ = 0;
};

// The floating buffers of an input gate, and the channels that wait for one, in the order in which they
// asked.
struct FloatingPool {
  int free = 0;
  Ring<std::uint32_t> listeners{};
};

// A channel's buffers at its receiver. A buffer is available (and announced as credit), or holds data.
class CreditedChannel {
 public:
  explicit CreditedChannel(int exclusive) : exclusive_(exclusive), exclusive_available_(exclusive) {}

  enum class Kind : std::uint8_t { exclusive, floating };

  // What the sender may send before it is told of more.
  int initial_credit() const { return exclusive_; }
  int available() const { return exclusive_available_ + floating_available_; }
  int floating_held() const { return floating_held_; }

  // Data came: floating buffers are used first, as BufferManager does.
  Kind use() {
    WEIR_ASSERT(available() > 0, "a buffer came without credit");
    if (floating_available_ > 0) {
      --floating_available_;
      return Kind::floating;
    }
    --exclusive_available_;
    return Kind::exclusive;
  }

  // The sender said that so many buffers wait behind the one that came.
  void heard_backlog(int backlog) { required_ = backlog + exclusive_; }
  bool wants_floating() const { return available() < required_; }
  // Takes a floating buffer: one credit.
  void take_floating(FloatingPool& pool) {
    WEIR_ASSERT(pool.free > 0, "more floating buffers than the gate has");
    --pool.free;
    ++floating_held_;
    ++floating_available_;
  }

  // A buffer was read. True: that is one credit for the sender. An exclusive buffer that is more than
  // required lets a floating one go instead.
  bool recycle(Kind kind, FloatingPool& pool) {
    if (kind == Kind::floating) {
      give_floating(pool);
      return false;
    }
    ++exclusive_available_;
    WEIR_ASSERT(exclusive_available_ <= exclusive_, "more exclusive buffers than the channel has");
    if (available() <= required_ || floating_available_ == 0) return true;
    --floating_available_;
    give_floating(pool);
    return false;
  }

  bool listens = false;  // is among the listeners of its gate

 private:
  void give_floating(FloatingPool& pool) {
    WEIR_ASSERT(floating_held_ > 0, "a floating buffer is given back that nobody took");
    --floating_held_;
    ++pool.free;
  }

  int exclusive_;
  int exclusive_available_;
  int floating_available_ = 0;
  int floating_held_ = 0;  // available, or with data
  int required_ = 0;
};

}  // namespace weir::flink

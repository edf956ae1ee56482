#pragma once

#include <cstdint>
#include <string>

#include "sim/dataflow/ring.hpp"
#include "sim/kernel/time.hpp"

// Little's law of one queue over a run, as the identity that it is for any queue and any interval (Stidham,
// Operations Research 22(2), 1974; Little and Graves, 2008): the time integral of the number that waits is
// the sum of the times that they waited,
//
//   integral of N dt  =  sum over who left of (left - entered)  +  sum over who is there of (now - entered)
//
// so that L = lambda W after a division by the length of the run. The two sides come from different books:
// the left one from the count that engines and policies are told, before each of its changes; the right one
// from when each batch came and went. Both are integers (records times nanoseconds): there is no tolerance,
// whatever the batch sizes. First in, first out.

namespace weir {

class QueueAccount {
 public:
  // The count is about to change; it has been `records` since the last call.
  void counted(Nanos now, std::int64_t records) {
    waited_ += static_cast<Wide>(records) * (now - since_ns_);
    since_ns_ = now;
  }
  void entered(Nanos now) { entered_ns_.push_back(now); }
  // The batch that has been there longest.
  void left(Nanos now, std::int64_t records) {
    sojourns_ += static_cast<Wide>(records) * (now - entered_ns_.front());
    entered_ns_.pop_front();
  }

  // What does not add up at `now`, or nothing. `count` is the present one, `batch_records(i)` says how many
  // records batch i of `batches` has, the one that is next first.
  template <class BatchRecords>
  std::string check(Nanos now, std::int64_t count, std::size_t batches, BatchRecords batch_records) const {
    if (entered_ns_.size() != batches) return lost_sight(entered_ns_.size(), batches);
    Wide sojourns = sojourns_;
    for (std::size_t i = 0; i < batches; ++i)
      sojourns += static_cast<Wide>(batch_records(i)) * (now - entered_ns_[i]);
    const Wide waited = waited_ + static_cast<Wide>(count) * (now - since_ns_);
    return waited == sojourns ? std::string() : unequal(now, waited, sojourns);
  }

 private:
  __extension__ using Wide = __int128;

  static std::string lost_sight(std::size_t entered, std::size_t present);
  static std::string unequal(Nanos now, Wide waited, Wide sojourns);

  Wide waited_ = 0;    // records ns, up to since_ns_
  Wide sojourns_ = 0;  // of who left
  Nanos since_ns_ = 0;
  Ring<Nanos> entered_ns_;  // of who is there
};

}  // namespace weir

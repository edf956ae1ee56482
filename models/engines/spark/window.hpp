#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "models/engines/spark/distinct_keys.hpp"
#include "models/engines/spark/params.hpp"

// A window over micro-batches, by key: every `slide` what was reduced of each batch becomes one result.
//
//   without inverse   all reduced batches of the window                       30 s every 10 s of 1 s: 30
//   with inverse      the result before, those that leave, those that enter               1 + 10 + 10
//
// A reduced batch is made once, and stays in the memory of the executor that made its partition
// (PairDStreamFunctions.reduceByKeyAndWindow, WindowedDStream.scala, ReducedWindowedDStream.scala). Times are
// in batches; a job is made for every slide of them.

namespace weir::spark {

// A partition of a reduced batch, or of a result.
struct Reduced {
  std::int64_t records = 0;  // that were reduced
  std::int64_t keys = 0;     // what is left
  int slot = -1;             // that made it; -1: nobody yet
};

// A state (DStream.updateStateByKey) is a window that nothing leaves, made anew with every batch of the one
// before and of what entered: `length_s` is 0.
class Window {
 public:
  Window(const WindowParams& params, int stage, const DistinctKeys& keys, int partitions,
         Nanos batch_interval_ns, double bytes_per_key);

  int stage() const { return stage_; }
  std::int64_t slide_batches() const { return slide_; }
  bool combines() const { return params_.combine; }

  // The job of the batches up to now begins its result: what entered since the job before, by batch and
  // partition.
  void enter(const std::vector<std::vector<std::int64_t>>& records);
  // What a task for this partition merges: all the entries of what it reads.
  double merge_s(int partition) const;
  // Where it reads it from: calls read(slot, bytes) for each part that was made already.
  template <class Read>
  void for_each_kept(int partition, Read&& read) const {
    const auto tell = [&](const Reduced& part) {
      if (part.slot >= 0 && part.keys > 0) read(part.slot, static_cast<double>(part.keys) * bytes_per_key_);
    };
    for_each_read(
        [&](const std::vector<Reduced>& batch) { tell(batch[static_cast<std::size_t>(partition)]); });
  }
  // Who made the partition last; -1: nobody.
  int home(int partition) const;
  // The task for this partition is over, on that slot.
  void made(int partition, int slot);
  // Counted in the present result.
  const Reduced& result(int partition) const { return result_[static_cast<std::size_t>(partition)]; }
  double result_bytes(int partition) const {
    return static_cast<double>(result(partition).keys) * bytes_per_key_;
  }
  std::int64_t result_records() const;
  std::int64_t result_keys() const;
  // How many reduced batches and results the present one reads.
  std::int64_t reads() const;
  std::int64_t merged_records() const;

 private:
  using Parts = std::vector<Reduced>;  // by partition

  // What the present result is made of.
  template <class See>
  void for_each_read(See&& see) const {
    if (params_.inverse && any_before_) see(before_);
    if (params_.inverse)
      for (const Parts& batch : leaving_) see(batch);
    const std::size_t first = params_.inverse ? kept_.size() - entered_ : 0;
    for (std::size_t i = first; i < kept_.size(); ++i) see(kept_[i]);
  }

  WindowParams params_;
  int stage_;
  const DistinctKeys& keys_;
  std::int64_t slide_;
  std::size_t length_;
  double bytes_per_key_;
  std::deque<Parts> kept_;      // reduced batches of the window, the oldest first
  std::vector<Parts> leaving_;  // of the window before, and not of this one
  std::size_t entered_ = 0;     // the last so many of kept_
  Parts before_, result_;
  bool any_before_ = false;
};

}  // namespace weir::spark

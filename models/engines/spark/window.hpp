#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
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
// in batches, which have numbers from 0; a job is made for every slide of them.
//
// What was on an executor that is lost is made again by the next task that reads it, of what it was made of:
// back to the last result that was checkpointed, or that somebody still has.

namespace weir::spark {

// A partition of a reduced batch, or of a result.
struct Reduced {
  static constexpr int nobody = -1;  // made it yet
  static constexpr int lost = -2;    // with the executor that made it

  std::int64_t records = 0;  // that were reduced
  std::int64_t keys = 0;     // what is left
  int slot = nobody;         // that made it
  double work_s = 0;         // of its records; of a reduced batch
};

// A state (DStream.updateStateByKey) is a window that nothing leaves, made anew with every batch of the one
// before and of what entered: `length_s` is 0. What entered is not kept apart.
class Window {
 public:
  // `remembers`: what results were made of, since the last checkpoint.
  Window(const WindowParams& params, int stage, const DistinctKeys& keys, int partitions,
         Nanos batch_interval_ns, double bytes_per_key, bool remembers = false);

  int stage() const { return stage_; }
  std::int64_t slide_batches() const { return slide_; }

  // The job of the batches up to now begins its result: what entered since the job before, by batch and
  // partition.
  void enter(const std::vector<std::vector<std::int64_t>>& records);
  // What a task for this partition merges: all the entries of what it reads.
  double merge_s(int partition) const;
  // Where it reads it from: calls read(slot, bytes) for each part that somebody has.
  template <class Read>
  void for_each_kept(int partition, Read&& read) const {
    for_each_read([&](const Parts& batch) {
      const Reduced& part = batch[static_cast<std::size_t>(partition)];
      if (part.slot >= 0 && part.keys > 0) read(part.slot, bytes_of(part));
    });
  }
  // Who made the partition last; negative: nobody who is there.
  int home(int partition) const;
  // Counted in the present result.
  const Reduced& result(int partition) const {
    return results_.back().parts[static_cast<std::size_t>(partition)];
  }
  double result_bytes(int partition) const { return bytes_of(result(partition)); }
  std::int64_t result_records() const;
  std::int64_t result_keys() const;
  // How many reduced batches and results the present one reads.
  std::int64_t reads() const;
  std::int64_t merged_records() const;

  // ---- lineage: where workers may fail
  // What these slots made is lost.
  void lose(const std::function<bool(int slot)>& of);
  // The present result is in the file system.
  void checkpointed();
  // What has to be made again before a partition of the present result can be, and of what.
  struct Rebuilt {
    std::set<std::int64_t> batches;    // of their map outputs
    double reduce_s = 0;               // core time of reducing them
    double merge_s = 0;                // core time of merging them to results
    std::vector<std::size_t> results;  // by their place among those that are kept
    std::int64_t parts = 0;            // reduced batches and results
    std::int64_t checkpoint_keys = 0;
    double checkpoint_bytes = 0;
    std::vector<std::pair<int, double>> reads;  // slots that have the rest, and bytes
  };
  Rebuilt to_rebuild(int partition) const;
  // The task for this partition is over, on that slot, which worked so long on its records, and which has
  // made all this again before.
  void made(int partition, int slot, double work_s, const Rebuilt& before);
  // The same of a result that exists, which a checkpoint reads.
  Rebuilt to_rebuild_result(int partition) const;
  // The batches of which map outputs will be needed by the result after the present one.
  std::set<std::int64_t> batches_to_rebuild_next() const;
  // A task on that slot has made all this again.
  void rebuilt(const Rebuilt& all, int partition, int slot);
  // The share of a batch's records that is of the partition.
  double share(std::int64_t batch, int partition) const;
  // Nothing before this batch is needed any more.
  std::int64_t oldest() const { return reduced_.empty() ? end_ : reduced_.begin()->first; }

 private:
  using Parts = std::vector<Reduced>;  // by partition
  struct Result {
    Parts parts;
    std::int64_t entered_from = 0, entered_end = 0;  // batches
    std::vector<std::int64_t> leaving;
    bool checkpointed = false;
  };

  double bytes_of(const Reduced& part) const { return static_cast<double>(part.keys) * bytes_per_key_; }
  bool any_before() const { return results_.size() > 1; }
  // What the present result is made of.
  template <class See>
  void for_each_read(See&& see) const {
    const Result& now = results_.back();
    if (params_.inverse && any_before()) see(results_[results_.size() - 2].parts);
    if (params_.inverse)
      for (const std::int64_t batch : now.leaving) see(reduced_.at(batch));
    for (std::int64_t batch = params_.inverse ? now.entered_from : first_; batch < now.entered_end; ++batch)
      see(reduced_.at(batch));
  }
  bool is_state() const { return length_ == 0; }
  void need_batch(std::int64_t batch, std::size_t partition, Rebuilt& all) const;
  void need_result(std::size_t result, std::size_t partition, Rebuilt& all) const;
  void make_result(std::size_t result, std::size_t partition, Rebuilt& all) const;
  void forget();

  WindowParams params_;
  int stage_;
  const DistinctKeys& keys_;
  std::int64_t slide_;
  std::int64_t length_;
  double bytes_per_key_;
  bool remembers_;
  std::size_t partitions_;
  std::map<std::int64_t, Parts> reduced_;  // by batch: of the window, and what results are made of
  std::int64_t first_ = 0, end_ = 0;       // of the window
  // The present one is the last; without inverse it is the only one. Else those back to the last that was
  // checkpointed, if it remembers, and one before at least.
  std::deque<Result> results_;
};

}  // namespace weir::spark

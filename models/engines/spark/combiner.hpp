#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "models/engines/spark/distinct_keys.hpp"
#include "sim/dataflow/batch.hpp"

// What a task sends over a shuffle, joined by key before it is written: at the end of the task there is a
// record for each different key (PairRDDFunctions.combineByKey, mapSideCombine). Of one edge.

namespace weir::spark {

class Combiner {
 public:
  Combiner(const DistinctKeys& keys, int slots, int partitions)
      : keys_(keys),
        partitions_(static_cast<std::size_t>(partitions)),
        gathered_(static_cast<std::size_t>(slots)) {}

  void take(int slot, int partition, const Batch& part) {
    std::vector<Batch>& of = gathered_[static_cast<std::size_t>(slot)];
    of.resize(partitions_);  // the first time
    Batch& gathered = of[static_cast<std::size_t>(partition)];
    if (gathered.count == 0) {
      gathered = part;
    } else {
      gathered.merge(part);
    }
  }
  // Calls give(partition, batch, records before) for each partition that the task of this slot sent to.
  template <class Give>
  void end(int slot, Give&& give) {
    std::vector<Batch>& of = gathered_[static_cast<std::size_t>(slot)];
    for (std::size_t p = 0; p < of.size(); ++p) {
      Batch batch = std::exchange(of[p], {});
      if (batch.count == 0) continue;
      const std::int64_t before = batch.count;
      const std::int64_t count = keys_.among(before, static_cast<int>(p));
      batch.become({count, muldiv(batch.size_bytes, count, before), batch.weight});
      give(static_cast<int>(p), batch, before);
    }
  }
  // What the task of this slot has sent so far, by partition; and to go on from there, on another one.
  std::vector<Batch> take_all(int slot) {
    return std::exchange(gathered_[static_cast<std::size_t>(slot)], {});
  }
  void give_all(int slot, std::vector<Batch> gathered) {
    gathered_[static_cast<std::size_t>(slot)] = std::move(gathered);
  }
  template <class See>
  void for_each_held(See&& see) const {
    for (const std::vector<Batch>& of : gathered_)
      for (const Batch& batch : of)
        if (batch.count > 0) see(batch);
  }

 private:
  const DistinctKeys& keys_;
  std::size_t partitions_;
  std::vector<std::vector<Batch>> gathered_;  // by slot that ever sent anything, and partition
};

}  // namespace weir::spark

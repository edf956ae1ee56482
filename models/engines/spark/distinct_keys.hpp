#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "sim/dataflow/splitter.hpp"

// How many different keys there are among so many records of a partition: what reducing by key leaves of
// them.
//
// The expectation, rounded: of n draws, a key of chance p is among them with chance 1 - (1 - p)^n. Laws that
// know no single keys (`even`, `tilted`) have `count` of them, equally likely and evenly over the partitions.

namespace weir::spark {

class DistinctKeys {
 public:
  DistinctKeys(const KeySpec& keys, int partitions);

  // At least one of any record, never more than there are records.
  std::int64_t among(std::int64_t records, int partition) const;
  std::int64_t keys(int partition) const { return keys_[static_cast<std::size_t>(partition)]; }

 private:
  // So many keys, each of this chance among the records of the partition.
  struct Alike {
    double keys;
    double chance;
  };
  void add_hashed(const KeySpec& keys);

  double expected(std::int64_t records, std::size_t partition) const;

  std::vector<std::vector<Alike>> alike_;  // by partition
  // Of the latest numbers of records, which come again and again: a law of many keys takes long.
  mutable std::vector<std::unordered_map<std::int64_t, std::int64_t>> known_;  // by partition
  std::vector<std::int64_t> keys_;
};

}  // namespace weir::spark

#pragma once

#include <cstdint>
#include <vector>

#include "models/engines/flink/key_groups.hpp"

// Which of the instances behind a hash exchange has a key: by Flink's key groups.
//
//   key ── Long.hashCode ── murmur ── mod max parallelism = key group ── * instances / max parallelism
//
// Source: org.apache.flink.runtime.state.KeyGroupRangeAssignment, org.apache.flink.util.MathUtils. (SQL keys
// are hashed as rows; the group of a single key differs, their spread does not.)

namespace weir::nexmark {

class KeyPlaces {
 public:
  explicit KeyPlaces(int instances) : instances_(instances) {
    const int groups = flink::default_max_parallelism(instances);
    for (int group = 0; group < groups; ++group)
      place_of_group_.push_back(flink::subtask_of(group, instances, groups));
  }
  int instances() const { return instances_; }
  int of(std::int64_t key) const {
    const auto hash = static_cast<std::size_t>(flink::murmur_hash(flink::long_hash_code(key)));
    return place_of_group_[hash & (place_of_group_.size() - 1)];
  }

 private:
  int instances_;
  std::vector<int> place_of_group_;  // a power of two of them
};

}  // namespace weir::nexmark

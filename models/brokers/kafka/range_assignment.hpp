#pragma once

#include <algorithm>

// Kafka's default assignor: of each topic by itself, contiguous ranges of partitions go to the consumers in
// their order, one more to each of the first ones (RangeAssignor, KIP-54).

namespace weir::kafka {

struct PartitionRange {
  int first = 0;
  int count = 0;
};

inline PartitionRange range_of(int consumer, int consumers, int partitions) {
  const int each = partitions / consumers, more = partitions % consumers;
  return {each * consumer + std::min(consumer, more), each + (consumer < more ? 1 : 0)};
}

}  // namespace weir::kafka

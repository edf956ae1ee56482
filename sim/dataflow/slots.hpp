#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

// How many slots a job takes of its cluster.

namespace weir {

// With so many instances of each operator: a slot for each, or, where a slot holds one instance of every
// operator (Flink's slot sharing), as many as the operator with the most has instances.
inline std::int64_t slots_taken(const std::vector<int>& parallelism, bool shared) {
  std::int64_t sum = 0, most = 0;
  for (const int instances : parallelism) {
    sum += instances;
    most = std::max<std::int64_t>(most, instances);
  }
  return shared ? most : sum;
}

}  // namespace weir

#include "models/engines/flink/key_groups.hpp"

#include <algorithm>
#include <bit>
#include <numeric>

#include "sim/dataflow/splitter.hpp"
#include "sim/kernel/assert.hpp"

namespace weir::flink {

namespace {
constexpr int max_parallelism_low = 128;
constexpr int max_parallelism_high = 32768;
}  // namespace

int default_max_parallelism(int parallelism) {
  const auto wanted = static_cast<unsigned>(parallelism + parallelism / 2);
  return std::clamp(static_cast<int>(std::bit_ceil(wanted)), max_parallelism_low, max_parallelism_high);
}

KeyGroupRange key_groups_of(int subtask, int parallelism, int max_parallelism) {
  const auto groups = static_cast<std::int64_t>(max_parallelism);
  return {static_cast<int>((subtask * groups + parallelism - 1) / parallelism),
          static_cast<int>(((subtask + 1) * groups - 1) / parallelism)};
}

std::vector<double> key_group_shares(const KeySpec& keys, std::int64_t first_key, int parallelism,
                                     int max_parallelism) {
  WEIR_ASSERT(parallelism <= max_parallelism, "there are as many key groups as subtasks at least");
  if (keys.law == KeyLaw::tilted) return key_shares(keys, parallelism);
  std::vector<double> shares(static_cast<std::size_t>(parallelism), 0.0);
  if (keys.law == KeyLaw::even) {
    for (int subtask = 0; subtask < parallelism; ++subtask)
      shares[subtask] =
          static_cast<double>(key_groups_of(subtask, parallelism, max_parallelism).size()) / max_parallelism;
    return shares;
  }
  for (std::int64_t key = 0; key < key_count(keys); ++key) {
    const int group = key_group(long_hash_code(first_key + key), max_parallelism);
    shares[subtask_of(group, parallelism, max_parallelism)] += key_weight(keys, key);
  }
  const double total = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (double& share : shares) share /= total;
  return shares;
}

}  // namespace weir::flink

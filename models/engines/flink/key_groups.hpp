#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

#include "sim/dataflow/logical_graph.hpp"

// Flink's key groups: the unit in which keyed state moves, and so what decides which subtask gets a key.
//
//   key ──hashCode──▶ 32 bits ──murmur──▶ mod max parallelism = key group ──▶ group * p / max = subtask
//
// Source: org.apache.flink.runtime.state.KeyGroupRangeAssignment and MathUtils of Flink 1.18.

namespace weir::flink {

// Of a maximum parallelism that is not set: 1.5 p up to a power of two, within [128, 32768].
int default_max_parallelism(int parallelism);

// java.lang.Long.hashCode.
constexpr std::int32_t long_hash_code(std::int64_t key) {
  const auto bits = static_cast<std::uint64_t>(key);
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(bits ^ (bits >> 32)));
}

// MathUtils.murmurHash; never negative.
constexpr std::int32_t murmur_hash(std::int32_t hash_code) {
  auto code = static_cast<std::uint32_t>(hash_code);
  code *= 0xcc9e2d51u;
  code = std::rotl(code, 15);
  code *= 0x1b873593u;
  code = std::rotl(code, 13);
  code = code * 5 + 0xe6546b64u;
  code ^= 4;
  code ^= code >> 16;
  code *= 0x85ebca6bu;
  code ^= code >> 13;
  code *= 0xc2b2ae35u;
  code ^= code >> 16;
  const auto hash = static_cast<std::int32_t>(code);
  if (hash >= 0) return hash;
  return hash == std::numeric_limits<std::int32_t>::min() ? 0 : -hash;
}

inline int key_group(std::int32_t hash_code, int max_parallelism) {
  return murmur_hash(hash_code) % max_parallelism;
}

// Which of `parallelism` subtasks has the key group.
inline int subtask_of(int group, int parallelism, int max_parallelism) {
  return static_cast<int>(static_cast<std::int64_t>(group) * parallelism / max_parallelism);
}

// First and last key group of a subtask; last < first if there are more subtasks than groups.
struct KeyGroupRange {
  int first;
  int last;
  int size() const { return last - first + 1; }
};
KeyGroupRange key_groups_of(int subtask, int parallelism, int max_parallelism);

// The share of the records that each subtask gets. Keys are longs from `first_key` on; `even` stands for so
// many keys that every group weighs the same.
std::vector<double> key_group_shares(const KeySpec& keys, std::int64_t first_key, int parallelism,
                                     int max_parallelism);

}  // namespace weir::flink

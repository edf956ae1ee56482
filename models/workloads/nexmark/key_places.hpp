#pragma once

#include <cstdint>
#include <vector>

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
    // Flink's default: 1.5 times the parallelism, up to a power of two, from 128 to 32768.
    std::int64_t groups = 128;
    while (groups < instances + instances / 2 && groups < 32'768) groups *= 2;
    for (std::int64_t group = 0; group < groups; ++group)
      place_of_group_.push_back(static_cast<int>(group * instances / groups));
  }
  int instances() const { return instances_; }
  int of(std::int64_t key) const { return place_of_group_[hash(key) & (place_of_group_.size() - 1)]; }

 private:
  static constexpr std::uint32_t rotated(std::uint32_t bits, int by) {
    return bits << by | bits >> (32 - by);
  }
  static std::uint32_t hash(std::int64_t key) {
    const auto bits = static_cast<std::uint64_t>(key);
    std::uint32_t code = static_cast<std::uint32_t>(bits ^ bits >> 32);
    code = rotated(code * 0xcc9e2d51u, 15) * 0x1b873593u;
    code = rotated(code, 13) * 5 + 0xe6546b64u;
    code ^= 4;
    code = (code ^ code >> 16) * 0x85ebca6bu;
    code = (code ^ code >> 13) * 0xc2b2ae35u;
    code ^= code >> 16;
    // Java: not negative.
    return code < 0x80000000u ? code : code == 0x80000000u ? 0 : 0u - code;
  }

  int instances_;
  std::vector<int> place_of_group_;  // a power of two of them
};

}  // namespace weir::nexmark

#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

#include "sim/kernel/assert.hpp"
#include "sim/kernel/queueing.hpp"
#include "sim/kernel/time.hpp"

// How many records had which latency: counts in buckets whose width is 1 ns up to 511 ns and at most 1/256 of
// their value above, from 0 ns to 292 years (the idea of Gil Tene's HdrHistogram). All counts are integers,
// so merging is exact and does not depend on any order.
//
// A batch arrives with records whose latencies run linearly from that of its first to that of its last. A
// wide interval covers hundreds of buckets; so that its price does not grow with them, each octave of 256
// buckets is a binary tree whose nodes count records spread evenly over all buckets below. An interval then
// is at most 16 nodes and one for each octave inside, and the quantiles push the counts down to the buckets,
// in a scratch copy.
//
//   octave [1024, 2048) ns:       (        1       )      all 256 buckets
//                                 (   2   )(   3   )      128 each
//                                    ...      ...
//                                 (256)(257) ... (511)    one bucket each; cell 0 holds the octave's total
//
// Errors: count, mean, min and max are exact. A quantile is the middle of the bucket that holds its rank, so
// it is off by at most 1/512 of its value, and exact below 512 ns. Each interval of more than 32 records
// besides may shift the rank by one record, and all of them together by 4.

namespace weir {

class LatencyHistogram {
 public:
  // count records of this latency. Neither is negative.
  void add(Nanos value_ns, std::int64_t count = 1) {
    WEIR_ASSERT(value_ns >= 0 && count >= 0, "a latency or a count is negative");
    if (count == 0) return;
    note(value_ns, value_ns, count);
    add_to_bucket(bucket_of(value_ns), count);
  }

  // count records whose latencies run linearly from first to last; either may be the larger. A single record
  // has the middle.
  void add_interval(Nanos first_ns, Nanos last_ns, std::int64_t count);

  void merge(const LatencyHistogram& other);

  // The records of `other`, each delayed by an independent random time with these cumulants (which may be
  // less than zero; a latency never is). The count stays exact, and the mean.
  void merge_delayed(const LatencyHistogram& other, const Cumulants& delay);

  // Empty, with its memory kept: the next fill of the same range allocates nothing.
  void reset();

  std::int64_t count() const { return count_; }
  Nanos min_ns() const { return count_ == 0 ? 0 : min_ns_; }  // 0 when empty, as all that follow
  Nanos max_ns() const { return max_ns_; }
  double mean_ns() const;

  // The latency that a share q of the records does not exceed: that of rank ceil(q count), the middle of its
  // bucket. 0 <= q <= 1; 0 is the minimum and 1 the maximum.
  Nanos quantile_ns(double q) const;

  // Calls visit(low_ns, high_ns, count) for each bucket that is not empty, rising; high belongs to the
  // bucket.
  template <class Visit>
  void for_each_bucket(const Visit& visit) const {
    for (std::uint32_t octave = 0; octave < octaves; ++octave) {
      if (!holds(octave)) continue;
      const std::array<std::int64_t, octave_size> counts = spread(octave);
      for (std::uint32_t i = 0; i < octave_size; ++i) {
        const std::uint32_t bucket = octave * octave_size + i;
        if (counts[i] != 0) visit(low_of(bucket), last_of(bucket), counts[i]);
      }
    }
  }

 private:
  static constexpr std::uint32_t octave_size = 256;
  static constexpr std::uint32_t octaves = 56;  // [0, 256), [256, 512), [512, 1024), ... [2^62, 2^63)
  static constexpr std::uint32_t tree_size = 2 * octave_size;
  static constexpr std::uint8_t absent = 255;
  static constexpr std::int64_t exact_count = 32;

  static std::uint32_t bucket_of(Nanos value_ns) {
    const auto value = static_cast<std::uint64_t>(value_ns);
    const std::uint32_t shift =
        value < octave_size ? 0 : static_cast<std::uint32_t>(std::bit_width(value)) - 9;
    return shift * octave_size + static_cast<std::uint32_t>(value >> shift);
  }
  static Nanos low_of(std::uint32_t bucket) {
    const std::uint32_t shift = bucket < tree_size ? 0 : bucket / octave_size - 1;
    return static_cast<Nanos>(std::uint64_t{bucket - shift * octave_size} << shift);
  }
  static Nanos last_of(std::uint32_t bucket) {
    const std::uint32_t shift = bucket < tree_size ? 0 : bucket / octave_size - 1;
    return low_of(bucket) + static_cast<Nanos>((std::uint64_t{1} << shift) - 1);
  }

  // 128-bit sum of the doubled latencies, so that the mean of an interval's ends has no half.
  __extension__ using Uint128 = unsigned __int128;

  // Counts records with latencies from low to high into everything but the buckets.
  void note(Nanos low_ns, Nanos high_ns, std::int64_t count) {
    count_ += count;
    twice_sum_ +=
        (static_cast<Uint128>(low_ns) + static_cast<Uint128>(high_ns)) * static_cast<Uint128>(count);
    min_ns_ = low_ns < min_ns_ ? low_ns : min_ns_;
    max_ns_ = high_ns > max_ns_ ? high_ns : max_ns_;
  }

  void add_to_bucket(std::uint32_t bucket, std::int64_t count) {
    std::int64_t* const tree = tree_of(bucket / octave_size);
    tree[0] += count;
    tree[octave_size + bucket % octave_size] += count;
  }

  std::int64_t* tree_of(std::uint32_t octave) {
    if (place_[octave] == absent) make_room(octave);
    return trees_.data() + std::size_t{place_[octave]} * tree_size;
  }
  const std::int64_t* tree_of(std::uint32_t octave) const {
    return trees_.data() + std::size_t{place_[octave]} * tree_size;
  }
  bool holds(std::uint32_t octave) const { return place_[octave] != absent && tree_of(octave)[0] != 0; }

  void make_room(std::uint32_t octave);
  std::array<std::int64_t, octave_size> spread(std::uint32_t octave) const;

  static constexpr std::array<std::uint8_t, octaves> nowhere() {
    std::array<std::uint8_t, octaves> places{};
    places.fill(absent);
    return places;
  }

  std::int64_t count_ = 0;
  Nanos min_ns_ = never;
  Nanos max_ns_ = 0;
  Uint128 twice_sum_ = 0;
  std::array<std::uint8_t, octaves> place_ = nowhere();  // which tree of trees_ is the octave's
  std::vector<std::int64_t> trees_;                      // 4 KiB for each octave ever used
};

}  // namespace weir

#pragma once

#include <algorithm>
#include <cstdint>

#include "sim/dataflow/unseen.hpp"
#include "sim/kernel/muldiv.hpp"
#include "sim/kernel/time.hpp"

// A batch: a count of records that travel together. The unit of simulation: what a run costs depends on the
// number of batches, not of records.
//
// Times inside a batch run linearly from the first record to the last. Two intervals are kept:
//   * available: when its first and last record became available at the place where the batch is now. An
//     executor that was idle while the batch was being gathered is credited from first_ns on, so gathering
//     records into batches does not by itself add latency (see executor.hpp, look-back).
//   * origin: when the source records that it stems from arrived at their source: latency is measured from
//   there.
//
// What happens between its records is carried as parameters: how long they were delayed beyond what the
// intervals show (unseen.hpp).
//
// Weight is the share of source records ("origins") that a batch carries, in units of 2^-20 origins. Splits
// divide it, nothing creates it: what sources emitted equals what is delivered, filtered, lost and in flight,
// exactly and in integers, whatever the selectivities (credit recovery, Mattern 1989).

namespace weir {

inline constexpr std::int64_t weight_per_origin = std::int64_t{1} << 20;

struct Channel;

struct Batch {
  static constexpr std::int32_t mixed_source = -1;

  std::int64_t count = 0;
  std::int64_t size_bytes = 0;
  Nanos first_ns = 0;
  Nanos last_ns = 0;
  Nanos origin_first_ns = 0;
  Nanos origin_last_ns = 0;
  std::int64_t weight = 0;
  // The range of sequence numbers of its origins at source instance `source` (mixed_source: of several).
  std::int64_t sequence_first = 0;
  std::int64_t sequence_last = 0;
  std::int32_t source = mixed_source;
  UnseenDelay unseen;
  // Through which channel it came; null if through none.
  Channel* channel = nullptr;

  // What a share of a batch's records has of it; it has the same times and origins.
  struct Part {
    std::int64_t count;
    std::int64_t size_bytes;
    std::int64_t weight;
  };
  void become(const Part& part) {
    count = part.count;
    size_bytes = part.size_bytes;
    weight = part.weight;
  }

  // Takes the records of `other` in.
  void merge(const Batch& other) {
    const float share = static_cast<float>(other.count) / static_cast<float>(count + other.count);
    UnseenDelay delay = unseen;
    delay.mix(other.unseen, share);
    merge_part(other, {other.count, other.size_bytes, other.weight});
    unseen = delay;
  }
  // And a part of it, of a stream in which the delays of the latest may stand for all.
  void merge_part(const Batch& other, const Part& part) {
    if (count == 0) {
      Channel* const mine = channel;
      *this = other;
      become(part);
      channel = mine;
      return;
    }
    count += part.count;
    unseen = other.unseen;
    size_bytes += part.size_bytes;
    weight += part.weight;
    first_ns = std::min(first_ns, other.first_ns);
    last_ns = std::max(last_ns, other.last_ns);
    origin_first_ns = std::min(origin_first_ns, other.origin_first_ns);
    origin_last_ns = std::max(origin_last_ns, other.origin_last_ns);
    sequence_first = std::min(sequence_first, other.sequence_first);
    sequence_last = std::max(sequence_last, other.sequence_last);
    if (source != other.source) source = mixed_source;
  }

  // Splits the first `head_count` records off, by linear interpolation; 0 < head_count < count.
  Batch split_head(std::int64_t head_count) {
    Batch head = *this;
    const auto part = [&](std::int64_t whole) { return muldiv(whole, head_count, count); };
    // Of n records at linear times, the k-th (from 0) is k/(n-1) of the way.
    const auto between = [&](std::int64_t from, std::int64_t to, std::int64_t index) {
      return from + muldiv(to - from, index, count - 1);
    };
    head.count = head_count;
    head.size_bytes = part(size_bytes);
    head.weight = part(weight);
    head.last_ns = between(first_ns, last_ns, head_count - 1);
    head.origin_last_ns = between(origin_first_ns, origin_last_ns, head_count - 1);
    head.sequence_last = between(sequence_first, sequence_last, head_count - 1);
    first_ns = between(first_ns, last_ns, head_count);
    origin_first_ns = between(origin_first_ns, origin_last_ns, head_count);
    sequence_first = between(sequence_first, sequence_last, head_count);
    count -= head_count;
    size_bytes -= head.size_bytes;
    weight -= head.weight;
    return head;
  }
};

}  // namespace weir

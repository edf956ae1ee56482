#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <deque>

#include "sim/dataflow/batch.hpp"
#include "sim/kernel/latency_histogram.hpp"

// Latencies of records that were delayed by more than their batches show (unseen.hpp). The intervals of
// batches with a similar delay go to one histogram; the delay is put on top when the histogram is read.

namespace weir {

class DelayedLatency {
 public:
  DelayedLatency() = default;
  DelayedLatency(const DelayedLatency&) = delete;
  DelayedLatency& operator=(const DelayedLatency&) = delete;

  // Where the interval of the batch's latencies is to be added.
  LatencyHistogram& of(const Batch& batch) {
    const auto count = static_cast<double>(batch.count);
    const auto mean = static_cast<double>(batch.unseen.mean_ns);
    Class& one = class_of(batch.unseen);
    one.count += count;
    one.mean_sum += count * mean;
    one.variance_sum += count * (static_cast<double>(batch.unseen.variance_ns2) + mean * mean);
    one.third_sum += count * static_cast<double>(batch.unseen.third_ns3);
    return one.latency;
  }

  void add_to(LatencyHistogram& all) const;
  // And is empty then.
  void move_into(LatencyHistogram& all);

 private:
  struct Class {
    double count = 0;
    double mean_sum = 0;
    double variance_sum = 0;  // and of the squares of the means
    double third_sum = 0;
    LatencyHistogram latency;
  };

  Class& class_of(const UnseenDelay& delay) {
    // Half the exponent of the variance.
    const auto exponent = static_cast<int>(std::bit_cast<std::uint32_t>(delay.variance_ns2) >> 23 & 0xff);
    Class*& place = by_octave_[std::clamp((exponent - 127) >> 1, 0, 63)];
    if (place == nullptr) place = &classes_.emplace_back();
    return *place;
  }

  std::deque<Class> classes_;
  std::array<Class*, 64> by_octave_{};  // of the standard deviation; null: none yet
};

}  // namespace weir

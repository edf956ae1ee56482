#include "sim/dataflow/delayed_latency.hpp"

#include <bit>

namespace weir {

DelayedLatency::Class& DelayedLatency::class_of(const UnseenDelay& delay) {
  // Half the exponent of the variance.
  const std::uint32_t exponent = std::bit_cast<std::uint32_t>(delay.variance_ns2) >> 23 & 0xff;
  std::uint8_t& place = place_[std::clamp<int>((static_cast<int>(exponent) - 127) / 2, 0, 63)];
  if (place == 0) {
    classes_.emplace_back();
    place = static_cast<std::uint8_t>(classes_.size());
  }
  return classes_[place - 1];
}

void DelayedLatency::add_to(LatencyHistogram& all) const {
  for (const Class& one : classes_) {
    if (one.count == 0) continue;
    const double mean = one.mean_sum / one.count;
    all.merge_delayed(one.latency,
                      {mean, one.variance_sum / one.count - mean * mean, one.third_sum / one.count});
  }
}

void DelayedLatency::move_into(LatencyHistogram& all) {
  add_to(all);
  for (Class& one : classes_) {
    one.count = one.mean_sum = one.variance_sum = one.third_sum = 0;
    one.latency.reset();
  }
}

}  // namespace weir

#include "models/workloads/nexmark/events.hpp"

#include <algorithm>
#include <cmath>

namespace weir::nexmark {

namespace {

// Six decades, in natural logarithms.
constexpr double price_range = 6 * 2.302585092994046;

double share_of(std::uint32_t draw) {
  return (static_cast<double>(draw) + 0.5) * 0x1p-32;
}

PhiloxKey key_of(std::uint64_t seed) {
  const std::uint64_t bits = RandomStream(seed, "nexmark", "events").next_u64();
  return {static_cast<std::uint32_t>(bits), static_cast<std::uint32_t>(bits >> 32)};
}

}  // namespace

std::int64_t price_of(std::uint32_t draw) {
  return static_cast<std::int64_t>(std::floor(100 * math_exp(price_range * share_of(draw)) + 0.5));
}

std::uint32_t price_draw_from(double price) {
  std::uint64_t low = 0, high = std::uint64_t{1} << 32;
  while (low < high) {
    const std::uint64_t middle = (low + high) / 2;
    if (static_cast<double>(price_of(static_cast<std::uint32_t>(middle))) >= price) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(low, 0xFFFFFFFFu));
}

EventLaw::EventLaw(const EventConfig& config, std::uint64_t seed, std::uint32_t generator,
                   std::int64_t first_event_id)
    : config_(config), key_(key_of(seed)), generator_(generator), first_event_id_(first_event_id) {}

std::int64_t EventLaw::count_before(EventKind kind, std::int64_t n) const {
  const int from = kind == EventKind::person    ? 0
                   : kind == EventKind::auction ? config_.persons
                                                : config_.persons + config_.auctions;
  const int many = kind == EventKind::person    ? config_.persons
                   : kind == EventKind::auction ? config_.auctions
                                                : config_.bids;
  const auto among_ids_below = [&](std::int64_t id) {
    return id / config_.total() * many + std::clamp<std::int64_t>(id % config_.total() - from, 0, many);
  };
  return among_ids_below(first_event_id_ + n) - among_ids_below(first_event_id_);
}

bool EventLaw::has_channel_id(int channel) const {
  const PhiloxBlock draw = philox4x32_10({static_cast<std::uint32_t>(channel), 0, 0, 1}, key_);
  return Draw{draw[0]}.below(10) > 0;
}

}  // namespace weir::nexmark

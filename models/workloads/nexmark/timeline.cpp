#include "models/workloads/nexmark/timeline.hpp"

#include <cmath>

#include "sim/kernel/assert.hpp"
#include "sim/kernel/math.hpp"

namespace weir::nexmark {

namespace {

constexpr std::int64_t us_per_s = 1'000'000;
constexpr int sine_steps = 10;

std::int64_t rounded_delay_us(std::int64_t rate_per_s) {
  return (us_per_s + rate_per_s / 2) / rate_per_s;
}

}  // namespace

Timeline Timeline::steady(double rate_per_s, int generators, std::int64_t base_ms) {
  WEIR_ASSERT(rate_per_s > 0 && generators > 0, "a generator has a rate");
  Timeline timeline;
  timeline.delays_us_ = {1e6 / rate_per_s * generators};
  timeline.base_ms_ = base_ms;
  return timeline;
}

Timeline Timeline::shaped(RateShape shape, std::int64_t first_rate_per_s, std::int64_t next_rate_per_s,
                          std::int64_t period_s, int generators, std::int64_t base_ms, bool whole_delays) {
  WEIR_ASSERT(first_rate_per_s > 0 && next_rate_per_s > 0 && generators > 0, "a generator has a rate");
  const auto delay = [&](std::int64_t rate_per_s) {
    if (!whole_delays) return 1e6 / static_cast<double>(rate_per_s) * generators;
    return static_cast<double>(rounded_delay_us(rate_per_s) * generators);
  };
  Timeline timeline;
  timeline.base_ms_ = base_ms;
  if (first_rate_per_s == next_rate_per_s) {
    timeline.delays_us_ = {delay(first_rate_per_s)};
    return timeline;
  }
  const int steps = shape == RateShape::square ? 2 : sine_steps;
  timeline.step_s_ = (period_s + steps - 1) / steps;
  if (shape == RateShape::square) {
    timeline.delays_us_ = {delay(first_rate_per_s), delay(next_rate_per_s)};
    return timeline;
  }
  constexpr double two_pi = 6.283185307179586;
  const double middle = static_cast<double>(first_rate_per_s + next_rate_per_s) / 2;
  const double amplitude = static_cast<double>(first_rate_per_s - next_rate_per_s) / 2;
  for (int i = 0; i < steps; ++i) {
    const double rate_per_s = middle + amplitude * math_cos(two_pi * i / steps);
    timeline.delays_us_.push_back(delay(static_cast<std::int64_t>(std::floor(rate_per_s + 0.5))));
  }
  return timeline;
}

std::int64_t Timeline::events_of_step(double delay_us) const {
  return static_cast<std::int64_t>(static_cast<double>(step_s_ * us_per_s) / delay_us);
}

std::int64_t Timeline::timestamp_ms(std::int64_t event_number) const {
  const auto after_us = [](std::int64_t events, double delay_us) {
    return static_cast<std::int64_t>(static_cast<double>(events) * delay_us);
  };
  if (delays_us_.size() == 1) return base_ms_ + after_us(event_number, delays_us_[0]) / 1000;
  const auto events_of = [&](double delay_us) { return delay_us > 0 ? events_of_step(delay_us) : 0; };
  std::int64_t events_per_round = 0;
  for (const double delay_us : delays_us_) events_per_round += events_of(delay_us);
  WEIR_ASSERT(events_per_round > 0, "some step has a delay");
  const std::int64_t step_ms = step_s_ * 1000;
  std::int64_t at_ms =
      base_ms_ + event_number / events_per_round * step_ms * static_cast<std::int64_t>(delays_us_.size());
  std::int64_t rest = event_number % events_per_round;
  for (const double delay_us : delays_us_) {
    if (rest < events_of(delay_us)) return at_ms + after_us(rest, delay_us) / 1000;
    rest -= events_of(delay_us);
    at_ms += step_ms;
  }
  return at_ms;
}

}  // namespace weir::nexmark

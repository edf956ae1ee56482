#pragma once

#include <cstdint>
#include <vector>

// When a generator of Nexmark says that its events happen: event time, in whole milliseconds.
//
//   nexmark-flink   one rate for ever; the delay between events is a double:
//                   timestamp(n) = base + floor(n * delay_us) / 1000
//   Apache Beam     rate shapes of several steps, each with a delay of whole microseconds (rates above 2 M/s
//   have none)
//
// Sources: nexmark-flink GeneratorConfig.java; Beam GeneratorConfig.java, NexmarkUtils.java (RateShape,
// RateUnit).

namespace weir::nexmark {

enum class RateShape {
  square,  // the first rate for half of the period, then the next one
  sine     // ten steps of a cosine from the first rate to the next one and back
};

// Of generator instance, one of `generators` that share the rate and run on parallel timelines.
class Timeline {
 public:
  // As nexmark-flink has it: `rate_per_s` of all generators together, > 0.
  static Timeline steady(double rate_per_s, int generators, std::int64_t base_ms = 0);
  // As Beam has it; whole rates >= 1, of all generators together. `whole_delays`: in microseconds, as there;
  // else the rates are kept.
  static Timeline shaped(RateShape shape, std::int64_t first_rate_per_s, std::int64_t next_rate_per_s,
                         std::int64_t period_s, int generators, std::int64_t base_ms = 0,
                         bool whole_delays = true);

  std::int64_t timestamp_ms(std::int64_t event_number) const;
  // Microseconds from one event to the next, step by step; one step for ever, or all of equal length in turn.
  const std::vector<double>& delays_us() const { return delays_us_; }
  std::int64_t step_s() const { return step_s_; }
  // That a generator sends in a step with this delay; the delay is not 0.
  std::int64_t events_of_step(double delay_us) const;

 private:
  std::vector<double> delays_us_;
  std::int64_t step_s_ = 0;
  std::int64_t base_ms_ = 0;
};

}  // namespace weir::nexmark

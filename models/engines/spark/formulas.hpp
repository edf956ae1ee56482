#pragma once

#include <cstdint>
#include <optional>

#include "sim/kernel/time.hpp"

// What Spark Streaming computes by formula, as pure functions of numbers.
//
// Sources: apache/spark 2.x, streaming/: DStream.scala (checkpoint interval), ReducedWindowedDStream.scala
// (windows by an inverse function), scheduler/rate/PIDRateEstimator.scala; streaming-programming-guide.md.

namespace weir::spark {

// How often the state of a stream is checkpointed, unless told: the first multiple of its slide that is ten
// seconds or more.
Nanos checkpoint_interval_ns(Nanos slide_ns);

// A window of `length` that is made anew every `slide` from a stream that slides by `parent`; all are
// multiples of the last. How many of the parent's batches are reduced for one window: all of it, or, where
// what leaves can be taken back, the window before, what leaves and what enters.
std::int64_t window_batches(Nanos length_ns, Nanos parent_ns);
std::int64_t inverse_window_batches(Nanos slide_ns, Nanos parent_ns);

// The rate at which a stream is to take data in, from how its latest batch went: a PID controller. Off in
// Spark by default.
struct PidGains {
  double proportional = 1;
  double integral = 0.2;
  double derivative = 0;
  double min_rate_per_s = 100;
};

class PidRate {
 public:
  PidRate(const PidGains& gains, double batch_interval_ms)
      : gains_(gains), batch_interval_ms_(batch_interval_ms) {}

  // A batch of so many records ended at `time_ms`. The rate that follows from it; nothing if it tells nothing
  // (no records, no time, or the first of all).
  std::optional<double> completed(double time_ms, double records, double processing_delay_ms,
                                  double scheduling_delay_ms);
  double latest_rate_per_s() const { return latest_rate_per_s_; }

 private:
  PidGains gains_;
  double batch_interval_ms_;
  bool first_ = true;
  double latest_time_ms_ = -1;
  double latest_rate_per_s_ = -1;
  double latest_error_per_s_ = -1;
};

}  // namespace weir::spark

#include "models/engines/spark/formulas.hpp"

#include <algorithm>

#include "sim/kernel/assert.hpp"

namespace weir::spark {

namespace {

std::int64_t ceil_of(Nanos whole, Nanos part) {
  WEIR_ASSERT(whole >= 0 && part > 0, "intervals are positive");
  return (whole + part - 1) / part;
}

}  // namespace

Nanos checkpoint_interval_ns(Nanos slide_ns) {
  return slide_ns * ceil_of(10 * nanos_per_second, slide_ns);
}

std::int64_t window_batches(Nanos length_ns, Nanos parent_ns) {
  return ceil_of(length_ns, parent_ns);
}

std::int64_t inverse_window_batches(Nanos slide_ns, Nanos parent_ns) {
  return 1 + 2 * ceil_of(slide_ns, parent_ns);
}

std::optional<double> PidRate::completed(double time_ms, double records, double processing_delay_ms,
                                         double scheduling_delay_ms) {
  if (!(time_ms > latest_time_ms_) || !(records > 0) || !(processing_delay_ms > 0)) return std::nullopt;
  const double since_update_s = (time_ms - latest_time_ms_) / 1000;
  const double processing_rate = records / processing_delay_ms * 1000;
  const double error = latest_rate_per_s_ - processing_rate;
  const double history = scheduling_delay_ms * processing_rate / batch_interval_ms_;
  const double change = (error - latest_error_per_s_) / since_update_s;
  const double rate =
      std::max(gains_.min_rate_per_s, latest_rate_per_s_ - gains_.proportional * error -
                                          gains_.integral * history - gains_.derivative * change);
  latest_time_ms_ = time_ms;
  latest_rate_per_s_ = first_ ? processing_rate : rate;
  latest_error_per_s_ = first_ ? 0 : error;
  if (first_) {
    first_ = false;
    return std::nullopt;
  }
  return rate;
}

}  // namespace weir::spark

#include "models/arrivals/trace_curve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

namespace weir {
namespace {

constexpr double rate_max_per_s = 1e9;  // one record a nanosecond

using Rows = std::vector<TraceRow>;

// hold: the last value before it (0 before the first). linear: between its neighbours, at the ends the
// nearest.
void fill_gaps(Rows& rows, TraceGap gap) {
  if (gap == TraceGap::skip) {
    std::erase_if(rows, [](const TraceRow& row) { return std::isnan(row.value); });
    return;
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!std::isnan(rows[i].value)) continue;
    if (gap != TraceGap::linear) {
      rows[i].value = gap == TraceGap::hold && i > 0 ? rows[i - 1].value : 0;
      continue;
    }
    std::size_t end = i;
    while (end < rows.size() && std::isnan(rows[end].value)) ++end;
    const double before =
        i > 0 ? rows[i - 1].value : rows[end].value;  // there is a value: the reader saw to it
    const double after = end < rows.size() ? rows[end].value : before;
    const Nanos from_ns = i > 0 ? rows[i - 1].time_ns : 0;
    const Nanos upto_ns = end < rows.size() ? rows[end].time_ns : from_ns;
    for (; i < end; ++i) {
      const double part = i == 0 || upto_ns <= from_ns || before == after
                              ? 0
                              : to_seconds(rows[i].time_ns - from_ns) / to_seconds(upto_ns - from_ns);
      rows[i].value = before + part * (after - before);
    }
    --i;
  }
}

// Where the trace's times lie in the simulation.
struct Window {
  Nanos origin_ns;         // is time 0
  Nanos from_ns, upto_ns;  // of the trace's time
  double speed_up;

  Nanos local(Nanos time_ns) const {
    const Nanos passed_ns = std::clamp(time_ns, from_ns, upto_ns) - origin_ns;
    if (speed_up == 1) return passed_ns;
    return to_nanos(static_cast<double>(passed_ns) / 1e9 / speed_up);
  }
};

bool make_window(Nanos first_ns, Nanos end_ns, const TraceShape& shape, Window* window,
                 std::string* problem) {
  const Nanos zero_ns = shape.rebase ? first_ns : 0;
  // Nanosecond times since 1970 are far from the limits; seconds from a scenario need not be.
  if (!(shape.start_s < 4e9) || !(shape.end_s < 4e9)) {
    *problem = "start_s or end_s is too large";
    return false;
  }
  window->from_ns = std::max(first_ns, shape.start_s > 0 ? zero_ns + to_nanos(shape.start_s) : first_ns);
  window->upto_ns = std::min(end_ns, shape.end_s > 0 ? zero_ns + to_nanos(shape.end_s) : end_ns);
  window->origin_ns = shape.rebase ? window->from_ns : 0;
  window->speed_up = shape.speed_up;
  if (window->from_ns >= window->upto_ns) {
    *problem = fmt::format("nothing is left between start_s and end_s: the trace lasts from {} s to {} s",
                           to_seconds(first_ns - zero_ns), to_seconds(end_ns - zero_ns));
    return false;
  }
  if (window->origin_ns > window->from_ns) {
    *problem = "the trace begins before time 0 (use rebase, or start_s)";
    return false;
  }
  return true;
}

class TraceCurveMaker {
 public:
  TraceCurveMaker(const Rows& rows, TraceValue value, const TraceShape& shape)
      : rows_(rows), value_(value), shape_(shape) {}

  std::shared_ptr<const RateCurve> make(std::string* problem) {
    const std::size_t n = rows_.size();
    if (shape_.scale == 0 && shape_.offset_per_s == 0) return CurveBuilder().then_constant(0);
    const bool events = value_ == TraceValue::event;
    if (!events && n < 2) {
      *problem = "one row is left, so how long it lasts is not known";
      return nullptr;
    }
    const Nanos end_ns =
        events ? events_end() : rows_[n - 1].time_ns + (rows_[n - 1].time_ns - rows_[n - 2].time_ns);
    if (!make_window(rows_[0].time_ns, end_ns, shape_, &window_, problem)) return nullptr;
    builder_.reserve(n + 2);
    at_ns_ = 0;
    if (!events && window_.local(window_.from_ns) > 0) pad(window_.local(window_.from_ns));
    const bool good = events                                               ? add_events(problem)
                      : shape_.interpolation == TraceInterpolation::linear ? add_lines(end_ns, problem)
                                                                           : add_steps(end_ns, problem);
    if (!good) return nullptr;
    if (events) builder_.groups_span_pieces();
    if (!shape_.repeat) return builder_.then_constant(0);
    if (window_.local(window_.upto_ns) > at_ns_) pad(window_.local(window_.upto_ns));
    return builder_.then_repeat();
  }

 private:
  void pad(Nanos upto_ns) {
    builder_.step_of(upto_ns - at_ns_, 0);
    at_ns_ = upto_ns;
  }

  // Events end a mean gap behind the last one, so that a repetition keeps their rate; one instant ends just
  // after.
  Nanos events_end() const {
    const Nanos span_ns = rows_.back().time_ns - rows_[0].time_ns;
    const Nanos gap_ns = rows_.size() > 1 ? span_ns / static_cast<Nanos>(rows_.size() - 1) : 0;
    return rows_.back().time_ns + std::max<Nanos>(gap_ns, 1);
  }

  double time_kept() const { return shape_.keep == TraceKeep::counts ? 1 : 1 / shape_.speed_up; }

  bool fits(double rate_per_s, std::size_t i, std::string* problem) const {
    if (rate_per_s <= rate_max_per_s) return true;
    *problem = fmt::format("row {} has {:g} records/s after scaling (at most {:g})", i + 1, rate_per_s,
                           rate_max_per_s);
    return false;
  }

  bool add_steps(Nanos end_ns, std::string* problem) {
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const Nanos from_ns = rows_[i].time_ns;
      const Nanos upto_ns = i + 1 < rows_.size() ? rows_[i + 1].time_ns : end_ns;
      const Nanos used_ns = std::min(upto_ns, window_.upto_ns) - std::max(from_ns, window_.from_ns);
      if (used_ns <= 0) continue;
      const double row_s = to_seconds(upto_ns - from_ns);
      const double recorded =
          value_ == TraceValue::count ? rows_[i].value : rows_[i].value * row_s / shape_.unit_s;
      double count = std::max(0.0, recorded * shape_.scale + shape_.offset_per_s * row_s) * time_kept();
      if (used_ns < upto_ns - from_ns) count *= to_seconds(used_ns) / row_s;
      const Nanos length_ns = window_.local(upto_ns) - at_ns_;
      if (length_ns <= 0) {
        *problem = fmt::format("speed_up leaves row {} less than a nanosecond", i + 1);
        return false;
      }
      if (!fits(count / to_seconds(length_ns), i, problem)) return false;
      builder_.step_of(length_ns, count);
      at_ns_ += length_ns;
    }
    return true;
  }

  double rate_of(std::size_t i) const {
    const double rate = rows_[i].value / shape_.unit_s * shape_.scale + shape_.offset_per_s;
    return std::max(0.0, rate) * (shape_.keep == TraceKeep::counts ? shape_.speed_up : 1);
  }

  bool add_lines(Nanos end_ns, std::string* problem) {
    const std::size_t n = rows_.size();
    for (std::size_t i = 0; i < n; ++i) {
      const Nanos from_ns = rows_[i].time_ns;
      const Nanos upto_ns = i + 1 < n ? rows_[i + 1].time_ns : end_ns;
      const Nanos used_from_ns = std::max(from_ns, window_.from_ns);
      const Nanos used_upto_ns = std::min(upto_ns, window_.upto_ns);
      if (used_upto_ns <= used_from_ns) continue;
      const double from = rate_of(i);
      const double upto = rate_of(i + 1 < n ? i + 1 : shape_.repeat ? 0 : i);
      if (!fits(std::max(from, upto), i, problem)) return false;
      const double slope = (upto - from) / to_seconds(upto_ns - from_ns);
      const Nanos length_ns = window_.local(upto_ns) - at_ns_;
      if (length_ns <= 0) {
        *problem = fmt::format("speed_up leaves row {} less than a nanosecond", i + 1);
        return false;
      }
      const double first = used_from_ns == from_ns ? from : from + slope * to_seconds(used_from_ns - from_ns);
      const double last = used_upto_ns == upto_ns ? upto : from + slope * to_seconds(used_upto_ns - from_ns);
      builder_.line(length_ns, first, last);
      at_ns_ += length_ns;
    }
    return true;
  }

  // The count rises by one (scaled) until each event, so that an even process gives each at its own time.
  bool add_events(std::string* problem) {
    if (shape_.offset_per_s != 0) {
      *problem = "events have no rate to add offset_per_s to";
      return false;
    }
    for (const TraceRow& row : rows_) {
      if (row.time_ns < window_.from_ns || row.time_ns >= window_.upto_ns) continue;
      const Nanos local_ns = window_.local(row.time_ns);
      builder_.step_of(local_ns - at_ns_, shape_.scale * time_kept());
      at_ns_ = local_ns;
    }
    return true;
  }

  const Rows& rows_;
  TraceValue value_;
  const TraceShape& shape_;
  Window window_{};
  CurveBuilder builder_;
  Nanos at_ns_ = 0;  // how far the curve is made
};

}  // namespace

std::shared_ptr<const RateCurve> make_trace_curve(Trace trace, const TraceShape& shape,
                                                  std::string* problem) {
  if (trace.value == TraceValue::count && shape.interpolation == TraceInterpolation::linear) {
    *problem = "counts are kept as recorded, and so are even inside their interval: interpolation step";
    return nullptr;
  }
  if (trace.rows.empty()) {
    *problem = "the trace has no rows";
    return nullptr;
  }
  fill_gaps(trace.rows, shape.gap);
  if (trace.rows.back().time_ns > never / 2 || trace.rows.front().time_ns < -(never / 2)) {
    *problem = "times are beyond the years 1824 to 2116";
    return nullptr;
  }
  return TraceCurveMaker(trace.rows, trace.value, shape).make(problem);
}

}  // namespace weir

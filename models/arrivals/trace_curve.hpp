#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "models/arrivals/rate_curve.hpp"
#include "models/arrivals/trace_reader.hpp"

// From the rows of a trace to a rate curve: gaps are filled, a part is cut out, values are scaled, time is
// compressed.

namespace weir {

enum class TraceGap : std::uint8_t { hold, zero, linear, skip };
enum class TraceKeep : std::uint8_t { counts, rates };
enum class TraceInterpolation : std::uint8_t { step, linear };

struct TraceShape {
  double unit_s = 1;  // rates are per that long
  TraceGap gap = TraceGap::hold;
  TraceInterpolation interpolation = TraceInterpolation::step;
  double scale = 1;
  double offset_per_s = 0;  // added to the scaled rate; what falls below 0 is 0
  double speed_up = 1;
  TraceKeep keep =
      TraceKeep::counts;  // under speed_up: every record (rates rise), or the rates (records are fewer)
  double start_s = 0, end_s = 0;  // the part to use; end_s 0: to the end
  bool rebase = true;             // the first row (or start_s) is time 0; else times are as recorded
  bool repeat = false;
};

// Empty, with what is wrong in *problem, if the shape does not fit the trace.
std::shared_ptr<const RateCurve> make_trace_curve(Trace trace, const TraceShape& shape, std::string* problem);

}  // namespace weir

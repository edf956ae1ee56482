#include "models/arrivals/curve_arrivals.hpp"

namespace weir {
namespace {

struct SquareParams {
  double first_rate_per_s = 1000;
  double second_rate_per_s = 2000;
  double period_s = 600;
  double first_share = 0.5;
  ArrivalSpacing spacing = ArrivalSpacing::even;
};

ParamTable<SquareParams> table() {
  ParamTable<SquareParams> t;
  t.real("first_rate_per_s", &SquareParams::first_rate_per_s,
         {.unit = "records/s", .help = "Rate at the start of every period, of all instances together."},
         arrival_rate());
  t.real("second_rate_per_s", &SquareParams::second_rate_per_s,
         {.unit = "records/s", .help = "Rate in the rest of the period."}, arrival_rate());
  t.real("period_s", &SquareParams::period_s, {.unit = "s", .help = "Length of both together."},
         between(1e-6, arrival_time_max_s));
  t.real("first_share", &SquareParams::first_share,
         {.unit = "share of a period", .help = "How long the first rate lasts."}, between(0, 1));
  add_spacing(t);
  return t;
}

std::shared_ptr<const RateCurve> curve(const SquareParams& p, const ArrivalContext&) {
  const Nanos period_ns = to_nanos(p.period_s);
  const Nanos first_ns = to_nanos(p.period_s * p.first_share);
  CurveBuilder builder;
  if (first_ns > 0) builder.step(first_ns, p.first_rate_per_s);
  if (period_ns > first_ns) builder.step(period_ns - first_ns, p.second_rate_per_s);
  return builder.then_repeat();
}

const auto registered = register_curve<SquareParams>(
    {.name = "square", .help = "Two rates in turn.", .source = "Apache Beam Nexmark's SQUARE rate shape"},
    table(), curve);

}  // namespace
}  // namespace weir

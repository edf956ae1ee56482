#include "models/arrivals/curve_arrivals.hpp"

namespace weir {
namespace {

struct FlashCrowdParams {
  double base_rate_per_s = 1000;
  double peak_rate_per_s = 10000;
  double start_s = 300;
  double rise_s = 30;
  double hold_s = 60;
  double decay_s = 120;
  ArrivalSpacing spacing = ArrivalSpacing::even;
};

ParamTable<FlashCrowdParams> table() {
  using P = FlashCrowdParams;
  ParamTable<P> t;
  t.real("base_rate_per_s", &P::base_rate_per_s,
         {.unit = "records/s", .help = "Rate before, and long after, of all instances together."},
         arrival_rate());
  t.real("peak_rate_per_s", &P::peak_rate_per_s,
         {.unit = "records/s", .help = "Highest rate; at least the base."}, arrival_rate());
  t.real("start_s", &P::start_s, {.unit = "s", .help = "When the rate begins to rise."}, arrival_time());
  t.real("rise_s", &P::rise_s, {.unit = "s", .help = "How long it rises, in a straight line; 0: a jump."},
         arrival_time());
  t.real("hold_s", &P::hold_s, {.unit = "s", .help = "How long it stays at the peak."}, arrival_time());
  t.real("decay_s", &P::decay_s,
         {.unit = "s", .help = "Time constant of the exponential way back to the base; 0: a jump."},
         arrival_time());
  add_spacing(t);
  t.check({"base_rate_per_s", "peak_rate_per_s"}, [](const P& p, const Node& at, Errors& errors) {
    if (p.peak_rate_per_s < p.base_rate_per_s) {
      errors.add(at.at_or_self("peak_rate_per_s"), "the peak is below the base",
                 "peak_rate_per_s >= base_rate_per_s");
    }
  });
  return t;
}

std::shared_ptr<const RateCurve> curve(const FlashCrowdParams& p, const ArrivalContext&) {
  CurveBuilder builder;
  if (const Nanos length_ns = to_nanos(p.start_s); length_ns > 0) builder.step(length_ns, p.base_rate_per_s);
  if (const Nanos length_ns = to_nanos(p.rise_s); length_ns > 0) {
    builder.line(length_ns, p.base_rate_per_s, p.peak_rate_per_s);
  }
  if (const Nanos length_ns = to_nanos(p.hold_s); length_ns > 0) builder.step(length_ns, p.peak_rate_per_s);
  const double above = p.peak_rate_per_s - p.base_rate_per_s;
  if (to_nanos(p.decay_s) == 0 || above == 0) return builder.then_constant(p.base_rate_per_s);
  return builder.then({RateForm::Kind::decay, p.base_rate_per_s, above, p.decay_s, 0});
}

const auto registered = register_curve<FlashCrowdParams>(
    {.name = "flash-crowd",
     .help = "A steady rate with one burst: a straight rise, a plateau, an exponential decay.",
     .source =
         "shape of Ari, Hong, Miller, Brandt, Long: Managing flash crowds on the Internet, MASCOTS 2003"},
    table(), curve);

}  // namespace
}  // namespace weir

#include "models/arrivals/curve_arrivals.hpp"

namespace weir {
namespace {

constexpr double two_pi = 6.28318530717958647692;

struct SineParams {
  double base_rate_per_s = 1000;
  double amplitude_per_s = 500;
  double period_s = 3600;
  double phase = 0;
  ArrivalSpacing spacing = ArrivalSpacing::even;
};

ParamTable<SineParams> table() {
  ParamTable<SineParams> t;
  t.real("base_rate_per_s", &SineParams::base_rate_per_s,
         {.unit = "records/s", .help = "Mean rate of all instances together."}, arrival_rate());
  t.real("amplitude_per_s", &SineParams::amplitude_per_s,
         {.unit = "records/s", .help = "Greatest deviation from the mean; at most the mean."},
         arrival_rate());
  t.real("period_s", &SineParams::period_s, {.unit = "s", .help = "Length of a wave."},
         between(1e-6, arrival_time_max_s));
  t.real("phase", &SineParams::phase,
         {.unit = "share of a period", .help = "Where in the wave time 0 is: 0.25 begins at the crest."},
         between(-1, 1));
  add_spacing(t);
  t.check({"amplitude_per_s", "base_rate_per_s"}, [](const SineParams& p, const Node& at, Errors& errors) {
    if (p.amplitude_per_s > p.base_rate_per_s) {
      errors.add(at.at_or_self("amplitude_per_s"), "the rate would fall below 0",
                 "amplitude_per_s <= base_rate_per_s");
    }
  });
  return t;
}

std::shared_ptr<const RateCurve> curve(const SineParams& p, const ArrivalContext&) {
  const Nanos period_ns = to_nanos(p.period_s);
  CurveBuilder builder;
  builder.form(period_ns, {RateForm::Kind::wave, p.base_rate_per_s, p.amplitude_per_s,
                           two_pi / to_seconds(period_ns), two_pi * p.phase});
  return builder.then_repeat();
}

const auto registered = register_curve<SineParams>(
    {.name = "sine",
     .help = "A rate that swings around its mean in a sine wave.",
     .source = "Apache Beam Nexmark's SINE rate shape; Phoebe (Geldenhuys et al.)"},
    table(), curve);

}  // namespace
}  // namespace weir

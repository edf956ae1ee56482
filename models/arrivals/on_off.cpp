#include <algorithm>

#include "models/arrivals/curve_arrivals.hpp"
#include "models/arrivals/grown_curve.hpp"
#include "sim/kernel/random.hpp"

namespace weir {
namespace {

enum class Durations { fixed, exponential };

struct OnOffParams {
  double on_s = 60;
  double off_s = 60;
  double on_rate_per_s = 2000;
  double off_rate_per_s = 0;
  Durations durations = Durations::fixed;
  ArrivalSpacing spacing = ArrivalSpacing::even;
};

ParamTable<OnOffParams> table() {
  using P = OnOffParams;
  ParamTable<P> t;
  t.real("on_s", &P::on_s,
         {.unit = "s", .help = "Length of an on-time (its mean, if exponential); the first is at 0."},
         arrival_length());
  t.real("off_s", &P::off_s, {.unit = "s", .help = "Length of an off-time (its mean, if exponential)."},
         arrival_length());
  t.real("on_rate_per_s", &P::on_rate_per_s,
         {.unit = "records/s", .help = "Rate of all instances together in an on-time."}, arrival_rate());
  t.real("off_rate_per_s", &P::off_rate_per_s, {.unit = "records/s", .help = "Rate in an off-time."},
         arrival_rate());
  t.choice("durations", &P::durations, {.help = "All of the same length, or exponentially distributed."},
           {{"fixed", Durations::fixed}, {"exponential", Durations::exponential}});
  add_spacing(t);
  return t;
}

class OnOffSteps {
 public:
  OnOffSteps(const OnOffParams& p, const ArrivalContext& context)
      : p_(p), stream_(context.seed, context.entity, curve_purpose) {}

  RateStep next() {
    on_ = !on_;
    const double rate = on_ ? p_.on_rate_per_s : p_.off_rate_per_s;
    return {std::max<Nanos>(1, to_nanos(stream_.exponential(on_ ? p_.on_s : p_.off_s))), rate, rate};
  }

 private:
  OnOffParams p_;
  RandomStream stream_;
  bool on_ = false;
};

std::shared_ptr<const RateCurve> curve(const OnOffParams& p, const ArrivalContext& context) {
  if (p.on_rate_per_s == p.off_rate_per_s) return CurveBuilder().then_constant(p.on_rate_per_s);
  if (p.durations == Durations::exponential) return grown_curve(OnOffSteps(p, context));
  CurveBuilder builder;
  builder.step(to_nanos(p.on_s), p.on_rate_per_s);
  builder.step(to_nanos(p.off_s), p.off_rate_per_s);
  return builder.then_repeat();
}

const auto registered = register_curve<OnOffParams>(
    {.name = "on-off", .help = "Bursts: a rate that is switched on and off, for fixed or exponential times."},
    table(), curve);

}  // namespace
}  // namespace weir

#include "models/arrivals/curve_arrivals.hpp"
#include "models/workloads/nexmark/timeline.hpp"

// The rates of Apache Beam's Nexmark generator, which has steps where others have waves:
//
//   square   first rate for half of the period ─┐ next rate └─ …
//   sine     ten steps of a cosine from the first rate to the next one and back
//
// Beam waits whole microseconds between events: a rate becomes that of the rounded delay.

namespace weir {
namespace {

using nexmark::RateShape;
using nexmark::Timeline;

struct NexmarkShapeParams {
  RateShape shape = RateShape::sine;
  int first_rate_per_s = 10'000;
  int next_rate_per_s = 10'000;
  int period_s = 600;
  bool whole_delays = true;
  ArrivalSpacing spacing = ArrivalSpacing::even;
};

// Beam's delays of faster generators are rounded to nothing.
constexpr int whole_delays_most_per_s = 2'000'000;

ParamTable<NexmarkShapeParams> table() {
  using P = NexmarkShapeParams;
  ParamTable<P> t;
  t.choice("shape", &P::shape,
           {.help = "square: two steps; sine: ten steps of a cosine, from the first rate to the next one and "
                    "back.",
            .source = "Beam, NexmarkConfiguration.java: SINE"},
           {{"square", RateShape::square}, {"sine", RateShape::sine}});
  t.integer("first_rate_per_s", &P::first_rate_per_s,
            {.unit = "events/s", .help = "At the beginning, of all instances together."},
            between(1, 1'000'000'000));
  t.integer("next_rate_per_s", &P::next_rate_per_s,
            {.unit = "events/s", .help = "In the middle of the period (sine), or from there on (square)."},
            between(1, 1'000'000'000));
  t.integer("period_s", &P::period_s,
            {.unit = "s", .help = "Of the shape; its steps are rounded up to whole seconds."},
            between(1, 1'000'000'000));
  t.boolean(
      "whole_delays", &P::whole_delays,
      {.help = "From one event to the next in whole microseconds, as in Beam: a rate of 400,000/s becomes "
               "333,333/s, and above 2,000,000/s there is none. False: the rates are kept.",
       .source = "Beam, NexmarkUtils.java: RateUnit.rateToPeriodUs"});
  add_spacing(t);
  t.check({"whole_delays", "first_rate_per_s", "next_rate_per_s"},
          [](const P& p, const Node& at, Errors& errors) {
            const bool first = p.first_rate_per_s > whole_delays_most_per_s;
            if (!p.whole_delays || (!first && p.next_rate_per_s <= whole_delays_most_per_s)) return;
            errors.add(at.at_or_self(first ? "first_rate_per_s" : "next_rate_per_s"),
                       "the delay between events is rounded to 0 us",
                       "at most 2000000 events/s, or whole_delays false");
          });
  return t;
}

std::shared_ptr<const RateCurve> curve(const NexmarkShapeParams& p, const ArrivalContext&) {
  const Timeline timeline =
      Timeline::shaped(p.shape, p.first_rate_per_s, p.next_rate_per_s, p.period_s, 1, 0, p.whole_delays);
  CurveBuilder builder;
  if (timeline.delays_us().size() == 1) return builder.then_constant(1e6 / timeline.delays_us()[0]);
  // What is left of a step, less than a delay, is waited for.
  for (const double delay_us : timeline.delays_us())
    builder.step_of(to_nanos(static_cast<double>(timeline.step_s())),
                    static_cast<double>(timeline.events_of_step(delay_us)));
  return builder.then_repeat();
}

const auto registered =
    register_curve<NexmarkShapeParams>({.name = "nexmark-shape",
                                        .help = "The rate shapes of Nexmark's generator in Apache Beam.",
                                        .source = "Apache Beam, nexmark/NexmarkUtils.java: RateShape"},
                                       table(), curve);

}  // namespace
}  // namespace weir

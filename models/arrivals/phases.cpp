#include <vector>

#include "models/arrivals/curve_arrivals.hpp"

namespace weir {
namespace {

enum class Interpolation { step, linear };
enum class Afterwards { hold, stop };

struct Phase {
  double duration_s = 60;
  double rate_per_s = 1000;
};

struct PhasesParams {
  std::vector<Phase> phases;
  bool repeat = false;
  Afterwards after = Afterwards::hold;
  Interpolation interpolation = Interpolation::step;
  ArrivalSpacing spacing = ArrivalSpacing::even;
};

ParamTable<Phase> phase_table() {
  ParamTable<Phase> t("phase");
  t.real("duration_s", &Phase::duration_s, {.unit = "s", .help = "How long the phase lasts."},
         arrival_length());
  t.real("rate_per_s", &Phase::rate_per_s, {.unit = "records/s", .help = "Rate of all instances together."},
         arrival_rate());
  t.required("duration_s");
  t.required("rate_per_s");
  return t;
}

ParamTable<PhasesParams> table() {
  ParamTable<PhasesParams> t;
  t.objects("phases", &PhasesParams::phases, phase_table(), {.help = "One after the other, from time 0."}, 1);
  t.boolean("repeat", &PhasesParams::repeat, {.help = "Begin again after the last phase."});
  t.choice("after", &PhasesParams::after,
           {.help = "After the last phase, without repeat: its rate goes on, or nothing comes any more."},
           {{"hold", Afterwards::hold}, {"stop", Afterwards::stop}});
  t.choice("interpolation", &PhasesParams::interpolation,
           {.help = "Jump at the start of a phase, or change steadily from its rate to the next one's."},
           {{"step", Interpolation::step}, {"linear", Interpolation::linear}});
  add_spacing(t);
  t.required("phases");
  return t;
}

std::shared_ptr<const RateCurve> curve(const PhasesParams& p, const ArrivalContext&) {
  CurveBuilder builder;
  for (std::size_t i = 0; i < p.phases.size(); ++i) {
    const Nanos length_ns = to_nanos(p.phases[i].duration_s);
    const double rate = p.phases[i].rate_per_s;
    if (p.interpolation == Interpolation::step) {
      builder.step(length_ns, rate);
    } else {
      const bool last = i + 1 == p.phases.size();
      builder.line(length_ns, rate,
                   !last      ? p.phases[i + 1].rate_per_s
                   : p.repeat ? p.phases[0].rate_per_s
                              : rate);
    }
  }
  if (p.repeat) return builder.then_repeat();
  return builder.then_constant(p.after == Afterwards::hold ? p.phases.back().rate_per_s : 0);
}

const auto registered = register_curve<PhasesParams>(
    {.name = "phases",
     .help = "A list of rates and how long each lasts, with jumps or ramps between.",
     .source = "step loads as in DS2 (Kalavri et al., OSDI 2018) and Dhalion (Floratou et al., VLDB 2017)"},
    table(), curve);

}  // namespace
}  // namespace weir

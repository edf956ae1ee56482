#include "models/arrivals/curve_arrivals.hpp"

namespace weir {
namespace {

struct PoissonParams {
  double rate_per_s = 1000;
  ArrivalSpacing spacing = ArrivalSpacing::poisson;
};

ParamTable<PoissonParams> table() {
  ParamTable<PoissonParams> t;
  t.real("rate_per_s", &PoissonParams::rate_per_s,
         {.unit = "records/s", .help = "Mean rate of all instances together."}, arrival_rate());
  return t;
}

const auto registered = register_curve<PoissonParams>(
    {.name = "poisson", .help = "A Poisson process of constant rate: independent exponential gaps."}, table(),
    [](const PoissonParams& p, const ArrivalContext&) { return CurveBuilder().then_constant(p.rate_per_s); });

}  // namespace
}  // namespace weir

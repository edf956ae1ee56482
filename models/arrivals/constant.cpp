#include "models/arrivals/constant.hpp"

namespace weir {
namespace {

ParamTable<ConstantParams> table() {
  ParamTable<ConstantParams> t;
  t.real("rate_per_s", &ConstantParams::rate_per_s,
         {.unit = "records/s", .help = "Rate of all instances together."}, arrival_rate());
  return t;
}

const auto registered =
    register_curve<ConstantParams>({.name = "constant", .help = "The same rate for ever, evenly spaced."},
                                   table(), [](const ConstantParams& p, const ArrivalContext&) {
                                     return CurveBuilder().then_constant(p.rate_per_s);
                                   });

}  // namespace
}  // namespace weir

#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "models/arrivals/point_process.hpp"
#include "models/arrivals/rate_curve.hpp"
#include "sim/dataflow/arrival.hpp"
#include "sim/scenario/node.hpp"
#include "sim/scenario/params.hpp"

// What the arrival components have in common: most are a rate curve and a spacing.

namespace weir {

// One record a nanosecond: times are whole nanoseconds.
inline constexpr double arrival_rate_max_per_s = 1e9;
inline Range arrival_rate() {
  return between(0, arrival_rate_max_per_s);
}

// Up to 100 years, and not below what a nanosecond can tell.
inline constexpr double arrival_time_max_s = 3.2e9;
inline Range arrival_time() {
  return between(0, arrival_time_max_s);
}
inline Range arrival_length() {
  return between(1e-9, arrival_time_max_s);
}

template <class Params>
void add_spacing(ParamTable<Params>& table) {
  table.choice("spacing", &Params::spacing,
               {.help = "Evenly, one record whenever the rate adds up to one; or a Poisson process."},
               {{"even", ArrivalSpacing::even}, {"poisson", ArrivalSpacing::poisson}});
}

// Registers arrivals that are `curve(params, context)` with the spacing of the parameters.
template <class Params, class Curve>
auto register_curve(ComponentInfo info, const ParamTable<Params>& table, Curve curve) {
  return ArrivalRegistry::add<Params>(
      std::move(info), table,
      [curve](const Params& p, ArrivalContext& context) -> std::unique_ptr<ArrivalProcess> {
        return make_arrivals(curve(p, context), p.spacing, context);
      });
}

// The stream of a random rate: one for all shares of an entity.
inline constexpr const char* curve_purpose = "arrival rate";

}  // namespace weir

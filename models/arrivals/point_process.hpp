#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "models/arrivals/rate_curve.hpp"
#include "sim/dataflow/arrival.hpp"

// From a rate curve to arrivals.
//
//   even     the k-th record of all shares is due when the curve's count reaches k (k = 1, 2, …). Share
//   `index` of
//            `of` gets k = index + 1, index + 1 + of, …
//   poisson  the gaps, measured in records expected, are independent and exponential with mean 1; n gaps at
//   once are
//            one draw of Gamma(n), so that a group costs the same whatever its size.
//
// A group never runs over a jump of the rate, and where the rate changes steadily it ends before its linear
// spread is half a record off.

namespace weir {

enum class ArrivalSpacing { even, poisson };

// The process of one source instance. `input_files`: what the curve was read from.
std::unique_ptr<ArrivalProcess> make_arrivals(std::shared_ptr<const RateCurve> curve, ArrivalSpacing spacing,
                                              const ArrivalContext& context,
                                              std::vector<std::string> input_files = {});

}  // namespace weir

#pragma once

#include "models/arrivals/curve_arrivals.hpp"

// For workloads that come with a rate of their own.

namespace weir {

struct ConstantParams {
  double rate_per_s = 1000;
  ArrivalSpacing spacing = ArrivalSpacing::even;
};

}  // namespace weir

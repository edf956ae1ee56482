#pragma once

#include "models/operators/selectivity.hpp"

namespace weir {

struct FlatMapParams {
  double selectivity = 10;
  SelectivityLaw law = SelectivityLaw::deterministic;
};

// For workloads: the operator with exactly this selectivity.
OperatorRegistry::Choice flat_map(double selectivity);

}  // namespace weir

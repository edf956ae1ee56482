#pragma once

// For workloads that contain a running count, as flat_map.hpp.

namespace weir {

struct KeyedCountParams {
  double selectivity = 1;
};

}  // namespace weir

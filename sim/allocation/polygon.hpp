#pragma once

#include <utility>
#include <vector>

#include "sim/allocation/index_points.hpp"

namespace weir::allocation {

using Polygon = std::vector<std::pair<double, double>>;  // counterclockwise

// What lies below the points, of two applications: counterclockwise from the origin.
Polygon region_below(const IndexPoints& index);
double area(const Polygon& polygon);

}  // namespace weir::allocation

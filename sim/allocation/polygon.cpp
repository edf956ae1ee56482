#include "sim/allocation/polygon.hpp"

#include <algorithm>

#include "sim/kernel/assert.hpp"

namespace weir::allocation {

namespace {

constexpr double rounding = 1e-9;

}  // namespace

// Of points that do not dominate each other, the greater the first rate, the less the second.
Polygon region_below(const IndexPoints& index) {
  Polygon chain;
  for (const PlannedPoint& point : index.points) {
    WEIR_ASSERT(point.rates.size() == 2, "a polygon is of two applications");
    chain.emplace_back(point.rates[0], point.rates[1]);
  }
  std::sort(chain.begin(), chain.end(), std::greater<>());
  Polygon polygon{{0, 0}};
  if (chain.front().second > rounding * chain.back().second) polygon.emplace_back(chain.front().first, 0);
  polygon.insert(polygon.end(), chain.begin(), chain.end());
  if (chain.back().first > rounding * chain.front().first) polygon.emplace_back(0, chain.back().second);
  return polygon;
}

double area(const Polygon& polygon) {
  double twice = 0;
  for (std::size_t i = 0; i < polygon.size(); ++i) {
    const auto& [x, y] = polygon[i];
    const auto& [next_x, next_y] = polygon[(i + 1) % polygon.size()];
    twice += x * next_y - next_x * y;
  }
  return twice / 2;
}

}  // namespace weir::allocation

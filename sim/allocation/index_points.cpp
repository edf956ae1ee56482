#include "sim/allocation/index_points.hpp"

#include <algorithm>

namespace weir::allocation {

bool searches_exactly(Search search, const Region& region) {
  return search == Search::exact ||
         (search == Search::automatic && region.applications() <= exact_applications_max);
}

double greatest_rate(const Region& region) {
  double greatest = 0;
  for (int q = 0; q < region.applications(); ++q) greatest = std::max(greatest, region.rate_max(q));
  return greatest;
}

IndexPoints index_points(const Region& region, Search search, double tolerance, int rounds_max) {
  if (searches_exactly(search, region)) return exact_index_points(region);
  return midpoint_index_points(region, tolerance * greatest_rate(region), rounds_max);
}

}  // namespace weir::allocation

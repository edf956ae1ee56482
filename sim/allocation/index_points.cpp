#include "sim/allocation/index_points.hpp"

#include <algorithm>

namespace weir::allocation {

void SearchLimits::check() const {
  if (interrupted != nullptr && interrupted->load()) throw SearchInterrupted();
}

bool searches_exactly(Search search, int applications) {
  return search == Search::exact || (search == Search::automatic && applications <= exact_applications_max);
}

double greatest_rate(const Region& region) {
  double greatest = 0;
  for (int q = 0; q < region.applications(); ++q) greatest = std::max(greatest, region.rate_max(q));
  return greatest;
}

IndexPoints index_points(const Region& region, Search search, double tolerance, int rounds_max,
                         const SearchLimits& limits) {
  if (searches_exactly(search, region.applications())) return exact_index_points(region, limits);
  return midpoint_index_points(region, tolerance * greatest_rate(region), rounds_max, limits);
}

}  // namespace weir::allocation

#include "policies/contune/conservative.hpp"

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <vector>

namespace weir::contune {

namespace {

// Where the likeliest length is looked for: from neighbours that know nothing of each other to a straight
// line over all that a cluster has.
constexpr double length_min = 0.5, length_max = 64;

}  // namespace

void Abilities::observe(int parallelism, double true_per_s) {
  Sum& sum = seen_[parallelism];
  sum.total += true_per_s;
  ++sum.count;
}

int Abilities::distance_to(int parallelism) const {
  int nearest = std::numeric_limits<int>::max();
  for (const auto& [seen, sum] : seen_) nearest = std::min(nearest, std::abs(seen - parallelism));
  return nearest;
}

std::optional<int> trusted_parallelism(const Abilities& abilities, double load_per_s, int most, double alpha,
                                       const Surrogate& surrogate) {
  if (abilities.empty()) return std::nullopt;
  std::vector<double> x, y;
  for (const auto& [parallelism, sum] : abilities.seen()) {
    x.push_back(parallelism);
    y.push_back(sum.mean());
  }
  const double length = surrogate.fit_length && x.size() > 1
                            ? likeliest_length(x, y, surrogate.noise, length_min, length_max)
                            : surrogate.length;
  const GaussianProcess process(x, y, {length, 1, surrogate.noise});
  // Beyond what was seen the expectation returns to 0, and trust ends anyway.
  const double last = std::min<double>(most, abilities.largest() + alpha);
  for (int p = 1; p <= last; ++p) {
    // What was measured is enough if it is to a rounding error.
    if (process.mean(p) < load_per_s * (1 - 1e-9)) continue;
    if (abilities.distance_to(p) > alpha) return std::nullopt;
    return p;
  }
  return std::nullopt;
}

}  // namespace weir::contune

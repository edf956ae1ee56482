#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "sim/allocation/index_points.hpp"
#include "sim/allocation/normal.hpp"

namespace weir::allocation {

namespace {

constexpr double gain_min = 1e-8;  // of the distance from the origin: less is rounding

// The upper hull of points, and of everything below them: its facets are simplices of points (numbers from 0)
// and of directions of descent (-1 - application).
class UpperHull {
 public:
  struct Facet {
    std::vector<int> corners;  // sorted
    Rates normal;              // normal . r = 1 on it, >= 0
    bool settled = false;      // nothing of the region lies beyond it
  };

  UpperHull(int applications, const Rates& first) : applications_(applications), points_{first} {
    for (int q = 0; q < applications; ++q) {
      std::vector<int> corners{0};
      for (int other = 0; other < applications; ++other)
        if (other != q) corners.push_back(-1 - other);
      add(std::move(corners));
    }
  }

  std::vector<Facet>& facets() { return facets_; }
  std::size_t sides() const { return facets_.size(); }
  const std::vector<Rates>& points() const { return points_; }

  static double height(const Facet& facet, const Rates& point) {
    double sum = 0;
    for (std::size_t q = 0; q < point.size(); ++q) sum += facet.normal[q] * point[q];
    return sum;
  }

  // Whether the point is one already: then a facet that seems to lie below it is one of rounding.
  bool knows(const Rates& point) const {
    return std::any_of(points_.begin(), points_.end(), [&](const Rates& known) {
      for (std::size_t q = 0; q < point.size(); ++q)
        if (std::abs(known[q] - point[q]) > gain_min * (known[q] + point[q])) return false;
      return true;
    });
  }

  // Facets that see the point make way for those from their outline to the point.
  void insert(const Rates& point) {
    const int number = static_cast<int>(points_.size());
    points_.push_back(point);
    std::map<std::vector<int>, int> ridges;
    for (const Facet& facet : facets_) {
      if (!sees(facet, point)) continue;
      for (std::size_t left_out = 0; left_out < facet.corners.size(); ++left_out) {
        std::vector<int> ridge = facet.corners;
        ridge.erase(ridge.begin() + static_cast<std::ptrdiff_t>(left_out));
        ++ridges[ridge];
      }
    }
    std::erase_if(facets_, [&](const Facet& facet) { return sees(facet, point); });
    for (const auto& [ridge, facets] : ridges) {
      if (facets > 1) continue;
      std::vector<int> corners = ridge;
      corners.push_back(number);
      add(std::move(corners));
    }
  }

 private:
  static bool sees(const Facet& facet, const Rates& point) { return height(facet, point) > 1 + gain_min; }

  void add(std::vector<int> corners) {
    std::sort(corners.begin(), corners.end());
    std::vector<const Rates*> through;
    std::vector<int> free;
    for (const int corner : corners) {
      if (corner >= 0) {
        through.push_back(&points_[static_cast<std::size_t>(corner)]);
      } else {
        free.push_back(-1 - corner);
      }
    }
    std::optional<Rates> normal = normal_through(through, free, applications_);
    // Of rounding alone: a hole, which look-ups bridge by a linear program (plan_index.hpp).
    if (!normal) return;
    for (double& part : *normal) part = std::max(0.0, part);
    facets_.push_back({std::move(corners), std::move(*normal)});
  }

  int applications_;
  std::vector<Rates> points_;
  std::vector<Facet> facets_;
};

// A point from which the region can be seen in every direction: half the way to its boundary.
Rates inner_point(const Region& region) {
  Rates greatest;
  for (int q = 0; q < region.applications(); ++q) greatest.push_back(region.rate_max(q));
  const double t = region.outward(greatest).t;
  for (double& rate : greatest) rate *= t / 2;
  return greatest;
}

}  // namespace

IndexPoints exact_index_points(const Region& region, const SearchLimits& limits) {
  const std::size_t sides_max = limits.sides_max > 0 ? limits.sides_max : exact_sides_max;
  const int applications = region.applications();
  UpperHull hull(applications, inner_point(region));
  std::vector<PlannedPoint> found{PlannedPoint{}};  // by the hull's numbers; the inner one is none
  for (;;) {
    limits.check();
    if (hull.sides() > sides_max)
      throw Unsolvable(fmt::format(
          "more than {} sides, too many for the exact search (the midpoint search may do)", sides_max));
    const auto open = std::find_if(hull.facets().begin(), hull.facets().end(),
                                   [](const UpperHull::Facet& facet) { return !facet.settled; });
    if (open == hull.facets().end()) break;
    PlannedPoint furthest = region.furthest(open->normal);
    if (UpperHull::height(*open, furthest.rates) > 1 + gain_min && !hull.knows(furthest.rates)) {
      hull.insert(furthest.rates);
      found.push_back(std::move(furthest));
    } else {
      open->settled = true;
    }
  }

  IndexPoints result;
  std::map<int, int> number;  // of those that are corners of the hull
  for (const UpperHull::Facet& facet : hull.facets()) {
    Side side;
    for (const int corner : facet.corners) {
      if (corner < 0) {
        side.free.push_back(-1 - corner);
        continue;
      }
      const auto [at, fresh] = number.try_emplace(corner, static_cast<int>(result.points.size()));
      if (fresh) result.points.push_back(found[static_cast<std::size_t>(corner)]);
      side.points.push_back(at->second);
    }
    result.sides.push_back(std::move(side));
  }
  if (result.points.empty()) throw Unsolvable("the exact search found no index point");
  return result;
}

}  // namespace weir::allocation

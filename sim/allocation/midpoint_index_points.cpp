#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "sim/allocation/index_points.hpp"
#include "sim/allocation/normal.hpp"

namespace weir::allocation {

namespace {

constexpr double rounding = 1e-9;

struct OpenSide {
  std::vector<int> points;
  int round = 0;
};

Rates middle(const std::vector<PlannedPoint>& all, const std::vector<int>& side) {
  Rates sum(all[0].rates.size(), 0);
  for (const int point : side) {
    for (std::size_t q = 0; q < sum.size(); ++q) sum[q] += all[static_cast<std::size_t>(point)].rates[q];
  }
  for (double& rate : sum) rate /= static_cast<double>(side.size());
  return sum;
}

// Of length 1; none if it does not grow in every rate: then the side is the face of a greatest rate.
std::optional<Rates> upward_normal(const std::vector<PlannedPoint>& all, const std::vector<int>& side) {
  std::vector<const Rates*> through;
  for (const int point : side) through.push_back(&all[static_cast<std::size_t>(point)].rates);
  std::optional<Rates> normal = normal_through(through, {}, static_cast<int>(side.size()));
  if (!normal) return normal;
  double square = 0;
  for (const double part : *normal) square += part * part;
  for (double& part : *normal) {
    part /= std::sqrt(square);
    if (part <= rounding) return std::nullopt;
  }
  return normal;
}

// Of equal ones the first stays.
std::vector<bool> dominated(const std::vector<PlannedPoint>& points, const SearchLimits& limits) {
  const auto same = [](const Rates& a, const Rates& b) {
    for (std::size_t q = 0; q < a.size(); ++q)
      if (std::abs(a[q] - b[q]) > rounding * std::max(a[q], b[q])) return false;
    return true;
  };
  std::vector<bool> result(points.size(), false);
  for (std::size_t i = 0; i < points.size(); ++i) {
    limits.check();
    for (std::size_t k = 0; k < points.size() && !result[i]; ++k) {
      result[i] =
          dominates(points[k].rates, points[i].rates) || (k < i && same(points[k].rates, points[i].rates));
    }
  }
  return result;
}

IndexPoints keep(std::vector<PlannedPoint> points, const std::vector<std::vector<int>>& sides,
                 const SearchLimits& limits) {
  const std::vector<bool> dropped = dominated(points, limits);
  IndexPoints result;
  std::vector<int> number(points.size(), -1);
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (dropped[i]) continue;
    number[i] = static_cast<int>(result.points.size());
    result.points.push_back(std::move(points[i]));
  }
  for (const std::vector<int>& side : sides) {
    Side kept;
    for (const int point : side) kept.points.push_back(number[static_cast<std::size_t>(point)]);
    if (std::find(kept.points.begin(), kept.points.end(), -1) == kept.points.end())
      result.sides.push_back(std::move(kept));
  }
  return result;
}

}  // namespace

bool dominates(const Rates& a, const Rates& b) {
  bool more = false;
  for (std::size_t q = 0; q < a.size(); ++q) {
    const double close = rounding * std::max(a[q], b[q]);
    if (a[q] < b[q] - close) return false;
    more |= a[q] > b[q] + close;
  }
  return more;
}

IndexPoints midpoint_index_points(const Region& region, double tolerance, int rounds_max,
                                  const SearchLimits& limits) {
  const std::size_t sides_max = limits.sides_max > 0 ? limits.sides_max : midpoint_sides_max;
  const int applications = region.applications();
  std::vector<PlannedPoint> points;
  OpenSide whole;
  for (int q = 0; q < applications; ++q) {
    Rates alone(static_cast<std::size_t>(applications), 0);
    alone[static_cast<std::size_t>(q)] = 1;
    points.push_back(region.outward(alone).end);
    whole.points.push_back(q);
  }
  std::vector<std::vector<int>> closed;
  std::deque<OpenSide> open{whole};
  while (!open.empty()) {
    limits.check();
    if (open.size() + closed.size() > sides_max)
      throw Unsolvable(
          fmt::format("more than {} sides, too many for the midpoint search: each that is divided "
                      "becomes {} (a larger tolerance, or fewer rounds)",
                      sides_max, applications));
    const OpenSide side = std::move(open.front());
    open.pop_front();
    const auto normal = upward_normal(points, side.points);
    const bool deepest = rounds_max > 0 && side.round >= rounds_max;
    const auto ray = normal && !deepest ? region.along(middle(points, side.points), *normal) : std::nullopt;
    if (!ray || ray->t <= tolerance) {
      closed.push_back(side.points);
      continue;
    }
    const int found = static_cast<int>(points.size());
    points.push_back(ray->end);
    for (std::size_t replaced = 0; replaced < side.points.size(); ++replaced) {
      OpenSide part{side.points, side.round + 1};
      part.points[replaced] = found;
      open.push_back(std::move(part));
    }
  }
  return keep(std::move(points), closed, limits);
}

}  // namespace weir::allocation

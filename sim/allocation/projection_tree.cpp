#include "sim/allocation/projection_tree.hpp"

#define BOOST_ALLOW_DEPRECATED_HEADERS  // Boost.Geometry includes some
#include <boost/geometry.hpp>
#include <boost/geometry/index/rtree.hpp>
#include <numeric>
#include <utility>

#include "sim/kernel/assert.hpp"

namespace weir::allocation {

namespace {

namespace bg = boost::geometry;
namespace bgi = boost::geometry::index;

constexpr std::size_t dimensions = ProjectionTree::applications_max;
using TreePoint = bg::model::point<double, dimensions, bg::cs::cartesian>;
using Entry = std::pair<TreePoint, int>;

template <std::size_t... D>
TreePoint tree_point(const Rates& projected, std::index_sequence<D...>) {
  TreePoint point;
  (bg::set<D>(point, D < projected.size() ? projected[D] : 0.0), ...);
  return point;
}
// Unused coordinates are zero: distances stay what they are.
TreePoint tree_point(const Rates& p) {
  return tree_point(projection(p), std::make_index_sequence<dimensions>());
}

std::vector<Entry> entries(const std::vector<Rates>& points) {
  std::vector<Entry> result;
  for (const Rates& point : points) result.emplace_back(tree_point(point), static_cast<int>(result.size()));
  return result;
}

}  // namespace

struct ProjectionTree::Tree {
  bgi::rtree<Entry, bgi::quadratic<8>> points;
};

Rates projection(const Rates& p) {
  const double mean = std::accumulate(p.begin(), p.end(), 0.0) / static_cast<double>(p.size());
  Rates result = p;
  for (double& rate : result) rate -= mean;
  return result;
}

ProjectionTree::ProjectionTree(const std::vector<Rates>& points)
    : tree_(std::make_unique<Tree>(Tree{decltype(Tree::points)(entries(points))})) {
  WEIR_ASSERT(!points.empty() && points[0].size() <= dimensions, "there is room for every application");
}
ProjectionTree::~ProjectionTree() = default;
ProjectionTree::ProjectionTree(ProjectionTree&&) noexcept = default;
ProjectionTree& ProjectionTree::operator=(ProjectionTree&&) noexcept = default;

int ProjectionTree::nearest(const Rates& p) const {
  return tree_->points.qbegin(bgi::nearest(tree_point(p), 1))->second;
}

}  // namespace weir::allocation

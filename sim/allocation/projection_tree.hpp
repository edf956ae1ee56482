#pragma once

#include <memory>
#include <vector>

#include "sim/allocation/network.hpp"

// Points by what they are apart from (1,…,1): an R-tree (Boost.Geometry) of their projections on the plane
// orthogonal to it. There, all points of a ray p + c (1,…,1) are one.

namespace weir::allocation {

// p minus what all rates have in common: the part of it in the plane.
Rates projection(const Rates& p);

class ProjectionTree {
 public:
  // As many coordinates as there is room for.
  static constexpr int applications_max = 16;

  explicit ProjectionTree(const std::vector<Rates>& points);
  ~ProjectionTree();
  ProjectionTree(ProjectionTree&&) noexcept;
  ProjectionTree& operator=(ProjectionTree&&) noexcept;
  // The number of the point with the nearest projection.
  int nearest(const Rates& p) const;

 private:
  struct Tree;
  std::unique_ptr<Tree> tree_;
};

}  // namespace weir::allocation

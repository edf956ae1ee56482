#pragma once

#include <utility>
#include <vector>

#include "sim/allocation/index_points.hpp"
#include "sim/allocation/projection_tree.hpp"

// The index of plans, which is asked while the system runs: which plan leaves the applications room to grow
// by the same rate, as much as possible?
//
//   p ── projected along (1,…,1) ──▶ nearest index point (R-tree) ──▶ the side at it that the ray p + c
//   (1,…,1) meets ──▶ a convex combination of its points, and of their plans
//
// A plan for p' can be used for every p below it. Where the ray meets no side at the nearest point (the
// published search leaves gaps where points were dropped), the best combination of all index points is taken,
// of which p' + anything below holds: a linear program.

namespace weir::allocation {

class PlanIndex {
 public:
  explicit PlanIndex(IndexPoints points);

  enum class Way { point, side, program };
  struct Answer {
    Rates rates;          // p'
    ComponentRates plan;  // for p'
    double headroom = 0;  // by how much every rate may grow at least: min (p' - p); negative: p is too much
    std::vector<std::pair<int, double>> weights;  // of index points; positive, their sum is 1
    Way way = Way::side;
    int sides_looked_at = 0;
  };
  Answer at(const Rates& p) const;

  const IndexPoints& index() const { return index_; }

 private:
  Answer combined(const Rates& p, std::vector<std::pair<int, double>> weights, Way way) const;
  // Whether the ray meets the side, and the weights of its points there.
  bool meets(int side, const Rates& p, std::vector<std::pair<int, double>>& weights) const;
  Answer best_of_all(const Rates& p) const;

  IndexPoints index_;
  double unit_;  // of rates, to calculate in (solver_unit)
  ProjectionTree tree_;
  std::vector<std::vector<int>> sides_at_;     // by point
  std::vector<std::vector<double>> inverses_;  // by side; empty: it stands along the ray
};

}  // namespace weir::allocation

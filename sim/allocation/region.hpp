#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/allocation/linear_program.hpp"
#include "sim/allocation/network.hpp"

// The feasible region of a network: the rates of the applications for which a plan exists. It is a convex
// polytope, and with a point everything below it belongs to it. Each question to it is a linear program;
// throws Unsolvable where the solver gives up.

namespace weir::allocation {

struct PlannedPoint {
  Rates rates;
  ComponentRates plan;
};

class Region {
 public:
  // Applications that no resource limits have no maximum: see unlimited_applications().
  explicit Region(const Network& network);
  const Network& network() const { return network_; }
  int applications() const { return static_cast<int>(network_.applications.size()); }
  std::vector<int> unlimited_applications() const;

  // The greatest rate of an application that is alone.
  double rate_max(int application) const;
  // A vertex with the greatest direction . rates (direction >= 0) that nothing dominates: of those with the
  // greatest, one with the greatest sum.
  PlannedPoint furthest(const Rates& direction) const;
  // The point rates + t direction with the greatest t, which may be negative; none if there is none.
  struct Ray {
    double t = 0;
    PlannedPoint end;
  };
  std::optional<Ray> along(const Rates& from, const Rates& direction) const;
  // The same from the origin, where there always is one.
  Ray outward(const Rates& direction) const;
  // By how much every rate can grow at least: the greatest c for which p + c (1,…,1), or something that
  // dominates it, is feasible. Negative: p is not.
  double headroom(const Rates& p) const;
  // The plan for exactly these rates that uses least: the sum over nodes and resources of the part of the
  // capacity in use. None: not feasible.
  std::optional<ComponentRates> cheapest(const Rates& rates) const;
  bool contains(const Rates& rates) const { return cheapest(rates).has_value(); }
  // How many linear programs it has solved so far: what a search costs, on any machine.
  std::int64_t programs() const { return programs_; }

 private:
  LinearProgram::Solution solved(const LinearProgram& program, const std::vector<double>& then = {}) const;
  PlannedPoint point_of(const LinearProgram::Solution& solution) const;

  Network network_;
  double unit_;               // of rates in the program
  LinearProgram program_;     // columns: components' rates, then applications' rates; rows (1) and (2)
  std::vector<double> cost_;  // of each component: see cheapest()
  mutable std::int64_t programs_ = 0;
  int rate_column(int application) const {
    return static_cast<int>(network_.components.size()) + application;
  }
};

}  // namespace weir::allocation

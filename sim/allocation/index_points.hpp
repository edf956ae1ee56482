#pragma once

#include <atomic>
#include <exception>
#include <vector>

#include "sim/allocation/region.hpp"

// Index points: points on the upper boundary of the feasible region, each with its plan, found before the
// system runs. Between them, plans are combined (plan_index.hpp).
//
// Two searches. The published one ("Accommodating bursts …", IPDPS 2009) begins with the side through the
// applications' greatest rates alone, moves the middle of a side along its normal as far as the region goes,
// and replaces each vertex of the side by the point found there, until no middle moves by more than a
// tolerance; then it drops the points that others dominate. The exact one asks for the furthest point of the
// region along the normal instead, and keeps the upper hull of what it found (beneath-beyond), with
// "anything below" as its other end: it stops when the hull is the region, after finitely many steps.
//
//    y ^ free                        y ^
//      | . . ._p2                      |. . .p1_
//      |        \_  side               |        p3_  side
//      |          \_                   |           \_
//      |            p1                 |             p2
//      |             :  free           |              :
//      +-------------:---> x           +--------------:---> x
//        exact                           published

namespace weir::allocation {

// A simplex: points, and applications along which a rate may be less (of the exact search). Together as
// many as there are applications.
struct Side {
  std::vector<int> points;
  std::vector<int> free;
};

struct IndexPoints {
  std::vector<PlannedPoint> points;  // none dominates another
  std::vector<Side> sides;
};

// How many sides a search may meet, beyond which it throws Unsolvable: their number grows exponentially with
// the applications', and of the published search with the tolerance, too.
inline constexpr std::size_t exact_sides_max = 200'000;
inline constexpr std::size_t midpoint_sides_max = 50'000;  // found in seconds

// What ends a search early.
struct SearchLimits {
  std::size_t sides_max = 0;  // 0: as above
  // Looked at between two linear programs; where it is set a search throws SearchInterrupted.
  const std::atomic<bool>* interrupted = nullptr;

  void check() const;  // of `interrupted`
};

struct SearchInterrupted : std::exception {
  const char* what() const noexcept override { return "the search was interrupted"; }
};

IndexPoints exact_index_points(const Region& region, const SearchLimits& limits = {});
// `tolerance`: by how much a middle has to move, in units of rate (Euclidean). `rounds_max`: how often a side
// is divided at most; 0: until no middle moves.
IndexPoints midpoint_index_points(const Region& region, double tolerance, int rounds_max = 0,
                                  const SearchLimits& limits = {});

// One or the other. With so many applications the exact search is still quick.
inline constexpr int exact_applications_max = 4;
enum class Search { automatic, exact, midpoint };  // automatic: exact up to exact_applications_max
bool searches_exactly(Search search, int applications);
// `tolerance`: a part of the greatest rate of any application, of the published search.
IndexPoints index_points(const Region& region, Search search, double tolerance, int rounds_max,
                         const SearchLimits& limits = {});
// The greatest rate of any application that is alone.
double greatest_rate(const Region& region);

// Whether a is nowhere less than b, up to rounding, and somewhere more.
bool dominates(const Rates& a, const Rates& b);

}  // namespace weir::allocation

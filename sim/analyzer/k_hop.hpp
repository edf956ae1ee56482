#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "sim/analyzer/pag.hpp"

// What waiting was caused by: the edges that lead, within a few hops back in time, to where somebody ceased
// to wait (the pattern of ST2, the successor of SnailTrail: its command `algo`, with two hops).
//
//   A ━━processing━━●━━━━━━━━━▶
//        2nd hop     ╲ message, 1st hop
//   B ───waiting──────●━━processing━━●        the second start: processing right after waiting,
//                                   ╱         and the data messages that end where it ends
//   C ━━processing━━━━━━━━━━━━━━━━━●
//        2nd hop         message, 1st hop
//
//   start       the vertex in which waiting ends; and that in which processing ends that follows waiting
//   1st hop     from the former, the edges that end there and do not wait, so messages; from the latter, data
//               messages that end there
//   later hops  all edges that end where an edge of the hop before began
//
// An edge counts as often as there are ways to it, in each hop anew; its weight is its duration, as often.

namespace weir::analyzer {

struct KHopKey {
  Activity activity{};
  std::int64_t worker = 0;  // at the edge's begin
  auto operator<=>(const KHopKey&) const = default;
};

struct KHopSum {
  double edges = 0;  // a whole number: of ways
  double duration_ns = 0;
  KHopSum& operator+=(const KHopSum& other) {
    edges += other.edges;
    duration_ns += other.duration_ns;
    return *this;
  }
};

using KHopSums = std::map<KHopKey, KHopSum>;

inline constexpr int hops_max =
    32;  // ways multiply from hop to hop: with more they could leave the range of doubles

// Over all hops from the first to number `hops`.
KHopSums k_hop(const Pag& pag, int hops);

}  // namespace weir::analyzer

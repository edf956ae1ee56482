#include "policies/flink_autoscaler/alignment.hpp"

#include <algorithm>

#include "sim/kernel/assert.hpp"

namespace weir::flink_autoscaler {

namespace {

// The first from `wanted` upwards that divides the groups or, if that is enough, gives an instance fewer of
// them; 0: none.
int first_aligned(const Aligned& a, bool fewer_is_enough) {
  const int bound = std::min(a.groups, a.most);
  const int last = a.wanted > a.current ? bound : std::min(a.current, bound);
  for (int p = a.wanted; p <= last; ++p)
    if (a.groups % p == 0 || (fewer_is_enough && a.groups / p < a.groups / a.wanted)) return p;
  return 0;
}

// The least that gives no instance more groups than `wanted` does; the present one if that would turn growth
// into shrinking, or the reverse.
int walk_down(const Aligned& a) {
  int p = a.wanted;
  while (p > 0 && a.groups / p <= a.groups / a.wanted) --p;
  if (p > 0 && a.groups % p != 0) ++p;
  p = std::max(p, a.least);
  const bool kept_direction = a.wanted > a.current ? p > a.current : p < a.current;
  return kept_direction ? p : a.current;
}

// As it was until 1.9: also where nothing should change, and beyond what runs on the way down.
int divisor_up_to_half(const Aligned& a) {
  for (int p = a.wanted; p <= a.groups / 2 && p <= a.most; ++p)
    if (a.groups % p == 0) return p;
  return a.wanted;
}

}  // namespace

int align(const Aligned& a, Alignment mode, Unaligned otherwise) {
  WEIR_ASSERT(a.wanted >= 1 && a.current >= 1 && a.groups >= 1, "parallelism and groups are positive");
  if (mode == Alignment::divisor_up_to_half) return divisor_up_to_half(a);
  if (mode == Alignment::off || a.wanted == a.current) return a.wanted;
  const int aligned = first_aligned(a, mode != Alignment::evenly_spread);
  if (aligned > 0) return aligned;
  return otherwise == Unaligned::walk_down ? walk_down(a) : a.wanted;
}

}  // namespace weir::flink_autoscaler

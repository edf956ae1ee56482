#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

// Bin packing, free of hosts and jobs: items of several resources into numbered bins.
//
//   Bins bins({{4, 4'000'000, 0}, {4, 4'000'000, 0}});     // two bins: 4 slots, 4 cores
//   int bin = bins.choose(Fit::best, size);                // -1: it fits nowhere
//   if (bin >= 0) bins.put(bin, size);
//
// Amounts are integers, so that what fits exactly fits. The rules are those of the textbooks (Johnson et al.,
// "Worst-case performance bounds for simple one-dimensional packing algorithms", SIAM J. Comput. 3(4), 1974):
// an item never moves, and a bin is opened when the rule finds no open one. Not textbook: bins may differ,
// and an item has several resources. `room` then adds up the resources, each as a share of the largest bin's
// (Panigrahy et al., "Heuristics for vector bin packing", 2011: the sum as the size of a vector). A resource
// that does not count is 0 in all bins and items.

namespace weir::packing {

enum Resource { slots, micro_cores, bytes, resource_count };
using Amounts = std::array<std::int64_t, resource_count>;

enum class Fit {
  first,  // the bin of the lowest number that it fits in
  best,   // of the open bins that it fits in, the one with least room; else the first that it fits in
  next,   // the bin that was put to last; else the first behind it: what was left behind is not looked at
          // again
  worst   // of the open bins that it fits in, the one with most room; else the first that it fits in
};

// The largest amount of each resource in any of them.
Amounts largest(std::span<const Amounts> amounts);

class Bins {
 public:
  explicit Bins(std::vector<Amounts> capacities);
  // Room is counted in shares of `scale`, which need not be the largest of these bins.
  Bins(std::vector<Amounts> capacities, const Amounts& scale);

  bool fits(int bin, const Amounts& size) const;
  // The bin that the rule takes, the lowest number among equals; -1: none.
  int choose(Fit rule, const Amounts& size) const;
  // Asserts that it fits.
  void put(int bin, const Amounts& size);

  int count() const { return static_cast<int>(left_.size()); }
  bool open(int bin) const { return open_[static_cast<std::size_t>(bin)]; }  // holds something
  int open_count() const;
  const Amounts& left(int bin) const { return left_[static_cast<std::size_t>(bin)]; }

 private:
  int first_from(int bin, const Amounts& size) const;
  int among_open(const Amounts& size, bool least_room) const;
  std::vector<Amounts> left_;
  std::vector<bool> open_;
  Amounts scale_;
  int last_ = 0;  // put to last
};

// The sum of its resources, each as a share of `scale`; one that `scale` has nothing of counts nothing.
double share_sum(const Amounts& amounts, const Amounts& scale);
// Indices into `sizes`, the largest share_sum first; equals stay in their order.
std::vector<int> decreasing(std::span<const Amounts> sizes, const Amounts& scale);

struct Packing {
  std::vector<int> bin_of;  // of each item
  int bins = 0;
};

// One item after the other into as many bins of one capacity as that takes. Asserts that each item fits in an
// empty one.
Packing pack(Fit rule, std::span<const Amounts> sizes, const Amounts& capacity);
// All items are known: the largest first, each by first-fit.
Packing pack_first_fit_decreasing(std::span<const Amounts> sizes, const Amounts& capacity);

}  // namespace weir::packing

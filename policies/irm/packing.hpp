#pragma once

#include <cstddef>
#include <functional>
#include <vector>

// The bin packing of HarmonicIO's Intelligent Resource Manager (IRM): a worker is a bin of size 1, a
// container an item, whose size is its share of the worker's whole CPU.
//
// This is no textbook first-fit. An item goes where its size is strictly less than what is free; what is free
// is a double from which sizes are subtracted one by one, so its residue decides close calls (ten items of
// 0.1 share a bin, eight of 0.125 do not); an item of size 1 or more is lost and leaves an empty bin behind.
//
// Source: HarmonicIO, branch adding_irm_real, binpacking.py and irm_components.py.

namespace weir::irm {

inline constexpr double bin_size = 1;

// Workers wanted beyond those that hold containers, so that bursts find some idle:
// 1 below 10 bins, then ceil(ln(bins) / 2), from 100 on floor(ln(bins)).
int overhead_workers(int bins);

class WorkerBins {
 public:
  struct Item {
    int id = 0;  // the caller's
    double size = 0;
  };
  struct Bin {
    double free = bin_size;
    std::vector<Item> items;  // in the order they came
  };

  // A worker keeps so much free besides (space_margin of the configuration).
  explicit WorkerBins(double space_margin = 0) : margin_(space_margin) {}

  // Whether a bin, by number, may have the item at all. All beyond some number must.
  using Allowed = std::function<bool(int bin)>;

  // The bin it went to; -1: it is lost, since it does not fit in an empty bin either. That bin is opened all
  // the same, and counts until remove_empty().
  int put(
      const Item& item, const Allowed& allowed = [](int) { return true; });
  // Where it is already, whether it fits or not; opens the bins up to there.
  void put_at(int bin, const Item& item);
  // Takes a container off; false when it is not there. What is free is clipped to [0, 1].
  bool remove(int bin, int id);
  // A container that does not run yet turns out to be of another size. False when it is not there.
  bool resize(int bin, int id, double size);
  // Empty bins at the end go; those between others stay, since a bin's number is its worker's.
  void remove_empty();

  // Of a round of packing: before remove_empty().
  int target_workers() const { return count() + overhead_workers(count()); }
  int count() const { return static_cast<int>(bins_.size()); }
  const Bin& bin(int index) const { return bins_[static_cast<std::size_t>(index)]; }

 private:
  double margin_;
  std::vector<Bin> bins_;
};

}  // namespace weir::irm

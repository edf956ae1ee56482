#include "models/placements/packing.hpp"

#include <algorithm>
#include <numeric>

#include "sim/kernel/assert.hpp"

namespace weir::packing {

Amounts largest(std::span<const Amounts> amounts) {
  Amounts most{};
  for (const Amounts& one : amounts) {
    for (std::size_t r = 0; r < one.size(); ++r) most[r] = std::max(most[r], one[r]);
  }
  return most;
}

Bins::Bins(std::vector<Amounts> capacities) : Bins(capacities, largest(capacities)) {}

Bins::Bins(std::vector<Amounts> capacities, const Amounts& scale)
    : left_(std::move(capacities)), open_(left_.size(), false), scale_(scale) {
  for (const Amounts& capacity : left_) {
    for (const std::int64_t amount : capacity) WEIR_ASSERT(amount >= 0, "a bin has no less than nothing");
  }
}

bool Bins::fits(int bin, const Amounts& size) const {
  const Amounts& room = left(bin);
  for (std::size_t r = 0; r < size.size(); ++r) {
    if (size[r] > room[r]) return false;
  }
  return true;
}

void Bins::put(int bin, const Amounts& size) {
  WEIR_ASSERT(fits(bin, size), "an item was put where it does not fit");
  Amounts& room = left_[static_cast<std::size_t>(bin)];
  for (std::size_t r = 0; r < size.size(); ++r) room[r] -= size[r];
  open_[static_cast<std::size_t>(bin)] = true;
  last_ = bin;
}

int Bins::open_count() const {
  return static_cast<int>(std::count(open_.begin(), open_.end(), true));
}

int Bins::first_from(int bin, const Amounts& size) const {
  for (; bin < count(); ++bin) {
    if (fits(bin, size)) return bin;
  }
  return -1;
}

int Bins::among_open(const Amounts& size, bool least_room) const {
  int chosen = -1;
  double room_of_chosen = 0;
  for (int bin = 0; bin < count(); ++bin) {
    if (!open(bin) || !fits(bin, size)) continue;
    const double room = share_sum(left(bin), scale_);
    if (chosen >= 0 && (least_room ? room >= room_of_chosen : room <= room_of_chosen)) continue;
    chosen = bin;
    room_of_chosen = room;
  }
  return chosen;
}

int Bins::choose(Fit rule, const Amounts& size) const {
  int bin = -1;
  switch (rule) {
    case Fit::first:
      return first_from(0, size);
    case Fit::next:
      return first_from(last_, size);
    case Fit::best:
      bin = among_open(size, true);
      break;
    case Fit::worst:
      bin = among_open(size, false);
      break;
  }
  return bin >= 0 ? bin : first_from(0, size);
}

double share_sum(const Amounts& amounts, const Amounts& scale) {
  double sum = 0;
  for (std::size_t r = 0; r < amounts.size(); ++r) {
    if (scale[r] > 0) sum += static_cast<double>(amounts[r]) / static_cast<double>(scale[r]);
  }
  return sum;
}

std::vector<int> decreasing(std::span<const Amounts> sizes, const Amounts& scale) {
  std::vector<double> share;
  for (const Amounts& size : sizes) share.push_back(share_sum(size, scale));
  std::vector<int> order(sizes.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return share[static_cast<std::size_t>(a)] > share[static_cast<std::size_t>(b)];
  });
  return order;
}

namespace {

Packing pack_in_order(Fit rule, std::span<const Amounts> sizes, const Amounts& capacity,
                      std::span<const int> order) {
  // No rule opens a bin for less than an item.
  Bins bins(std::vector<Amounts>(sizes.size(), capacity));
  Packing packing{std::vector<int>(sizes.size(), -1), 0};
  for (const int item : order) {
    const Amounts& size = sizes[static_cast<std::size_t>(item)];
    const int bin = bins.choose(rule, size);
    WEIR_ASSERT(bin >= 0, "an item is larger than a bin");
    bins.put(bin, size);
    packing.bin_of[static_cast<std::size_t>(item)] = bin;
  }
  packing.bins = bins.open_count();
  return packing;
}

}  // namespace

Packing pack(Fit rule, std::span<const Amounts> sizes, const Amounts& capacity) {
  std::vector<int> order(sizes.size());
  std::iota(order.begin(), order.end(), 0);
  return pack_in_order(rule, sizes, capacity, order);
}

Packing pack_first_fit_decreasing(std::span<const Amounts> sizes, const Amounts& capacity) {
  return pack_in_order(Fit::first, sizes, capacity, decreasing(sizes, capacity));
}

}  // namespace weir::packing

#include "policies/irm/packing.hpp"

#include <algorithm>
#include <cmath>

#include "sim/kernel/assert.hpp"
#include "sim/kernel/math.hpp"

namespace weir::irm {

int overhead_workers(int bins) {
  WEIR_ASSERT(bins >= 0, "there are no fewer bins than none");
  if (bins < 10) return 1;
  const double logarithm = math_log(bins);
  return static_cast<int>(bins < 100 ? std::ceil(0.5 * logarithm) : std::trunc(logarithm));
}

namespace {

double clipped(double free) {
  return std::clamp(free, 0.0, bin_size);
}

auto find_item(WorkerBins::Bin& bin, int id) {
  return std::find_if(bin.items.begin(), bin.items.end(),
                      [id](const WorkerBins::Item& item) { return item.id == id; });
}

}  // namespace

int WorkerBins::put(const Item& item, const Allowed& allowed) {
  const auto takes = [&](const Bin& one) {
    return item.size < one.free - margin_ && allowed(static_cast<int>(&one - bins_.data()));
  };
  auto found = std::find_if(bins_.begin(), bins_.end(), takes);
  if (found == bins_.end()) {
    do bins_.emplace_back();
    while (!allowed(count() - 1));
    found = bins_.end() - 1;
    if (!takes(*found)) return -1;
  }
  found->free -= item.size;
  found->items.push_back(item);
  return static_cast<int>(found - bins_.begin());
}

void WorkerBins::put_at(int index, const Item& item) {
  if (index >= count()) bins_.resize(static_cast<std::size_t>(index) + 1);
  Bin& bin = bins_[static_cast<std::size_t>(index)];
  bin.free = clipped(bin.free - item.size);
  bin.items.push_back(item);
}

bool WorkerBins::remove(int index, int id) {
  if (index < 0 || index >= count()) return false;
  Bin& bin = bins_[static_cast<std::size_t>(index)];
  const auto item = find_item(bin, id);
  if (item == bin.items.end()) return false;
  bin.free = clipped(bin.free + item->size);
  bin.items.erase(item);
  return true;
}

bool WorkerBins::resize(int index, int id, double size) {
  if (index < 0 || index >= count()) return false;
  Bin& bin = bins_[static_cast<std::size_t>(index)];
  const auto item = find_item(bin, id);
  if (item == bin.items.end()) return false;
  bin.free = clipped(bin.free + (item->size - size));
  item->size = size;
  return true;
}

void WorkerBins::remove_empty() {
  while (!bins_.empty() && bins_.back().items.empty()) bins_.pop_back();
}

}  // namespace weir::irm

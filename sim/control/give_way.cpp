#include "sim/control/give_way.hpp"

#include <algorithm>
#include <cstdint>

#include "sim/dataflow/slots.hpp"

namespace weir {

void give_way(std::vector<int>& wanted, const std::vector<int>& before, int excess) {
  // How many are taken away when no growth may be more than `level`.
  const auto taken = [&](int level) {
    std::int64_t sum = 0;
    for (std::size_t i = 0; i < wanted.size(); ++i) sum += std::max(0, wanted[i] - before[i] - level);
    return sum;
  };
  // The least level at which that is not too many.
  int least = 0, enough = 0;
  for (std::size_t i = 0; i < wanted.size(); ++i) enough = std::max(enough, wanted[i] - before[i]);
  while (least < enough) {
    const int middle = least + (enough - least) / 2;
    if (taken(middle) <= excess)
      enough = middle;
    else
      least = middle + 1;
  }
  // The first ones at that level go one below.
  std::int64_t left = excess - taken(least);
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const int growth = wanted[i] - before[i];
    if (growth <= 0 || growth < least) continue;
    const int below = least > 0 && left > 0 ? 1 : 0;
    left -= below;
    wanted[i] = before[i] + least - below;
  }
}

void fit_slots(std::vector<int>& wanted, const std::vector<int>& before, int slots, bool shared) {
  if (shared) {
    for (std::size_t i = 0; i < wanted.size(); ++i)
      wanted[i] = std::min(wanted[i], std::max(before[i], slots));
    return;
  }
  const std::int64_t excess = slots_taken(wanted, false) - slots;
  if (excess > 0) give_way(wanted, before, static_cast<int>(excess));
}

}  // namespace weir

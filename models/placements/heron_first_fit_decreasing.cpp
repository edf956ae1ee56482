// Heron's FirstFitDecreasingPacking: components by RAM, then by CPU, the largest first; each instance to the
// container of the lowest number that it fits in. `heron update` leaves what stays where it is.
// Not modelled: disk; which instances an update that removes some takes away (weir removes the last ones).

#include <algorithm>
#include <numeric>

#include "models/placements/heron_containers.hpp"

namespace weir {
namespace {

class HeronFirstFitDecreasing final : public PackingPlacement {
 public:
  HeronFirstFitDecreasing(const HeronContainerParams& params, const PlacementContext& context)
      : PackingPlacement(context, "heron-first-fit-decreasing", sizes(params, context),
                         heron_containers(params, context)) {}

 private:
  std::vector<int> order(const std::vector<InstanceToPlace>& wanted) const override {
    std::vector<int> order = PackingPlacement::order(wanted);
    const auto key = [&](int i) {
      const packing::Amounts& size = size_of(wanted[static_cast<std::size_t>(i)]);
      return std::pair(size[packing::bytes], size[packing::micro_cores]);
    };
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return key(a) > key(b); });
    return order;
  }
  int pick(const packing::Bins& bins, const packing::Amounts& size) override {
    return bins.choose(packing::Fit::first, size);
  }
};

ParamTable<HeronContainerParams> table() {
  ParamTable<HeronContainerParams> t;
  add_heron_container_params(t);
  return t;
}

const auto registered = PlacementRegistry::add<HeronContainerParams>(
    {.name = "heron-first-fit-decreasing",
     .help = "Heron's first-fit-decreasing: by RAM, then CPU, to the first container with room.",
     .source = "Heron: FirstFitDecreasingPacking"},
    table(), [](const HeronContainerParams& params, PlacementContext& context) {
      return std::make_unique<HeronFirstFitDecreasing>(params, context);
    });

}  // namespace
}  // namespace weir

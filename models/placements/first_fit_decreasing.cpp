// The largest instances first, each on the first host that has room. At a rescale what stays stays, and the
// others are sorted: it is off-line among those that are new.

#include "models/placements/packing_placement.hpp"

namespace weir {
namespace {

class FirstFitDecreasing final : public PackingPlacement {
 public:
  FirstFitDecreasing(const SizeParams& params, const PlacementContext& context)
      : PackingPlacement(context, "first-fit-decreasing", sizes(params, context), whole_hosts(context)) {}

 private:
  std::vector<int> order(const std::vector<InstanceToPlace>& wanted) const override {
    std::vector<packing::Amounts> sizes;
    for (const InstanceToPlace& instance : wanted) sizes.push_back(size_of(instance));
    return packing::decreasing(sizes, packing::largest(capacities()));
  }
  int pick(const packing::Bins& bins, const packing::Amounts& size) override {
    return bins.choose(packing::Fit::first, size);
  }
};

const auto registered = PlacementRegistry::add<SizeParams>(
    {.name = "first-fit-decreasing",
     .help = "The largest instances first, each on the first host with room.",
     .source = "Johnson et al., SIAM J. Comput. 3(4), 1974"},
    size_table(), [](const SizeParams& params, PlacementContext& context) {
      return std::make_unique<FirstFitDecreasing>(params, context);
    });

}  // namespace
}  // namespace weir

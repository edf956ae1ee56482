// The first host, by its number, that has room.

#include "models/placements/packing_placement.hpp"

namespace weir {
namespace {

const auto registered = PlacementRegistry::add<SizeParams>(
    {.name = "first-fit",
     .help = "The first host that has slots, cores and memory for the instance.",
     .source = "Johnson et al., SIAM J. Comput. 3(4), 1974"},
    size_table(), [](const SizeParams& params, PlacementContext& context) {
      return make_fit_placement(packing::Fit::first, "first-fit", params, context);
    });

}  // namespace
}  // namespace weir

// The host of the last instance while it has room, then the one behind: it never goes back, so it may not fit
// where others do.

#include "models/placements/packing_placement.hpp"

namespace weir {
namespace {

const auto registered = PlacementRegistry::add<SizeParams>(
    {.name = "next-fit",
     .help = "The host of the last instance, else the next one with room; never goes back.",
     .source = "Johnson et al., SIAM J. Comput. 3(4), 1974"},
    size_table(), [](const SizeParams& params, PlacementContext& context) {
      return make_fit_placement(packing::Fit::next, "next-fit", params, context);
    });

}  // namespace
}  // namespace weir

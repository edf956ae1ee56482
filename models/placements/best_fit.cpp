// Of the hosts in use that have room, the fullest; a new host only when there is none.

#include "models/placements/packing_placement.hpp"

namespace weir {
namespace {

const auto registered = PlacementRegistry::add<SizeParams>(
    {.name = "best-fit",
     .help = "Of the hosts in use that have room, the one with least; else the next empty host.",
     .source = "Johnson et al., SIAM J. Comput. 3(4), 1974"},
    size_table(), [](const SizeParams& params, PlacementContext& context) {
      return make_fit_placement(packing::Fit::best, "best-fit", params, context);
    });

}  // namespace
}  // namespace weir

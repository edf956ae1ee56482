// Fills a host before it takes the next: what Flink's scheduler does with the slots of its TaskManagers
// unless it is told to spread (cluster.evenly-spread-out-slots).

#include "sim/dataflow/placement.hpp"

namespace weir {
namespace {

struct PackedParams {};

class Packed final : public Placement {
 public:
  using Placement::Placement;

 private:
  int choose(const InstanceToPlace&, const PlacementState& state) override {
    for (int host = 0; host < state.hosts(); ++host) {
      if (state.has_room(host)) return host;
    }
    return -1;
  }
};

const auto registered = PlacementRegistry::add<PackedParams>(
    {.name = "packed",
     .help = "Fills one host after the other.",
     .source = "Flink without cluster.evenly-spread-out-slots"},
    ParamTable<PackedParams>(),
    [](const PackedParams&, PlacementContext& context) { return std::make_unique<Packed>(context); });

}  // namespace
}  // namespace weir

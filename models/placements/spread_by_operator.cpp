// Spreads the instances of each operator over as many hosts as possible; among equals the host with most free
// slots is taken, then the lowest number.

#include <algorithm>

#include "sim/dataflow/placement.hpp"

namespace weir {
namespace {

struct SpreadParams {};

class SpreadByOperator final : public Placement {
 public:
  using Placement::Placement;

 private:
  int choose(const InstanceToPlace& instance, const PlacementState& state) override {
    int best = -1;
    long best_siblings = 0;
    for (int host = 0; host < state.hosts(); ++host) {
      if (!state.has_room(host)) continue;
      const auto siblings = std::count_if(
          state.placed.begin(), state.placed.end(),
          [&](const PlacedInstance& p) { return p.operator_id == instance.operator_id && p.host == host; });
      const auto free = [&](int h) { return state.free_slots[static_cast<std::size_t>(h)]; };
      if (best < 0 || siblings < best_siblings || (siblings == best_siblings && free(host) > free(best))) {
        best = host;
        best_siblings = siblings;
      }
    }
    return best;
  }
};

const auto registered = PlacementRegistry::add<SpreadParams>(
    {.name = "spread-by-operator",
     .help = "Spreads the instances of each operator over the hosts.",
     .source = "Flink's cluster.evenly-spread-out-slots, by operator"},
    ParamTable<SpreadParams>(), [](const SpreadParams&, PlacementContext& context) {
      return std::make_unique<SpreadByOperator>(context);
    });

}  // namespace
}  // namespace weir

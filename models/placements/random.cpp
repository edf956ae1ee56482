// A host at random among those with a free slot, each free slot being as likely: the baseline that says what
// a placement is worth.

#include "sim/kernel/random.hpp"
#include "sim/dataflow/placement.hpp"

namespace weir {
namespace {

struct RandomParams {
  int variant = 0;
};

class RandomPlacement final : public Placement {
 public:
  RandomPlacement(const RandomParams& params, const PlacementContext& context)
      : Placement(context),
        stream_(context.seed, context.job + "/" + std::to_string(params.variant), "placement") {}

 private:
  int choose(const InstanceToPlace&, const PlacementState& state) override {
    std::uint64_t slots = 0;
    for (int host = 0; host < state.hosts(); ++host) slots += weight(state, host);
    if (slots == 0) return -1;
    std::uint64_t drawn = stream_.below(slots);
    int host = 0;
    while (drawn >= weight(state, host)) drawn -= weight(state, host++);
    return host;
  }
  static std::uint64_t weight(const PlacementState& state, int host) {
    if (!state.has_room(host)) return 0;
    return static_cast<std::uint64_t>(state.free_slots[static_cast<std::size_t>(host)]);
  }
  RandomStream stream_;
};

ParamTable<RandomParams> table() {
  ParamTable<RandomParams> t;
  t.integer("variant", &RandomParams::variant, {.help = "Another draw with the same seed of the run."},
            at_least(0));
  return t;
}

const auto registered = PlacementRegistry::add<RandomParams>(
    {.name = "random", .help = "A free slot at random.", .source = "the usual baseline"}, table(),
    [](const RandomParams& params, PlacementContext& context) {
      return std::make_unique<RandomPlacement>(params, context);
    });

}  // namespace
}  // namespace weir

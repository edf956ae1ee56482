// One host after the other, one instance each, skipping the full ones. Storm's even scheduler and Heron's
// round-robin packing work like this.

#include "sim/dataflow/placement.hpp"

namespace weir {
namespace {

struct RoundRobinParams {};

class RoundRobin final : public Placement {
 public:
  using Placement::Placement;

 private:
  int choose(const InstanceToPlace&, const PlacementState& state) override {
    for (int tried = 0; tried < state.hosts(); ++tried) {
      const int host = (next_ + tried) % state.hosts();
      if (!state.has_room(host)) continue;
      next_ = (host + 1) % state.hosts();
      return host;
    }
    return -1;
  }
  int next_ = 0;
};

const auto registered = PlacementRegistry::add<RoundRobinParams>(
    {.name = "round-robin",
     .help = "One host after the other, one instance each.",
     .source = "Storm's even scheduler; Heron's round-robin packing"},
    ParamTable<RoundRobinParams>(),
    [](const RoundRobinParams&, PlacementContext& context) { return std::make_unique<RoundRobin>(context); });

}  // namespace
}  // namespace weir

// Heron's ResourceCompliantRRPacking.
//
//   at first:     instance i to container i mod n, strictly; if one does not fit, all over again with n + 1
//   at an update: what stays stays; the others in turn to the next container with room. n is what there was,
//                 and floor(what comes to the job / a container) more; if one fits nowhere, again with n + 1
//
// Not modelled: disk; which instances an update that removes some takes away (weir removes the last ones).

#include <algorithm>

#include "models/placements/heron_containers.hpp"

namespace weir {
namespace {

struct RoundRobinParams : HeronContainerParams {
  int containers = 1;
};

class ResourceCompliantRoundRobin final : public PackingPlacement {
 public:
  ResourceCompliantRoundRobin(const RoundRobinParams& params, const PlacementContext& context)
      : PackingPlacement(context, "resource-compliant-round-robin", sizes(params, context),
                         heron_containers(params, context)),
        containers_at_first_(params.containers) {}

  std::optional<std::vector<int>> place(const std::vector<InstanceToPlace>& wanted,
                                        const std::vector<PlacedInstance>& before,
                                        const std::vector<int>& free_slots) override {
    const int hosts = static_cast<int>(capacities().size());
    strict_ = before.empty();
    // More containers than instances would stay empty.
    containers_ = strict_ ? std::min(containers_at_first_, static_cast<int>(wanted.size()))
                          : in_use(before) + added(wanted, before);
    containers_ = std::clamp(containers_, 1, hosts);
    for (;; ++containers_) {
      next_ = 0;
      auto placed = PackingPlacement::place(wanted, before, free_slots);
      if (placed || containers_ == hosts) return placed;
    }
  }

 private:
  // Containers are numbered as hosts are: up to the last that holds something.
  static int in_use(const std::vector<PlacedInstance>& before) {
    int containers = 0;
    for (const PlacedInstance& instance : before) containers = std::max(containers, instance.host + 1);
    return containers;
  }
  // Of the resource that needs most, whole containers for what the job takes more than before.
  int added(const std::vector<InstanceToPlace>& wanted, const std::vector<PlacedInstance>& before) const {
    packing::Amounts more{};
    for (std::size_t r = 0; r < more.size(); ++r) {
      for (const InstanceToPlace& instance : wanted) more[r] += size_of(instance)[r];
      for (const PlacedInstance& instance : before) more[r] -= size_of(instance.operator_id)[r];
    }
    const packing::Amounts container = packing::largest(capacities());
    std::int64_t containers = 0;
    for (const auto r : {packing::micro_cores, packing::bytes}) {
      if (container[r] > 0) containers = std::max(containers, more[r] / container[r]);
    }
    return static_cast<int>(
        std::min<std::int64_t>(containers, static_cast<std::int64_t>(capacities().size())));
  }
  int pick(const packing::Bins& bins, const packing::Amounts& size) override {
    for (int tried = 0; tried < (strict_ ? 1 : containers_); ++tried) {
      const int container = (next_ + tried) % containers_;
      if (!bins.fits(container, size)) continue;
      next_ = (container + 1) % containers_;
      return container;
    }
    return -1;
  }
  int containers_at_first_;
  int containers_ = 1;
  int next_ = 0;
  bool strict_ = true;
};

ParamTable<RoundRobinParams> table() {
  ParamTable<RoundRobinParams> t;
  add_heron_container_params(t);
  t.integer("containers", &RoundRobinParams::containers,
            {.unit = "containers",
             .help = "To begin with; more when that is too few.",
             .source = "topology.stmgrs"},
            between(1, 16384));
  return t;
}

const auto registered = PlacementRegistry::add<RoundRobinParams>(
    {.name = "resource-compliant-round-robin",
     .help =
         "Heron's round-robin that counts resources: strictly in turn, with more containers until it fits.",
     .source = "Heron: ResourceCompliantRRPacking"},
    table(), [](const RoundRobinParams& params, PlacementContext& context) {
      return std::make_unique<ResourceCompliantRoundRobin>(params, context);
    });

}  // namespace
}  // namespace weir

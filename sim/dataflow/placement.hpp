#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/scenario/registry.hpp"

// Which host gets which instance.
//
//   instances wanted + where they were + free slots ──place──▶ a host for each
//
// Every instance takes one slot; where slots are shared, a slot counts as an instance of operator 0 here, and
// holds one of each. A rescale is stable: an instance (operator, index) that was placed before
// stays where it was while there is room and the policy still allows that host; only the others are chosen
// anew.

namespace weir {

struct LogicalGraph;

struct InstanceToPlace {
  int operator_id = 0;
  int index = 0;
};

// One for each slot that a job of this parallelism takes (slots.hpp).
std::vector<InstanceToPlace> slots_wanted(const std::vector<int>& parallelism, bool shared);

struct PlacedInstance {
  int operator_id = 0;
  int index = 0;
  int host = 0;
};

struct PlacementContext {
  std::uint64_t seed;
  std::string job;
  const Cluster& cluster;
  const LogicalGraph& graph;
  bool slots_shared = false;
};

// What is left while instances are placed one after the other.
struct PlacementState {
  std::vector<int> free_slots;         // by host
  std::vector<PlacedInstance> placed;  // so far, kept ones included
  bool has_room(int host) const { return free_slots[static_cast<std::size_t>(host)] > 0; }
  int hosts() const { return static_cast<int>(free_slots.size()); }
};

class Placement {
 public:
  static constexpr RegistryKind registry_kind{"placement", "placements"};

  explicit Placement(const PlacementContext& context) : cluster_(context.cluster) {}
  virtual ~Placement() = default;

  // A host for each of `wanted`, in its order; nothing when they do not fit. `free_slots` by host counts the
  // slots that `before` holds as free; empty means that all slots of the cluster are free.
  virtual std::optional<std::vector<int>> place(const std::vector<InstanceToPlace>& wanted,
                                                const std::vector<PlacedInstance>& before,
                                                const std::vector<int>& free_slots);
  // What did not fit when the last place() gave nothing, for people; empty: no more than that is known.
  virtual std::string refusal() const { return {}; }

 protected:
  // A host where the instance fits; -1 when there is none.
  virtual int choose(const InstanceToPlace& instance, const PlacementState& state) = 0;
  // May the instance stay here?
  virtual bool allowed(const InstanceToPlace&, int /*host*/) const { return true; }

 private:
  const Cluster& cluster_;
};

using PlacementRegistry = Registry<Placement, PlacementContext>;

}  // namespace weir

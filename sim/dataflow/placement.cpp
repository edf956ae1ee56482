#include "sim/dataflow/placement.hpp"

#include <algorithm>
#include <map>

#include "sim/dataflow/slots.hpp"

namespace weir {

std::vector<InstanceToPlace> slots_wanted(const std::vector<int>& parallelism, bool shared) {
  std::vector<InstanceToPlace> wanted;
  if (shared) {
    for (int i = 0; i < slots_taken(parallelism, true); ++i) wanted.push_back({0, i});
    return wanted;
  }
  for (std::size_t op = 0; op < parallelism.size(); ++op) {
    for (int i = 0; i < parallelism[op]; ++i) wanted.push_back({static_cast<int>(op), i});
  }
  return wanted;
}

std::optional<std::vector<int>> Placement::place(const std::vector<InstanceToPlace>& wanted,
                                                 const std::vector<PlacedInstance>& before,
                                                 const std::vector<int>& free_slots) {
  PlacementState state;
  for (int host = 0; host < cluster_.host_count(); ++host) {
    const HostInfo& info = cluster_.host(host);
    const int free = free_slots.empty() ? info.slots : free_slots[static_cast<std::size_t>(host)];
    state.free_slots.push_back(std::max(0, free));
  }
  std::map<std::pair<int, int>, int> was_at;
  for (const PlacedInstance& instance : before)
    was_at[{instance.operator_id, instance.index}] = instance.host;

  std::vector<int> hosts(wanted.size(), -1);
  const auto put = [&](std::size_t i, int host) {
    hosts[i] = host;
    --state.free_slots[static_cast<std::size_t>(host)];
    state.placed.push_back({wanted[i].operator_id, wanted[i].index, host});
  };
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const auto kept = was_at.find({wanted[i].operator_id, wanted[i].index});
    if (kept == was_at.end() || !state.has_room(kept->second)) continue;
    if (allowed(wanted[i], kept->second)) put(i, kept->second);
  }
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (hosts[i] >= 0) continue;
    const int host = choose(wanted[i], state);
    if (host < 0) return std::nullopt;
    put(i, host);
  }
  return hosts;
}

}  // namespace weir

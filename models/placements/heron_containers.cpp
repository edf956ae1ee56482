#include "models/placements/heron_containers.hpp"

#include <algorithm>
#include <cmath>

namespace weir {

namespace {

std::int64_t less_padding(std::int64_t capacity, std::int64_t padding_min, double percent) {
  const auto share = static_cast<std::int64_t>(std::floor(static_cast<double>(capacity) * percent / 100));
  return std::max<std::int64_t>(0, capacity - std::max(padding_min, share));
}

// `units` in one of the parameter's.
std::int64_t at_most(std::int64_t of_host, const std::optional<double>& wanted, double units) {
  return wanted ? std::min<std::int64_t>(of_host, std::llround(*wanted * units)) : of_host;
}

}  // namespace

std::vector<packing::Amounts> heron_containers(const HeronContainerParams& p,
                                               const PlacementContext& context) {
  constexpr double cores = 1e6, gib = 1024.0 * 1024 * 1024;
  std::vector<packing::Amounts> containers = PackingPlacement::whole_hosts(context);
  for (packing::Amounts& c : containers) {
    c[packing::slots] = std::min<std::int64_t>(c[packing::slots], p.instances_max);
    c[packing::micro_cores] = less_padding(at_most(c[packing::micro_cores], p.container_cores, cores),
                                           std::llround(p.padding_cores * cores), p.padding_percent);
    c[packing::bytes] = less_padding(at_most(c[packing::bytes], p.container_memory_gib, gib),
                                     std::llround(p.padding_memory_gib * gib), p.padding_percent);
  }
  return containers;
}

}  // namespace weir

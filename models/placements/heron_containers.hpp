#pragma once

#include "models/placements/packing_placement.hpp"

// Heron's containers as its packings see them: one on each host, as large as the host unless it is asked to
// be smaller, with room set aside for the stream manager and the metrics manager.

namespace weir {

// Heron's defaults: an instance has one core and 1 GiB of RAM.
struct HeronContainerParams : SizeParams {
  HeronContainerParams() {
    cores = 1;
    memory_gib = 1;
  }
  std::optional<double> container_cores;
  std::optional<double> container_memory_gib;
  double padding_cores = 1;
  double padding_memory_gib = 1;
  double padding_percent = 10;
  int instances_max = 10;
};

// Parameters of a struct that has them as base: `t` is its table.
template <class T>
void add_heron_container_params(ParamTable<T>& t);

// What the instances of a container may take together, by host: instances_max, and the container less
// max(padding, padding_percent of the container).
std::vector<packing::Amounts> heron_containers(const HeronContainerParams& params,
                                               const PlacementContext& context);

// ---------------------------------------------------------------- implementation

template <class T>
void add_heron_container_params(ParamTable<T>& t) {
  using P = HeronContainerParams;
  const char* yaml = "heron.resources.instance.cpu, .ram";
  add_size_params(t, yaml);
  t.real("container_cores", static_cast<std::optional<double> T::*>(&P::container_cores),
         {.unit = "cores",
          .help = "Of a container; default: all of its host.",
          .source = "topology.container.cpu"},
         positive());
  t.real("container_memory_gib", static_cast<std::optional<double> T::*>(&P::container_memory_gib),
         {.unit = "GiB",
          .help = "Of a container; default: all of its host.",
          .source = "topology.container.ram"},
         positive());
  t.real("padding_cores", static_cast<double T::*>(&P::padding_cores),
         {.unit = "cores",
          .help = "At least so much of a container is not for instances.",
          .source = "topology.container.cpu.padding"},
         size_range());
  t.real("padding_memory_gib", static_cast<double T::*>(&P::padding_memory_gib),
         {.unit = "GiB",
          .help = "At least so much of a container is not for instances.",
          .source = "topology.container.ram.padding"},
         size_range());
  t.real(
      "padding_percent", static_cast<double T::*>(&P::padding_percent),
      {.unit = "%",
       .help = "Of a container, cores and memory alike: not for instances, if it is more than the padding.",
       .source = "topology.container.padding.percentage"},
      between(0, 100));
  t.integer(
      "instances_max", static_cast<int T::*>(&P::instances_max),
      {.unit = "instances", .help = "In a container, at most.", .source = "topology.container.max.instances"},
      between(1, 16384));
}

}  // namespace weir

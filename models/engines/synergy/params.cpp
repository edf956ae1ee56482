#include "models/engines/synergy/params.hpp"

#include <fmt/format.h>

#include <numeric>

#include "sim/scenario/node.hpp"

namespace weir {

namespace {

ParamTable<SynergyResource> resource_table() {
  ParamTable<SynergyCapacity> capacity("capacity of a node");
  capacity.real("per_s", &SynergyCapacity::per_s,
                {.unit = "1/s", .help = "What this node has of it each second, in any unit."}, positive());
  capacity.required("per_s");
  ParamTable<SynergyUse> use("use of an operator");
  use.real("per_record", &SynergyUse::per_record, {.help = "What a record takes of it, in the same unit."},
           between(0, 1e12));
  use.required("per_record");
  ParamTable<SynergyResource> t("resource");
  t.text("name", &SynergyResource::name, {.help = "Its name, e.g. bandwidth."});
  t.required("name");
  t.real("per_s", &SynergyResource::per_s,
         {.unit = "1/s", .help = "What each node has of it each second, in any unit."}, positive());
  t.objects("nodes", &SynergyResource::nodes, capacity,
            {.help = "Nodes that have another capacity, by host."});
  t.objects("uses", &SynergyResource::uses, use, {.help = "By operator; those that are not named use none."});
  return t;
}

ParamTable<SynergyFactors> factors_table(const char* title, const char* help) {
  ParamTable<SynergyFactors> t(title);
  t.reals("by_instance", &SynergyFactors::by_instance, {.help = help}, between(0, 1e6));
  t.required("by_instance");
  return t;
}

}  // namespace

ParamTable<SynergyParams> synergy_table() {
  ParamTable<SynergyParams> t("engine synergy");
  const char* unpublished = "not published";
  t.objects(
      "resources", &SynergyParams::resources, resource_table(),
      {.help = "Resources of nodes besides the processor. A record takes its share of each, first come first "
               "served, before it is processed."});
  t.objects(
      "cost_factors", &SynergyParams::cost_factors,
      factors_table("cost factors of an operator", "Of each instance, in their order."),
      {.help = "By operator: how many times the operator's cost a record costs its instances, besides the "
               "speed of their hosts."});
  t.objects("shares", &SynergyParams::shares,
            factors_table("shares of an operator", "Of each instance, in their order; they add up to 1."),
            {.help = "By operator: the shares of its input with which its instances begin."});
  t.choice(
      "composition", &SynergyParams::composition,
      {.help =
           "Shares to begin with, where none are given: all alike, or those of the plan that uses the least "
           "part of the nodes' capacity at the rates at the start, if they are feasible.",
       .source = "minimum cost: RASC, of the same authors; its cost function is not published here"},
      {{"even", Composition::even}, {"cheapest", Composition::cheapest}});
  t.real("queue_ms", &SynergyParams::queue_ms,
         {.unit = "ms",
          .help =
              "Work that waits at a node, at most, for its processor and for each other resource; what comes "
              "on top of that is dropped.",
          .source = unpublished},
         positive());
  t.real("deadline_ms", &SynergyParams::deadline_ms,
         {.unit = "ms", .help = "A unit that is delivered with more latency is late.", .source = unpublished},
         positive());
  t.real("reconfiguration_ms", &SynergyParams::reconfiguration_ms,
         {.unit = "ms", .help = "From a decision until rates are split by it.", .source = unpublished},
         between(0, 1e9));
  t.real("metrics_interval_s", &SynergyParams::metrics_interval_s,
         {.unit = "s", .help = "Length of a metric window.", .source = unpublished},
         Range{.low = 1e-3, .high = 1e6});
  t.real("metrics_delay_s", &SynergyParams::metrics_delay_s,
         {.unit = "s", .help = "How late a window reaches the policy."}, between(0, 1e6));
  t.check({"shares"}, [](const SynergyParams& p, const Node& at, Errors& errors) {
    for (const auto& [name, of] : p.shares) {
      const double sum = std::accumulate(of.by_instance.begin(), of.by_instance.end(), 0.0);
      if (sum > 1 + 1e-9 || sum < 1 - 1e-9)
        errors.add(at.at_or_self("shares"), fmt::format("the shares of {:?} add up to {}", name, sum), "1");
    }
  });
  return t;
}

}  // namespace weir

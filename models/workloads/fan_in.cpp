// Many sources, one operator:
//
//   source-1 ─┐
//   …         ├─▶ merge (the sink)
//   source-n ─┘

#include <fmt/format.h>

#include "models/workloads/parts.hpp"

namespace weir {
namespace {

struct FanInParams : SourcePart {
  FanInParams() { merge.cost.per_record_us = 10; }
  int sources = 3;
  Partitioning dealing = Partitioning::rebalance;
  StagePart merge;
};

ParamTable<FanInParams> table() {
  using P = FanInParams;
  ParamTable<P> t("fan-in");
  add_source_params(t, {.unit = "B", .help = "Size of each record.", .source = "chosen"});
  t.integer("sources", &P::sources,
            {.unit = "sources",
             .help = "Equal sources; each has the arrivals for itself.",
             .source = "chosen",
             .sizes = true},
            between(1, 1000));
  t.choice("partitioning", &P::dealing, {.help = "Of every edge: in turn, or at random.", .source = "chosen"},
           dealing_choices());
  t.object("merge", &P::merge, stage_table(),
           {.help = "Takes the records of all sources.", .source = "chosen: 10 us a record"});
  return t;
}

DataflowSpec make(const FanInParams& p) {
  DataflowSpec d;
  d.operators = {make_operator(p.merge, "merge", OperatorRegistry::Choice("map"), p.record_bytes)};
  for (int i = 1; i <= p.sources; ++i) {
    d.sources.push_back(make_source(p, fmt::format("source-{}", i)));
    d.edges.push_back(make_edge(d.sources.back().name, "merge", p.dealing));
  }
  return d;
}

const auto registered = WorkloadRegistry::add<FanInParams>(
    {.name = "fan-in", .help = "Many sources, one operator.", .source = "synthetic"}, table(),
    [](const FanInParams& p, WorkloadContext&) -> std::unique_ptr<Workload> {
      return std::make_unique<FixedWorkload>(make(p));
    });

}  // namespace
}  // namespace weir

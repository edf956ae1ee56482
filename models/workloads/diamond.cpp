// Two ways that meet again; every record takes both:
//
//   source ──▶ fork ─┬─▶ left ──┬─▶ join (the sink)
//                    └─▶ right ─┘

#include "models/workloads/parts.hpp"

namespace weir {
namespace {

struct DiamondParams : SourcePart {
  DiamondParams() {
    for (StagePart* stage : {&fork, &left, &right, &join}) stage->cost.per_record_us = 10;
  }
  Partitioning dealing = Partitioning::rebalance;
  StagePart fork, left, right, join;
};

ParamTable<DiamondParams> table() {
  using P = DiamondParams;
  const std::string source = "chosen: 10 us a record";
  ParamTable<P> t("diamond");
  add_source_params(t, {.unit = "B", .help = "Size of each record, everywhere.", .source = "chosen"});
  t.choice("partitioning", &P::dealing, {.help = "Of every edge: in turn, or at random.", .source = "chosen"},
           dealing_choices());
  t.object("fork", &P::fork, stage_table(), {.help = "Sends every record both ways.", .source = source});
  t.object("left", &P::left, stage_table(), {.help = "One way.", .source = source});
  t.object("right", &P::right, stage_table(), {.help = "The other way.", .source = source});
  t.object("join", &P::join, stage_table(),
           {.help = "Where both ways end: two records for each of the source.", .source = source});
  return t;
}

DataflowSpec make(const DiamondParams& p) {
  const OperatorRegistry::Choice map("map");
  DataflowSpec d;
  d.sources = {make_source(p, "source")};
  d.operators = {make_operator(p.fork, "fork", map, p.record_bytes),
                 make_operator(p.left, "left", map, p.record_bytes),
                 make_operator(p.right, "right", map, p.record_bytes),
                 make_operator(p.join, "join", map, p.record_bytes)};
  d.edges = {make_edge("source", "fork", p.dealing), make_edge("fork", "left", p.dealing),
             make_edge("fork", "right", p.dealing), make_edge("left", "join", p.dealing),
             make_edge("right", "join", p.dealing)};
  return d;
}

const auto registered = WorkloadRegistry::add<DiamondParams>(
    {.name = "diamond", .help = "Two ways that meet again; every record takes both.", .source = "synthetic"},
    table(), [](const DiamondParams& p, WorkloadContext&) -> std::unique_ptr<Workload> {
      return std::make_unique<FixedWorkload>(make(p));
    });

}  // namespace
}  // namespace weir

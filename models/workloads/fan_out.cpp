// One source, many operators; every record goes to each:
//
//            ┌─▶ branch-1
//   source ──┼─▶ …
//            └─▶ branch-n

#include <fmt/format.h>

#include "models/workloads/parts.hpp"

namespace weir {
namespace {

struct FanOutParams : SourcePart {
  FanOutParams() { branch.cost.per_record_us = 10; }
  int branches = 3;
  Partitioning dealing = Partitioning::rebalance;
  StagePart branch;
};

ParamTable<FanOutParams> table() {
  using P = FanOutParams;
  ParamTable<P> t("fan-out");
  add_source_params(t, {.unit = "B", .help = "Size of each record.", .source = "chosen"});
  t.integer("branches", &P::branches,
            {.unit = "operators",
             .help = "Equal operators; each gets every record.",
             .source = "chosen",
             .sizes = true},
            between(1, 1000));
  t.choice("partitioning", &P::dealing, {.help = "Of every edge: in turn, or at random.", .source = "chosen"},
           dealing_choices());
  t.object("branch", &P::branch, stage_table(),
           {.help = "Each of the operators.", .source = "chosen: 10 us a record"});
  return t;
}

DataflowSpec make(const FanOutParams& p) {
  DataflowSpec d;
  d.sources = {make_source(p, "source")};
  for (int i = 1; i <= p.branches; ++i) {
    d.operators.push_back(make_operator(p.branch, fmt::format("branch-{}", i),
                                        OperatorRegistry::Choice("map"), p.record_bytes));
    d.edges.push_back(make_edge("source", d.operators.back().name, p.dealing));
  }
  return d;
}

const auto registered = WorkloadRegistry::add<FanOutParams>(
    {.name = "fan-out",
     .help = "One source, many operators; every record goes to each.",
     .source = "synthetic"},
    table(), [](const FanOutParams& p, WorkloadContext&) -> std::unique_ptr<Workload> {
      return std::make_unique<FixedWorkload>(make(p));
    });

}  // namespace
}  // namespace weir

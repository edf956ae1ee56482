// Equal operators one after the other:
//
//   source ──▶ stage-1 ──▶ stage-2 ──▶ … ──▶ stage-n (the sink)

#include <fmt/format.h>

#include "models/operators/flat_map.hpp"
#include "models/workloads/parts.hpp"
#include "sim/scenario/node.hpp"

namespace weir {
namespace {

struct ChainParams : SourcePart {
  ChainParams() { stage.cost.per_record_us = 10; }
  int length = 3;
  double selectivity = 1;
  Partitioning partitioning = Partitioning::rebalance;
  StagePart stage;
};

ParamTable<ChainParams> table() {
  using P = ChainParams;
  ParamTable<P> t("chain");
  add_source_params(t, {.unit = "B", .help = "Size of each record, everywhere.", .source = "chosen"});
  t.integer("length", &P::length,
            {.unit = "operators", .help = "Operators after the source.", .source = "chosen", .sizes = true},
            between(1, 1000));
  t.real("selectivity", &P::selectivity,
         {.unit = "records out per record in",
          .help = "Of each operator; remainders are carried.",
          .source = "chosen"},
         between(0, 1000));
  t.choice(
      "partitioning", &P::partitioning,
      {.help = "Of every edge: in turn, at random, to the instance of the same index, or by key with even "
               "shares.",
       .source = "chosen"},
      {{"rebalance", Partitioning::rebalance},
       {"shuffle", Partitioning::shuffle},
       {"forward", Partitioning::forward},
       {"key", Partitioning::key}});
  t.object("stage", &P::stage, stage_table(),
           {.help = "Each of the operators.", .source = "chosen: 10 us a record"});
  t.check({"partitioning", "source_parallelism"}, [](const P& p, const Node& at, Errors& errors) {
    const Node* stage = at.find("stage");
    if (stage != nullptr ? !errors.sound(*stage, "parallelism") : !errors.sound(at, "stage")) return;
    if (p.partitioning == Partitioning::forward && p.source_parallelism != p.stage.parallelism)
      errors.add(at.at_or_self("partitioning"),
                 fmt::format("a forward edge between parallelism {} and {}", p.source_parallelism,
                             p.stage.parallelism),
                 "source_parallelism equal to stage.parallelism, or another partitioning");
  });
  return t;
}

DataflowSpec make(const ChainParams& p) {
  DataflowSpec d;
  d.sources = {make_source(p, "source")};
  std::string before = "source";
  for (int i = 1; i <= p.length; ++i) {
    const std::string name = fmt::format("stage-{}", i);
    d.operators.push_back(make_operator(p.stage, name, flat_map(p.selectivity), p.record_bytes));
    d.edges.push_back(make_edge(before, name, p.partitioning));
    before = name;
  }
  return d;
}

const auto registered = WorkloadRegistry::add<ChainParams>(
    {.name = "chain", .help = "Equal operators one after the other.", .source = "synthetic"}, table(),
    [](const ChainParams& p, WorkloadContext&) -> std::unique_ptr<Workload> {
      return std::make_unique<FixedWorkload>(make(p));
    });

}  // namespace
}  // namespace weir

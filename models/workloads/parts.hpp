#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sim/dataflow/workload.hpp"

// What the workloads have in common: how a source and a stage look as parameters, and how they become part of
// a dataflow.

namespace weir {

// Members of every workload but `dataflow`, at the top of its parameters.
struct SourcePart {
  ArrivalRegistry::Choice arrivals = ArrivalRegistry::Choice("constant");
  double record_bytes = 100;
  CostSpec source_cost;
  int source_parallelism = 1;
  WhenBlocked when_blocked = WhenBlocked::queue;
};

// An operator without its name and logic, which the workload knows.
struct StagePart {
  CostSpec cost;
  ContentionSpec contention;
  StateSpec state;
  int parallelism = 1;
  int min_parallelism = 1;
  int max_parallelism = 1 << 14;
  bool scalable = true;
};

ParamTable<StagePart> stage_table();

SourceSpec make_source(const SourcePart& part, std::string name);
OperatorSpec make_operator(const StagePart& part, std::string name, OperatorRegistry::Choice logic,
                           double output_bytes);
EdgeSpec make_edge(std::string from, std::string to, Partitioning partitioning = Partitioning::rebalance);

// Rebalance or shuffle: how records are dealt to instances that do not care which they get.
std::vector<std::pair<std::string, Partitioning>> dealing_choices();

// Adds the members of SourcePart to the table of a struct that derives from it. `record_bytes` is the name of
// that parameter.
template <class P>
void add_source_params(ParamTable<P>& t, const ParamText& record, const char* record_bytes = "record_bytes") {
  t.template component<ArrivalRegistry>(
      "arrivals", static_cast<ArrivalRegistry::Choice P::*>(&SourcePart::arrivals),
      {.help = "When records arrive at the source, all its instances together.", .source = "chosen"});
  t.real(record_bytes, static_cast<double P::*>(&SourcePart::record_bytes), record, between(0, 1e12));
  t.object("source_cost", static_cast<CostSpec P::*>(&SourcePart::source_cost), cost_table(),
           {.help = "What emitting a record costs the source.", .source = "chosen"});
  t.integer("source_parallelism", static_cast<int P::*>(&SourcePart::source_parallelism),
            {.unit = "instances",
             .help = "Instances of the source; policies do not change it.",
             .source = "chosen",
             .sizes = true},
            between(1, 16384));
  t.choice(
      "when_blocked", static_cast<WhenBlocked P::*>(&SourcePart::when_blocked),
      {.help = "Records that arrive while the source may not emit: queue outside (a log), or skip: they are "
               "never made (a rate-limited generator).",
       .source = "chosen"},
      {{"queue", WhenBlocked::queue}, {"skip", WhenBlocked::skip}});
}

// A workload that is nothing but a dataflow made once.
class FixedWorkload final : public Workload {
 public:
  explicit FixedWorkload(DataflowSpec dataflow) : dataflow_(std::move(dataflow)) {}
  DataflowSpec dataflow() const override { return dataflow_; }

 private:
  DataflowSpec dataflow_;
};

}  // namespace weir

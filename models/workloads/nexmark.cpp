// The queries of Nexmark as Flink SQL runs them:
//
//   source (all events) ──forward──▶ calc ──key──▶ main operator ──▶ … ──▶ sink
//
// Source and calc are one chain in Flink; so are what has no exchange between. See docs/nexmark.md for what
// of each query is exact and what is not, models/workloads/nexmark/costs.hpp for where the costs come from.

#include <fmt/format.h>

#include "models/operators/keyed_count.hpp"
#include "models/operators/nexmark.hpp"
#include "models/workloads/nexmark/costs.hpp"
#include "models/workloads/parts.hpp"

namespace weir {
namespace {

using nexmark::QueryPlan;
using nexmark::Stream;

struct NexmarkQueryParams : SourcePart, NexmarkParams {
  StagePart calc, main, second, third, sink;
};

// With the defaults of one query.
template <int which>
struct ParamsOf : NexmarkQueryParams {
  ParamsOf() {
    const QueryPlan& plan = nexmark::query_plans()[which];
    query = plan.law;
    record_bytes = nexmark::event_bytes;
    source_parallelism = 8;
    const nexmark::QueryWork& work = nexmark::query_works()[which];
    const nexmark::CostConstants costs = nexmark::fitted_costs();
    const nexmark::LawTraits& traits = *nexmark::law_traits(plan.law);
    source_cost.per_record_us = work.source_us(costs);
    calc.scalable = false;
    calc.parallelism = source_parallelism;
    main.parallelism = second.parallelism = third.parallelism = 8;
    // Costs are those of an event of the source; an operator has so many records of it.
    const double main_records = traits.passed_per_event;
    main.cost.per_record_us = work.main_us(costs) / main_records;
    second.cost.per_record_us = work.second_us(costs) / (main_records * traits.outputs_per_record);
    if (plan.second == nexmark::Second::top) second.scalable = false;
    sink.scalable = false;
    for (StagePart* stage : {&calc, &second, &third, &sink})
      if (stage->cost.per_record_us == 0) stage->cost.per_record_us = nexmark::light_us;
  }
};

OperatorRegistry::Choice running(double selectivity) {
  return OperatorRegistry::Choice::of("keyed-count", KeyedCountParams{.selectivity = selectivity});
}

DataflowSpec make(const NexmarkQueryParams& p, const QueryPlan& plan) {
  DataflowSpec d;
  StagePart calc = p.calc;
  calc.parallelism = calc.min_parallelism = calc.max_parallelism = p.source_parallelism;
  d.sources = {make_source(p, "source")};
  d.operators = {make_operator(calc, "calc", nexmark_calc(p, Stream::all), plan.calc_bytes)};
  d.edges = {make_edge("source", "calc", Partitioning::forward)};
  std::string last = "calc";
  const auto then = [&](const StagePart& stage, const std::string& name, OperatorRegistry::Choice logic,
                        double bytes, Partitioning partitioning, const KeySpec& keys) {
    d.operators.push_back(make_operator(stage, name, std::move(logic), bytes));
    EdgeSpec edge = make_edge(last, name, partitioning);
    edge.keys = keys;
    d.edges.push_back(std::move(edge));
    last = name;
  };
  KeySpec of_sender, even;
  of_sender.law = KeyLaw::sender;
  if (plan.main == nexmark::Main::law)
    then(p.main, plan.main_name, nexmark_keyed(p), plan.main_bytes, Partitioning::key, of_sender);
  if (plan.main == nexmark::Main::running)
    then(p.main, plan.main_name, running(1), plan.main_bytes, Partitioning::key, even);
  if (plan.second == nexmark::Second::top)
    then(p.second, "top", nexmark_top(p), plan.main_bytes, Partitioning::key, of_sender);
  if (plan.second == nexmark::Second::highest)
    then(p.second, plan.second_name, running(plan.highest_share), plan.main_bytes, Partitioning::key, even);
  if (plan.third_name != nullptr)
    then(p.third, plan.third_name, running(1), plan.main_bytes, Partitioning::key, nexmark::category_keys());
  then(p.sink, "sink", OperatorRegistry::Choice("sink"), 0, Partitioning::rebalance, {});
  return d;
}

template <int which>
ParamTable<ParamsOf<which>> table() {
  using P = ParamsOf<which>;
  const QueryPlan& plan = nexmark::query_plans()[which];
  ParamTable<P> t(plan.name);
  add_source_params(
      t, {.unit = "B", .help = "Size of an event.", .source = "nexmark-flink: shares and mean sizes"},
      "event_bytes");
  add_nexmark_params(t, nexmark::law_inputs(plan.law, plan.main == nexmark::Main::law));
  const auto stage = [&](const char* name, StagePart NexmarkQueryParams::*part, const char* help) {
    t.object(name, static_cast<StagePart P::*>(part), stage_table(),
             {.help = help, .source = nexmark::cost_source});
  };
  stage("calc", &NexmarkQueryParams::calc,
        "Projection and filters; as many instances as the source has, whose chain it is part of.");
  if (plan.main != nexmark::Main::none) stage(plan.main_name, &NexmarkQueryParams::main, plan.main_help);
  if (plan.second == nexmark::Second::top)
    stage("top", &NexmarkQueryParams::second, "The largest of each window, which is its key.");
  if (plan.second == nexmark::Second::highest)
    stage(plan.second_name, &NexmarkQueryParams::second, plan.second_help);
  if (plan.third_name != nullptr) stage(plan.third_name, &NexmarkQueryParams::third, plan.third_help);
  stage("sink", &NexmarkQueryParams::sink, "Takes results and does nothing.");
  return t;
}

template <int which>
struct Registered {
  Registered() {
    const QueryPlan& plan = nexmark::query_plans()[which];
    WorkloadRegistry::add<ParamsOf<which>>(
        {.name = plan.name,
         .help = plan.help,
         .source = "nexmark-flink, queries; costs: see docs/nexmark.md"},
        table<which>(), [](const ParamsOf<which>& p, WorkloadContext&) -> std::unique_ptr<Workload> {
          return std::make_unique<FixedWorkload>(make(p, nexmark::query_plans()[which]));
        });
  }
};

template <std::size_t... which>
void register_all(std::index_sequence<which...>) {
  (Registered<static_cast<int>(which)>(), ...);
}

const bool registered = [] {
  register_all(std::make_index_sequence<nexmark::query_count>());
  return true;
}();

}  // namespace
}  // namespace weir

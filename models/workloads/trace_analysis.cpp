// A trace analysis that follows a traced system live:
//
//   source (events) ──▶ filter ──▶ structure ──key: thread──▶ analyze (state per thread) ──▶ aggregate (sink)
//
// Filter drops events that the analysis does not need, structure makes records of them (names, fields),
// analyze keeps the state of each thread (what it does, since when, whom it waits for), aggregate sums up.
// With arrivals `ctf-trace`, the sizes of events and their spread over threads are those of the trace.
//
// The shape is that of the analyses of LTTng traces; how long their steps take on a streaming engine is not
// published: all costs are chosen, for a core that reads some 200 000 events a second in one go.

#include "models/arrivals/ctf_trace.hpp"
#include "models/operators/flat_map.hpp"
#include "models/workloads/parts.hpp"

namespace weir {
namespace {

const char* const chosen = "not published; chosen";

struct TraceAnalysisParams : SourcePart {
  TraceAnalysisParams() {
    record_bytes = 0;
    source_cost.per_record_us = 0.5;
    filter.cost.per_record_us = 0.3;
    structure.cost.per_record_us = 2;
    structure.cost.per_byte_ns = 10;
    analyze.cost.per_record_us = 1.5;
    aggregate.cost.per_record_us = 1;
    aggregate.scalable = false;
    analyze.state = {200, 1024};
    keys.law = KeyLaw::uniform;
    keys.count = 200;
  }
  double passing_share = 0.8;
  double structured_bytes = 64;
  double updates_per_event = 0.01;
  bool measured = true;
  KeySpec keys;
  StagePart filter, structure, analyze, aggregate;
};

// Where nothing was measured: the mean of LTTng's kernel events is of that order.
constexpr double event_bytes_unmeasured = 32;

ParamTable<TraceAnalysisParams> table() {
  using P = TraceAnalysisParams;
  ParamTable<P> t("trace-analysis");
  add_source_params(
      t, {.unit = "B", .help = "Size of an event; 0: as in the trace, without one 32.", .source = chosen},
      "event_bytes");
  t.real("passing_share", &P::passing_share,
         {.unit = "share of events", .help = "What the filter lets through.", .source = chosen},
         between(0, 1));
  t.real("structured_bytes", &P::structured_bytes,
         {.unit = "B", .help = "Size of an event once it is structured.", .source = chosen},
         between(0, 1e12));
  t.real("updates_per_event", &P::updates_per_event,
         {.unit = "records out per record in",
          .help = "Partial results that the analysis of a thread sends on.",
          .source = chosen},
         between(0, 1));
  t.boolean(
      "measured_keys", &P::measured,
      {.help = "With arrivals ctf-trace: keys, and the states of as many threads, are those of the trace; "
               "else `keys` says.",
       .source = chosen});
  t.object("keys", &P::keys, keys_table(), {.help = "How events spread over threads.", .source = chosen});
  t.object("filter", &P::filter, stage_table(), {.help = "Drops what is not needed.", .source = chosen});
  t.object("structure", &P::structure, stage_table(), {.help = "Makes records of events.", .source = chosen});
  t.object("analyze", &P::analyze, stage_table(),
           {.help = "Follows each thread, which has a state of 1 KiB.", .source = chosen});
  t.object("aggregate", &P::aggregate, stage_table(), {.help = "Sums up; the sink.", .source = chosen});
  return t;
}

DataflowSpec make(const TraceAnalysisParams& p) {
  SourcePart source = p;
  EdgeSpec by_thread = make_edge("structure", "analyze", Partitioning::key);
  by_thread.keys = p.keys;
  StagePart analyze = p.analyze;
  if (const auto trace = p.arrivals.params<CtfTraceParams>()) {
    const CtfEvents& events = events_of(*trace);
    if (source.record_bytes == 0) source.record_bytes = events.mean_bytes;
    if (p.measured) {
      by_thread.keys.law = KeyLaw::weights;
      by_thread.keys.weights = events.keys;
      analyze.state.keys = static_cast<double>(events.keys.size());
    }
  } else if (source.record_bytes == 0) {
    source.record_bytes = event_bytes_unmeasured;
  }
  DataflowSpec d;
  d.sources = {make_source(source, "source")};
  d.operators = {
      make_operator(p.filter, "filter", flat_map(p.passing_share), source.record_bytes),
      make_operator(p.structure, "structure", OperatorRegistry::Choice("map"), p.structured_bytes),
      make_operator(analyze, "analyze", flat_map(p.updates_per_event), p.structured_bytes),
      make_operator(p.aggregate, "aggregate", OperatorRegistry::Choice("sink"), 0),
  };
  d.edges = {make_edge("source", "filter"), make_edge("filter", "structure"), by_thread,
             make_edge("analyze", "aggregate")};
  return d;
}

const auto registered = WorkloadRegistry::add<TraceAnalysisParams>(
    {.name = "trace-analysis",
     .help = "Events of a traced system are filtered, structured, analyzed by thread and summed up.",
     .source = "analyses of LTTng traces; costs are chosen"},
    table(), [](const TraceAnalysisParams& p, WorkloadContext&) -> std::unique_ptr<Workload> {
      return std::make_unique<FixedWorkload>(make(p));
    });

}  // namespace
}  // namespace weir

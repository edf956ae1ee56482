// The Yahoo streaming benchmark:
//
//   source (JSON events) ──forward──▶ parse ──key: campaign──▶ count (10 s windows) ──▶ sink
//
// parse deserializes, keeps views (one of three types), projects, and finds the campaign of the ad in a
// table: in Flink all of it is one chain with the source. Which events are views, and of which campaign, is
// drawn event by event; with 100 campaigns the counting cannot be spread evenly over many instances.
//
// Costs are chosen: the benchmark's published figures are of whole systems.

#include "models/operators/nexmark.hpp"
#include "models/workloads/parts.hpp"

namespace weir {
namespace {

const char* const benchmark = "yahoo/streaming-benchmarks, data/src/setup/core.clj";
const char* const chosen = "not published; chosen";

struct YahooParams : SourcePart {
  YahooParams() {
    record_bytes = 253;
    source_cost.per_record_us = 2;
    parse.cost.per_record_us = 8;
    count.cost.per_record_us = 2;
    sink.cost.per_record_us = 1;
    parse.scalable = sink.scalable = false;
  }
  double window_s = 10;
  double watermark_holdback_s = 0;
  double watermark_interval_ms = 200;
  double idle_timeout_s = 0;
  StagePart parse, count, sink;
};

ParamTable<YahooParams> table() {
  using P = YahooParams;
  ParamTable<P> t("yahoo");
  add_source_params(
      t, {.unit = "B", .help = "Size of an event.", .source = "mean of the format's fields: 253 B"},
      "event_bytes");
  t.real("window_s", &P::window_s, {.unit = "s", .help = "Size of the windows.", .source = benchmark},
         between(0.1, 1e6));
  t.real("watermark_holdback_s", &P::watermark_holdback_s,
         {.unit = "s", .help = "By how much watermarks are behind the latest event.", .source = chosen},
         between(0, 1e6));
  t.real("watermark_interval_ms", &P::watermark_interval_ms,
         {.unit = "ms",
          .help = "A source instance sends a watermark so often; 0: with every batch.",
          .source = "Flink, pipeline.auto-watermark-interval"},
         between(0, 1e9));
  t.real("idle_timeout_s", &P::idle_timeout_s,
         {.unit = "s",
          .help = "A source instance that has sent nothing for so long holds no watermark back; 0: it does "
                  "for ever.",
          .source = "Flink, WatermarkStrategy.withIdleness; none is set by default"},
         between(0, 1e9));
  t.object("parse", &P::parse, stage_table(),
           {.help = "Deserializes, filters, projects and joins; as many instances as the source has.",
            .source = chosen});
  t.object("count", &P::count, stage_table(),
           {.help = "Counts the views of each of 100 campaigns by window.", .source = chosen});
  t.object("sink", &P::sink, stage_table(), {.help = "The store of results.", .source = chosen});
  return t;
}

DataflowSpec make(const YahooParams& p) {
  NexmarkParams law;
  law.query = "yahoo";
  law.window_s = law.slide_s = p.window_s;
  law.watermark_holdback_s = p.watermark_holdback_s;
  law.watermark_interval_ms = p.watermark_interval_ms;
  law.idle_timeout_s = p.idle_timeout_s;
  StagePart parse = p.parse;
  parse.parallelism = parse.min_parallelism = parse.max_parallelism = p.source_parallelism;
  constexpr double projected_bytes = 40;  // an ad's campaign and a time
  DataflowSpec d;
  d.sources = {make_source(p, "source")};
  d.operators = {make_operator(parse, "parse", nexmark_calc(law, nexmark::Stream::all), projected_bytes),
                 make_operator(p.count, "count", nexmark_keyed(law), projected_bytes),
                 make_operator(p.sink, "sink", OperatorRegistry::Choice("sink"), 0)};
  EdgeSpec by_campaign = make_edge("parse", "count", Partitioning::key);
  by_campaign.keys.law = KeyLaw::sender;
  d.edges = {make_edge("source", "parse", Partitioning::forward), by_campaign, make_edge("count", "sink")};
  return d;
}

const auto registered = WorkloadRegistry::add<YahooParams>(
    {.name = "yahoo",
     .help = "The Yahoo streaming benchmark: views of 100 campaigns are counted in windows.",
     .source =
         "Chintapalli et al., Benchmarking streaming computation engines, IPDPSW 2016; costs are chosen"},
    table(), [](const YahooParams& p, WorkloadContext&) -> std::unique_ptr<Workload> {
      return std::make_unique<FixedWorkload>(make(p));
    });

}  // namespace
}  // namespace weir

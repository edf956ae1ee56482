// The queries of Nexmark as DS2's authors ran them on Flink: written against the DataStream API, chaining
// off, a source for each kind of event, one main operator that is scaled while everything else stays:
//
//   bids ──▶ [watermarks ──key──▶] main ──▶ sink
//   auctions ──▶ watermarks ──key──▶ main (join) ──▶ sink
//   persons ──▶ watermarks ──key──┘
//
// Rates are those of the paper (Table 3). Costs of main operators are chosen so that as many instances as the
// paper indicates bear them (Table 4): that is calibration, whatever it shows. Sources cost nothing.

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "models/arrivals/constant.hpp"
#include "models/operators/flat_map.hpp"
#include "models/operators/nexmark.hpp"
#include "models/workloads/nexmark/costs.hpp"
#include "models/workloads/parts.hpp"

namespace weir {
namespace {

using nexmark::Stream;

struct Ds2Query {
  const char* name;
  const char* help;
  const char* law;  // of the main operator; null: it has none, each record is one of its own
  const char* main_name;
  double main_us;      // the middle of what Table 4 allows at the indicated parallelism
  double selectivity;  // without a law
  double bids_per_s, auctions_per_s, persons_per_s;
  int bid_sources, auction_sources, person_sources;
  bool generator_time;  // event times by the generators' own clocks
  double window_s, slide_s;
};

// Source parallelism: of Q8 that of the published example, else so that an instance makes at most 100 000 a
// second (the published default) and people and auctions of Q3 keep step.
constexpr std::array<Ds2Query, 6> queries = {{
    {"ds2-nexmark-q1", "Currency conversion, 4 M bids/s.", nullptr, "map", 3.87, 1, 4e6, 0, 0, 40, 0, 0,
     false, 10, 10},
    {"ds2-nexmark-q2", "Selection, 4 M bids/s.", nullptr, "filter", 3.37, 1.0 / 123, 4e6, 0, 0, 40, 0, 0,
     false, 10, 10},
    {"ds2-nexmark-q3", "Incremental join of 500 K auctions/s with 100 K people/s.", "ds2-q3", "join", 35.5, 0,
     0, 5e5, 1e5, 0, 5, 1, false, 10, 10},
    {"ds2-nexmark-q5", "Sliding windows over 500 K bids/s.", "ds2-q5", "window", 31.0, 0, 5e5, 0, 0, 5, 0, 0,
     true, 3600, 60},
    {"ds2-nexmark-q8", "Tumbling window join of 420 K auctions/s with 120 K people/s.", "ds2-q8",
     "window-join", 17.6, 0, 0, 4.2e5, 1.2e5, 0, 6, 4, false, 10, 10},
    {"ds2-nexmark-q11", "Session windows over 1 M bids/s.", "ds2-q11", "session", 27.5, 0, 1e6, 0, 0, 10, 0,
     0, true, 10, 10},
}};

struct Ds2Params : NexmarkParams {
  ArrivalRegistry::Choice bids, auctions, persons;  // empty: of the paper's rate
  int bid_sources = 1, auction_sources = 1, person_sources = 1;
  WhenBlocked when_blocked = WhenBlocked::queue;
  double selectivity = 1;
  StagePart main, sink;
};

template <std::size_t which>
struct ParamsOf : Ds2Params {
  ParamsOf() {
    const Ds2Query& q = queries[which];
    if (q.law != nullptr) query = q.law;
    replicated = balanced = true;
    event_time = q.generator_time ? nexmark::EventTime::generator : nexmark::EventTime::arrival;
    window_s = q.window_s;
    slide_s = q.slide_s;
    watermark_holdback_s = 0;
    bid_sources = std::max(1, q.bid_sources);
    auction_sources = std::max(1, q.auction_sources);
    person_sources = std::max(1, q.person_sources);
    selectivity = q.selectivity;
    main.parallelism = 8;
    main.cost.per_record_us = q.main_us;
    main.max_parallelism = 36;
    sink.scalable = false;
    sink.cost.per_record_us = nexmark::light_us;
  }
};

void add_source(DataflowSpec& d, const Ds2Params& p, const Ds2Query& q, const char* name, Stream stream) {
  const bool bids = stream == Stream::bids, persons = stream == Stream::persons;
  SourcePart part;
  part.arrivals = bids ? p.bids : persons ? p.persons : p.auctions;
  part.record_bytes = bids ? 100 : persons ? 200 : 500;
  part.source_parallelism = bids ? p.bid_sources : persons ? p.person_sources : p.auction_sources;
  part.when_blocked = p.when_blocked;
  d.sources.push_back(make_source(part, name));
  if (q.law == nullptr) {
    d.edges.push_back(make_edge(name, q.main_name));
    return;
  }
  StagePart stage;
  stage.parallelism = stage.min_parallelism = stage.max_parallelism = part.source_parallelism;
  stage.scalable = false;
  stage.cost.per_record_us = nexmark::light_us;
  const std::string calc =
      fmt::format("{}-{}", name, persons && p.query == "ds2-q3" ? "filter" : "watermarks");
  d.operators.push_back(make_operator(stage, calc, nexmark_calc(p, stream), part.record_bytes));
  d.edges.push_back(make_edge(name, calc, Partitioning::forward));
  EdgeSpec by_key = make_edge(calc, q.main_name, Partitioning::key);
  by_key.keys.law = KeyLaw::sender;
  d.edges.push_back(by_key);
}

DataflowSpec make(const Ds2Params& p, const Ds2Query& q) {
  DataflowSpec d;
  if (q.bids_per_s > 0) add_source(d, p, q, "bids", Stream::bids);
  if (q.auctions_per_s > 0) add_source(d, p, q, "auctions", Stream::auctions);
  if (q.persons_per_s > 0) add_source(d, p, q, "persons", Stream::persons);
  d.operators.push_back(
      make_operator(p.main, q.main_name, q.law != nullptr ? nexmark_keyed(p) : flat_map(p.selectivity), 40));
  d.operators.push_back(make_operator(p.sink, "sink", OperatorRegistry::Choice("sink"), 0));
  d.edges.push_back(make_edge(q.main_name, "sink"));
  return d;
}

template <std::size_t which>
ParamTable<ParamsOf<which>> table() {
  using P = ParamsOf<which>;
  const Ds2Query& q = queries[which];
  ParamTable<P> t(q.name);
  const auto source = [&](const char* name, double rate_per_s, ArrivalRegistry::Choice Ds2Params::*arrivals,
                          const char* instances, int Ds2Params::*parallelism) {
    if (rate_per_s == 0) return;
    t.template component<ArrivalRegistry>(
        name, static_cast<ArrivalRegistry::Choice P::*>(arrivals),
        {.help = "When they arrive, at all instances of their source together; none: "
                 "constantly, at the paper's rate.",
         .source = "DS2, OSDI 2018, Table 3"});
    t.integer(
        instances, static_cast<int P::*>(parallelism),
        {.unit = "instances",
         .help = "Of the source; policies do not change it.",
         .source = "Q8: the published example; else at most 100 000 records/s each, the published default",
         .sizes = true},
        between(1, 16384));
  };
  source("bids", q.bids_per_s, &Ds2Params::bids, "bid_sources", &Ds2Params::bid_sources);
  source("auctions", q.auctions_per_s, &Ds2Params::auctions, "auction_sources", &Ds2Params::auction_sources);
  source("persons", q.persons_per_s, &Ds2Params::persons, "person_sources", &Ds2Params::person_sources);
  t.choice(
      "when_blocked", static_cast<WhenBlocked P::*>(&Ds2Params::when_blocked),
      {.help =
           "Records that arrive while a source may not emit: queue outside, or skip: they are never made.",
       .source = "chosen"},
      {{"queue", WhenBlocked::queue}, {"skip", WhenBlocked::skip}});
  if (q.law != nullptr) {
    add_nexmark_params(t, nexmark::law_inputs(q.law, true));
  } else {
    t.real("selectivity", static_cast<double P::*>(&Ds2Params::selectivity),
           {.unit = "records out per record in",
            .help = "Q2: DS2's five auctions are over in the first second, after which nothing passes; the "
                    "default is "
                    "what Beam's query lets through.",
            .source = "Q1: a map; Q2: 1 of 123"},
           between(0, 1));
  }
  t.object(
      q.main_name, static_cast<StagePart P::*>(&Ds2Params::main), stage_table(),
      {.help = "The operator that is scaled.",
       .source = "cost: calibrated, the middle of what DS2's Table 4 allows at the indicated parallelism"});
  t.object("sink", static_cast<StagePart P::*>(&Ds2Params::sink), stage_table(),
           {.help = "Takes results and does nothing.", .source = "chosen"});
  return t;
}

ArrivalRegistry::Choice at_rate(const ArrivalRegistry::Choice& chosen, double rate_per_s) {
  if (!chosen.empty()) return chosen;
  return ArrivalRegistry::Choice::of("constant", ConstantParams{.rate_per_s = rate_per_s});
}

template <std::size_t which>
struct Registered {
  Registered() {
    const Ds2Query& q = queries[which];
    WorkloadRegistry::add<ParamsOf<which>>(
        {.name = q.name, .help = q.help, .source = "DS2, OSDI 2018, section 5.4, and its published code"},
        table<which>(), [](const ParamsOf<which>& params, WorkloadContext&) -> std::unique_ptr<Workload> {
          const Ds2Query& mine = queries[which];
          Ds2Params p = params;
          p.bids = at_rate(p.bids, mine.bids_per_s);
          p.auctions = at_rate(p.auctions, mine.auctions_per_s);
          p.persons = at_rate(p.persons, mine.persons_per_s);
          return std::make_unique<FixedWorkload>(make(p, mine));
        });
  }
};

template <std::size_t... which>
bool register_all(std::index_sequence<which...>) {
  (Registered<which>(), ...);
  return true;
}

const bool registered = register_all(std::make_index_sequence<queries.size()>());

}  // namespace
}  // namespace weir

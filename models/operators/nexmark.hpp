#pragma once

#include <memory>
#include <utility>

#include "models/workloads/nexmark/query_model.hpp"
#include "sim/dataflow/operator.hpp"
#include "sim/kernel/time.hpp"
#include "sim/scenario/errors.hpp"
#include "sim/scenario/node.hpp"
#include "sim/scenario/params.hpp"

// The operators of Nexmark's queries. Those of one job that have the same parameters share the law of their
// query (query_model.hpp).

namespace weir {

struct NexmarkParams {
  std::string query = "q5";
  nexmark::EventConfig events;
  nexmark::EventTime event_time = nexmark::EventTime::arrival;
  double delay_us = 10'000;
  bool replicated = false;
  bool balanced = false;
  double window_s = 10;
  double slide_s = 2;
  double gap_s = 10;
  double watermark_holdback_s = 4;
  double watermark_interval_ms = 200;
  double idle_timeout_s = 0;
};

struct NexmarkCalcParams : NexmarkParams {
  nexmark::Stream stream = nexmark::Stream::all;
};

OperatorRegistry::Choice nexmark_calc(const NexmarkParams& params, nexmark::Stream stream);
OperatorRegistry::Choice nexmark_keyed(const NexmarkParams& params);
OperatorRegistry::Choice nexmark_top(const NexmarkParams& params);

ParamTable<nexmark::EventConfig> nexmark_events_table();

inline constexpr const char* nexmark_constants = "nexmark-flink, queries/q*.sql and ddl_gen.sql";

// A member of NexmarkParams, of a struct that derives from it (or is it).
template <class P, class Field>
Field P::*nexmark_member(Field NexmarkParams::*field) {
  return static_cast<Field P::*>(field);
}

template <class P>
void add_nexmark_event_time(ParamTable<P>& t) {
  t.choice("event_time", nexmark_member<P>(&NexmarkParams::event_time),
           {.help = "arrival: an event's time is when it arrives at its source, in whole milliseconds, as of "
                    "a generator that keeps to its rate; generator: it follows a clock of each source "
                    "instance, whenever the event is sent.",
            .source = "nexmark-flink; generator: DS2's published sources"},
           {{"arrival", nexmark::EventTime::arrival}, {"generator", nexmark::EventTime::generator}});
  t.real("event_delay_us", nexmark_member<P>(&NexmarkParams::delay_us),
         {.unit = "us",
          .help = "event_time generator: from one event to the next.",
          .source = "Beam's defaults, which DS2's sources use: 10 000 events/s by 100 generators"},
         between(0.001, 1e9));
}

template <class P>
void add_nexmark_slide(ParamTable<P>& t) {
  t.real("slide_s", nexmark_member<P>(&NexmarkParams::slide_s),
         {.unit = "s",
          .help = "From one window to the next (Q5); divides the size.",
          .source = nexmark_constants},
         between(0.1, 1e6));
  t.check({"window_s", "slide_s"}, [](const P& p, const Node& at, Errors& errors) {
    const std::int64_t window = to_nanos(p.window_s) / 1'000'000, slide = to_nanos(p.slide_s) / 1'000'000;
    if (window % slide != 0)
      errors.add(at.at_or_self("slide_s"), "does not divide window_s",
                 "window_s in whole slides, in milliseconds");
  });
}

template <class P>
void add_nexmark_watermarks(ParamTable<P>& t) {
  t.real("watermark_holdback_s", nexmark_member<P>(&NexmarkParams::watermark_holdback_s),
         {.unit = "s",
          .help = "By how much watermarks are behind the latest event.",
          .source = nexmark_constants},
         between(0, 1e6));
  t.real("watermark_interval_ms", nexmark_member<P>(&NexmarkParams::watermark_interval_ms),
         {.unit = "ms",
          .help = "A source instance sends a watermark so often; 0: with every batch.",
          .source = "Flink, pipeline.auto-watermark-interval"},
         between(0, 1e9));
  t.real("idle_timeout_s", nexmark_member<P>(&NexmarkParams::idle_timeout_s),
         {.unit = "s",
          .help = "A source instance that has sent nothing for so long holds no watermark back; 0: it does "
                  "for ever.",
          .source = "Flink, WatermarkStrategy.withIdleness; none is set by default"},
         between(0, 1e9));
}

// How events and windows are, at the top of the table of a struct that derives from NexmarkParams (or is it):
// what a query looks at, and nothing else.
template <class P>
void add_nexmark_params(ParamTable<P>& t, const nexmark::LawInputs& looks_at = {}) {
  t.object("generator", nexmark_member<P>(&NexmarkParams::events), nexmark_events_table(),
           {.help = "The laws of the generator.", .source = "nexmark-flink, NexmarkConfiguration.java"});
  if (looks_at.event_time) add_nexmark_event_time(t);
  t.boolean("replicated", nexmark_member<P>(&NexmarkParams::replicated),
            {.help = "All source instances make the same events.", .source = "DS2's published sources"});
  if (looks_at.keys)
    t.boolean("balanced", nexmark_member<P>(&NexmarkParams::balanced),
              {.help = "Records go to all instances of the keyed operator alike, as if no key were hot; what "
                       "they cause stays the same.",
               .source = "DS2: true, see the page on Nexmark; else false"});
  if (looks_at.windows)
    t.real("window_s", nexmark_member<P>(&NexmarkParams::window_s),
           {.unit = "s", .help = "Size of windows (Q5, Q7, Q8, Q12).", .source = nexmark_constants},
           between(0.1, 1e6));
  if (looks_at.slides) add_nexmark_slide(t);
  if (looks_at.sessions)
    t.real("gap_s", nexmark_member<P>(&NexmarkParams::gap_s),
           {.unit = "s",
            .help = "A session ends so long after its last bid (Q11).",
            .source = nexmark_constants},
           between(0.1, 1e6));
  if (looks_at.watermarks) add_nexmark_watermarks(t);
}

}  // namespace weir

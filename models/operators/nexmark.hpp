#pragma once

#include <memory>
#include <type_traits>
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

// The members of NexmarkParams that say how event times and windows are, at the top of the table of a struct
// that derives from it (or is it).
template <class P>
void add_nexmark_params(ParamTable<P>& t) {
  const char* const constants = "nexmark-flink, queries/q*.sql and ddl_gen.sql";
  const auto member = [](auto NexmarkParams::*field) {
    using Field = std::remove_reference_t<decltype(std::declval<NexmarkParams>().*field)>;
    return static_cast<Field P::*>(field);
  };
  t.object("generator", member(&NexmarkParams::events), nexmark_events_table(),
           {.help = "The laws of the generator.", .source = "nexmark-flink, NexmarkConfiguration.java"});
  t.choice(
      "event_time", member(&NexmarkParams::event_time),
      {.help = "arrival: an event's time is when it arrives at its source, in whole milliseconds, as of a "
               "generator that keeps to its rate; generator: it follows a clock of each source instance, "
               "whenever the event is sent.",
       .source = "nexmark-flink; generator: DS2's published sources"},
      {{"arrival", nexmark::EventTime::arrival}, {"generator", nexmark::EventTime::generator}});
  t.real("event_delay_us", member(&NexmarkParams::delay_us),
         {.unit = "us",
          .help = "event_time generator: from one event to the next.",
          .source = "Beam's defaults, which DS2's sources use: 10 000 events/s by 100 generators"},
         between(0.001, 1e9));
  t.boolean("replicated", member(&NexmarkParams::replicated),
            {.help = "All source instances make the same events.", .source = "DS2's published sources"});
  t.boolean(
      "balanced", member(&NexmarkParams::balanced),
      {.help =
           "Records go to all instances of the keyed operator alike, as if no key were hot; what they cause "
           "stays the same.",
       .source = "DS2: true, see the page on Nexmark; else false"});
  t.real("window_s", member(&NexmarkParams::window_s),
         {.unit = "s", .help = "Size of windows (Q5, Q7, Q8, Q12).", .source = constants}, between(0.1, 1e6));
  t.real("slide_s", member(&NexmarkParams::slide_s),
         {.unit = "s", .help = "From one window to the next (Q5); divides the size.", .source = constants},
         between(0.1, 1e6));
  t.real("gap_s", member(&NexmarkParams::gap_s),
         {.unit = "s", .help = "A session ends so long after its last bid (Q11).", .source = constants},
         between(0.1, 1e6));
  t.real("watermark_holdback_s", member(&NexmarkParams::watermark_holdback_s),
         {.unit = "s", .help = "By how much watermarks are behind the latest event.", .source = constants},
         between(0, 1e6));
  t.real("watermark_interval_ms", member(&NexmarkParams::watermark_interval_ms),
         {.unit = "ms",
          .help = "A source instance sends a watermark so often; 0: with every batch.",
          .source = "Flink, pipeline.auto-watermark-interval"},
         between(0, 1e9));
  t.real(
      "idle_timeout_s", member(&NexmarkParams::idle_timeout_s),
      {.unit = "s",
       .help = "A source instance that has sent nothing for so long holds no watermark back; 0: it does for "
               "ever.",
       .source = "Flink, WatermarkStrategy.withIdleness; none is set by default"},
      between(0, 1e9));
  t.check({"window_s", "slide_s"}, [](const P& p, const Node& at, Errors& errors) {
    const std::int64_t window = to_nanos(p.window_s) / 1'000'000, slide = to_nanos(p.slide_s) / 1'000'000;
    if (window % slide != 0)
      errors.add(at.at_or_self("slide_s"), "does not divide window_s",
                 "window_s in whole slides, in milliseconds");
  });
}

}  // namespace weir

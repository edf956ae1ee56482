#pragma once

#include "sim/scenario/params.hpp"

// What it costs a simulated system to trace itself, as instrumentation for SnailTrail or DS2 does: time of
// its workers, which is overhead and not useful. Whether weir records a trace of the run (--trace) has
// nothing to do with it.
//
// Events, of a service: one for the batch that comes in, one for each that was sent since the last service,
// and two (begin and end) for each part of it: buffer, deserialization, processing, serialization.

namespace weir {

struct TracingCost {
  double per_event_us = 0;
  double per_record_ns = 0;
  bool none() const { return per_event_us == 0 && per_record_ns == 0; }
};

// The parameter "tracing_cost" of engines.
const ParamTable<TracingCost>& tracing_cost_table();

}  // namespace weir

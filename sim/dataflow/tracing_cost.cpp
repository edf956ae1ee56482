#include "sim/dataflow/tracing_cost.hpp"

namespace weir {

const ParamTable<TracingCost>& tracing_cost_table() {
  static const ParamTable<TracingCost> table = [] {
    ParamTable<TracingCost> t("tracing_cost");
    t.real("per_event_us", &TracingCost::per_event_us,
           {.unit = "us",
            .help = "For each event that is logged: a batch sent or received, begin and end of an activity."},
           between(0, 1e6));
    t.real("per_record_ns", &TracingCost::per_record_ns,
           {.unit = "ns", .help = "For each record that is processed: counters."}, between(0, 1e9));
    return t;
  }();
  return table;
}

}  // namespace weir

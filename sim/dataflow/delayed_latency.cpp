#include "sim/dataflow/delayed_latency.hpp"

namespace weir {

void DelayedLatency::add_to(LatencyHistogram& all) const {
  for (const Class& one : classes_) {
    if (one.count == 0) continue;
    const double mean = one.mean_sum / one.count;
    all.merge_delayed(one.latency,
                      {mean, one.variance_sum / one.count - mean * mean, one.third_sum / one.count});
  }
}

void DelayedLatency::move_into(LatencyHistogram& all) {
  add_to(all);
  for (Class& one : classes_) {
    one.count = one.mean_sum = one.variance_sum = one.third_sum = 0;
    one.latency.reset();
  }
}

}  // namespace weir

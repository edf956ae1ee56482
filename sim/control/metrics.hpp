#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "sim/kernel/time.hpp"

// What a controller is told about one interval of time. The numbers are the engine's own definitions, not
// the simulator's truth: a window arrives late, may cover a restart, and knows nothing of what no engine
// can count.
//
//   instance --+                            (counters of one metric window)
//   instance --+--> OperatorMetrics --+
//   instance --+                      +--> MetricWindow --> Observation (policy.hpp)
//                   OperatorMetrics --+
//
// True rates are per second of *useful* time, observed rates per second of the window. Source: DS2, OSDI
// 2018, section 3.2. A rate that nothing was measured of is 0; has_true_rate() tells that from a slow one.

namespace weir {

// One instance during one window. useful + waiting + blocked + overhead = the window's length.
struct InstanceMetrics {
  std::int64_t records_in = 0;   // pulled and processed
  std::int64_t records_out = 0;  // pushed, counted once however many successors get a copy
  double useful_s = 0;           // deserialization, processing and serialization
  // The useful time of exactly the records in records_in and records_out, which true rates are taken from; a
  // window can begin or end in the middle of a record (Heron: sum of execute latencies; DS2's useful time is
  // likewise written per finished buffer). Negative: not told apart, take useful_s.
  double processing_s = -1;
  double waiting_s = 0;   // for input
  double blocked_s = 0;   // for room in an output
  double overhead_s = 0;  // anything else: a pause, a restart, a core that was lent to another
  // How long this instance itself held the job in backpressure, as the engine defines that (Heron:
  // __time_spent_back_pressure_by_compid of the instance whose queue is over the high water mark).
  double backpressure_s = 0;
  // Input that waited when the window ended; of a queue shared by all instances (pull) an equal share.
  double queue_records = 0;
  double queue_bytes = 0;        // the same in bytes
  double queue_records_max = 0;  // the most that waited during the window
  // When the window ended: it is the place of a container that does not run.
  bool stopped = false;

  double rated_s() const { return processing_s >= 0 ? processing_s : useful_s; }
};

struct OperatorMetrics {
  std::vector<InstanceMetrics> instances;
  // Sources only: the rate that the outside offers, over all instances. The first is the mean over the
  // window, the second what is offered when the window ends (DS2's external file of source rates). A
  // negative at-end rate means that nobody knows it: use the mean.
  double offered_per_s = 0;
  double offered_at_end_per_s = -1;
  double backlog_records = 0;  // sources only: offered and not yet taken in, when the window ended
  // Records pushed along each edge of OperatorView::downstream, in that order; empty when the engine does
  // not count by edge. An operator that sends each record to one of several successors needs it.
  std::vector<std::int64_t> records_out_by_edge;

  // How many work.
  int parallelism() const {
    return static_cast<int>(std::count_if(instances.begin(), instances.end(),
                                          [](const InstanceMetrics& i) { return !i.stopped; }));
  }
  std::int64_t records_in() const;
  std::int64_t records_out() const;
  double useful_s() const;
  double backpressure_s() const;
  double queue_records() const;
  double queue_bytes() const;

  // The target rate of a source: at the window's end if known, else the mean.
  double target_per_s() const { return offered_at_end_per_s >= 0 ? offered_at_end_per_s : offered_per_s; }

  // At least one instance processed a record in measurable time (a source: pushed one).
  bool has_true_rate() const;
  // Sum over the instances of records / useful time, in records/s. An instance without useful time tells
  // nothing about its speed; it counts as the mean of those that do, so that a window in which one
  // instance happened to get nothing does not look like a slower operator.
  double true_processing_rate_per_s() const;
  double true_output_rate_per_s() const;
  double observed_processing_rate_per_s(double window_s) const;
  double observed_output_rate_per_s(double window_s) const;
  // Records out for each record in, from the true rates as DS2 does; 0 without evidence.
  double selectivity() const;
  // Mean share of the window that the instances were useful, 0 .. 1.
  double utilization(double window_s) const;
};

// End-to-end latency of what the sinks finished during a window; all 0 if nothing was.
struct LatencySummary {
  std::int64_t records = 0;
  double mean_s = 0, p50_s = 0, p95_s = 0, p99_s = 0, max_s = 0;
};

struct MetricWindow {
  Nanos start_ns = 0, end_ns = 0;
  // Counts up with each configuration that took effect: the instances of two deployments are not the same.
  int deployment = 0;
  // False when any part of the window was a restart, or any other time in which the job did not run.
  bool running = true;
  std::vector<OperatorMetrics> operators;  // by operator id, which is a topological order
  LatencySummary latency;
  // The part of each host's processor that was there at the end; empty where nobody measures it.
  std::vector<double> node_availability;

  double duration_s() const { return to_seconds(end_ns - start_ns); }
};

// The windows as if they were one: counters are added, gauges (queues, backlog, offered at end, latency) are
// the last window's, offered_per_s is the mean. All windows must be of one deployment and there must be one.
MetricWindow merge_windows(const std::vector<const MetricWindow*>& windows);

}  // namespace weir

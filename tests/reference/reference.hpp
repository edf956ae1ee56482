#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sim/dataflow/logical_graph.hpp"

// A second simulator, as plain as can be: record by record, one sorted multimap of events, no SimGrid, no
// batches, no look-back. Written from what the headers promise (calendar.hpp: order within an instant;
// instance.hpp: inboxes, channels, blocking; work_queue.hpp: pulling; generic.cpp: rescaling;
// logical_graph.hpp: partitionings; docs/decisions/heron.md: stream managers, water marks, updates; and so
// on), to be compared with weir at batches of one record, to the nanosecond.
//
// Inputs that have oracles of their own are taken from the same components: arrival times, costs drawn by the
// record, random and weighted routes, drawn restart times. All hosts have a core for every instance, speed 1,
// and links that take no time but latency (records of no bytes) when there is more than one host.

namespace weir::test {

struct ReferenceSetup {
  LogicalGraph graph;
  std::string job = "job";
  std::uint64_t seed = 1;
  Nanos until_ns = 0;
  int hosts = 1;
  Nanos latency_ns = 0;  // between hosts
  // Of the generic engine.
  std::int64_t channel_capacity = 0;
  bool drop = false;
  double savepoint_s = 0;
  double restart_s = 0;
  double restart_per_instance_s = 0;
  double state_mb_per_s = 100;
  // Of the heron engine; restarts as above, without savepoint and state.
  bool heron = false;
  int instances_per_container = 10;
  Nanos drain_ns = 0;
  std::int64_t high_mark_bytes = 0;
  std::int64_t low_mark_bytes = 0;
  int sightings = 3;
  Nanos backpressure_delay_ns = 0;
  double restart_cv = 0;
  // Of the scripted policy.
  Nanos policy_interval_ns = 0;
  struct Step {
    Nanos at_ns;
    int operator_id;
    int parallelism;
  };
  std::vector<Step> steps;
};

// The "instances" of simulate.hpp's JSON, "latencies" (every delivery, in order: [time_ns, latency_ns]), the
// "origins" of summary.json, records "emitted" by sources, and those "lost" in each restart.
nlohmann::json reference(const ReferenceSetup& setup);

}  // namespace weir::test

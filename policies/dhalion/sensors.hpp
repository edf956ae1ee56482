#pragma once

#include <vector>

#include "policies/dhalion/params.hpp"
#include "sim/control/policy.hpp"

// What Dhalion's sensors report of each component: sums and series over the last window_s.
//
// The window is filled only with what was measured of the present deployment (a restarted Heron topology
// has new instances, whose metrics start empty), but sums are divided by the whole window_s: a component
// that has held the topology in backpressure ever since it started 150 s ago shows 500 ms/s.

namespace weir::dhalion {

struct InstanceSensors {
  double backpressure_ms_per_s = 0;  // over window_s, clipped to 1000
  double executed = 0;               // records
  double queue_records = 0;          // mean over the metric windows of what waited at their ends
  std::vector<double> queues;        // the series behind that mean
};

struct ComponentSensors {
  std::vector<InstanceSensors> instances;
  std::vector<double> times_s;  // ends of the metric windows, for `queues`
  double measured_s = 0;

  double backpressure_ms_per_s() const;  // sum over the instances: may exceed 1000
  // The same for the time that was measured, so that windows of different fill can be compared.
  double backpressure_share() const;
  double executed() const;
  double executed_per_s() const { return measured_s > 0 ? executed() / measured_s : 0; }
  double executed_per_s_per_instance() const;
  double queue_records_min() const;
  double queue_records_max() const;
  double window_s = 0;
};

// By operator id. A component of which nothing was measured has measured_s 0.
std::vector<ComponentSensors> read_sensors(const Observation& seen, const Params& p);

}  // namespace weir::dhalion

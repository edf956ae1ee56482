#pragma once

#include <string>
#include <vector>

#include "policies/dhalion/sensors.hpp"

// Symptom detectors and diagnosers: what is wrong with which component. No state, no actions.

namespace weir::dhalion {

enum class Diagnosis {
  none,  // symptoms that no diagnoser explains
  over_provisioned,
  slow_instance,
  data_skew,
  under_provisioned,
  low_throughput,  // sources emit less than the throughput objective
};

const char* to_string(Diagnosis diagnosis);

struct Symptoms {
  bool backpressure = false;   // more than the noise
  bool large_queue = false;    // all instances
  bool growing_queue = false;  // any instance
  bool rate_skew = false;
  bool queue_disparity = false;
};

// Heron's detectors, by component.
Symptoms detect(const ComponentSensors& component, const Params& p);
// "backpressure 640 ms/s, rate skew", for people.
std::string describe(const Symptoms& symptoms, const ComponentSensors& component);

// Of a component in backpressure. The paper's rule compares the executed records of the instances with
// backpressure to those without; Heron's combines the two kinds of skew.
Diagnosis diagnose(const ComponentSensors& component, const Params& p);

}  // namespace weir::dhalion

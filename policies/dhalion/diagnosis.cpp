#include "policies/dhalion/diagnosis.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace weir::dhalion {
namespace {

bool rate_skew(const ComponentSensors& component, double ratio) {
  if (component.instances.size() < 2) return false;
  const auto [least, most] = std::minmax_element(
      component.instances.begin(), component.instances.end(),
      [](const InstanceSensors& a, const InstanceSensors& b) { return a.executed < b.executed; });
  return most->executed > ratio * least->executed;
}

// Heron 0.17.8: both skews are asked for together with backpressure.
Diagnosis diagnose_heron(const ComponentSensors& component, const Params& p) {
  const Symptoms symptoms = detect(component, p);
  if (symptoms.rate_skew && symptoms.queue_disparity) return Diagnosis::data_skew;
  if (symptoms.queue_disparity) return Diagnosis::slow_instance;
  if (symptoms.rate_skew) return Diagnosis::none;
  return Diagnosis::under_provisioned;
}

// Dhalion's own code of the paper's time.
Diagnosis diagnose_paper(const ComponentSensors& component, const Params& p) {
  std::vector<double> with, without, all;
  for (const InstanceSensors& instance : component.instances) {
    (instance.backpressure_ms_per_s > 0 ? with : without).push_back(instance.executed);
    all.push_back(instance.executed);
  }
  if (with.empty() || without.empty()) return Diagnosis::under_provisioned;
  const auto mean = [](const std::vector<double>& values) {
    double sum = 0;
    for (const double v : values) sum += v;
    return sum / static_cast<double>(values.size());
  };
  if (p.skew_test == SkewTest::mad) {
    // The instances that hold the others up are one outlier, or several on one side.
    const int sign = outlier_sign(all, mean(with), p.mad_threshold);
    return sign > 0   ? Diagnosis::data_skew
           : sign < 0 ? Diagnosis::slow_instance
                      : Diagnosis::under_provisioned;
  }
  if (mean(with) > p.data_skew_ratio * mean(without)) return Diagnosis::data_skew;
  if (mean(with) < p.slow_instance_ratio * mean(without)) return Diagnosis::slow_instance;
  return Diagnosis::under_provisioned;
}

}  // namespace

const char* to_string(Diagnosis diagnosis) {
  switch (diagnosis) {
    case Diagnosis::none:
      return "none";
    case Diagnosis::over_provisioned:
      return "over-provisioned";
    case Diagnosis::slow_instance:
      return "slow instance";
    case Diagnosis::data_skew:
      return "data skew";
    case Diagnosis::under_provisioned:
      return "under-provisioned";
    case Diagnosis::low_throughput:
      return "low throughput";
  }
  return "?";
}

Symptoms detect(const ComponentSensors& component, const Params& p) {
  Symptoms symptoms;
  symptoms.backpressure = component.backpressure_ms_per_s() > p.backpressure_noise_ms_per_s.value_or(0);
  symptoms.large_queue =
      !component.instances.empty() && component.queue_records_min() > p.large_queue_records;
  if (static_cast<int>(component.times_s.size()) >= p.growing_queue_points)
    for (const InstanceSensors& instance : component.instances)
      if (slope(component.times_s, instance.queues) > p.growing_queue_per_s) symptoms.growing_queue = true;
  symptoms.rate_skew = rate_skew(component, p.rate_skew_ratio);
  symptoms.queue_disparity =
      component.instances.size() > 1 &&
      component.queue_records_max() > p.queue_disparity_ratio * component.queue_records_min();
  return symptoms;
}

std::string describe(const Symptoms& symptoms, const ComponentSensors& component) {
  std::string text = fmt::format("backpressure {:.0f} ms/s", component.backpressure_ms_per_s());
  if (symptoms.large_queue) text += ", large wait queue";
  if (symptoms.growing_queue) text += ", growing wait queue";
  if (symptoms.rate_skew) text += ", processing rate skew";
  if (symptoms.queue_disparity) text += ", wait queue disparity";
  return text;
}

Diagnosis diagnose(const ComponentSensors& component, const Params& p) {
  return p.variant == Variant::paper ? diagnose_paper(component, p) : diagnose_heron(component, p);
}

}  // namespace weir::dhalion

#include "policies/dhalion/sensors.hpp"

#include <algorithm>

namespace weir::dhalion {
namespace {

bool usable(const Observation& seen, const MetricWindow& window, const Params& p) {
  if (window.end_ns <= seen.now_ns - to_nanos(p.window_s)) return false;
  if (!window.running && !p.partial_windows) return false;
  if (window.deployment != seen.deployment && !p.earlier_deployments) return false;
  return window.operators.size() == seen.parallelism.size();
}

// What a source executes is what it emits.
void add(ComponentSensors& component, bool source, const OperatorMetrics& measured,
         const MetricWindow& window) {
  component.times_s.push_back(to_seconds(window.end_ns));
  component.measured_s += window.duration_s();
  for (std::size_t i = 0; i < component.instances.size(); ++i) {
    InstanceSensors& instance = component.instances[i];
    instance.backpressure_ms_per_s += 1000 * measured.instances[i].backpressure_s / component.window_s;
    instance.executed +=
        static_cast<double>(source ? measured.instances[i].records_out : measured.instances[i].records_in);
    instance.queues.push_back(measured.instances[i].queue_records);
  }
}

}  // namespace

double ComponentSensors::backpressure_ms_per_s() const {
  double sum = 0;
  for (const InstanceSensors& instance : instances) sum += instance.backpressure_ms_per_s;
  return sum;
}

double ComponentSensors::backpressure_share() const {
  return measured_s > 0 ? backpressure_ms_per_s() / 1000 * window_s / measured_s : 0;
}

double ComponentSensors::executed() const {
  double sum = 0;
  for (const InstanceSensors& instance : instances) sum += instance.executed;
  return sum;
}

double ComponentSensors::executed_per_s_per_instance() const {
  return instances.empty() ? 0 : executed_per_s() / static_cast<double>(instances.size());
}

double ComponentSensors::queue_records_min() const {
  double least = instances.empty() ? 0 : instances.front().queue_records;
  for (const InstanceSensors& instance : instances) least = std::min(least, instance.queue_records);
  return least;
}

double ComponentSensors::queue_records_max() const {
  double most = 0;
  for (const InstanceSensors& instance : instances) most = std::max(most, instance.queue_records);
  return most;
}

std::vector<ComponentSensors> read_sensors(const Observation& seen, const Params& p) {
  std::vector<ComponentSensors> components(seen.parallelism.size());
  for (std::size_t o = 0; o < components.size(); ++o) {
    components[o].instances.resize(static_cast<std::size_t>(seen.parallelism[o]));
    components[o].window_s = p.window_s;
    for (const MetricWindow& window : seen.windows)
      // Of another number of instances nothing can be attributed to the present ones.
      if (usable(seen, window, p) && window.operators[o].parallelism() == seen.parallelism[o])
        add(components[o], seen.job.operators[o].source, window.operators[o], window);
    for (InstanceSensors& instance : components[o].instances) {
      instance.backpressure_ms_per_s = std::min(instance.backpressure_ms_per_s, 1000.0);
      for (const double queue : instance.queues)
        instance.queue_records += queue / static_cast<double>(instance.queues.size());
    }
  }
  return components;
}

}  // namespace weir::dhalion

#include "sim/control/metrics.hpp"

#include <algorithm>

#include "sim/kernel/assert.hpp"

namespace weir {
namespace {

// Sum over the instances of count / useful time, the silent ones as the mean of the others.
template <typename Count>
double sum_of_true_rates(const std::vector<InstanceMetrics>& instances, Count count) {
  double sum = 0;
  int measured = 0, working = 0;
  for (const InstanceMetrics& instance : instances) {
    working += instance.stopped ? 0 : 1;
    if (!(instance.rated_s() > 0) || instance.records_in + instance.records_out == 0) continue;
    sum += static_cast<double>(count(instance)) / instance.rated_s();
    ++measured;
  }
  return measured == 0 ? 0 : sum / measured * static_cast<double>(working);
}

template <typename Value>
double sum_over(const std::vector<InstanceMetrics>& instances, Value value) {
  double sum = 0;
  for (const InstanceMetrics& instance : instances) sum += value(instance);
  return sum;
}

void add_counters(OperatorMetrics& sum, const OperatorMetrics& more) {
  WEIR_ASSERT(sum.instances.size() == more.instances.size(), "windows of different deployments are merged");
  for (std::size_t i = 0; i < sum.instances.size(); ++i) {
    InstanceMetrics& to = sum.instances[i];
    const InstanceMetrics& from = more.instances[i];
    to.records_in += from.records_in;
    to.records_out += from.records_out;
    to.processing_s = to.processing_s < 0 || from.processing_s < 0 ? -1 : to.processing_s + from.processing_s;
    to.useful_s += from.useful_s;
    to.waiting_s += from.waiting_s;
    to.blocked_s += from.blocked_s;
    to.overhead_s += from.overhead_s;
    to.backpressure_s += from.backpressure_s;
    to.queue_records = from.queue_records;
    to.queue_bytes = from.queue_bytes;
    to.stopped = from.stopped;
    to.queue_records_max = std::max(to.queue_records_max, from.queue_records_max);
  }
  sum.offered_at_end_per_s = more.offered_at_end_per_s;
  sum.backlog_records = more.backlog_records;
  // One window that did not count by edge leaves nothing to say about the whole.
  if (sum.records_out_by_edge.size() != more.records_out_by_edge.size()) sum.records_out_by_edge.clear();
  for (std::size_t e = 0; e < sum.records_out_by_edge.size(); ++e)
    sum.records_out_by_edge[e] += more.records_out_by_edge[e];
}

}  // namespace

std::int64_t OperatorMetrics::records_in() const {
  std::int64_t sum = 0;
  for (const InstanceMetrics& instance : instances) sum += instance.records_in;
  return sum;
}

std::int64_t OperatorMetrics::records_out() const {
  std::int64_t sum = 0;
  for (const InstanceMetrics& instance : instances) sum += instance.records_out;
  return sum;
}

double OperatorMetrics::useful_s() const {
  return sum_over(instances, [](const InstanceMetrics& i) { return i.useful_s; });
}

double OperatorMetrics::backpressure_s() const {
  return sum_over(instances, [](const InstanceMetrics& i) { return i.backpressure_s; });
}

double OperatorMetrics::queue_records() const {
  return sum_over(instances, [](const InstanceMetrics& i) { return i.queue_records; });
}

double OperatorMetrics::queue_bytes() const {
  return sum_over(instances, [](const InstanceMetrics& i) { return i.queue_bytes; });
}

bool OperatorMetrics::has_true_rate() const {
  return std::any_of(instances.begin(), instances.end(), [](const InstanceMetrics& i) {
    return i.rated_s() > 0 && i.records_in + i.records_out > 0;
  });
}

double OperatorMetrics::true_processing_rate_per_s() const {
  return sum_of_true_rates(instances, [](const InstanceMetrics& i) { return i.records_in; });
}

double OperatorMetrics::true_output_rate_per_s() const {
  return sum_of_true_rates(instances, [](const InstanceMetrics& i) { return i.records_out; });
}

double OperatorMetrics::observed_processing_rate_per_s(double window_s) const {
  return window_s > 0 ? static_cast<double>(records_in()) / window_s : 0;
}

double OperatorMetrics::observed_output_rate_per_s(double window_s) const {
  return window_s > 0 ? static_cast<double>(records_out()) / window_s : 0;
}

double OperatorMetrics::selectivity() const {
  const double in_per_s = true_processing_rate_per_s();
  return in_per_s > 0 ? true_output_rate_per_s() / in_per_s : 0;
}

double OperatorMetrics::utilization(double window_s) const {
  return window_s > 0 && !instances.empty() ? useful_s() / window_s / static_cast<double>(instances.size())
                                            : 0;
}

MetricWindow merge_windows(const std::vector<const MetricWindow*>& windows) {
  WEIR_ASSERT(!windows.empty(), "no window to merge");
  MetricWindow whole = *windows.front();
  std::vector<double> offered(whole.operators.size(), 0);
  double measured_s = 0;
  Nanos measured_ns = 0;
  for (std::size_t w = 0; w < windows.size(); ++w) {
    const MetricWindow& window = *windows[w];
    WEIR_ASSERT(window.deployment == whole.deployment, "windows of different deployments are merged");
    WEIR_ASSERT(window.operators.size() == whole.operators.size(), "windows of different jobs are merged");
    for (std::size_t o = 0; o < whole.operators.size(); ++o) {
      if (w > 0) add_counters(whole.operators[o], window.operators[o]);
      offered[o] += window.operators[o].offered_per_s * window.duration_s();
    }
    whole.running = whole.running && window.running;
    measured_s += window.duration_s();
    measured_ns += window.end_ns - window.start_ns;
  }
  for (std::size_t o = 0; o < whole.operators.size(); ++o)
    whole.operators[o].offered_per_s = measured_s > 0 ? offered[o] / measured_s : 0;
  whole.latency = windows.back()->latency;
  // Windows that were left out between the first and the last are not part of its length.
  whole.end_ns = windows.back()->end_ns;
  whole.start_ns = whole.end_ns - measured_ns;
  return whole;
}

}  // namespace weir

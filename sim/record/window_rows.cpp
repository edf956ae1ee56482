#include "sim/record/window_rows.hpp"

#include <algorithm>

#include "sim/kernel/assert.hpp"
#include "sim/record/seconds.hpp"

namespace weir {

namespace {

template <class Row>
void put_window(Row& row, const MetricWindow& window) {
  row.start_s = written_seconds(window.start_ns);
  row.end_s = written_seconds(window.end_ns);
}

}  // namespace

OperatorWindowRow operator_window_row(const MetricWindow& window, int index, std::int32_t operator_id,
                                      bool source) {
  const OperatorMetrics& metrics = window.operators.at(index);
  OperatorWindowRow row;
  put_window(row, window);
  row.operator_id = operator_id;
  row.deployment = window.deployment;
  row.running = window.running;
  row.parallelism = metrics.parallelism();
  row.records_in = metrics.records_in();
  row.records_out = metrics.records_out();
  for (const InstanceMetrics& instance : metrics.instances) {
    row.useful_s += instance.useful_s;
    row.waiting_s += instance.waiting_s;
    row.blocked_s += instance.blocked_s;
    row.overhead_s += instance.overhead_s;
    row.backpressure_s += instance.backpressure_s;
    row.queue_records += instance.queue_records;
    row.queue_bytes += instance.queue_bytes;
    row.queue_records_max += instance.queue_records_max;
  }
  if (metrics.has_true_rate()) {
    row.true_processing_rate_per_s = metrics.true_processing_rate_per_s();
    row.true_output_rate_per_s = metrics.true_output_rate_per_s();
  }
  if (window.end_ns > window.start_ns) {
    row.observed_processing_rate_per_s = metrics.observed_processing_rate_per_s(window.duration_s());
    row.observed_output_rate_per_s = metrics.observed_output_rate_per_s(window.duration_s());
  }
  if (source) {
    row.offered_per_s = metrics.offered_per_s;
    row.backlog_records = metrics.backlog_records;
  }
  return row;
}

InstanceWindowRow instance_window_row(const MetricWindow& window, int index, int instance_index,
                                      std::int32_t operator_id, std::int64_t instance_id) {
  const InstanceMetrics& metrics = window.operators.at(index).instances.at(instance_index);
  InstanceWindowRow row;
  put_window(row, window);
  row.instance_id = instance_id;
  row.operator_id = operator_id;
  row.records_in = metrics.records_in;
  row.records_out = metrics.records_out;
  row.useful_s = metrics.useful_s;
  row.waiting_s = metrics.waiting_s;
  row.blocked_s = metrics.blocked_s;
  row.overhead_s = metrics.overhead_s;
  row.backpressure_s = metrics.backpressure_s;
  row.queue_records = metrics.queue_records;
  row.queue_bytes = metrics.queue_bytes;
  row.queue_records_max = metrics.queue_records_max;
  return row;
}

JobWindowRow job_window_row(const MetricWindow& window, std::int32_t job_id,
                            const std::vector<bool>& sources) {
  WEIR_ASSERT(sources.size() == window.operators.size(), "one entry for each operator of the window");
  JobWindowRow row;
  put_window(row, window);
  row.job_id = job_id;
  row.deployment = window.deployment;
  row.running = window.running;
  row.offered_per_s = 0;
  double taken_in = 0;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (!sources[i]) continue;
    row.offered_per_s += window.operators[i].offered_per_s;
    taken_in += static_cast<double>(window.operators[i].records_out());
  }
  if (window.end_ns > window.start_ns) row.achieved_per_s = taken_in / window.duration_s();
  row.latency_count = window.latency.records;
  if (window.latency.records > 0) {
    row.latency_mean_s = window.latency.mean_s;
    row.latency_p50_s = window.latency.p50_s;
    row.latency_p95_s = window.latency.p95_s;
    row.latency_p99_s = window.latency.p99_s;
    row.latency_max_s = window.latency.max_s;
  }
  return row;
}

}  // namespace weir

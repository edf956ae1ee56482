#include "policies/flink_autoscaler/samples.hpp"

#include <algorithm>
#include <cmath>

#include "sim/control/fresh_windows.hpp"

namespace weir::flink_autoscaler {

namespace {

// Samples are kept to three decimals, but nothing becomes 0 by that (ScalingMetrics.roundMetric).
double kept(double value) {
  if (!std::isfinite(value)) return value;
  const double rounded = std::floor(value * 1000 + 0.5) / 1000;
  return rounded == 0 ? value : rounded;
}

// Flink's busy time is what is neither idle nor back-pressured.
double busy_of(const InstanceMetrics& instance, double window_s) {
  return std::clamp(window_s - instance.waiting_s - instance.blocked_s, 0.0, window_s);
}

// What an instance did in several windows.
struct Spent {
  double busy_s = 0, blocked_s = 0;
};

double aggregate(const std::vector<Spent>& instances, double elapsed_s, Aggregator aggregator) {
  double most = 0, least = elapsed_s, sum = 0;
  for (const Spent& spent : instances) {
    most = std::max(most, spent.busy_s);
    least = std::min(least, spent.busy_s);
    sum += spent.busy_s;
  }
  const auto count = static_cast<double>(std::max<std::size_t>(1, instances.size()));
  const double busy_s = aggregator == Aggregator::max   ? most
                        : aggregator == Aggregator::min ? least
                                                        : sum / count;
  return busy_s / elapsed_s;
}

}  // namespace

void SampleHistory::begin_anew(const Observation& seen, Nanos since_ns) {
  running_since_ns_ = since_ns;
  deployment_ = seen.deployment;
  samples_.clear();
  now_.assign(seen.parallelism.size(), {});
  full_ = false;
}

void SampleHistory::count(const MetricWindow& window) {
  for (std::size_t v = 0; v < now_.size(); ++v) {
    const OperatorMetrics& op = window.operators[v];
    now_[v].records_in += static_cast<double>(op.records_in());
    now_[v].records_out += static_cast<double>(op.records_out());
    for (const InstanceMetrics& instance : op.instances)
      now_[v].busy_s += busy_of(instance, window.duration_s());
  }
}

// What a source observes of its speed: only under lag, else what it observed before.
double SampleHistory::observed(std::size_t vertex, double blocked) const {
  const double read_per_s = now_[vertex].records_in_per_s;
  if (read_per_s == 0) return std::numeric_limits<double>::infinity();
  const bool behind = now_[vertex].lag_records >= options_.observed_rate_lag_threshold_s * read_per_s;
  if (behind && blocked < 1) return read_per_s / (1 - blocked);
  return mean(vertex, &VertexSample::observed_per_s, options_.observed_rate_min_observations);
}

void SampleHistory::read_gauges(const Observation& seen, const MetricWindow& newest) {
  const Nanos since_ns = newest.end_ns - to_nanos(options_.gauge_s);
  for (std::size_t v = 0; v < now_.size(); ++v) {
    std::vector<Spent> spent(newest.operators[v].instances.size());
    double elapsed_s = 0, in = 0, out = 0;
    for (const MetricWindow& window : seen.windows) {
      if (!window.running || !describes_present(seen, window)) continue;
      if (window.start_ns < std::max(since_ns, running_since_ns_) && &window != &newest) continue;
      elapsed_s += window.duration_s();
      const OperatorMetrics& op = window.operators[v];
      in += static_cast<double>(op.records_in());
      out += static_cast<double>(op.records_out());
      for (std::size_t i = 0; i < spent.size(); ++i) {
        spent[i].busy_s += busy_of(op.instances[i], window.duration_s());
        spent[i].blocked_s += op.instances[i].blocked_s;
      }
    }
    VertexSample& sample = now_[v];
    const bool source = seen.job.operators[v].source;
    // A source that does not count its input counts its output (ScalingMetrics.getNumRecordsInInternal).
    if (source && sample.records_in == 0) in = out;
    sample.busy = aggregate(spent, elapsed_s, options_.busy_aggregator);
    sample.records_in_per_s = in / elapsed_s;
    if (!source) continue;
    sample.lag_records = newest.operators[v].backlog_records;
    double blocked_s = 0;
    for (const Spent& instance : spent) blocked_s += instance.blocked_s;
    const auto instances = static_cast<double>(std::max<std::size_t>(1, spent.size()));
    sample.observed_per_s = observed(v, blocked_s / instances / elapsed_s);
  }
}

bool SampleHistory::collect(const Observation& seen) {
  // The job runs since its last restart, on purpose or not: no window tells of one that ended before.
  Nanos since_ns = std::max<Nanos>(seen.last_action_done_ns, 0);
  for (const MetricWindow& window : seen.windows)
    if (!window.running) since_ns = std::max(since_ns, window.end_ns);
  if (since_ns > running_since_ns_ || seen.deployment != deployment_)
    begin_anew(seen, std::max(since_ns, running_since_ns_));

  const MetricWindow* newest = nullptr;
  for (const MetricWindow& window : seen.windows) {
    if (window.end_ns <= std::max(last_end_ns_, running_since_ns_) || window.end_ns <= window.start_ns)
      continue;
    last_end_ns_ = window.end_ns;
    if (!window.running || !describes_present(seen, window)) continue;
    count(window);
    newest = &window;
  }
  if (newest == nullptr) return false;
  read_gauges(seen, *newest);
  Sample sample{newest->end_ns, now_};
  for (std::size_t v = 0; v < now_.size(); ++v) {
    VertexSample& vertex = sample.vertices[v];
    if (seen.job.operators[v].source && vertex.records_in == 0) vertex.records_in = vertex.records_out;
    for (const Value value : {&VertexSample::busy, &VertexSample::busy_s, &VertexSample::records_in_per_s,
                              &VertexSample::lag_records, &VertexSample::observed_per_s})
      vertex.*value = kept(vertex.*value);
  }
  samples_.push_back(std::move(sample));
  drop_old(newest->end_ns);
  return true;
}

void SampleHistory::drop_old(Nanos now_ns) {
  const Nanos window_ns = to_nanos(options_.metrics_window_s);
  const Nanos stable_ns = running_since_ns_ + to_nanos(options_.stabilization_s);
  const auto first = std::find_if(samples_.begin(), samples_.end(),
                                  [&](const Sample& sample) { return sample.time_ns >= stable_ns; });
  full_ = first != samples_.end() && now_ns >= first->time_ns + window_ns;
  if (!full_) return;
  while (samples_.front().time_ns < now_ns - window_ns) samples_.pop_front();
}

double SampleHistory::rate(std::size_t vertex, Value value) const {
  const Sample *first = nullptr, *last = nullptr;
  for (const Sample& sample : samples_) {
    if (std::isnan(sample.vertices[vertex].*value)) continue;
    (first == nullptr ? first : last) = &sample;
  }
  if (last == nullptr) return not_measured;
  const double elapsed_s = to_seconds(last->time_ns - first->time_ns);
  return (last->vertices[vertex].*value - first->vertices[vertex].*value) / elapsed_s;
}

double SampleHistory::mean(std::size_t vertex, Value value, int least) const {
  double sum = 0;
  int count = 0;
  bool any_infinite = false;
  for (const Sample& sample : samples_) {
    const double seen = sample.vertices[vertex].*value;
    if (std::isinf(seen)) any_infinite = true;
    if (!std::isfinite(seen)) continue;
    sum += seen;
    ++count;
  }
  if (count == 0) return any_infinite ? std::numeric_limits<double>::infinity() : not_measured;
  return count < least ? not_measured : sum / count;
}

}  // namespace weir::flink_autoscaler

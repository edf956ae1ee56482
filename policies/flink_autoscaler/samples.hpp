#pragma once

#include <deque>
#include <limits>
#include <vector>

#include "policies/flink_autoscaler/params.hpp"
#include "sim/control/policy.hpp"

// What the autoscaler keeps of the job's metrics: one sample a loop, of counters and of gauges that are
// already means of a minute.
//
//   metric windows --SampleHistory::collect--> Sample, Sample, Sample … --> rates over the window, means
//                                              (of the present start of the job only)
//
// Sources: ScalingMetricCollector and ScalingMetrics of apache/flink-kubernetes-operator; Flink's TimerGauge
// and MeterView. A gauge there is the mean of the last 60 s, every 5 s; here of the metric windows that begin
// in the last gauge_s before the sample, so it is that with an engine whose windows are 5 s long.

namespace weir::flink_autoscaler {

inline constexpr double not_measured = std::numeric_limits<double>::quiet_NaN();

// Of one operator at one time. Counters are since the job's start.
struct VertexSample {
  double records_in = 0, records_out = 0;
  double busy_s = 0;                     // of all instances
  double busy = 0;                       // gauge, share of the time; the largest (or least) of the instances
  double records_in_per_s = 0;           // gauge
  double lag_records = 0;                // sources
  double observed_per_s = not_measured;  // sources, see ScalingMetrics.getObservedTpr
};

struct Sample {
  Nanos time_ns = 0;
  std::vector<VertexSample> vertices;
};

class SampleHistory {
 public:
  using Value = double VertexSample::*;

  explicit SampleHistory(const Options& options) : options_(options) {}

  // Takes a sample of what has been measured since the last; false if that is nothing, or the job does not
  // run. Drops samples that are too old once the window is full.
  bool collect(const Observation& seen);
  // The window is full since the job is stable, and has what a rate takes.
  bool ready() const { return full_ && samples_.size() >= 2; }

  Nanos running_since_ns() const { return running_since_ns_; }
  std::size_t size() const { return samples_.size(); }
  const VertexSample& latest(std::size_t vertex) const { return samples_.back().vertices[vertex]; }
  // Of a counter or a gauge, in its units per second: the last less the first.
  double rate(std::size_t vertex, Value value) const;
  // The mean of what is finite; infinite if all is; not_measured of fewer than `least` values.
  double mean(std::size_t vertex, Value value, int least = 1) const;

 private:
  void begin_anew(const Observation& seen, Nanos since_ns);
  void count(const MetricWindow& window);
  void read_gauges(const Observation& seen, const MetricWindow& newest);
  double observed(std::size_t vertex, double blocked) const;
  void drop_old(Nanos now_ns);

  Options options_;
  std::deque<Sample> samples_;
  std::vector<VertexSample> now_;  // counters so far
  Nanos running_since_ns_ = -1, last_end_ns_ = -1;
  int deployment_ = -1;
  bool full_ = false;
};

}  // namespace weir::flink_autoscaler

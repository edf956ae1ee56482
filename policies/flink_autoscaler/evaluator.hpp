#pragma once

#include <vector>

#include "policies/flink_autoscaler/samples.hpp"

// What each operator can do, and what it should be able to do. Source: ScalingMetricEvaluator and
// AutoScalerUtils of apache/flink-kubernetes-operator; the model is DS2's (OSDI 2018), with lag and restarts.
//
//   sources: target rate = rate(in) + rate(lag), catch-up rate = lag / catch_up_s
//   others:  the sum over their inputs of these, times records on the edge for each record into the sender
//   true rate = input rate / busy

namespace weir::flink_autoscaler {

struct Rates {
  double target_per_s = 0;    // what comes in, or would
  double catch_up_per_s = 0;  // on top of it, for the lag
  double true_per_s = 0;      // of all instances; infinite: no input
  double busy = 0;            // mean over the window, share of the time
  bool observed = false;      // true_per_s is what was observed under lag
};

// The rate that an operator should have at `utilization`, in whole records/s: infinite at 0.
// `restart_s` is 0 where no restart is planned for.
double capacity_per_s(const Rates& rates, const Options& options, double utilization, double restart_s);

// The job is rescaled only if an operator's true rate is outside of these.
struct Thresholds {
  double scale_up_below_per_s = 0, scale_down_above_per_s = 0;
  bool outside(double rate_per_s) const {
    return rate_per_s < scale_up_below_per_s || rate_per_s > scale_down_above_per_s;
  }
};
Thresholds thresholds(const Rates& rates, const Options& options, bool backlog, double restart_s);

// Some source has more lag than it reads in the threshold.
bool works_off_backlog(const JobView& job, const SampleHistory& samples, const Options& options);

// By operator id. `samples` must be ready.
std::vector<Rates> evaluate_rates(const JobView& job, std::span<const int> parallelism,
                                  const SampleHistory& samples, const Options& options);

// Records per second from one operator to another, as Flink's counters tell it, which do not count by edge.
double edge_rate_per_s(const JobView& job, const SampleHistory& samples, int from, int to);

}  // namespace weir::flink_autoscaler

#pragma once

#include <span>

#include "sim/control/metrics.hpp"
#include "sim/control/policy.hpp"

// Who holds the job in backpressure, where the engine tells only who is held back.
//
// Heron names the instance whose queue is too long. Flink tells of each task how long it was busy, idle and
// backpressured, so whoever looks for the bottleneck takes the task that is busy while those before it are
// backpressured. The Dhalions that were made for Flink do the same: "maximal upstream backpressure"
// (delftdata/espa-autoscaling). So
//
//   held up       the longest blocked time of an instance before the operator
//   surely held   by an instance of the operator: busy + held up - window, at least: the two times overlap by
//                 no less than that; nothing by one that is itself held back for longer than it is busy
//   of the operator, that of the fullest instance, shared among all by what each surely held

namespace weir {

// Of one job; windows in order.
class BackpressureAttribution {
 public:
  // Fills in InstanceMetrics::backpressure_s of a window in which somebody was held back and nobody is named.
  // An engine that ever named anybody is believed from then on.
  void complete(std::span<const OperatorView> operators, MetricWindow& window);

 private:
  bool engine_names_ = false;
};

}  // namespace weir

#pragma once

#include <span>
#include <vector>

#include "policies/kubernetes/deployment.hpp"
#include "policies/kubernetes/replicas.hpp"

// The pods of a deployment as the autoscaler sees them, in weir's terms. Source: groupPods in
// pkg/controller/podautoscaler/replica_calculator.go.
//
// A pod outlives a rescale, whose restart is one of the job inside it: the first n stay, and those that are
// added start when the action ends. (So it is in Flink's reactive mode; a Deployment with other replicas
// changes nothing else about its pods.) A pod is ready `ready_after_s` later. Its metric is that of the
// newest window in which the job ran; of the restart itself there is none.
//
//   missing   the window is from before the pod started
//   unready   (utilization only) it is not ready, or in its first `initialization_s` the window began
//             before it was ready
//
// Upstream tells, beyond the initialization period, pods that were never ready from those that are no more
// (initial readiness delay, 30 s). An instance in weir is never unready again, so there is nothing to tell.

namespace weir::kubernetes {

struct Readiness {
  double ready_after_s = 0;
  double initialization_s = 300;
};

class Pods {
 public:
  // `changed_ns`: when those that were not there before have started. The first call: as the job began.
  void observe(int replicas, Nanos changed_ns);

  // Busy time over time, of all instances in the pod; one core is requested for each of those that run now.
  // A worker has one thread for all its operators.
  std::vector<Pod> by_busy_share(const Deployment& deployment, const MetricWindow& window,
                                 std::span<const int> parallelism, const Readiness& readiness,
                                 Nanos now_ns) const;
  // Records that wait for the instances in the pod.
  std::vector<Pod> by_queue(const Deployment& deployment, const MetricWindow& window) const;

 private:
  std::vector<Nanos> started_ns_;
  bool began_ = false;
};

}  // namespace weir::kubernetes

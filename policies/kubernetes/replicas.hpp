#pragma once

#include <optional>
#include <span>

// How many replicas one metric asks for: pods and their metrics in, a number out. What is then done about it
// is in behavior.hpp. Source: Kubernetes documentation, Horizontal Pod Autoscaling, "Algorithm details";
// pkg/controller/podautoscaler/replica_calculator.go of 1.33 and later (a tolerance for each direction).
//
//   ratio   = metric / target, over the pods that count
//   desired = ceil(pods * ratio); the present number while 1 - down <= ratio <= 1 + up
//
// Pods that do not count are then put in at what makes the change smaller, and the ratio is taken again. If
// it is now within the tolerance, or on the other side of 1, nothing changes.
//
//                          ratio < 1 (down)                        ratio > 1 (up)
//   no metric (missing)    100 % of its request, or the target      0
//                          where that is more; the target itself
//                          of a metric that is no utilization
//   not ready              left out                                 0

namespace weir::kubernetes {

struct Tolerances {
  double down = 0.1, up = 0.1;
};

bool is_within(const Tolerances& tolerances, double ratio);

enum class PodState { counted, unready, missing };

struct Pod {
  PodState state = PodState::counted;
  double usage = 0;    // of the metric; only of a pod that is counted
  double request = 1;  // in the unit of usage; only for utilization
};

struct Proposal {
  int replicas = 0;
  double metric = 0;  // of the pods that count: utilization in whole percent, or the mean per pod
};

// Resource metric with averageUtilization. The utilization is the sum of usages over the sum of requests, in
// whole percent, rounded down. Nothing where no pod counts.
std::optional<Proposal> by_utilization(std::span<const Pod> pods, int present, int target_percent,
                                       const Tolerances& tolerances);

// Pods metric with averageValue: the mean usage per pod.
std::optional<Proposal> by_average(std::span<const Pod> pods, int present, double target,
                                   const Tolerances& tolerances);

// External metric with averageValue: one total, which all pods share. Whether they are ready does not matter.
Proposal by_external_average(double total, int present, double target_per_pod, const Tolerances& tolerances);

// Of several metrics the largest number counts. Where one of them is unknown the others may only add.
std::optional<int> largest(std::span<const std::optional<Proposal>> proposals, int present);

}  // namespace weir::kubernetes

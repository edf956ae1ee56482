#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "policies/kubernetes/autoscaler.hpp"
#include "policies/kubernetes/params.hpp"
#include "sim/control/policy.hpp"

// What one autoscaler scales: a Kubernetes Deployment, whose pods are instances.
//
//   an operator   pod i is instance i of it
//   a job         pod i holds instance i of each of its operators, and all get the same parallelism, each
//                 within its limits: task managers with one slot each in Flink's reactive mode
//
// Sources, and what the engine cannot scale, belong to no deployment.

namespace weir::kubernetes {

struct Deployment {
  std::string name;
  std::vector<int> operators;  // ids
  Limits limits;
  bool workers = false;  // the operators share workers: the target is their number

  int replicas(std::span<const int> parallelism) const;
  void add_targets(const Observation& seen, int replicas, std::vector<ScaleTarget>& targets) const;
};

// One for each operator, or one for all (`together`).
std::vector<Deployment> make_deployments(const JobView& job, const AutoscalerParams& params, bool together);

// The newest window that tells of a running job; null if there is none.
const MetricWindow* newest_running(std::span<const MetricWindow> windows);

// What its autoscaler concluded.
std::string diagnose(const Outcome& outcome, int present);

}  // namespace weir::kubernetes

#pragma once

#include <deque>
#include <optional>
#include <span>
#include <vector>

#include "policies/flink_autoscaler/params.hpp"
#include "sim/control/policy.hpp"

// What the autoscaler remembers of its own actions. Source: ScalingSummary, ScalingTracking and
// JobVertexScaler.calculateObservedScalingCoefficient of apache/flink-kubernetes-operator.

namespace weir::flink_autoscaler {

// One action, of one operator.
struct Change {
  Nanos time_ns = 0;
  int from = 1, to = 1;
  double true_per_s = 0;      // before
  double expected_per_s = 0;  // after
};

// The latest changes of one operator, oldest first.
class ChangeHistory {
 public:
  void add(const Change& change) { changes_.push_back(change); }
  // Keeps the last history_max_count, and none older than history_max_age_s.
  void trim(Nanos now_ns, const Options& options);
  const std::deque<Change>& changes() const { return changes_; }

  // The last change grew the operator to what it has now.
  const Change* last_growth_to(int parallelism) const;
  // How much less than linearly the operator grew: 1 is linear, or not known.
  double scalability(const Options& options) const;

 private:
  std::deque<Change> changes_;
};

// How long restarts took: from the decision until the job ran, of actions that gave what was asked for.
class RestartTracking {
 public:
  void requested(Nanos now_ns, std::vector<ScaleTarget> targets);
  // The job runs, since `running_since_ns`.
  void running(Nanos running_since_ns, std::span<const int> parallelism);
  void trim(Nanos now_ns, const Options& options);
  // What to plan for.
  double restart_s(const Options& options) const;

 private:
  struct Record {
    Nanos time_ns;
    std::vector<ScaleTarget> targets;
    std::optional<double> took_s;
  };
  std::deque<Record> records_;
};

}  // namespace weir::flink_autoscaler

#pragma once

#include <optional>
#include <span>
#include <vector>

#include "sim/kernel/time.hpp"

// How far a recommendation is followed, as pure functions. Source: Kubernetes documentation, Horizontal Pod
// Autoscaling, "Configurable scaling behavior"; the API autoscaling/v2 and its defaults
// (pkg/apis/autoscaling/v2/defaults.go); pkg/controller/podautoscaler/horizontal.go.
//
//   recommendation --stabilized--> not below the highest of the last 300 s, not above the lowest of the
//                                  scale-up window (0 s), else what runs
//                  --limited-----> no faster than the rate policies allow, then min and max
//
// A rate policy counts from the replicas that there were at the beginning of its period. What happened
// exactly one period ago is over.

namespace weir::kubernetes {

enum class Select { max, min, disabled };  // which of the rate policies counts: the one that changes most, …
enum class RateUnit { pods, percent };

struct RatePolicy {
  RateUnit type = RateUnit::pods;
  int value = 4;  // pods, or percent of the replicas at the beginning of the period
  double period_s = 15;
};

struct ScalingRules {
  double stabilization_s = 0;
  Select select = Select::max;
  std::vector<RatePolicy> policies;
  std::optional<double> tolerance;  // for this direction, instead of the controller's
};

ScalingRules default_scale_up();
ScalingRules default_scale_down();

struct Behavior {
  ScalingRules up = default_scale_up(), down = default_scale_down();
};

struct Limits {
  int min = 1, max = 1;
};

struct Recommendation {
  Nanos at_ns = 0;
  int replicas = 0;
};

struct Change {
  Nanos at_ns = 0;
  int by = 0;  // replicas; negative: removed
};

// `earlier`: before this one, in any order.
int stabilized(int present, int desired, std::span<const Recommendation> earlier, const Behavior& behavior,
               Nanos now_ns);

// What the rate policies allow at most, or leave at least: never on the wrong side of what runs.
int scale_up_limit(int present, std::span<const Change> changes, const ScalingRules& up, Nanos now_ns);
int scale_down_limit(int present, std::span<const Change> changes, const ScalingRules& down, Nanos now_ns);

enum class Limit { none, rate, bounds };  // what cut a recommendation: a rate policy, or min or max

struct Limited {
  int replicas = 0;
  Limit by = Limit::none;
};

Limited limited(int present, int desired, const Limits& limits, std::span<const Change> changes,
                const Behavior& behavior, Nanos now_ns);

}  // namespace weir::kubernetes

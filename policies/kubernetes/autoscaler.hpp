#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "policies/kubernetes/behavior.hpp"

// One HorizontalPodAutoscaler: it remembers its recommendations and what became of its replicas, and decides
// at each sync. Source: pkg/controller/podautoscaler/horizontal.go, reconcileAutoscaler.

namespace weir::kubernetes {

// What became of a recommendation.
enum class Verdict : std::uint8_t {
  followed,     // as it was
  limited,      // in part: a rate policy, or min or max
  wanted_none,  // it was what runs, mostly since the metric is within the tolerance
  stabilized,   // an earlier recommendation holds it
  at_limit,     // a rate policy, or min or max, allows no change
  no_metric,    // there was none
  out_of_range  // no recommendation: there were fewer than min replicas, or more than max
};

// How often each, over the run.
struct Tally {
  std::int64_t syncs = 0;
  std::int64_t of[static_cast<int>(Verdict::out_of_range) + 1] = {};
  std::int64_t operator[](Verdict verdict) const { return of[static_cast<int>(verdict)]; }
};

struct Outcome {
  int replicas = 0;
  Verdict verdict = Verdict::wanted_none;
  Limit by = Limit::none;
};

class Autoscaler {
 public:
  Autoscaler(Behavior behavior, Limits limits);

  // `present`: replicas now. If they are others than at the last sync, they changed at `changed_ns`,
  // whoever did it and however much had been asked for. `desired` is the metrics' recommendation, or nothing
  // where they give none.
  Outcome sync(Nanos now_ns, Nanos changed_ns, int present, std::optional<int> desired);

  const Tally& tally() const { return tally_; }
  const Limits& limits() const { return limits_; }

 private:
  Outcome decide(Nanos now_ns, int present, std::optional<int> desired);

  Behavior behavior_;
  Limits limits_;
  Nanos remembered_recommendations_ns_, remembered_changes_ns_;
  std::optional<int> last_;
  std::vector<Recommendation> recommendations_;
  std::vector<Change> changes_;
  Tally tally_;
};

// "30 times the metric asked for what ran, 5 times …": of a run in which nothing was done.
std::string describe(const Tally& tally);

}  // namespace weir::kubernetes

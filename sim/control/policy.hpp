#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/control/metrics.hpp"
#include "sim/dataflow/containers.hpp"
#include "sim/dataflow/shared_nodes.hpp"
#include "sim/dataflow/worker_pool.hpp"
#include "sim/kernel/time.hpp"
#include "sim/scenario/params.hpp"
#include "sim/scenario/registry.hpp"

// A scaling policy: reads metric windows, answers with decisions.
//
//   metric windows --(late)--> Observation --> Policy::evaluate --> Decision... --> engine: action
//        ^                                                                            |
//        +------- ActionReport: accepted, clipped, refused, failed, done <------------+
//
// A policy is called every interval_s() of simulated time, also while an action is under way (most then do
// nothing). It keeps what it remembers in itself; it has no access to the simulator. The *engine* decides
// what an action costs and when it is done.

namespace weir {

// What a policy may take as a time between its evaluations: shorter ones would fill a run with them.
inline Range interval_range() {
  return between(1e-3, 1e9);
}
// And as any other time that it waits, or looks back or ahead.
inline Range waiting_range() {
  return between(0, 1e9);
}

class Truth;  // sim/control/truth.hpp; only the oracle

// What the policy may know of an operator. Ids are indices into JobView::operators, a topological order but
// for edges that are declared as feedback: those are the ones that come from an id that is not lower.
struct OperatorView {
  std::string name;
  bool source = false;
  bool scalable = true;      // false: the engine cannot change it (a sink that is chained, a single source)
  bool keyed_input = false;  // one of its inputs is partitioned by key
  int min_parallelism = 1, max_parallelism = 1;
  std::vector<int> upstream, downstream;
};

struct JobView {
  std::string name;
  std::vector<OperatorView> operators;
  double metrics_interval_s = 0;
  int slots = 0;              // all slots of the cluster; 0: not limited
  bool slots_shared = false;  // a slot holds an instance of each operator (slots.hpp)
  // Every operator runs on every worker (Timely): the number of workers is the only thing to scale, by a
  // ScaleTarget of `all_workers`.
  bool uniform_workers = false;
  // Of an engine that splits rates among the components of a service; from the first evaluation on.
  std::shared_ptr<const SharedNodes> nodes = nullptr;
  // Of an engine that hosts containers; from the first evaluation on.
  std::shared_ptr<const ContainerPlaces> containers = nullptr;
  // Set where the run is to end: what takes long in an evaluation is given up then. May be null.
  const std::atomic<bool>* interrupted = nullptr;
};

inline constexpr int all_workers = -1;

struct ScaleTarget {
  int operator_id = 0;  // or all_workers
  int parallelism = 1;
  bool operator==(const ScaleTarget&) const = default;
};

// What happened to a decision with targets, splits or a container. An accepted action ends with `done` or
// `failed`; a `clipped` one was accepted with other numbers than were asked for, and ends likewise; a
// `refused` one ended at once.
struct ActionReport {
  enum class Status : std::uint8_t { accepted, clipped, refused, failed, done };
  std::int64_t id = 0;  // the n-th decision of this policy that asks for something, counted from 0
  Status status = Status::accepted;
  Nanos requested_ns = 0, ended_ns = -1;
  double downtime_s = 0;
  std::string detail;  // why, for people
  int instance = -1;   // of a container that was started
};

struct Observation {
  Nanos now_ns;
  const JobView& job;
  // Oldest first; only those that have arrived and whose end is later than now - history_s().
  std::span<const MetricWindow> windows;
  std::span<const int> parallelism;  // by operator id, as deployed; during an action still the old one
  int deployment;                    // the present one, see MetricWindow::deployment
  bool action_running;
  Nanos last_action_requested_ns, last_action_done_ns;  // -1: none yet
  std::span<const ActionReport> reports;                // since the last call, oldest first
  const Truth* truth;                                   // null unless the scenario has an oracle
  const WorkerPool* workers = nullptr;                  // null unless the engine scales workers

  double now_s() const { return to_seconds(now_ns); }
};

// What the policy made of it. Recorded also when there is nothing to do: empty targets say "seen, and nothing
// done on purpose". One decision is one action, whatever the number of its targets.
struct Decision {
  std::string symptom;    // e.g. "backpressure at count: 800 ms/s"
  std::string diagnosis;  // e.g. "under-provisioned"
  std::string reason;     // e.g. "count 1 -> 5: factor 1 + 4.00"
  std::vector<ScaleTarget> targets;
  // Instead of targets: other shares of instances, where JobView::nodes is there.
  std::vector<SplitTarget> splits = {};
  // Instead of either: one more container, where JobView::containers is there. Several may be under way.
  std::optional<ContainerTarget> container = {};
  // Or other workers, where Observation::workers is there. Heard at once, and no action: others may follow
  // while workers start.
  std::optional<WorkerRequest> workers = std::nullopt;
};

// What makes a policy act: metric windows, even those of an idle job; true rates, which only operators that
// work have; the truth (of an oracle); or nothing ever.
enum class ActsOn : std::uint8_t { windows, true_rates, truth, nothing };

// The operators (those that can be scaled) or sources that a parameter names, a list of texts.
struct OperatorNames {
  std::string parameter;
  std::vector<std::string> names;
  bool sources = false;
};

class Policy {
 public:
  static constexpr RegistryKind registry_kind{"policy", "policies"};
  virtual ~Policy() = default;
  virtual double interval_s() const = 0;
  // When it is asked for the first time; a controller can start later than the job.
  virtual double first_evaluation_s() const { return interval_s(); }
  // How far back the windows in an observation go. Windows arrive late, so keep more than one interval.
  virtual double history_s() const { return 2 * interval_s(); }
  virtual std::vector<Decision> evaluate(const Observation& seen) = 0;
  virtual ActsOn acts_on() const { return ActsOn::windows; }
  // What its parameters say are operators of the job: a scenario in which one of them is not is wrong.
  virtual std::vector<OperatorNames> operator_names() const;
  // For `weir explain`: what its parameters come to, where they do not say it by themselves (a preset).
  virtual std::vector<std::string> in_force() const { return {}; }
  // Anything worth a look in summary.json (an action log, a blacklist); null: nothing.
  virtual nlohmann::json state() const;
  // For the summary of a run in which it never asked for anything: what kept it from that, in one sentence
  // without a full stop ("utilization was never above 0.8 …"); empty: nothing to say.
  virtual std::string why_nothing(const JobView& job) const;
};

// What a policy gets when it is made. The job outlives the policy.
struct PolicyContext {
  const JobView& job;
  std::uint64_t seed;
};

// Where policies register themselves: one .cpp file in policies/ is all that a new one takes.
using PolicyRegistry = Registry<Policy, PolicyContext>;

// The parallelism that the operator can really have: within its limits.
int clamp_parallelism(const OperatorView& op, int wanted);
// A source, or an operator that the engine cannot change, is left alone by every policy.
inline bool may_scale(const OperatorView& op) {
  return !op.source && op.scalable;
}
// An edge from an operator that does not come earlier closes a loop.
inline bool is_feedback_edge(int from, int to) {
  return from >= to;
}
// "map 2 -> 4, count 5 -> 3", for reasons.
std::string describe_targets(const Observation& seen, const std::vector<ScaleTarget>& targets);

}  // namespace weir

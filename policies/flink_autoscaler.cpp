// The autoscaler of Flink's Kubernetes operator: DS2's model with lag, restarts and head room, decided
// slowly.
//
// Source: apache/flink-kubernetes-operator, module flink-autoscaler, releases 1.10 to 1.15, and what later
// changed where a parameter says so; its options by version are presets. The parts, in
// policies/flink_autoscaler:
//
//   metric windows --samples--> a sample a loop --evaluator--> rates, thresholds
//                  --vertex_scaler--> parallelism (alignment, history, delayed_scale_down)
//                  --here--> all changes at once, if some operator is outside of its thresholds and there are
//                            slots and quota for it
//
// Not here, since weir has no memory of Java: memory pressure, memory tuning, the memory quota. Operators
// that share workers cannot be scaled one by one. Sources scale where the engine can scale them; they count
// in any case for what comes in.

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "policies/flink_autoscaler/params.hpp"
#include "policies/flink_autoscaler/vertex_scaler.hpp"
#include "sim/control/policy.hpp"

namespace weir {
namespace flink_autoscaler {
namespace {

// KeyGroupRangeAssignment.computeDefaultMaxParallelism.
int default_key_groups(int parallelism) {
  constexpr std::int64_t least = 128, most = 32768;
  const auto with_room =
      static_cast<std::uint64_t>(parallelism) + static_cast<std::uint64_t>(parallelism) / 2;
  return static_cast<int>(std::clamp(static_cast<std::int64_t>(std::bit_ceil(with_room)), least, most));
}

class FlinkAutoscaler final : public Policy {
 public:
  FlinkAutoscaler(const Params& params, const JobView& job)
      : p_(params),
        options_(options(params)),
        metrics_interval_s_(job.metrics_interval_s),
        samples_(options_),
        histories_(job.operators.size()),
        delayed_(job.operators.size()) {}

  double interval_s() const override { return p_.interval_s; }
  double history_s() const override { return options_.gauge_s + 4 * p_.interval_s + 2 * metrics_interval_s_; }
  std::vector<OperatorNames> operator_names() const override { return {{"exclude", p_.exclude, false}}; }
  std::vector<Decision> evaluate(const Observation& seen) override;
  nlohmann::json state() const override;
  std::string why_nothing(const JobView& job) const override;

 private:
  bool may_change(const OperatorView& op) const {
    return op.scalable && std::find(p_.exclude.begin(), p_.exclude.end(), op.name) == p_.exclude.end();
  }
  Vertex vertex(const Observation& seen, std::size_t id) const;
  std::vector<VertexDecision> decide(const Observation& seen);
  std::string why_no_room(const Observation& seen, const std::vector<VertexDecision>& decisions) const;
  std::vector<Decision> apply(const Observation& seen, const std::vector<VertexDecision>& decisions);
  Decision explain(const Observation& seen, const std::vector<VertexDecision>& decisions) const;
  std::vector<Decision> once(Decision decision);

  Params p_;
  Options options_;
  double metrics_interval_s_;
  SampleHistory samples_;
  RestartTracking restarts_;
  std::vector<ChangeHistory> histories_;   // by operator id
  std::vector<DelayedScaleDown> delayed_;  // likewise
  std::vector<int> key_groups_;            // likewise, from the first look on
  std::vector<Rates> rates_;               // as last evaluated
  std::vector<std::string> names_;
  bool backlog_ = false;
  int loops_ = 0, evaluations_ = 0, actions_ = 0;
  int within_ = 0, waiting_ = 0, ineffective_ = 0, no_room_ = 0;  // evaluations that ended so
  std::string told_;                                              // the last decision without targets
};

Vertex FlinkAutoscaler::vertex(const Observation& seen, std::size_t id) const {
  const OperatorView& op = seen.job.operators[id];
  const int now = seen.parallelism[id], groups = key_groups_[id];
  return {.parallelism = now,
          .least = std::min(now, op.min_parallelism),
          .most = op.max_parallelism,
          .groups = op.source && p_.source_partitions ? *p_.source_partitions : groups,
          .max_parallelism = std::max(now, groups),
          .aligns = op.source ? p_.source_partitions.has_value() : op.keyed_input};
}

std::vector<VertexDecision> FlinkAutoscaler::decide(const Observation& seen) {
  const double restart_s = restarts_.restart_s(options_);
  rates_ = evaluate_rates(seen.job, seen.parallelism, samples_, options_);
  backlog_ = works_off_backlog(seen.job, samples_, options_);
  std::vector<VertexDecision> decisions;
  for (std::size_t id = 0; id < rates_.size(); ++id) {
    const Thresholds limits = thresholds(rates_[id], options_, backlog_, restart_s);
    decisions.push_back(may_change(seen.job.operators[id])
                            ? scale_vertex(vertex(seen, id), rates_[id], limits, options_, restart_s,
                                           histories_[id], delayed_[id], seen.now_ns)
                            : VertexDecision{.parallelism = seen.parallelism[id]});
  }
  return decisions;
}

// Empty if there is room. The quota counts whole task managers, of what changes only
// (ScalingExecutor.scalingWouldExceedResourceQuota).
std::string FlinkAutoscaler::why_no_room(const Observation& seen,
                                         const std::vector<VertexDecision>& decisions) const {
  std::int64_t slots = 0, changed_before = 0, changed_after = 0;
  const auto count = [&](std::int64_t& sum, int instances) {
    sum = seen.job.slots_shared ? std::max<std::int64_t>(sum, instances) : sum + instances;
  };
  for (std::size_t id = 0; id < decisions.size(); ++id) {
    count(slots, decisions[id].parallelism);
    if (decisions[id].verdict != Verdict::changes) continue;
    count(changed_before, seen.parallelism[id]);
    count(changed_after, decisions[id].parallelism);
  }
  const std::int64_t per_manager = p_.slots_per_task_manager;
  const std::int64_t managers = (slots + per_manager - 1) / per_manager;
  if (changed_after > changed_before && seen.job.slots > 0 && managers > seen.job.slots / per_manager)
    return fmt::format("{} slots in {} task managers are needed, and there are {} slots", slots, managers,
                       seen.job.slots);
  const std::int64_t before = changed_before / per_manager, after = changed_after / per_manager;
  const double cores = p_.cores_per_task_manager * static_cast<double>(after);
  if (p_.quota_cores && after > before && cores > *p_.quota_cores)
    return fmt::format("{} task managers have {:g} cores, and the quota is {:g}", after, cores,
                       *p_.quota_cores);
  return "";
}

Decision FlinkAutoscaler::explain(const Observation& seen,
                                  const std::vector<VertexDecision>& decisions) const {
  Decision decision;
  bool up = false, down = false;
  for (std::size_t id = 0; id < decisions.size(); ++id) {
    const int to = decisions[id].parallelism, from = seen.parallelism[id];
    if (to == from) continue;
    (to > from ? up : down) = true;
    decision.targets.push_back({static_cast<int>(id), to});
    decision.symptom +=
        fmt::format("{}{}: {:.4g}/s wanted, {:.4g}/s to catch up, true rate {:.4g}/s",
                    decision.symptom.empty() ? "" : "; ", seen.job.operators[id].name,
                    rates_[id].target_per_s, rates_[id].catch_up_per_s, rates_[id].true_per_s);
  }
  decision.diagnosis = up && down ? "wrongly provisioned" : up ? "under-provisioned" : "over-provisioned";
  if (backlog_) decision.diagnosis += ", working off a backlog";
  decision.reason = describe_targets(seen, decision.targets);
  return decision;
}

// What is said again and again while nothing is done is recorded once.
std::vector<Decision> FlinkAutoscaler::once(Decision decision) {
  if (decision.reason == told_) return {};
  told_ = decision.reason;
  return {std::move(decision)};
}

std::vector<Decision> FlinkAutoscaler::apply(const Observation& seen,
                                             const std::vector<VertexDecision>& decisions) {
  Decision decision = explain(seen, decisions);
  for (std::size_t id = 0; id < decisions.size(); ++id) {
    delayed_[id].clear();
    if (decisions[id].verdict != Verdict::changes) continue;
    histories_[id].add({.time_ns = seen.now_ns,
                        .from = seen.parallelism[id],
                        .to = decisions[id].parallelism,
                        .true_per_s = rates_[id].true_per_s,
                        .expected_per_s = decisions[id].expected_per_s});
  }
  restarts_.requested(seen.now_ns, decision.targets);
  ++actions_;
  told_.clear();
  return {std::move(decision)};
}

std::vector<Decision> FlinkAutoscaler::evaluate(const Observation& seen) {
  if (names_.empty())
    for (std::size_t id = 0; id < seen.job.operators.size(); ++id) {
      names_.push_back(seen.job.operators[id].name);
      key_groups_.push_back(p_.key_groups.value_or(default_key_groups(seen.parallelism[id])));
    }
  ++loops_;
  if (seen.job.uniform_workers || seen.action_running || !samples_.collect(seen)) return {};
  for (ChangeHistory& history : histories_) history.trim(seen.now_ns, options_);
  restarts_.trim(seen.now_ns, options_);
  restarts_.running(samples_.running_since_ns(), seen.parallelism);
  if (!samples_.ready()) return {};
  ++evaluations_;

  const std::vector<VertexDecision> decisions = decide(seen);
  const auto any = [&](auto is) { return std::any_of(decisions.begin(), decisions.end(), is); };
  const bool changes = any([](const VertexDecision& d) { return d.verdict == Verdict::changes; });
  if (!changes || !any([](const VertexDecision& d) { return d.outside; })) {
    if (any([](const VertexDecision& d) { return d.verdict == Verdict::ineffective; })) {
      ++ineffective_;
      return once({.symptom = "an operator's last growth did not raise its true rate",
                   .diagnosis = "ineffective scaling",
                   .reason = "it does not grow again",
                   .targets = {}});
    }
    if (any([](const VertexDecision& d) { return d.verdict == Verdict::delayed; }))
      ++waiting_;
    else if (changes)
      ++within_;
    return {};
  }
  if (const std::string why = why_no_room(seen, decisions); !why.empty()) {
    ++no_room_;
    Decision refused = explain(seen, decisions);
    refused.targets.clear();
    refused.reason = why;
    return once(std::move(refused));
  }
  return apply(seen, decisions);
}

std::string FlinkAutoscaler::why_nothing(const JobView& job) const {
  if (job.uniform_workers) return "it scales operators one by one, and those of this job share workers";
  if (evaluations_ == 0)
    return fmt::format(
        "it decides {:g} s after a start at the earliest (stabilization_s and metrics_window_s, with two "
        "samples "
        "in it), and had no such time without a restart",
        options_.stabilization_s + options_.metrics_window_s);
  std::string text = fmt::format("in {} of {} evaluations the job was where it should be",
                                 evaluations_ - within_ - waiting_ - ineffective_ - no_room_, evaluations_);
  if (within_ > 0) text += fmt::format(", in {} inside of its thresholds", within_);
  if (waiting_ > 0) text += fmt::format(", in {} a scale-down had to wait", waiting_);
  if (ineffective_ > 0) text += fmt::format(", in {} the last growth had been of no use", ineffective_);
  if (no_room_ > 0) text += fmt::format(", in {} there was no room for it", no_room_);
  return text;
}

nlohmann::json FlinkAutoscaler::state() const {
  const auto number = [](double value) {
    return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json();
  };
  nlohmann::json operators = nlohmann::json::object();
  for (std::size_t id = 0; id < rates_.size(); ++id)
    operators[names_[id]] = {{"target_per_s", number(rates_[id].target_per_s)},
                             {"catch_up_per_s", number(rates_[id].catch_up_per_s)},
                             {"true_per_s", number(rates_[id].true_per_s)},
                             {"observed", rates_[id].observed},
                             {"busy", number(rates_[id].busy)},
                             {"scale_down_pending", delayed_[id].pending()}};
  return {{"loops", loops_},
          {"evaluations", evaluations_},
          {"actions", actions_},
          {"backlog", backlog_},
          {"restart_s", restarts_.restart_s(options_)},
          {"operators", operators}};
}

const auto registered = PolicyRegistry::add<Params>(
    {.name = "flink-autoscaler",
     .help =
         "The autoscaler of Flink's Kubernetes operator: parallelism from true rates, lag and restart time, "
         "with the defaults of 1.4, 1.6 or 1.7.",
     .source = "apache/flink-kubernetes-operator, flink-autoscaler (1.4 to 1.15)"},
    table(), [](const Params& p, PolicyContext& c) -> std::unique_ptr<Policy> {
      return std::make_unique<FlinkAutoscaler>(p, c.job);
    });

}  // namespace
}  // namespace flink_autoscaler
}  // namespace weir

// Kubernetes' horizontal pod autoscaler: replicas in proportion to the utilization of their pods, growing at
// once, shrinking to what was the most that it recommended in five minutes.
//
// Sources: Kubernetes documentation, Horizontal Pod Autoscaling, "Algorithm details" and "Configurable
// scaling behavior"; the API autoscaling/v2; pkg/controller/podautoscaler of 1.33 and later. The steps, with
// their sources, are in policies/kubernetes:
//
//   newest window --pods--> not ready, missing, or a usage
//                 --replicas--> desired = ceil(pods * metric / target), or what runs within the tolerance;
//                               of several metrics the largest
//                 --behavior--> stabilized over recommendations, limited in rate and number
//
// The utilization of CPU is weir's busy share: the time that an instance has a record in hand, of a core
// that it has requested. Upstream counts core time; the two differ where instances share cores.
//
// `deployment` says what a pod is: an instance of one operator, each operator with an autoscaler of its own;
// or, as in Flink's reactive mode, a task manager with an instance of each operator, all scaled as one.
//
// Not as upstream: while an action runs nothing is decided and no recommendation made, since engines take
// one action at a time. What was not granted (no slots) is asked for again at the next sync; a Deployment
// would keep its pods pending. All autoscalers of a job sync at once and share one action.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "policies/kubernetes/deployment.hpp"
#include "policies/kubernetes/params.hpp"
#include "policies/kubernetes/pods.hpp"
#include "sim/control/policy.hpp"

namespace weir {
namespace kubernetes {
namespace {

enum class DeploymentOf { each_operator, job };

struct HpaParams : AutoscalerParams {
  int target_percent = 80;
  std::optional<double> target_queue_records;
  DeploymentOf deployment = DeploymentOf::each_operator;
  double initialization_s = 300;
  double ready_after_s = 0;
};

ParamTable<HpaParams> table() {
  ParamTable<HpaParams> t;
  add_autoscaler_params(
      t, {.unit = "instances",
          .help = "most of each deployment; null: what the operator allows (upstream it has to be given)",
          .source = api});
  t.integer("target_percent", &HpaParams::target_percent,
            {.unit = "%",
             .help = "busy share of the pods that it aims at: averageUtilization, a whole number",
             .source = of_api("default 80; Phoebe's Flink in reactive mode 35")},
            at_least(1));
  t.real("target_queue_records", &HpaParams::target_queue_records,
         {.unit = "records",
          .help = "second metric: records waiting in a pod (averageValue); the larger result counts; null: "
                  "not used",
          .source = of_api("Pods metric")},
         positive());
  t.choice("deployment", &HpaParams::deployment,
           {.help = "what one autoscaler scales: each operator by itself, or the whole job as one (all "
                    "operators get the same parallelism)",
            .source = "job: Flink's reactive mode"},
           {{"operator", DeploymentOf::each_operator}, {"job", DeploymentOf::job}});
  t.real(
      "initialization_s", &HpaParams::initialization_s,
      {.unit = "s",
       .help = "how long after its start a pod's metric counts only if all of it is from after it was ready",
       .source = of_controller("-cpu-initialization-period")},
      waiting_range());
  t.real("ready_after_s", &HpaParams::ready_after_s,
         {.unit = "s",
          .help = "from the start of a pod until it is ready: its readiness probe",
          .source = "chosen: no probe, ready at once"},
         waiting_range());
  return t;
}

// A deployment, its pods, its autoscaler, and what was seen of its metric.
struct Scaled {
  Deployment deployment;
  Autoscaler autoscaler;
  Pods pods = {};
  double lowest = 0, highest = 0;  // utilization, in percent
  bool measured = false;

  void note(double percent) {
    lowest = measured ? std::min(lowest, percent) : percent;
    highest = measured ? std::max(highest, percent) : percent;
    measured = true;
  }
};

class Hpa final : public Policy {
 public:
  Hpa(const HpaParams& params, const JobView& job) : p_(params), metrics_interval_s_(job.metrics_interval_s) {
    for (Deployment& deployment : make_deployments(job, p_, p_.deployment == DeploymentOf::job))
      scaled_.push_back({deployment, Autoscaler(p_.behavior(), deployment.limits)});
  }

  double interval_s() const override { return p_.interval_s; }
  // The newest window in which the job ran may be from before a restart.
  double history_s() const override { return 4 * p_.interval_s + 2 * metrics_interval_s_; }
  std::vector<OperatorNames> operator_names() const override { return {{"operators", p_.operators, false}}; }
  std::vector<Decision> evaluate(const Observation& seen) override;
  std::string why_nothing(const JobView& job) const override;

 private:
  struct Metrics {
    std::vector<std::optional<Proposal>> proposals;
    std::string text;
  };
  Metrics measure(const Observation& seen, const MetricWindow* window, int present, Scaled& scaled) const;

  HpaParams p_;
  double metrics_interval_s_;
  std::vector<Scaled> scaled_;
};

Hpa::Metrics Hpa::measure(const Observation& seen, const MetricWindow* window, int present,
                          Scaled& scaled) const {
  Metrics metrics;
  if (window == nullptr) return metrics;
  const Readiness readiness{p_.ready_after_s, p_.initialization_s};
  const std::vector<Pod> busy =
      scaled.pods.by_busy_share(scaled.deployment, *window, seen.parallelism, readiness, seen.now_ns);
  metrics.proposals.push_back(by_utilization(busy, present, p_.target_percent, p_.tolerances()));
  if (const auto& proposal = metrics.proposals.back()) {
    scaled.note(proposal->metric);
    metrics.text = fmt::format("utilization of {} is {:.0f} %", scaled.deployment.name, proposal->metric);
  }
  if (!p_.target_queue_records) return metrics;
  const std::vector<Pod> waiting = scaled.pods.by_queue(scaled.deployment, *window);
  metrics.proposals.push_back(by_average(waiting, present, *p_.target_queue_records, p_.tolerances()));
  if (const auto& proposal = metrics.proposals.back())
    metrics.text += fmt::format("{}{:.3g} records wait in each pod of {}", metrics.text.empty() ? "" : ", ",
                                proposal->metric, scaled.deployment.name);
  return metrics;
}

std::vector<Decision> Hpa::evaluate(const Observation& seen) {
  if (seen.action_running) return {};
  const MetricWindow* window = newest_running(seen.windows);
  Decision decision;
  for (Scaled& scaled : scaled_) {
    const int present = scaled.deployment.replicas(seen.parallelism);
    scaled.pods.observe(present, std::max<Nanos>(seen.last_action_done_ns, 0));
    const Metrics metrics = measure(seen, window, present, scaled);
    const Outcome outcome =
        scaled.autoscaler.sync(seen.now_ns, std::max<Nanos>(seen.last_action_requested_ns, 0), present,
                               largest(metrics.proposals, present));
    if (outcome.replicas == present) continue;
    scaled.deployment.add_targets(seen, outcome.replicas, decision.targets);
    const std::string comma = decision.symptom.empty() ? "" : ", ";
    decision.symptom +=
        comma + (metrics.text.empty() ? "no metric of " + scaled.deployment.name : metrics.text);
    decision.diagnosis +=
        (decision.diagnosis.empty() ? "" : ", ") + scaled.deployment.name + " " + diagnose(outcome, present);
  }
  if (decision.targets.empty()) return {};
  decision.reason = describe_targets(seen, decision.targets);
  return {decision};
}

std::string Hpa::why_nothing(const JobView&) const {
  if (scaled_.empty()) return "there is no operator that it may scale";
  std::string text;
  for (const Scaled& scaled : scaled_) {
    text += fmt::format("{}at {}: {}", text.empty() ? "" : "; ", scaled.deployment.name,
                        describe(scaled.autoscaler.tally()));
    if (scaled.measured)
      text += fmt::format(" (utilization {:.0f} to {:.0f} %, target {} %)", scaled.lowest, scaled.highest,
                          p_.target_percent);
  }
  return text;
}

const auto registered = PolicyRegistry::add<HpaParams>(
    {.name = "hpa",
     .help =
         "Kubernetes' horizontal pod autoscaler: instances in proportion to their utilization, stabilized "
         "on the way down.",
     .source = "Kubernetes documentation, Horizontal Pod Autoscaling; pkg/controller/podautoscaler (1.33)"},
    table(), [](const HpaParams& p, PolicyContext& c) -> std::unique_ptr<Policy> {
      return std::make_unique<Hpa>(p, c.job);
    });

}  // namespace
}  // namespace kubernetes
}  // namespace weir

// KEDA's Kafka scaler: one replica for every so many records that wait outside of the job.
//
// Sources: kedacore/keda 2.20, pkg/scalers/kafka_scaler.go (the lag: policies/kubernetes/kafka_lag.hpp), and
// the autoscaler that KEDA creates for it, with an external metric of type AverageValue
// (policies/kubernetes): its tolerance, stabilization, rates, least and largest number.
//
//   backlog of the sources --> cut at the partitions --> desired = ceil(lag / lag_threshold), or what runs
//                                                        within the tolerance --> behaviour, as hpa
//
// Lag says that the consumers are too slow, and not which operator: all that are told, or all that the engine
// can scale, are one deployment and get the same parallelism. So it is done with real stream jobs: the
// deployment is that of the task managers, and the job follows in Flink's reactive mode.
//
// Only down to one replica: a stream job has no fewer instances. What decides about zero, and only about
// that, is left out: activationLagThreshold, cooldownPeriod (300 s), minReplicaCount 0, idleReplicaCount.
// Left out, too, is what needs the lag of each partition: limitToPartitionsWithLag, excludePersistentLag. The
// lag is what the sources have not taken in; Kafka's counts from the last commit, so it is larger by what was
// taken in since.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "policies/kubernetes/deployment.hpp"
#include "policies/kubernetes/kafka_lag.hpp"
#include "policies/kubernetes/params.hpp"
#include "sim/control/policy.hpp"

namespace weir {
namespace kubernetes {
namespace {

struct KedaParams : AutoscalerParams {
  KedaParams() { max_replicas = 100; }
  std::int64_t lag_threshold = 10;
  std::optional<std::int64_t> partitions;
  bool allow_idle_consumers = false;
  bool even_partitions = false;
  bool use_cached_metrics = false;
  double polling_interval_s = 30;
  std::vector<std::string> sources;
};

ParamTable<KedaParams> table() {
  const std::string scaler = "KEDA 2.20, kafka_scaler.go";
  const std::string spec = "KEDA 2.20, ScaledObject";
  ParamTable<KedaParams> t;
  add_autoscaler_params(t, {.unit = "instances",
                            .help = "most of each operator; null: what the operator allows",
                            .source = spec + ", maxReplicaCount"});
  // Products with the partitions stay far from 2^63.
  t.integer("lag_threshold", &KedaParams::lag_threshold,
            {.unit = "records", .help = "lag for each replica", .source = scaler + ", lagThreshold"},
            between(1, 1e12));
  t.integer("partitions", &KedaParams::partitions,
            {.unit = "partitions",
             .help = "of the topics: no more replicas than that; null: not limited",
             .source = "the topics"},
            between(1, 1e6));
  t.boolean("allow_idle_consumers", &KedaParams::allow_idle_consumers,
            {.help = "more replicas than partitions", .source = scaler + ", allowIdleConsumers"});
  t.boolean("even_partitions", &KedaParams::even_partitions,
            {.help = "only numbers of replicas that divide the partitions",
             .source = scaler + ", ensureEvenDistributionOfPartitions"});
  t.boolean("use_cached_metrics", &KedaParams::use_cached_metrics,
            {.help = "the autoscaler gets the lag of the last poll; else the present one",
             .source = spec + ", useCachedMetrics"});
  t.real("polling_interval_s", &KedaParams::polling_interval_s,
         {.unit = "s",
          .help = "time between two polls of the lag; without use_cached_metrics they only decide about zero "
                  "replicas",
          .source = spec + ", pollingInterval"},
         interval_range());
  t.texts("sources", &KedaParams::sources,
          {.help = "the sources whose lag counts; none: all", .source = scaler + ", topic"});
  t.check({"even_partitions", "partitions"}, [](const KedaParams& p, const Node& at, Errors& errors) {
    if (p.even_partitions && !p.partitions)
      errors.add(at.at_or_self("even_partitions"), "even_partitions without partitions",
                 "a number of partitions, or false");
  });
  return t;
}

class Keda final : public Policy {
 public:
  Keda(const KedaParams& params, const JobView& job)
      : p_(params),
        metrics_interval_s_(job.metrics_interval_s),
        rules_{p_.lag_threshold, p_.partitions, p_.allow_idle_consumers, p_.even_partitions} {
    for (std::size_t i = 0; i < job.operators.size(); ++i) {
      const OperatorView& op = job.operators[i];
      const bool told = std::find(p_.sources.begin(), p_.sources.end(), op.name) != p_.sources.end();
      if (op.source && (told || p_.sources.empty())) sources_.push_back(i);
    }
    std::vector<Deployment> deployments = make_deployments(job, p_, true);
    if (deployments.empty()) return;
    deployment_ = std::move(deployments.front());
    autoscaler_.emplace(p_.behavior(), deployment_.limits);
  }

  double interval_s() const override { return p_.interval_s; }
  double history_s() const override { return 4 * p_.interval_s + 2 * metrics_interval_s_; }
  std::vector<OperatorNames> operator_names() const override {
    return {{"operators", p_.operators, false}, {"sources", p_.sources, true}};
  }
  std::vector<Decision> evaluate(const Observation& seen) override;
  std::string why_nothing(const JobView& job) const override;

 private:
  void poll(const Observation& seen);

  KedaParams p_;
  double metrics_interval_s_;
  LagRules rules_;
  std::vector<std::size_t> sources_;
  Deployment deployment_;
  std::optional<Autoscaler> autoscaler_;
  std::optional<std::int64_t> lag_records_;  // as last polled
  std::int64_t polls_ = 0;                   // that were due by then
  std::int64_t lowest_ = 0, highest_ = 0;    // of lag_records_
};

// The lag is outside of the job: it is known also while the job does not run.
void Keda::poll(const Observation& seen) {
  const std::int64_t due = 1 + seen.now_ns / std::max<Nanos>(1, to_nanos(p_.polling_interval_s));
  if (seen.windows.empty() || (p_.use_cached_metrics && lag_records_ && due == polls_)) return;
  polls_ = due;
  double lag = 0;
  for (const std::size_t source : sources_) lag += seen.windows.back().operators[source].backlog_records;
  // More than anybody counts, and still with room for sums.
  const std::int64_t records = std::llround(std::min(lag, 1e18));
  lowest_ = lag_records_ ? std::min(lowest_, records) : records;
  highest_ = lag_records_ ? std::max(highest_, records) : records;
  lag_records_ = records;
}

std::vector<Decision> Keda::evaluate(const Observation& seen) {
  poll(seen);
  if (!autoscaler_ || seen.action_running) return {};
  const int present = deployment_.replicas(seen.parallelism);
  std::optional<int> desired;
  if (lag_records_) {
    const auto reported = static_cast<double>(reported_lag(*lag_records_, rules_));
    desired = by_external_average(reported, present, static_cast<double>(p_.lag_threshold), p_.tolerances())
                  .replicas;
  }
  const Outcome outcome =
      autoscaler_->sync(seen.now_ns, std::max<Nanos>(seen.last_action_requested_ns, 0), present, desired);
  if (outcome.replicas == present) return {};
  Decision decision{
      .symptom = lag_records_ ? fmt::format("the lag is {} records", *lag_records_) : "no lag known",
      .diagnosis = diagnose(outcome, present),
      .reason = "",
      .targets = {}};
  deployment_.add_targets(seen, outcome.replicas, decision.targets);
  if (decision.targets.empty()) return {};
  decision.reason = describe_targets(seen, decision.targets);
  return {decision};
}

std::string Keda::why_nothing(const JobView&) const {
  if (!autoscaler_) return "there is no operator that it may scale";
  std::string text = describe(autoscaler_->tally());
  if (lag_records_)
    text += fmt::format(" (lag {} to {} records, {} for each replica)", lowest_, highest_, p_.lag_threshold);
  return text;
}

const auto registered = PolicyRegistry::add<KedaParams>(
    {.name = "keda",
     .help = "KEDA's Kafka scaler: one replica of the whole job for every so many records that wait outside.",
     .source = "kedacore/keda 2.20, kafka_scaler.go; Kubernetes documentation, Horizontal Pod Autoscaling"},
    table(), [](const KedaParams& p, PolicyContext& c) -> std::unique_ptr<Policy> {
      return std::make_unique<Keda>(p, c.job);
    });

}  // namespace
}  // namespace kubernetes
}  // namespace weir

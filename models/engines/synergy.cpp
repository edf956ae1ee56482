#include <fmt/format.h>

#include <algorithm>

#include "models/engines/synergy/node_queues.hpp"
#include "models/engines/synergy/nodes_of.hpp"
#include "models/engines/synergy/params.hpp"
#include "sim/allocation/region.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/dataflow/job.hpp"

// Synergy: applications share nodes. Each source is an application, the operators that it leads to are its
// services, their instances components on nodes. Rates are split among the components of a service by shares,
// which a policy changes while the system runs (burst adaptation: BARRE); components stay where they are.
//
//   source ──shares──▶ component on A ──shares──▶ …
//             └──────▶ component on B               a node: its processor, shared by its components, and
//             other
//                                                   resources (synergy/node_queues.hpp); what does not fit is
//                                                   dropped there
//
// Sources: Repantis, Gu and Kalogeraki on Synergy; Drougas and Kalogeraki, "Accommodating bursts in
// distributed stream processing systems", IPDPS 2009. How nodes queue and drop, and what a change of rates
// takes, is not published: parameters. Not modelled: discovery of components, overlay routing.

namespace weir {

namespace {

class Synergy final : public Engine, EventHandler {
 public:
  Synergy(const SynergyParams& params, EngineContext& context)
      : params_(params),
        calendar_(context.calendar),
        fidelity_(context.fidelity),
        queues_(context.calendar, engine_handler_id(context.job_number, 1),
                to_nanos(params.queue_ms * 1e-3)) {
    handler_id = engine_handler_id(context.job_number);
  }

  double metrics_interval_s() const override { return params_.metrics_interval_s; }
  double metrics_delay_s() const override { return params_.metrics_delay_s; }
  InstanceSettings settings(const Job&, int) const override {
    InstanceSettings settings;
    settings.batch_records = fidelity_.batch_records;
    return settings;
  }
  Router* router() override { return &queues_; }
  bool scales() const override { return false; }
  Partitioning partitioning(const EdgeSpec&, int, int) const override { return Partitioning::shares; }
  double cost_factor(int operator_id, int index) const override {
    return cost_factors_.empty()
               ? 1
               : cost_factors_[static_cast<std::size_t>(operator_id)][static_cast<std::size_t>(index)];
  }
  std::vector<ParameterProblem> parameter_problems(const LogicalGraph& graph,
                                                   const Cluster& cluster) const override {
    return synergy_parameter_problems(graph, cluster, params_);
  }
  std::vector<std::string> problems(const LogicalGraph& graph, const Cluster& cluster,
                                    const std::vector<PlacedInstance>& placed) const override {
    return synergy_problems(graph, cluster, placed, params_);
  }

  void placed(const Job& job) override {
    cost_factors_.clear();
    for (std::size_t op = 0; op < job.graph().operators.size(); ++op) {
      const auto given = params_.cost_factors.find(job.graph().operators[op].name);
      cost_factors_.push_back(
          given != params_.cost_factors.end()
              ? given->second.by_instance
              : std::vector<double>(static_cast<std::size_t>(job.graph().operators[op].parallelism()), 1));
    }
  }

  void deployed(Job& job) override {
    job_ = &job;
    auto nodes = std::make_shared<SharedNodes>(
        synergy_nodes(job.graph(), job.cluster(), job.placed(), params_, job.seed()));
    for (const int source : nodes->sources) {
      double rate_per_s = 0;
      for (int i = 0; i < job.parallelism()[source]; ++i)
        rate_per_s += job.instance(source, i).expected_rate_per_s(0);
      nodes->declared_per_s.push_back(rate_per_s);
    }
    nodes_ = std::move(nodes);
    queues_.deploy(job, *nodes_);
    compose(job);
  }

  std::shared_ptr<const SharedNodes> shared_nodes(const Job&) const override { return nodes_; }
  std::vector<double> node_availability(const Job& job) const override {
    std::vector<double> part;
    for (int host = 0; host < job.cluster().host_count(); ++host)
      part.push_back(job.cluster().cpus().speed(host) / job.cluster().host(host).speed);
    return part;
  }

  void split(Job&, const std::vector<SplitTarget>& targets) override {
    splitting_ = targets;
    calendar_.schedule(calendar_.now() + to_nanos(params_.reconfiguration_ms * 1e-3), EventClass::timer,
                       *this, 0, 0);
  }

  void rescale(Job&, const std::vector<int>&) override {
    WEIR_ASSERT(false, "components stay where they are");
  }

  std::vector<std::string> explain() const override {
    return {fmt::format("nodes: at most {} ms of work wait for each resource, the rest is dropped; rates are "
                        "split anew {} ms after a decision",
                        params_.queue_ms, params_.reconfiguration_ms),
            fmt::format("metrics: windows of {} s, {} s late; late is more than {} ms",
                        params_.metrics_interval_s, params_.metrics_delay_s, params_.deadline_ms)};
  }
  std::vector<EngineFigure> figures() const override;
  std::vector<std::string> story() const override;

 private:
  void on_event(std::uint32_t, std::uint32_t) override {
    for (const SplitTarget& target : splitting_) job_->reshare(target.operator_id, target.shares);
    ++splits_;
    job_->action_ended({});
  }

  // The shares to begin with: what the scenario says of an operator goes before the composition.
  void compose(Job& job) {
    std::vector<double> shares =
        allocation::shares(nodes_->network, allocation::ComponentRates(nodes_->network.components.size(), 0));
    if (params_.composition == Composition::cheapest) {
      if (const auto plan = allocation::Region(nodes_->network).cheapest(nodes_->declared_per_s))
        shares = allocation::shares(nodes_->network, *plan);
    }
    std::vector<std::vector<double>> by_operator(job.graph().operators.size());
    for (std::size_t c = 0; c < shares.size(); ++c)
      by_operator[static_cast<std::size_t>(nodes_->instances[c].operator_id)].push_back(shares[c]);
    for (const int op : nodes_->operators) {
      const auto given = params_.shares.find(job.graph().operators[op].name);
      job.reshare(op, given != params_.shares.end() ? given->second.by_instance
                                                    : by_operator[static_cast<std::size_t>(op)]);
    }
  }

  // Of the units that were delivered.
  double late_share() const;

  SynergyParams params_;
  Calendar& calendar_;
  FidelitySpec fidelity_;
  NodeQueues queues_;
  Job* job_ = nullptr;
  std::shared_ptr<const SharedNodes> nodes_;
  std::vector<std::vector<double>> cost_factors_;  // by operator and instance
  std::vector<SplitTarget> splitting_;
  int splits_ = 0;
};

double Synergy::late_share() const {
  const LatencyHistogram latency = job_->latency();
  const Nanos deadline_ns = to_nanos(params_.deadline_ms * 1e-3);
  std::int64_t late = 0;
  latency.for_each_bucket([&](Nanos low_ns, Nanos, std::int64_t count) {
    if (low_ns > deadline_ns) late += count;
  });
  return latency.count() == 0 ? 0 : static_cast<double>(late) / static_cast<double>(latency.count());
}

std::vector<EngineFigure> Synergy::figures() const {
  const OriginBooks& origins = job_->origins();
  const auto ended = static_cast<double>(origins.emitted - origins.held());
  const double late = late_share();
  const double dropped = ended > 0 ? static_cast<double>(origins.lost) / ended : 0;
  const double delivered = ended > 0 ? static_cast<double>(origins.delivered) / ended : 0;
  return {{"dropped_share", dropped},
          {"late_share", late},
          {"missed_share", dropped + late * delivered},
          {"splits", static_cast<double>(splits_)}};
}

std::vector<std::string> Synergy::story() const {
  std::vector<std::string> lines;
  for (std::size_t j = 0; j < queues_.dropped_at().size(); ++j) {
    if (queues_.dropped_at()[j] > 0)
      lines.push_back(fmt::format("{} units found no room for {}", queues_.dropped_at()[j],
                                  nodes_->network.resources[j]));
  }
  return lines;
}

const auto registered = EngineRegistry::add<SynergyParams>(
    {.name = "synergy",
     .help =
         "Applications whose services have components on shared nodes; rates are split among them by shares.",
     .source =
         "Drougas and Kalogeraki, Accommodating bursts in distributed stream processing systems, IPDPS 2009",
     .lacks = {"feedback", "pull", "join", "exact origins"},
     .splits_rates = true},
    synergy_table(), [](const SynergyParams& params, EngineContext& context) -> std::unique_ptr<Engine> {
      return std::make_unique<Synergy>(params, context);
    });

}  // namespace

}  // namespace weir

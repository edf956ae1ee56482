#include <fmt/format.h>

#include "sim/cluster/cluster.hpp"
#include "sim/dataflow/engine.hpp"
#include "sim/dataflow/job.hpp"
#include "sim/scenario/params.hpp"

// The generic engine: bounded channels with backpressure from hop to hop, and rescaling by stop and restart.
//
//   rescale ──▶ pause sources ──▶ drain (or drop) ──▶ savepoint ──▶ restart ──▶ resume
//                                  as long as it takes  state/rate   restart_s + state/rate
//
// What most dataflow engines have in common, without the details of any one of them; the model for theory,
// synthetic workloads and first studies.

namespace weir {

namespace {

enum class OnStop { drain, drop };

struct GenericParams {
  int channel_capacity_records = 1024;
  double metrics_interval_s = 10;
  double metrics_delay_s = 0;
  OnStop on_stop = OnStop::drain;
  double savepoint_s = 1;
  double restart_s = 5;
  double restart_per_instance_s = 0;
  double state_mb_per_s = 100;
  TracingCost tracing_cost;
};

ParamTable<GenericParams> table() {
  ParamTable<GenericParams> t("engine generic");
  t.integer(
      "channel_capacity_records", &GenericParams::channel_capacity_records,
      {.unit = "records",
       .help = "Records under way on the channel between two instances, pushed and not yet pulled; 0: no "
               "bound and so no backpressure."},
      between(0, 1e9));
  t.real("metrics_interval_s", &GenericParams::metrics_interval_s,
         {.unit = "s", .help = "Length of a metric window."}, Range{.low = 1e-3, .high = 1e6});
  t.real("metrics_delay_s", &GenericParams::metrics_delay_s,
         {.unit = "s", .help = "How late a window reaches the policy."}, between(0, 1e6));
  t.choice("on_stop", &GenericParams::on_stop,
           {.help = "What happens to records under way when the job is stopped to be rescaled."},
           {{"drain", OnStop::drain}, {"drop", OnStop::drop}});
  t.real("savepoint_s", &GenericParams::savepoint_s,
         {.unit = "s", .help = "Fixed part of the snapshot before a restart."}, between(0, 1e6));
  t.real("restart_s", &GenericParams::restart_s, {.unit = "s", .help = "Fixed part of a restart."},
         between(0, 1e6));
  t.real("restart_per_instance_s", &GenericParams::restart_per_instance_s,
         {.unit = "s", .help = "Additional restart time for each instance of the new deployment."},
         between(0, 1e4));
  t.real("state_mb_per_s", &GenericParams::state_mb_per_s,
         {.unit = "MB/s", .help = "Rate at which state is written to the snapshot, and read back."},
         positive());
  t.object("tracing_cost", &GenericParams::tracing_cost, tracing_cost_table(),
           {.help = "What it costs the simulated system to trace itself."});
  return t;
}

class Generic final : public Engine, EventHandler {
 public:
  Generic(const GenericParams& params, EngineContext& context)
      : params_(params), calendar_(context.calendar), fidelity_(context.fidelity) {
    handler_id = engine_handler_id(context.job_number);
  }

  double metrics_interval_s() const override { return params_.metrics_interval_s; }
  double metrics_delay_s() const override { return params_.metrics_delay_s; }

  InstanceSettings settings(const Job& job, int operator_id) const override {
    InstanceSettings settings;
    settings.tracing_cost = params_.tracing_cost;
    settings.batch_records = fidelity_.batch_records;
    settings.channel_capacity = params_.channel_capacity_records;
    if (settings.channel_capacity > 0) {
      // What a receiver makes of a batch should be half of one of its channels at most: then sender and
      // receiver overlap, and a batch is not pushed through the channel in many turns.
      const double half = std::max(1.0, params_.channel_capacity_records / (2 * expansion(job, operator_id)));
      settings.batch_records = std::min(settings.batch_records, static_cast<std::int64_t>(half));
    }
    settings.gather_span_ns = settings.batch_records > 1 ? fidelity_.span_ns() : 0;
    return settings;
  }

  void rescale(Job& job, const std::vector<int>& parallelism) override {
    target_ = parallelism;
    job_ = &job;
    asked_ns_ = calendar_.now();
    outcome_ = {};
    if (params_.on_stop == OnStop::drain) {
      job.pause_sources(true);
      job.drain();
    } else {
      outcome_.lost_records = job.halt_and_drop(false);
      if (outcome_.lost_records > 0) outcome_.detail = "the job stops without draining (on_stop)";
      stopped();
    }
  }

  // Called in the middle of the last instance's work: what follows is an event of its own.
  void drained(Job&) override {
    calendar_.schedule(calendar_.now(), EventClass::timer, *this, drained_event, 0);
  }

  std::vector<std::string> explain() const override {
    return {
        params_.channel_capacity_records == 0
            ? std::string("flow control: none (unbounded channels)")
            : fmt::format(
                  "flow control: at most {} records between the push and the pull of a channel; a sender "
                  "without room blocks",
                  params_.channel_capacity_records),
        fmt::format("metrics: windows of {} s, {} s late", params_.metrics_interval_s,
                    params_.metrics_delay_s),
        fmt::format(
            "rescale: stop ({}), snapshot {} s + state at {} MB/s, restart {} s + {} s per instance + state "
            "at {} MB/s",
            params_.on_stop == OnStop::drain ? "sources pause until nothing is under way"
                                             : "records under way are lost",
            params_.savepoint_s, params_.state_mb_per_s, params_.restart_s, params_.restart_per_instance_s,
            params_.state_mb_per_s)};
  }

 private:
  // The most records that a receiver of the operator's output makes of one record; at least 1.
  static double expansion(const Job& job, int operator_id) {
    double most = 1;
    const LogicalGraph& graph = job.graph();
    for (const int edge : graph.operators[operator_id].outputs) {
      const LogicalOperator& receiver = graph.operators[graph.edges[edge].to];
      if (receiver.sink()) continue;
      OperatorContext context{job.seed(), "settings"};
      most = std::max(most, receiver.operator_spec.logic.build(context)->mean_selectivity());
    }
    return most;
  }

  enum Kind : std::uint32_t { drained_event = 1, restarted = 2 };

  void on_event(std::uint32_t kind, std::uint32_t) override {
    if (kind == drained_event) {
      job_->halt_and_drop(true);
      stopped();
    } else {
      const bool placed = job_->deploy(target_);
      outcome_.done = placed;
      if (!placed) {
        outcome_.detail = "too few slots: the old deployment goes on";
        const bool kept = job_->deploy(job_->parallelism());
        WEIR_ASSERT(kept, "what was placed before can be placed again");
      }
      job_->pause_sources(false);
      job_->resume();
      outcome_.downtime_s = to_seconds(calendar_.now() - stopped_ns_);
      outcome_.state_bytes = job_->state_bytes();
      job_->action_ended(outcome_);
    }
  }

  void stopped() {
    stopped_ns_ = calendar_.now();
    int instances = 0;
    for (const int p : target_) instances += p;
    const double state_s = job_->state_bytes() / (params_.state_mb_per_s * 1e6);
    // Within 30 years every run is over.
    const double down_s = std::min(
        params_.savepoint_s + params_.restart_s + params_.restart_per_instance_s * instances + 2 * state_s,
        1e9);
    calendar_.schedule(calendar_.now() + to_nanos(down_s), EventClass::timer, *this, restarted, 0);
  }

  GenericParams params_;
  Calendar& calendar_;
  FidelitySpec fidelity_;
  Job* job_ = nullptr;
  std::vector<int> target_;
  ActionOutcome outcome_;
  Nanos asked_ns_ = 0;
  Nanos stopped_ns_ = 0;
};

const auto registered = EngineRegistry::add<GenericParams>(
    {.name = "generic",
     .help = "Bounded channels with hop-by-hop backpressure; rescales by stop and restart.",
     .source = "weir's own; no particular system"},
    table(), [](const GenericParams& params, EngineContext& context) -> std::unique_ptr<Engine> {
      return std::make_unique<Generic>(params, context);
    });

}  // namespace

}  // namespace weir

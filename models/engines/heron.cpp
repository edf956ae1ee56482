#include <fmt/format.h>

#include <algorithm>
#include <deque>

#include "models/engines/heron/stream_managers.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/dataflow/job.hpp"
#include "sim/kernel/random.hpp"
#include "sim/scenario/node.hpp"
#include "sim/scenario/params.hpp"

// Apache Heron (0.17.8): every instance is a process of its own, tuples travel through the stream managers of
// the containers, and backpressure stops the spouts.
//
//   instance ─▶ stream manager ──drains every 10 ms──▶ (peer stream manager) ─▶ buffer of the receiving
//   instance
//                                                                 over 100 MiB: all spouts of the topology
//                                                                 stop, until it is under 50 MiB again
//
// An instance whose buffer is over the mark is the one that "initiates" backpressure: the time is its
// __time_spent_back_pressure_by_compid. Metrics are exported every 60 s. `heron update` restarts the
// topology's containers: tuples under way are lost (no acks here), the buffers and metrics of the instances
// begin anew.
//
// Sources: heron_internals.yaml and stmgr of incubator-heron 1c5779d; defaults as configured there. Not
// modelled: the CPU time of stream managers (in a trace they are workers that hold tuples), acks, the
// instances' own read and write queues.

namespace weir {

namespace {

struct HeronParams {
  int instances_per_container = 10;
  double drain_ms = 10;
  double high_water_mib = 100;
  double low_water_mib = 50;
  int backpressure_sightings = 3;
  double backpressure_delay_ms = 0;
  double metrics_interval_s = 60;
  double metrics_delay_s = 0;
  double restart_s = 30;
  double restart_per_instance_s = 0;
  double restart_cv = 0;
  TracingCost tracing_cost;
};

ParamTable<HeronParams> table() {
  ParamTable<HeronParams> t("engine heron");
  const char* internals = "heron_internals.yaml";
  t.integer(
      "instances_per_container", &HeronParams::instances_per_container,
      {.unit = "instances",
       .help =
           "Instances on a host are grouped into containers of at most so many; each has a stream manager.",
       .source = "packing InstanceDensityConstraint"},
      between(1, 16384));
  t.real(
      "drain_ms", &HeronParams::drain_ms,
      {.unit = "ms",
       .help =
           "A stream manager sends what it gathered every so often; stretched to the fidelity's batch span.",
       .source = internals},
      Range{.low = 1e-3, .high = 60'000});
  t.real("high_water_mib", &HeronParams::high_water_mib,
         {.unit = "MiB", .help = "A buffer above this starts backpressure.", .source = internals},
         positive());
  t.real("low_water_mib", &HeronParams::low_water_mib,
         {.unit = "MiB", .help = "Below this it ends.", .source = internals}, non_negative());
  t.integer(
      "backpressure_sightings", &HeronParams::backpressure_sightings,
      {.unit = "sightings",
       .help = "Consecutive tuple sets (what a drain has for an instance) that arrive over the mark before "
               "backpressure starts.",
       .source = internals},
      between(1, 1000));
  t.real("backpressure_delay_ms", &HeronParams::backpressure_delay_ms,
         {.unit = "ms", .help = "From the mark's crossing until the spouts stop or go on."},
         between(0, 60'000));
  t.real("metrics_interval_s", &HeronParams::metrics_interval_s,
         {.unit = "s", .help = "Export interval of metrics.", .source = internals},
         Range{.low = 1e-3, .high = 1e6});
  t.real("metrics_delay_s", &HeronParams::metrics_delay_s,
         {.unit = "s", .help = "How late a window reaches the policy."}, between(0, 1e6));
  t.real("restart_s", &HeronParams::restart_s,
         {.unit = "s",
          .help = "Fixed part of a topology update: from the request until all instances work again.",
          .source = "no published value; a constant 8.8 s fits DS2's figure 6 with three other parameters"},
         between(0, 1e6));
  t.real("restart_per_instance_s", &HeronParams::restart_per_instance_s,
         {.unit = "s", .help = "Additional time for each instance of the new deployment."}, between(0, 1e4));
  t.real("restart_cv", &HeronParams::restart_cv,
         {.unit = "",
          .help = "Coefficient of variation of the restart time (lognormal, drawn for each update)."},
         between(0, 10));
  t.object("tracing_cost", &HeronParams::tracing_cost, tracing_cost_table(),
           {.help = "What it costs the simulated system to trace itself."});
  t.check({"low_water_mib", "high_water_mib"}, [](const HeronParams& p, const Node& at, Errors& errors) {
    if (p.low_water_mib >= p.high_water_mib) {
      errors.add(at.at_or_self("low_water_mib"), "the low water mark is not below the high one",
                 fmt::format("less than {}", p.high_water_mib));
    }
  });
  return t;
}

class Heron final : public Engine, EventHandler {
 public:
  Heron(const HeronParams& params, EngineContext& context)
      : params_(params),
        calendar_(context.calendar),
        own_drain_ns_(to_nanos(params.drain_ms * 1e-3)),
        drain_ns_(std::max(own_drain_ns_, context.fidelity.span_ns())),
        fidelity_records_(context.fidelity.batch_records),
        random_(context.seed, context.job, "restart"),
        stream_managers_(context.calendar, engine_handler_id(context.job_number, 1), own_drain_ns_, drain_ns_,
                         context.fidelity.batch_records == 1 && context.fidelity.span_ns() == 0,
                         context.fidelity.batch_records) {
    handler_id = engine_handler_id(context.job_number);
  }

  double metrics_interval_s() const override { return params_.metrics_interval_s; }
  double metrics_delay_s() const override { return params_.metrics_delay_s; }

  InstanceSettings settings(const Job&, int) const override {
    InstanceSettings settings;
    settings.tracing_cost = params_.tracing_cost;
    settings.high_mark_bytes = static_cast<std::int64_t>(params_.high_water_mib * 1048576);
    settings.low_mark_bytes = static_cast<std::int64_t>(params_.low_water_mib * 1048576);
    settings.mark_sightings = params_.backpressure_sightings;
    // A drain that is coarser than Heron's own: what it held arrived earlier, and services lie in the past.
    if (drain_ns_ > own_drain_ns_) {
      settings.batch_records = fidelity_records_;
      settings.gather_span_ns = drain_ns_;
      settings.unseen_queueing = false;  // tuples of one drain do arrive together
    }
    return settings;
  }

  Router* router() override { return &stream_managers_; }

  void deployed(Job& job) override { stream_managers_.deploy(job, params_.instances_per_container); }

  void trace_until(Nanos now) override { stream_managers_.trace_until(now); }
  Nanos trace_settled(Nanos until_ns) override { return stream_managers_.trace_settled(until_ns); }

  // The stream manager tells all others, which stop reading from their spouts.
  void mark_crossed(Job& job, Instance&, bool above) override {
    job_ = &job;
    over_mark_ += above ? 1 : -1;
    WEIR_ASSERT(over_mark_ >= 0, "an instance ends a backpressure that it did not begin");
    told_.push_back({over_mark_ > 0, job.deployment()});
    calendar_.schedule(calendar_.now() + to_nanos(params_.backpressure_delay_ms * 1e-3), EventClass::timer,
                       *this, spouts, 0);
  }

  void rescale(Job& job, const std::vector<int>& parallelism) override {
    job_ = &job;
    target_ = parallelism;
    outcome_ = {};
    outcome_.lost_records = job.halt_and_drop(false);
    if (outcome_.lost_records > 0)
      outcome_.detail = "an update kills the containers, and without acks nothing is sent again";
    int instances = 0;
    for (const int p : parallelism) instances += p;
    outcome_.downtime_s = params_.restart_s + params_.restart_per_instance_s * instances;
    if (params_.restart_cv > 0 && outcome_.downtime_s > 0)
      outcome_.downtime_s = random_.lognormal(outcome_.downtime_s, params_.restart_cv);
    outcome_.downtime_s = std::min(outcome_.downtime_s, 1e9);  // within 30 years every run is over
    calendar_.schedule(calendar_.now() + to_nanos(outcome_.downtime_s), EventClass::timer, *this, restarted,
                       0);
  }

  std::vector<std::string> explain() const override {
    std::vector<std::string> lines = {
        fmt::format("transport: a stream manager for each {} instances of a host, drained every {} ms{}",
                    params_.instances_per_container, params_.drain_ms,
                    drain_ns_ == own_drain_ns_
                        ? ""
                        : fmt::format(" (simulated every {} ms, by the fidelity's batch span)",
                                      to_seconds(drain_ns_) * 1e3)),
        fmt::format("flow control: all spouts stop while a buffer that passed {} MiB is over {} MiB",
                    params_.high_water_mib, params_.low_water_mib),
        fmt::format("metrics: exported every {} s", params_.metrics_interval_s),
        fmt::format("update: containers restart, {} s + {} s per instance; tuples under way are lost",
                    params_.restart_s, params_.restart_per_instance_s)};
    return lines;
  }

 private:
  enum Kind : std::uint32_t { restarted = 1, spouts = 2 };

  void on_event(std::uint32_t kind, std::uint32_t) override {
    if (kind == spouts) {
      const Told told = told_.front();
      told_.pop_front();
      // What stream managers of an earlier deployment said went down with them.
      if (told.deployment == job_->deployment()) job_->pause_sources(told.stop);
      return;
    }
    outcome_.done = job_->deploy(target_);
    if (!outcome_.done) {
      outcome_.detail = "too few slots: the old deployment goes on";
      const bool kept = job_->deploy(job_->parallelism());
      WEIR_ASSERT(kept, "what was placed before can be placed again");
    }
    job_->pause_sources(false);
    job_->resume();
    job_->action_ended(outcome_);
  }

  HeronParams params_;
  Calendar& calendar_;
  Nanos own_drain_ns_;
  Nanos drain_ns_;
  std::int64_t fidelity_records_;
  RandomStream random_;
  StreamManagers stream_managers_;
  Job* job_ = nullptr;
  int over_mark_ = 0;
  struct Told {
    bool stop;
    int deployment;
  };
  std::deque<Told> told_;  // by the stream managers, and not heard yet
  std::vector<int> target_;
  ActionOutcome outcome_;
};

const auto registered = EngineRegistry::add<HeronParams>(
    {.name = "heron",
     .help = "Apache Heron: stream managers, spout backpressure between two water marks, restart on update.",
     .source = "apache/incubator-heron; DS2 (OSDI 2018) 5.2 for the 0.17.8 set-up",
     .lacks = {"pull", "join"}},
    table(), [](const HeronParams& params, EngineContext& context) -> std::unique_ptr<Engine> {
      return std::make_unique<Heron>(params, context);
    });

}  // namespace

}  // namespace weir

#include "sim/simulation/simulation.hpp"

#include <sys/resource.h>

#include <fmt/format.h>
#include <chrono>
#include <cmath>
#include <numeric>
#include <sstream>

#include "sim/control/control_loop.hpp"
#include "sim/control/give_way.hpp"
#include "sim/dataflow/slots.hpp"
#include "sim/kernel/simgrid_loop.hpp"
#include "sim/record/readable.hpp"
#include "sim/record/seconds.hpp"
#include "sim/record/summary_check.hpp"
#include "sim/simulation/failures.hpp"
#include "sim/simulation/fidelity_limits.hpp"
#include "sim/simulation/pag_tracer.hpp"
#include "sim/simulation/prediction.hpp"
#include "sim/simulation/recorder.hpp"
#include "sim/simulation/topics.hpp"

namespace weir {

namespace {

// Looks in now and then to report progress and to see whether to stop: some twenty times a second of wall
// time, which it approaches by making its steps in simulated time longer or shorter. An observer: its events
// are in no fingerprint and no count.
class Watch final : public EventHandler {
 public:
  Watch(Calendar& calendar, const SimulationOptions& options, Nanos until)
      : calendar_(calendar),
        options_(options),
        until_(until),
        step_ns_(std::max<Nanos>(1, until / 1'000'000)) {
    calendar_.schedule(0, EventClass::timer, *this, 0, 0);
  }
  void on_event(std::uint32_t, std::uint32_t) override {
    if (options_.interrupted != nullptr && options_.interrupted->load()) {
      calendar_.stop();
      return;
    }
    if (options_.progress) {
      options_.progress({to_seconds(calendar_.now()), to_seconds(until_), calendar_.executed()});
    }
    const auto now = std::chrono::steady_clock::now();
    const double since_s = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    if (since_s > 0.1) step_ns_ = std::max<Nanos>(1, step_ns_ / 4);
    if (since_s < 0.025) step_ns_ = std::min<Nanos>(step_ns_ * 2, std::max<Nanos>(1, until_ / 20));
    if (calendar_.now() + step_ns_ <= until_) {
      calendar_.schedule(calendar_.now() + step_ns_, EventClass::timer, *this, 0, 0);
    }
  }

 private:
  Calendar& calendar_;
  const SimulationOptions& options_;
  Nanos until_;
  Nanos step_ns_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

// A job with all that belongs to it.
struct RunningJob {
  LogicalGraph graph;
  std::unique_ptr<Engine> engine;
  std::unique_ptr<Placement> placement;
  std::unique_ptr<Job> job;
  std::unique_ptr<TrueCapacity> truth;
  std::unique_ptr<Recorder> recorder;
  std::unique_ptr<ControlLoop> loop;
  std::unique_ptr<Failures> failures;  // null: none
};

int initial_slots(const LogicalGraph& graph, const Engine& engine) {
  return static_cast<int>(slots_taken(initial_parallelism(graph), engine.shares_slots()));
}

// Policies, the oracle and the books know one limit: the scenario's, or the engine's if that is less.
void limit_parallelism(LogicalGraph& graph, const Engine& engine) {
  for (int op = 0; op < static_cast<int>(graph.operators.size()); ++op) {
    LogicalOperator& one = graph.operators[static_cast<std::size_t>(op)];
    if (one.source) continue;
    one.operator_spec.max_parallelism =
        std::min(one.operator_spec.max_parallelism, engine.max_parallelism(graph, op));
  }
}

double peak_rss_mib() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

RunDimensions dimensions(const Scenario& scenario, const std::vector<RunningJob>& jobs,
                         const Cluster& cluster) {
  RunDimensions d;
  std::int32_t operator_id = 0;
  for (std::size_t j = 0; j < jobs.size(); ++j) {
    const auto job_id = static_cast<std::int32_t>(j);
    d.jobs.push_back({job_id, FixedText<64>(scenario.jobs[j].name),
                      FixedText<32>(scenario.jobs[j].engine.name()),
                      FixedText<48>(scenario.jobs[j].policy.name()), jobs[j].loop->policy().interval_s()});
    const std::int32_t first_operator = operator_id;
    for (const LogicalOperator& op : jobs[j].graph.operators) {
      OperatorRow row;
      row.operator_id = operator_id;
      row.job_id = job_id;
      row.name = FixedText<64>(op.name);
      row.type = FixedText<32>(op.source ? op.source_spec.arrivals.name() : op.operator_spec.logic.name());
      row.source = op.source;
      row.sink = op.sink();
      row.scalable = !op.source && op.operator_spec.scalable;
      row.initial_parallelism =
          jobs[j].engine->running_at_start(jobs[j].graph, operator_id++ - first_operator, op.parallelism());
      if (!op.source) row.max_parallelism = op.operator_spec.max_parallelism;
      d.operators.push_back(row);
    }
  }
  for (int host = 0; host < cluster.host_count(); ++host) {
    const HostInfo& info = cluster.host(host);
    d.hosts.push_back({host, FixedText<64>(info.name), info.cores, info.speed * 1e9});
  }
  return d;
}

std::string joined(const Scenario& scenario, std::string JobSpecName(const JobSpec&)) {
  std::string text;
  for (const JobSpec& job : scenario.jobs) text += (text.empty() ? "" : ",") + JobSpecName(job);
  return text;
}

class Simulation {
 public:
  Simulation(const LoadedScenario& loaded, const SimulationOptions& options)
      : loaded_(loaded),
        scenario_(loaded.scenario),
        options_(options),
        until_(to_nanos(scenario_.until_s)),
        cluster_(scenario_.cluster, calendar_, loaded.base_dir.string(), scenario_.seed),
        simgrid_(calendar_, {options.lookahead}) {
    // As early as can be: SimGrid's own handler of Ctrl-C is in force until somebody hears of this.
    if (options_.progress) options_.progress({0, scenario_.until_s, 0});
    brokers_ = std::make_unique<Brokers>(scenario_, calendar_, cluster_);
    make_jobs();
    make_control();
    if (options_.output) make_file();
  }

  RunSummary run() {
    const auto began = std::chrono::steady_clock::now();
    for (RunningJob& job : jobs_) {
      std::vector<int> parallelism;
      for (const LogicalOperator& op : job.graph.operators) parallelism.push_back(op.parallelism());
      const bool placed = job.job->deploy(parallelism);
      WEIR_ASSERT(placed, "the initial placement was checked");
      job.recorder->deployed();
      job.loop->start(until_);
      const std::vector<WorkerFailure>& failures = scenario_.jobs[job.job->number()].failures;
      if (!failures.empty())
        job.failures = std::make_unique<Failures>(failures, *job.job, *job.engine, until_);
    }
    for (RunningJob& job : jobs_) job.job->resume();
    Watch watch(calendar_, options_, until_);
    simgrid_.run(until_);
    const bool complete = !calendar_.stopped();
    if (complete) calendar_.advance_to_end(until_);
    return summarize(complete,
                     std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  }

 private:
  void make_jobs() {
    jobs_.resize(scenario_.jobs.size());
    int slots = cluster_.slot_count();
    for (std::size_t j = 0; j < jobs_.size(); ++j) {
      const JobSpec& spec = scenario_.jobs[j];
      RunningJob& job = jobs_[j];
      WorkloadContext workload;
      job.graph = resolve(spec.workload.build(workload)->dataflow());
      EngineContext engine{calendar_,
                           cluster_,
                           scenario_.fidelity,
                           scenario_.seed,
                           spec.name,
                           static_cast<int>(j),
                           !spec.failures.empty()};
      job.engine = spec.engine.build(engine);
      limit_parallelism(job.graph, *job.engine);
      PlacementContext placement{scenario_.seed, spec.name, cluster_, job.graph, job.engine->shares_slots()};
      job.placement = spec.placement.build(placement);
      JobSetup setup;
      setup.name = spec.name;
      setup.number = static_cast<int>(j);
      setup.graph = &job.graph;
      setup.engine = job.engine.get();
      setup.placement = job.placement.get();
      setup.cluster = &cluster_;
      setup.calendar = &calendar_;
      setup.fidelity = scenario_.fidelity;
      setup.seed = scenario_.seed;
      setup.base_dir = loaded_.base_dir.string();
      setup.until_ns = until_;
      job.job = std::make_unique<Job>(setup);
      brokers_->connect(*job.job, j);
      slots -= initial_slots(job.graph, *job.engine);
    }
    // What a job may grow into: its own slots and those that no job has at the start.
    spare_slots_ = slots;
  }

  void make_file() {
    RunMeta meta;
    meta.scenario = scenario_.name;
    meta.policy = joined(scenario_, [](const JobSpec& job) { return job.policy.name(); });
    meta.engine = joined(scenario_, [](const JobSpec& job) { return job.engine.name(); });
    meta.seed = scenario_.seed;
    meta.scenario_sha256 = options_.scenario_sha256;
    meta.metrics_interval_s = jobs_[0].engine->metrics_interval_s();
    RunFileSettings settings;
    settings.instance_windows_max_instances = scenario_.record.instance_windows_max_instances;
    file_ =
        std::make_unique<RunFile>(*options_.output, meta, dimensions(scenario_, jobs_, cluster_), settings);
    if (options_.trace) make_trace();
    file_->start();
    for (RunningJob& job : jobs_) job.recorder->write_to(*file_);
  }

  void make_trace() {
    trace_ = std::make_unique<PagTrace>(*file_, *options_.trace);
    int first_operator = 0;
    for (std::size_t j = 0; j < jobs_.size(); ++j) {
      Job& job = *jobs_[j].job;
      tracers_.push_back(
          std::make_unique<PagTracer>(*trace_, job, static_cast<int>(j), first_operator, until_));
      job.trace_to(*tracers_.back());
      first_operator += static_cast<int>(job.graph().operators.size());
    }
  }

  // When a metric window was closed.
  void commit_trace() {
    Nanos until_ns = never;
    for (RunningJob& job : jobs_) until_ns = std::min(until_ns, job.job->trace_settled(calendar_.now()));
    trace_->commit(until_ns);
  }

  void make_control() {
    int first_operator = 0;
    for (std::size_t j = 0; j < jobs_.size(); ++j) {
      RunningJob& job = jobs_[j];
      const JobSpec& spec = scenario_.jobs[j];
      job.truth = std::make_unique<TrueCapacity>(*job.job);
      RecorderSetup setup;
      setup.job_number = static_cast<int>(j);
      setup.first_operator_id = first_operator;
      setup.policy = spec.policy.name();
      setup.engine = spec.engine.name();
      setup.next_instance_id = &next_instance_id_;
      setup.on_window = [this](const Job& of, const MetricWindow& window) {
        if (trace_) commit_trace();
        if (options_.on_window) options_.on_window(of, window);
      };
      job.recorder = std::make_unique<Recorder>(*job.job, *job.truth, setup);
      job.job->on_micro_batch_done = [recorder = job.recorder.get()](const MicroBatchReport& report) {
        recorder->micro_batch_done(report);
      };
      job.loop =
          std::make_unique<ControlLoop>(*job.job, *job.engine, spec.policy, *job.truth, *job.recorder,
                                        initial_slots(job.graph, *job.engine) + spare_slots_, scenario_.seed);
      job.loop->interrupted_by(options_.interrupted);
      first_operator += static_cast<int>(job.graph.operators.size());
      job.loop->slots_left = [this, own = job.loop.get()] {
        std::int64_t left = cluster_.slot_count();
        for (const RunningJob& other : jobs_)
          if (other.loop.get() != own) left -= other.loop->slots_claimed();
        return left;
      };
      job.job->free_slots = [this, own = job.job.get()] { return slots_left_by_others(*own); };
    }
  }

  std::vector<int> slots_left_by_others(const Job& own) const {
    std::vector<int> slots;
    for (int host = 0; host < cluster_.host_count(); ++host) slots.push_back(cluster_.host(host).slots);
    for (const RunningJob& other : jobs_) {
      if (other.job.get() == &own) continue;
      for (const PlacedInstance& placed : other.job->placed()) --slots[placed.host];
    }
    return slots;
  }

  RunSummary summarize(bool complete, double wall_s) {
    RunSummary summary;
    summary.scenario = scenario_.name;
    summary.seed = scenario_.seed;
    summary.complete = complete;
    if (!complete) summary.incomplete_reason = "interrupted";
    summary.simulated_s = written_seconds(calendar_.now());
    for (RunningJob& job : jobs_) {
      job.loop->finish();
      if (options_.at_end) options_.at_end(*job.job);
      job.job->trace_until(calendar_.now());
      std::vector<std::string> wrong = job.job->check();
      JobSummary of_job = job.recorder->summary(*job.loop, calendar_.now(), wrong.empty());
      for (std::string& sentence : implausible(of_job)) wrong.push_back(std::move(sentence));
      for (std::string& sentence : wrong) summary.failed_checks.push_back(job.job->name() + ": " + sentence);
      if (file_) job.recorder->write_final(of_job, *job.loop);
      summary.jobs.push_back(std::move(of_job));
    }
    for (std::size_t b = 0; b < brokers_->all().size(); ++b) {
      const std::string& name = scenario_.brokers[b].name;
      for (const std::string& sentence : brokers_->all()[b]->check())
        summary.failed_checks.push_back(name + ": " + sentence);
      summary.brokers.push_back({name, scenario_.brokers[b].system.name(), {}});
      for (const BrokerFigure& figure : brokers_->all()[b]->figures())
        summary.brokers.back().figures.push_back({figure.name, figure.value});
    }
    Nanos cpu_ns = 0;
    Nanos cores = 0;
    for (int host = 0; host < cluster_.host_count(); ++host) {
      const Nanos used_ns = cluster_.cpus().used_ns(host);
      if (used_ns < 0) {
        summary.failed_checks.push_back(
            fmt::format("{}: its cores were busy for {} ns", cluster_.host(host).name, used_ns));
      }
      cpu_ns += used_ns;
      cores += cluster_.host(host).cores;
    }
    summary.hosts.count = cluster_.host_count();
    if (calendar_.now() > 0)
      summary.hosts.cpu_mean =
          static_cast<double>(cpu_ns) / (static_cast<double>(cores) * static_cast<double>(calendar_.now()));
    summary.fingerprint = fmt::format("{:016x}", calendar_.fingerprint());
    summary.events = static_cast<std::int64_t>(calendar_.executed());
    summary.wall_s = wall_s;
    summary.peak_rss_mib = peak_rss_mib();
    if (trace_) trace_->flush();
    if (file_) {
      file_->finish(FinalRow{summary.simulated_s, wall_s, summary.events, FixedText<32>(summary.fingerprint),
                             complete});
    }
    return summary;
  }

  const LoadedScenario& loaded_;
  const Scenario& scenario_;
  const SimulationOptions& options_;
  Nanos until_;
  Calendar calendar_;
  Cluster cluster_;
  SimGridLoop simgrid_;
  std::unique_ptr<Brokers> brokers_;
  std::vector<RunningJob> jobs_;
  std::unique_ptr<RunFile> file_;
  std::unique_ptr<PagTrace> trace_;
  std::vector<std::unique_ptr<PagTracer>> tracers_;
  std::int64_t next_instance_id_ = 0;
  int spare_slots_ = 0;
};

// Events a second in the mean at this parallelism, which does no more than it can; infinite where a loop
// grows.
double events_per_s_at(const Job& job, const Engine& engine, const TrueCapacity& truth,
                       const Scenario& scenario, const Brokers& brokers,
                       const std::vector<int>& parallelism) {
  const JobRates rates = rates_of(job, engine, truth, scenario.until_s, parallelism);
  const double of_job_per_s =
      events_per_s(job, engine, scenario.fidelity, rates, parallelism, scenario.until_s);
  if (!std::isfinite(of_job_per_s)) return of_job_per_s;
  return of_job_per_s + brokers.events_per_s(job, static_cast<std::size_t>(job.number()), rates, parallelism);
}

int hosts_with_more_threads_than_cores(const Job& job) {
  std::vector<int> threads(static_cast<std::size_t>(job.cluster().host_count()), 0);
  for (int op = 0; op < static_cast<int>(job.graph().operators.size()); ++op) {
    if (job.chain_head(op) != op || job.engine().slots_are_threads()) continue;
    for (int i = 0; i < job.parallelism()[op]; ++i) ++threads[static_cast<std::size_t>(job.host_of(op, i))];
  }
  if (job.engine().slots_are_threads())
    for (const PlacedInstance& slot : job.placed()) ++threads[static_cast<std::size_t>(slot.host)];
  int hosts = 0;
  for (int host = 0; host < job.cluster().host_count(); ++host)
    hosts += threads[static_cast<std::size_t>(host)] > job.cluster().host(host).cores ? 1 : 0;
  return hosts;
}

// Whether the policy may act before the run is over.
bool may_act(const Policy& policy, const Engine& engine, double until_s) {
  if (policy.acts_on() == ActsOn::nothing || policy.first_evaluation_s() >= until_s) return false;
  return policy.acts_on() == ActsOn::truth ||
         engine.metrics_interval_s() + engine.metrics_delay_s() < until_s;
}

std::vector<std::string> what_topics_say(const Job& job, const Scenario& scenario) {
  std::vector<std::string> lines;
  const auto number = static_cast<std::size_t>(job.number());
  for (const TopicUse& use : scenario.jobs[number].reads) {
    const int source = job.graph().find(use.operator_name);
    for (const std::string& who : other_writers(scenario, number, use))
      lines.push_back(fmt::format("{}: what it will be offered is not known: {}", use.operator_name, who));
    const int partitions = job.topic_read(source)->partitions(), instances = job.parallelism()[source];
    if (instances > partitions && !job.engine().reads_by_ranges())
      lines.push_back(fmt::format(
          "{}: {} of its {} instances have nothing to read: topic {} has {} partition{}", use.operator_name,
          instances - partitions, instances, use.topic, partitions, partitions == 1 ? "" : "s"));
  }
  return lines;
}

// What a run will cost: as the job begins, and, where its policy may change that, at the optimum for the mean
// load, as far as the slots go. What the policy will make of it is not known without the run.
std::vector<std::string> predicted_cost(const Job& job, const Engine& engine, const TrueCapacity& truth,
                                        const JobSpec& spec, const Scenario& scenario, const Brokers& brokers,
                                        int slots) {
  const LogicalGraph& graph = job.graph();
  std::vector<std::string> lines;
  const std::int64_t channels = channel_count(graph, job.parallelism());
  lines.push_back(fmt::format("{} channels between instances at the start; about {:.3g} MiB",
                              readable_count(static_cast<double>(channels)),
                              memory_bytes(graph, job.parallelism()) / 0x1p20));
  if (!job.knows_load()) {
    lines.push_back("events: not known before, like what its topics will hold");
    return lines;
  }
  const double of_job_per_s = events_per_s_at(job, engine, truth, scenario, brokers, job.parallelism());
  if (!std::isfinite(of_job_per_s)) {
    lines.push_back("events: without end, for a loop returns as many records as it gets, or more");
    return lines;
  }
  const JobView view = job_view(job, engine, slots);
  PolicyContext context{view, scenario.seed};
  const std::unique_ptr<Policy> policy = spec.policy.build(context);
  // Windows, and evaluations.
  const double control_per_s = 1 / engine.metrics_interval_s() + 1 / policy->interval_s();
  const double at_start_per_s = of_job_per_s + control_per_s;
  std::vector<int> parallelism = job.parallelism();
  if (may_act(*policy, engine, scenario.until_s)) {
    parallelism = truth.optima(mean_offered_per_s(job, scenario.until_s));
    fit_slots(parallelism, job.parallelism(), slots, engine.shares_slots());
  }
  const double at_optimum_per_s =
      events_per_s_at(job, engine, truth, scenario, brokers, parallelism) + control_per_s;
  const auto [least_per_s, most_per_s] = std::minmax(at_start_per_s, at_optimum_per_s);
  const auto of_run = [&](double per_s) { return readable_count(per_s * scenario.until_s); };
  const char* const unsure = rates_of(job, engine, truth, scenario.until_s, parallelism).held_up
                                 ? "more is offered than it can serve: this or more, as far as queues hold it"
                                 : "within a factor of 2";
  if (of_run(least_per_s) == of_run(most_per_s)) {
    lines.push_back(fmt::format("about {} events in all, {} a simulated second in the mean ({})",
                                of_run(most_per_s), readable_count(most_per_s), unsure));
    return lines;
  }
  lines.push_back(
      fmt::format("about {} to {} events in all, {} to {} a simulated second in the mean: if {} leaves the "
                  "job as it begins, and if it serves the mean load from the start ({})",
                  of_run(least_per_s), of_run(most_per_s), readable_count(least_per_s),
                  readable_count(most_per_s), spec.policy.name(), unsure));
  return lines;
}

}  // namespace

std::vector<std::string> explain(const LoadedScenario& loaded) {
  const Scenario& scenario = loaded.scenario;
  auto& calendar = *new Calendar();  // lives as long as SimGrid's engine: the process
  auto& cluster = *new Cluster(scenario.cluster, calendar, loaded.base_dir.string(), scenario.seed);
  std::vector<std::string> lines;
  lines.push_back(
      fmt::format("scenario {}: {} s from seed {}", scenario.name, scenario.until_s, scenario.seed));
  std::istringstream description(scenario.description);
  for (std::string line; std::getline(description, line);) lines.push_back("  " + line);
  lines.push_back("cluster");
  for (const std::string& line : cluster.explain()) lines.push_back("  " + line);
  lines.push_back(fmt::format("fidelity: batches of at most {} records spanning at most {} ms",
                              scenario.fidelity.batch_records, scenario.fidelity.batch_span_ms));
  for (const BrokerSpec& broker : scenario.brokers) {
    lines.push_back(fmt::format("broker {}: {}", broker.name, broker.system.name()));
    for (const std::string& line : broker.system.build(BrokerContext{})->explain())
      lines.push_back("  " + line);
  }
  auto& brokers = *new Brokers(scenario, calendar, cluster);
  int spare_slots = cluster.slot_count();
  std::vector<LogicalGraph> graphs;
  std::vector<std::unique_ptr<Engine>> engines;
  for (std::size_t j = 0; j < scenario.jobs.size(); ++j) {
    const JobSpec& spec = scenario.jobs[j];
    WorkloadContext workload;
    graphs.push_back(resolve(spec.workload.build(workload)->dataflow()));
    EngineContext context{calendar,
                          cluster,
                          scenario.fidelity,
                          scenario.seed,
                          spec.name,
                          static_cast<int>(j),
                          !spec.failures.empty()};
    engines.push_back(spec.engine.build(context));
    limit_parallelism(graphs.back(), *engines.back());
    spare_slots -= initial_slots(graphs.back(), *engines.back());
  }
  for (std::size_t j = 0; j < scenario.jobs.size(); ++j) {
    const JobSpec& spec = scenario.jobs[j];
    lines.push_back(fmt::format("job {}: workload {}, engine {}, policy {}, placement {}", spec.name,
                                spec.workload.name(), spec.engine.name(), spec.policy.name(),
                                spec.placement.name()));
    const LogicalGraph& graph = graphs[j];
    const std::vector<std::string> coarse = too_coarse_for(scenario.fidelity, graph, cluster);
    if (!coarse.empty())
      lines.push_back(fmt::format(
          "  fidelity: latencies within a few spans say little with {}; fidelity.batch_span_ms = 0 "
          "is exact",
          fmt::join(coarse, ", ")));
    Engine* const engine = engines[j].get();
    PlacementContext placement_context{scenario.seed, spec.name, cluster, graph, engine->shares_slots()};
    const std::unique_ptr<Placement> placement = spec.placement.build(placement_context);
    JobSetup setup;
    setup.name = spec.name;
    setup.number = static_cast<int>(j);
    setup.graph = &graph;
    setup.engine = engine;
    setup.placement = placement.get();
    setup.cluster = &cluster;
    setup.calendar = &calendar;
    setup.fidelity = scenario.fidelity;
    setup.seed = scenario.seed;
    setup.base_dir = loaded.base_dir.string();
    auto& job = *new Job(setup);
    brokers.connect(job, j);
    std::vector<int> parallelism;
    for (const LogicalOperator& op : graph.operators) parallelism.push_back(op.parallelism());
    job.deploy(parallelism);
    const TrueCapacity truth(job);
    for (int op = 0; op < static_cast<int>(graph.operators.size()); ++op) {
      const double peak = truth.demand_per_s(op, 0, scenario.until_s);
      const double one = truth.instance_rate_per_s(op, parallelism[op]);
      lines.push_back(fmt::format(
          "  {:<16} {} x{}, peak input {}, an instance does {}, optimum at the peak {}",
          graph.operators[op].name, graph.operators[op].source ? "source" : "operator", parallelism[op],
          !job.knows_load()     ? std::string("not known")
          : std::isfinite(peak) ? fmt::format("{:.6g} records/s", peak)
                                : std::string("without end (a loop that grows)"),
          std::isfinite(one) ? fmt::format("{:.6g}/s", one) : std::string("any rate (no cost)"),
          !job.knows_load()      ? std::string("not known")
          : !truth.has_optimum() ? std::string("none: its loops set their own pace")
          : truth.unborne(op, 0, scenario.until_s)
              ? std::string("none: no allowed parallelism bears it")
              : std::to_string(truth.optimal_parallelism(op, 0, scenario.until_s))));
    }
    lines.push_back(fmt::format("  {} slots{}", slots_taken(parallelism, engine->shares_slots()),
                                !engine->shares_slots()       ? ""
                                : engine->slots_are_threads() ? ", each a thread for every operator in turn"
                                                              : ", each with an instance of every operator"));
    for (const std::string& line : what_topics_say(job, scenario)) lines.push_back("  " + line);
    if (const int crowded = hosts_with_more_threads_than_cores(job); crowded > 0)
      lines.push_back(
          crowded == 1
              ? std::string("  1 host has more threads of it than cores, which share them")
              : fmt::format("  {} hosts have more threads of it than cores, which share them", crowded));
    for (const LogicalEdge& edge : graph.edges) {
      if (job.chain_head(edge.from) == job.chain_head(edge.to) && !engine->slots_are_threads())
        lines.push_back(fmt::format("  {} -> {}: chained, one thread", edge.spec.from, edge.spec.to));
    }
    for (const LogicalEdge& edge : graph.edges) {
      if (edge.spec.partitioning != Partitioning::pull) continue;
      lines.push_back(
          fmt::format("  {} -> {}: one queue; a batch waits on its sender's host for the first of {} "
                      "instances that is free",
                      edge.spec.from, edge.spec.to, parallelism[edge.to]));
    }
    for (const std::string& line : engine->explain()) lines.push_back("  " + line);
    for (const WorkerFailure& failure : spec.failures)
      lines.push_back(fmt::format(
          "  failure: worker {} at {} s{}", failure.worker, failure.time_s,
          failure.down_s > 0 ? fmt::format("; its place stays empty for {} s", failure.down_s) : ""));
    const JobView view = job_view(job, *engine, spare_slots + initial_slots(graph, *engine));
    for (const std::string& line : spec.policy.build(PolicyContext{view, scenario.seed})->in_force())
      lines.push_back("  " + line);
    for (const std::string& line : predicted_cost(job, *engine, truth, spec, scenario, brokers,
                                                  spare_slots + initial_slots(graph, *engine))) {
      lines.push_back("  " + line);
    }
  }
  return lines;
}

RunSummary simulate(const LoadedScenario& scenario, const SimulationOptions& options) {
  // Never destroyed: SimGrid's engine and its activities live as long as the process.
  auto* simulation = new Simulation(scenario, options);
  return simulation->run();
}

}  // namespace weir

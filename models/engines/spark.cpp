#include <fmt/format.h>

#include "models/engines/spark/cluster_manager.hpp"
#include "models/engines/spark/micro_batches.hpp"
#include "models/engines/spark/names.hpp"
#include "models/engines/spark/params.hpp"
#include "models/engines/spark/prediction.hpp"
#include "models/engines/spark/stages.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/dataflow/engine.hpp"
#include "sim/dataflow/job.hpp"

// Apache Spark Streaming (2.x, DStreams): every interval a batch, which the driver runs as a job of stages of
// tasks on the cores of executors.
//
//   sources ─▶ inputs ─▶ batch ─▶ job ─▶ stages ─▶ tasks ─▶ cores      spark/micro_batches.hpp
//
// An operator's parallelism is the number of cores: a slot is a core, and has an instance of each operator,
// all on one thread. Tasks run on any of them.

namespace weir {

namespace {

using namespace spark;

// Of the operators, which must agree; 0: there is none.
int cores_of(const LogicalGraph& graph) {
  for (const LogicalOperator& op : graph.operators)
    if (!op.source) return op.parallelism();
  return 0;
}

class Spark final : public Engine {
 public:
  Spark(const SparkParams& params, EngineContext& context)
      : params_(params),
        fidelity_(context.fidelity),
        workers_fail_(context.workers_fail),
        batches_(context, 0, params_, host_named(context.cluster, host_of_input(params))),
        manager_(context.calendar, engine_handler_id(context.job_number, 4), batches_.executors(),
                 to_nanos(params.executor_start_s)) {
    std::map<std::string, int> data_sets;
    for (const auto& [name, join] : params_.joins) data_sets[name] = host_named(context.cluster, join.host);
    batches_.set_hosts(host_named(context.cluster, params_.checkpoint.host), std::move(data_sets));
    manager_.on_lost = [this](int executor) { batches_.lose(executor); };
    batches_.on_task_over = [this](int executor) { manager_.task_over(executor); };
    manager_.on_change = [this](const WorkerChange& change) {
      job_->workers_changed(change);
      batches_.offer();
    };
  }

  double metrics_interval_s() const override { return params_.metrics_interval_s; }
  double metrics_delay_s() const override { return params_.metrics_delay_s; }

  InstanceSettings settings(const Job&, int) const override {
    InstanceSettings settings;
    settings.batch_records = fidelity_.batch_records;
    settings.sets_up = true;
    return settings;
  }

  bool shares_slots() const override { return true; }
  bool slots_are_threads() const override { return true; }
  bool scales() const override { return false; }
  // A core runs one task at a time, whatever its stage.
  bool chains(const LogicalGraph& graph, int edge, const std::vector<int>&) const override {
    return !graph.operators[static_cast<std::size_t>(graph.edges[static_cast<std::size_t>(edge)].from)]
                .source;
  }
  bool hands_over(const LogicalGraph& graph, int edge) const override { return !is_shuffle(graph, edge); }
  // Within a stage to the same core; where else, the router knows.
  Partitioning partitioning(const EdgeSpec& edge, int, int) const override {
    return edge.partitioning == Partitioning::forward ? Partitioning::forward : Partitioning::global;
  }
  Router* router() override { return &batches_; }
  std::vector<std::string> problems(const LogicalGraph& graph, const Cluster& cluster,
                                    const std::vector<PlacedInstance>& placed) const override;

  void deployed(Job& job) override {
    job_ = &job;
    batches_.deploy(job);
    manager_.deployed();
  }
  const WorkerPool* workers() override;
  bool reads_by_ranges() const override { return params_.input == InputKind::direct; }
  // A receiver gathers for a block.
  InstanceSettings gathering(const Job& job, int operator_id) const override {
    InstanceSettings settings = Engine::gathering(job, operator_id);
    if (params_.input == InputKind::receiver)
      settings.gather_span_ns = to_nanos(params_.receiver.block_interval_ms * 1e-3);
    return settings;
  }
  std::optional<double> events_per_s(const Job& job, const std::vector<double>& offered_per_s,
                                     double until_s) const override {
    return spark::events_per_s(job, params_, fidelity_, offered_per_s, until_s);
  }
  void request_workers(const WorkerRequest& request) override { manager_.request(request); }
  int workers_max(const std::vector<PlacedInstance>& placed) const override {
    return static_cast<int>(placed.size()) / params_.executor_cores;
  }
  void worker_fails(Job&, int worker, Nanos down_ns) override { manager_.fail(worker, down_ns); }
  std::vector<ParameterProblem> parameter_problems(const LogicalGraph& graph,
                                                   const Cluster& cluster) const override;
  std::vector<IdleParameter> idle_parameters() const override;
  void served(Job&, const Instance& instance) override { batches_.served(instance); }
  void rescale(Job&, const std::vector<int>&) override {
    WEIR_ASSERT(false, "cores are scaled by executors");
  }
  void trace_until(Nanos now) override { batches_.trace_until(now); }
  Nanos trace_settled(Nanos until_ns) override { return batches_.trace_settled(until_ns); }

  std::vector<std::string> explain() const override;
  std::vector<std::string> explain_stages() const;
  std::vector<std::string> explain_kept() const;
  std::vector<EngineFigure> figures() const override;
  std::vector<std::string> story() const override;

 private:
  SparkParams params_;
  FidelitySpec fidelity_;
  bool workers_fail_;
  MicroBatches batches_;
  ClusterManager manager_;
  WorkerPool pool_;
  Job* job_ = nullptr;
};

const WorkerPool* Spark::workers() {
  const Executors& executors = batches_.executors();
  pool_.workers.clear();
  for (int id = 0; id < executors.count(); ++id) {
    if (executors.state(id) != Executors::State::present) continue;
    pool_.workers.push_back({id, executors.idle_since_ns(id), executors.has_receiver(id)});
  }
  pool_.starting = manager_.starting();
  pool_.workers_max = executors.count();
  pool_.tasks_per_worker = executors.cores();
  pool_.pending_tasks = batches_.pending_tasks();
  pool_.running_tasks = executors.busy_slots();
  pool_.backlog_since_ns = batches_.backlog_since_ns();
  pool_.batch_interval_s = params_.batch_interval_s;
  pool_.batches = batches_.statistics().batches;
  pool_.processing_sum_s = batches_.statistics().processing_sum_s;
  return &pool_;
}

std::vector<std::string> Spark::problems(const LogicalGraph& graph, const Cluster& cluster,
                                         const std::vector<PlacedInstance>& placed) const {
  std::vector<std::string> wrong = graph_problems(graph);
  const int cores = cores_of(graph);
  int receivers = 0;
  for (const LogicalOperator& op : graph.operators) {
    if (op.source) receivers += op.parallelism();
    if (!op.source && op.parallelism() != cores)
      wrong.push_back(
          fmt::format("{} has parallelism {}, and others have {}: tasks run on any core (the same "
                      "for all operators: the number of cores)",
                      op.name, op.parallelism(), cores));
  }
  if (params_.input == InputKind::receiver && receivers >= cores)
    wrong.push_back(
        fmt::format("{} receivers take a core each, and there are {}: none is left for tasks (more "
                    "cores than receivers)",
                    receivers, cores));
  if (cores % params_.executor_cores != 0)
    wrong.push_back(fmt::format("{} cores are no whole number of executors of {} (a multiple)", cores,
                                params_.executor_cores));
  if (params_.initial_executors && *params_.initial_executors * params_.executor_cores > cores)
    wrong.push_back(
        fmt::format("{} executors of {} cores at the start, and there are {} cores (no more than "
                    "there are)",
                    *params_.initial_executors, params_.executor_cores, cores));
  if (params_.input == InputKind::receiver && params_.initial_executors &&
      *params_.initial_executors * params_.executor_cores < receivers)
    wrong.push_back(
        fmt::format("{} receivers take a core each from the start, and there are {} (as many at least)",
                    receivers, *params_.initial_executors * params_.executor_cores));
  for (std::size_t slot = 0; slot < placed.size(); ++slot) {
    const std::size_t first = slot - slot % static_cast<std::size_t>(params_.executor_cores);
    if (placed[slot].host == placed[first].host) continue;
    wrong.push_back(
        fmt::format("executor {} has cores on {} and on {} (one host: the placement packed, with "
                    "slots that are a multiple of executor_cores)",
                    first / static_cast<std::size_t>(params_.executor_cores),
                    cluster.host(placed[first].host).name, cluster.host(placed[slot].host).name));
  }
  return wrong;
}

std::vector<ParameterProblem> Spark::parameter_problems(const LogicalGraph& graph,
                                                        const Cluster& cluster) const {
  std::vector<ParameterProblem> problems = problems_of_names(graph, cluster, params_);
  if (workers_fail_ && params_.group.batches > 1)
    problems.push_back({"group.batches",
                        fmt::format("groups of {} batches, and executors that fail: recovery inside a group "
                                    "is not modelled",
                                    params_.group.batches),
                        "1, or no failures"});
  return problems;
}

std::vector<IdleParameter> Spark::idle_parameters() const {
  std::vector<IdleParameter> idle;
  const auto of_input = [&](const char* name, InputKind kind) {
    if (params_.input != kind)
      idle.push_back({name, fmt::format("the input is another one (input {:?} would read it)", name)});
  };
  of_input("receiver", InputKind::receiver);
  of_input("file", InputKind::file);
  of_input("direct", InputKind::direct);
  if (params_.backpressure.enabled && params_.input == InputKind::file)
    idle.push_back({"backpressure", "a file stream takes all the files that are there, in Spark too"});
  const bool taken_back = std::any_of(params_.windows.begin(), params_.windows.end(),
                                      [](const auto& one) { return one.second.inverse; });
  if (params_.states.empty() && !taken_back)
    idle.push_back(
        {"checkpoint", "states and windows with an inverse function are written, and there are none"});
  return idle;
}

std::vector<std::string> Spark::explain() const {
  const char* const inputs[] = {"receivers", "files", "partitions of topics"};
  std::vector<std::string> lines = {
      fmt::format("batches: {}every {} s, from {}; {} at a time",
                  params_.batches_max ? fmt::format("{} in all, ", *params_.batches_max) : "",
                  params_.batch_interval_s, inputs[static_cast<int>(params_.input)],
                  params_.concurrent_jobs == 1 ? "one job" : fmt::format("{} jobs", params_.concurrent_jobs)),
      fmt::format("driver: {} ms for a batch, {} ms for a stage, {} ms to launch a task, one after the other",
                  params_.driver.generation_ms, params_.driver.stage_ms, params_.driver.task_ms),
      fmt::format("executors: {} cores each, {} ms of a core to set a task up", params_.executor_cores,
                  params_.task_setup_ms),
      fmt::format("metrics: windows of {} s, {} s late", params_.metrics_interval_s,
                  params_.metrics_delay_s)};
  for (const std::string& line : explain_stages()) lines.push_back(line);
  if (params_.group.batches > 1)
    lines.push_back(fmt::format("groups: {} batches are scheduled at once; executors start tasks in {} ms",
                                params_.group.batches, params_.group.local_launch_ms));
  const Nanos batch_ns = to_nanos(params_.batch_interval_s);
  for (const auto& [name, window] : params_.windows) {
    const Nanos slide_ns = to_nanos(window.slide_s);
    lines.push_back(fmt::format(
        "windows of {}: {} s every {} s, each result of {}", name, window.length_s, window.slide_s,
        window.inverse
            ? fmt::format("{} reduced batches and results", inverse_window_batches(slide_ns, batch_ns))
            : fmt::format("{} reduced batches", window_batches(to_nanos(window.length_s), batch_ns))));
  }
  for (const std::string& line : explain_kept()) lines.push_back(line);
  return lines;
}

// As the job is deployed.
std::vector<std::string> Spark::explain_stages() const {
  const LogicalGraph& graph = job_->graph();
  const int partitions = params_.shuffle_partitions > 0 ? params_.shuffle_partitions : cores_of(graph);
  std::vector<std::string> lines;
  for (const Stage& stage : stages_of(graph).list) {
    std::vector<std::string> names, from;
    for (const int op : stage.operators) names.push_back(graph.operators[static_cast<std::size_t>(op)].name);
    for (const int edge : stage.inputs) from.push_back(graph.edges[static_cast<std::size_t>(edge)].spec.from);
    for (const int edge : stage.shuffles)
      from.push_back(fmt::format("a shuffle of {} in {} partitions",
                                 graph.edges[static_cast<std::size_t>(edge)].spec.from, partitions));
    lines.push_back(
        fmt::format("stage {}: {} (reads {})", lines.size(), fmt::join(names, ", "), fmt::join(from, ", ")));
  }
  return lines;
}

// What is kept from batch to batch, or joined.
std::vector<std::string> Spark::explain_kept() const {
  std::vector<std::string> lines;
  const auto where = [](const char* way, const std::string& host) {
    return host.empty() ? std::string() : fmt::format(", {} {}", way, host);
  };
  std::optional<double> kept_slide_s;
  for (const auto& [name, window] : params_.windows)
    if (window.inverse) kept_slide_s = window.slide_s;
  for (const auto& [name, state] : params_.states) {
    kept_slide_s = params_.batch_interval_s;
    lines.push_back(
        fmt::format("state of {}: made anew by every batch, {} us for each key that it has and each "
                    "different one of the batch",
                    name, state.update_per_key_us));
  }
  if (kept_slide_s) {
    const CheckpointParams& checkpoint = params_.checkpoint;
    lines.push_back(fmt::format(
        "checkpoints: every {} s, {} us for a key{}",
        checkpoint.interval_s.value_or(to_seconds(checkpoint_interval_ns(to_nanos(*kept_slide_s)))),
        checkpoint.write_per_key_us, where("written to", checkpoint.host)));
  }
  for (const auto& [name, join] : params_.joins)
    lines.push_back(fmt::format(
        "join of {}: with {} keys in every batch, {} us each; {}", name, join.keys, join.merge_per_key_us,
        join.cached ? std::string("in memory") : "read again each time" + where("from", join.host)));
  for (const std::string& name : params_.combine)
    lines.push_back(
        fmt::format("combine for {}: what a task sends is joined by key before it is written", name));
  return lines;
}

std::vector<EngineFigure> Spark::figures() const {
  const MicroBatches::Statistics& s = batches_.statistics();
  const double batches = std::max<double>(1, static_cast<double>(s.batches));
  std::vector<EngineFigure> figures = {{"batches", static_cast<double>(s.batches)},
                                       {"batches_waiting", static_cast<double>(batches_.batches_waiting())},
                                       {"batch_records_max", s.records_max},
                                       {"tasks", static_cast<double>(s.tasks)},
                                       {"task_core_s", s.task_core_s},
                                       {"scheduling_delay_mean_s", s.scheduling_delay_sum_s / batches},
                                       {"scheduling_delay_max_s", s.scheduling_delay_max_s},
                                       {"scheduling_delay_last_s", s.scheduling_delay_last_s},
                                       {"processing_time_mean_s", s.processing_sum_s / batches},
                                       {"processing_time_max_s", s.processing_max_s},
                                       {"total_delay_mean_s", s.total_delay_sum_s / batches},
                                       {"total_delay_max_s", s.total_delay_max_s},
                                       {"executors_max", static_cast<double>(manager_.present_max())},
                                       {"executor_seconds", manager_.executor_s()},
                                       {"generator_busy_s", batches_.generator_busy_s()},
                                       {"scheduler_busy_s", batches_.scheduler_busy_s()}};
  if (workers_fail_) {
    for (const auto& [name, count] : {std::pair{"executors_lost", s.executors_lost},
                                      {"tasks_failed", s.tasks_failed},
                                      {"outputs_redone", s.outputs_redone},
                                      {"parts_redone", s.parts_redone},
                                      {"stages_submitted_again", s.stages_again},
                                      {"blocks_lost", s.blocks_lost},
                                      {"block_records_lost", s.records_lost},
                                      {"blocks_missed", s.reads_gone}})
      figures.push_back({name, static_cast<double>(count)});
    figures.push_back({"redone_core_s", s.redone_s});
  }
  if (params_.windows.empty() && params_.states.empty()) return figures;
  // A state is a window that nothing leaves.
  const std::string kept = params_.states.empty() ? "window_" : "state_";
  const auto add = [&](const std::string& name, double value) { figures.push_back({name, value}); };
  if (params_.states.empty()) add("windows", static_cast<double>(s.windows));
  add(kept + "records_last", static_cast<double>(s.window_records_last));
  add(kept + "records_max", static_cast<double>(s.window_records_max));
  add(kept + "records_sum", static_cast<double>(s.window_records_sum));
  add(kept + "keys_last", static_cast<double>(s.window_keys_last));
  add(kept + "reads_max", static_cast<double>(s.window_reads_max));
  add(kept + "merged_last", static_cast<double>(s.window_merged_last));
  add(kept + "merged_sum", static_cast<double>(s.window_merged_sum));
  add("checkpoints", static_cast<double>(s.checkpoints));
  add("checkpoint_bytes", s.checkpoint_bytes);
  return figures;
}

std::vector<std::string> Spark::story() const {
  const MicroBatches::Statistics& s = batches_.statistics();
  if (s.batches == 0) return {"no batch was completed"};
  const auto batches = static_cast<double>(s.batches);
  const int of_job = batches_.batches_per_job();
  std::vector<std::string> lines = {
      fmt::format("{}: scheduling delay {:.3g} s in the mean and {:.3g} s at most, processing time "
                  "{:.3g} s and {:.3g} s",
                  of_job == 1 ? fmt::format("{} {}", s.batches, s.batches == 1 ? "batch" : "batches")
                              : fmt::format("{} jobs of {} batches each", s.batches, of_job),
                  s.scheduling_delay_sum_s / batches, s.scheduling_delay_max_s, s.processing_sum_s / batches,
                  s.processing_max_s)};
  if (s.windows > 0)
    lines.push_back(fmt::format(
        "{}: {} keys of {} records at the end; {} checkpoints, {:.3g} MB",
        params_.states.empty() ? fmt::format("{} results of the window", s.windows) : std::string("state"),
        s.window_keys_last, s.window_records_last, s.checkpoints, s.checkpoint_bytes * 1e-6));
  if (s.executors_lost > 0)
    lines.push_back(
        fmt::format("{} lost: {} tasks began again, {} outputs of tasks and {} parts of windows and states "
                    "were made again, "
                    "in {:.3g} s of cores; {} records were lost with blocks and receivers",
                    s.executors_lost == 1 ? std::string("an executor was")
                                          : fmt::format("{} executors were", s.executors_lost),
                    s.tasks_failed, s.outputs_redone, s.parts_redone, s.redone_s, s.records_lost));
  if (s.reads_gone > 0)
    lines.push_back(
        fmt::format("{} tasks could not read again what they had read, since nobody had it any "
                    "more: their batches would have failed",
                    s.reads_gone));
  return lines;
}

const auto registered = EngineRegistry::add<SparkParams>(
    {.name = "spark",
     .help = "Micro-batches: a driver runs a job for every interval, as stages of tasks on executors' cores.",
     .source = "Apache Spark 2.x, streaming programming guide and source; Zaharia et al., SOSP 2013",
     .lacks = {"feedback", "pull", "join", "exact origins"},
     .may_share_slots = true,
     .scales_workers = true,
     .workers_fail = true},
    spark_table(), [](const SparkParams& params, EngineContext& context) -> std::unique_ptr<Engine> {
      return std::make_unique<Spark>(params, context);
    });

}  // namespace

}  // namespace weir

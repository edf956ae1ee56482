#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "models/engines/flink/checkpoints.hpp"
#include "models/engines/flink/key_groups.hpp"
#include "models/engines/flink/network_stack.hpp"
#include "models/engines/flink/params.hpp"
#include "sim/dataflow/engine.hpp"
#include "sim/dataflow/job.hpp"
#include "sim/dataflow/slots.hpp"

// Apache Flink (1.18): network buffers with credit-based flow control, key groups, checkpoints by barriers,
// and rescaling by restart from a savepoint or a checkpoint.
//
//   stop-with-savepoint   barrier through the stopped job ─▶ snapshot ─▶ cancel ─▶ allocate ─▶ deploy ─▶
//   restore in-place              (next checkpoint ─▶) cancel ─▶ allocate ─▶ deploy ─▶ restore ─▶ replay from
//   there
//
// Models: flink/network_stack.hpp (buffers, credit, flush), flink/checkpoints.hpp, flink/key_groups.hpp.
// Each host is one TaskManager.

namespace weir {

namespace {

using namespace flink;

// -1: none is named.
int host_named(const Cluster& cluster, const std::string& name) {
  if (name.empty()) return -1;
  for (int host = 0; host < cluster.host_count(); ++host)
    if (cluster.host(host).name == name) return host;
  std::vector<std::string> hosts;
  for (int host = 0; host < cluster.host_count(); ++host) hosts.push_back(cluster.host(host).name);
  throw EngineParameterError("checkpoints.storage_host",
                             fmt::format("there is no host {}", weir::quoted(name)),
                             "a host of the cluster, with slots or without: " + allowed_names(name, hosts));
}

class Flink final : public Engine, EventHandler {
 public:
  Flink(const FlinkParams& params, EngineContext& context)
      : params_(params),
        calendar_(context.calendar),
        fidelity_(context.fidelity),
        network_(context.calendar, engine_handler_id(context.job_number, 1), params.network),
        transfers_(context.calendar, context.cluster, engine_handler_id(context.job_number, 3)),
        backend_(context.calendar, context.cluster.cpus(), engine_handler_id(context.job_number, 4),
                 params.state_backend),
        storage_(host_named(context.cluster, params.checkpoints.storage_host)),
        checkpoints_(context.calendar, engine_handler_id(context.job_number, 2), params.checkpoints, network_,
                     transfers_, storage_) {
    handler_id = engine_handler_id(context.job_number);
    checkpoints_.on_ended = [this](const Checkpoint& checkpoint) { checkpoint_ended(checkpoint); };
    // A job that stops with a savepoint never goes back to a checkpoint.
    if (params.rescale != Rescale::stop_with_savepoint) network_.keep_channel_state();
  }

  double metrics_interval_s() const override { return params_.metrics_interval_s; }
  double metrics_delay_s() const override { return params_.metrics_delay_s; }

  InstanceSettings settings(const Job&, int) const override {
    InstanceSettings settings;
    settings.tracing_cost = params_.tracing_cost;
    settings.batch_records = fidelity_.batch_records;
    settings.replayable = params_.checkpoints.interval_s > 0;
    return settings;
  }

  InstanceSettings gathering(const Job& job, int operator_id) const override {
    InstanceSettings gathering = settings(job, operator_id);
    const double record_bytes = std::max(1.0, job.graph().operators[operator_id].output_bytes());
    gathering.batch_records =
        std::max<std::int64_t>(1, static_cast<std::int64_t>(params_.network.segment_bytes / record_bytes));
    gathering.gather_span_ns = std::max<Nanos>(0, to_nanos(params_.network.buffer_timeout_ms * 1e-3));
    return gathering;
  }

  bool shares_slots() const override { return params_.slot_sharing; }

  bool chains(const LogicalGraph& graph, int edge, const std::vector<int>& parallelism) const override {
    const LogicalEdge& e = graph.edges[edge];
    return params_.operator_chaining && e.spec.partitioning == Partitioning::forward && !e.spec.feedback &&
           parallelism[e.from] == parallelism[e.to] && graph.operators[e.to].inputs.size() == 1;
  }

  // A subtask has a key group at least.
  int max_parallelism(const LogicalGraph& graph, int operator_id) const override {
    return initial_max_parallelism(graph.operators[static_cast<std::size_t>(operator_id)].parallelism());
  }

  // Forward only where each sender has a receiver of its own: else Flink rebalances.
  Partitioning partitioning(const EdgeSpec& edge, int senders, int receivers) const override {
    return edge.partitioning == Partitioning::forward && senders != receivers ? Partitioning::rebalance
                                                                              : edge.partitioning;
  }

  Router* router() override { return &network_; }

  std::vector<double> key_shares(const KeySpec& keys, int operator_id, int receivers) const override {
    return key_group_shares(keys, 0, receivers, key_groups(operator_id, receivers));
  }

  void deployed(Job& job) override {
    job_ = &job;
    if (max_parallelism_.empty())
      for (const LogicalOperator& op : job.graph().operators)
        max_parallelism_.push_back(initial_max_parallelism(op.parallelism()));
    slot_s_ += static_cast<double>(slots_) * to_seconds(calendar_.now() - slots_since_ns_);
    slots_ = slots_taken(job.parallelism(), params_.slot_sharing);
    slots_since_ns_ = calendar_.now();
    network_.deploy(job);
    backend_.deploy(job);
    watch_services();
    // The first deployment runs as soon as it is there; later ones are restarted below.
    if (job.deployment() == 0) checkpoints_.job_runs(job);
  }

  void rescale(Job& job, const std::vector<int>& parallelism) override {
    target_ = parallelism;
    outcome_ = {};
    asked_ns_ = calendar_.now();
    failed_checkpoints_ = 0;
    phase_ = params_.rescale == Rescale::stop_with_savepoint ? Phase::savepoint : Phase::next_checkpoint;
    if (phase_ == Phase::savepoint) {
      // The sources stop with the barrier: nothing comes behind it. What they are just emitting comes before.
      job.pause_sources(true);
      emitting_ = emitting_sources();
      watch_services();
      if (emitting_ == 0) checkpoints_.trigger_savepoint();
    } else if (params_.rescale == Rescale::reactive) {
      stop();
    }
  }

  void served(Job&, const Instance& instance) override {
    backend_.served(instance);
    if (emitting_ == 0 || !instance.source() || --emitting_ > 0) return;
    watch_services();
    calendar_.schedule(calendar_.now(), EventClass::timer, *this, sources_stopped, 0);
  }

  std::vector<std::string> explain() const override;
  std::vector<EngineFigure> figures() const override;
  std::vector<std::string> story() const override;

 private:
  enum class Phase { runs, savepoint, next_checkpoint, restarts };
  enum Kind : std::uint32_t { stop_event = 1, deployed_event = 2, restored = 3, sources_stopped = 4 };

  void watch_services() { job_->watch_services(emitting_ > 0 || backend_.works_by_itself()); }

  int initial_max_parallelism(int parallelism) const {
    return params_.max_parallelism > 0 ? std::max(params_.max_parallelism, parallelism)
                                       : default_max_parallelism(parallelism);
  }
  // The first deployment asks before it is there.
  int key_groups(int operator_id, int receivers) const {
    return max_parallelism_.empty() ? initial_max_parallelism(receivers) : max_parallelism_[operator_id];
  }

  void checkpoint_ended(const Checkpoint& checkpoint) {
    if (phase_ == Phase::savepoint) {
      if (!checkpoint.savepoint) return;  // one that was under way before
      if (checkpoint.completed_ns == 0) return savepoint_failed();
      barrier_s_ = to_seconds(checkpoint.barriers_ns - checkpoint.triggered_ns);
      snapshot_s_ = to_seconds(checkpoint.completed_ns - checkpoint.barriers_ns);
    } else if (phase_ != Phase::next_checkpoint) {
      return;
    } else if (checkpoint.completed_ns == 0 && ++failed_checkpoints_ < params_.max_checkpoint_failures) {
      return;
    }
    // In the middle of the checkpoint's own work: what follows is an event of its own.
    calendar_.schedule(calendar_.now(), EventClass::timer, *this, stop_event, 0);
  }

  void savepoint_failed() {
    phase_ = Phase::runs;
    job_->pause_sources(false);
    outcome_.done = false;
    outcome_.detail = "the savepoint was not complete within its timeout: the old deployment goes on";
    job_->action_ended(outcome_);
  }

  // All tasks are cancelled, and what they restore from is known.
  void stop() {
    stopped_ns_ = calendar_.now();
    const bool from_checkpoint = phase_ == Phase::next_checkpoint;
    phase_ = Phase::restarts;
    checkpoints_.job_stops();
    const std::int64_t dropped = job_->halt_and_drop(true);
    backend_.stop();
    emitting_ = 0;
    outcome_.lost_records = 0;
    replayed_ = 0;
    in_flight_ = nullptr;
    if (from_checkpoint) {
      std::vector<std::int64_t> positions = checkpoints_.latest().source_positions;
      if (positions.empty()) positions.assign(static_cast<std::size_t>(source_count()), 0);
      replayed_ = job_->rewind_sources(positions);
      in_flight_ = &checkpoints_.latest().channel_state;
    } else {
      outcome_.lost_records = dropped;
    }
    outcome_.state_bytes = job_->state_bytes();
    const double until_deployed_s = std::min(params_.cancel_s + params_.allocate_s + params_.deploy_s, 1e9);
    calendar_.schedule(calendar_.now() + to_nanos(until_deployed_s), EventClass::timer, *this, deployed_event,
                       0);
  }

  int emitting_sources() const {
    int emitting = 0;
    for (std::size_t op = 0; op < job_->graph().operators.size(); ++op) {
      if (!job_->graph().operators[op].source) continue;
      for (int i = 0; i < job_->parallelism()[op]; ++i) {
        Instance& source = job_->instance(static_cast<int>(op), i);
        emitting += source.executor().serves(source) ? 1 : 0;
      }
    }
    return emitting;
  }

  int source_count() const {
    int sources = 0;
    for (const LogicalOperator& op : job_->graph().operators) sources += op.source ? op.parallelism() : 0;
    return sources;
  }

  // All tasks are where they belong, and get their state.
  void deploy() {
    deployed_ns_ = calendar_.now();
    std::vector<double> state_bytes;  // before it is divided anew
    for (std::size_t op = 0; op < target_.size(); ++op)
      state_bytes.push_back(job_->state_bytes(static_cast<int>(op)));
    if (in_flight_ != nullptr)
      for (const InFlight& data : *in_flight_)
        state_bytes[job_->graph().edges[data.edge].to] += static_cast<double>(data.batch.size_bytes);
    outcome_.done = job_->deploy(target_);
    if (!outcome_.done) {
      const bool kept = job_->deploy(job_->parallelism());
      WEIR_ASSERT(kept, "what was placed before can be placed again");
    }
    restoring_ = 1;
    double slowest_s = 0;
    for (std::size_t op = 0; op < state_bytes.size(); ++op) {
      for (int i = 0; i < job_->parallelism()[op]; ++i)
        slowest_s = std::max(slowest_s, restore(static_cast<int>(op), i, state_bytes[op]));
    }
    if (--restoring_ == 0)
      calendar_.schedule(calendar_.now() + to_nanos(slowest_s), EventClass::timer, *this, restored, 0);
  }

  // Of the operator's state, the task reads what its key groups have: over the network if there is a way,
  // else the seconds that it takes are returned.
  double restore(int operator_id, int index, double state_bytes) {
    const int groups = max_parallelism_[operator_id];
    const int own = key_groups_of(index, job_->parallelism()[operator_id], groups).size();
    const double bytes = state_bytes * own / groups;
    const double bytes_per_s = params_.restore_mb_per_s * 1e6;
    if (storage_ < 0) return std::min(bytes / bytes_per_s, 1e9);
    if (bytes < 1) return 0;
    ++restoring_;
    transfers_.move(storage_, job_->host_of(operator_id, index), bytes, bytes_per_s, calendar_.now(), [this] {
      if (--restoring_ == 0) calendar_.schedule(calendar_.now(), EventClass::timer, *this, restored, 0);
    });
    return 0;
  }

  void on_event(std::uint32_t kind, std::uint32_t) override {
    switch (kind) {
      case stop_event:
        return stop();
      case sources_stopped:
        return checkpoints_.trigger_savepoint();
      case deployed_event:
        return deploy();
      case restored:
        return go_on();
      default:
        WEIR_ASSERT(false, "unknown event of flink");
    }
  }

  void go_on() {
    restored_in_flight_ = 0;
    if (in_flight_ != nullptr) {
      for (const InFlight& data : *in_flight_) {
        restored_in_flight_ += data.batch.count;
        job_->send_again(data.edge, data.sender, data.batch);
      }
    }
    job_->pause_sources(false);
    job_->resume();
    checkpoints_.job_runs(*job_);
    outcome_.downtime_s = to_seconds(calendar_.now() - stopped_ns_);
    outcome_.detail = outcome_.done ? breakdown(to_seconds(calendar_.now() - deployed_ns_))
                                    : "too few slots: the old deployment goes on";
    phase_ = Phase::runs;
    job_->action_ended(outcome_);
  }

  std::string breakdown(double restored_s) const {
    const std::string restart =
        fmt::format("cancel {} s, allocate {} s, deploy {} s, restore {:.3g} s", params_.cancel_s,
                    params_.allocate_s, params_.deploy_s, restored_s);
    if (params_.rescale == Rescale::stop_with_savepoint)
      return fmt::format("barrier {:.3g} s, snapshot {:.3g} s, {}", barrier_s_, snapshot_s_, restart);
    const std::string in_flight =
        restored_in_flight_ > 0 ? fmt::format(", {} from channels", restored_in_flight_) : "";
    return fmt::format("checkpoint awaited {:.3g} s, {}, {} records replayed{}",
                       to_seconds(stopped_ns_ - asked_ns_), restart, replayed_, in_flight);
  }

  FlinkParams params_;
  Calendar& calendar_;
  FidelitySpec fidelity_;
  NetworkStack network_;
  StateTransfers transfers_;
  StateBackend backend_;
  int storage_;  // host; -1: outside
  Checkpoints checkpoints_;
  Job* job_ = nullptr;
  std::vector<int> max_parallelism_;  // by operator, as of the first deployment
  Phase phase_ = Phase::runs;
  std::vector<int> target_;
  ActionOutcome outcome_;
  Nanos asked_ns_ = 0;
  Nanos stopped_ns_ = 0;
  Nanos deployed_ns_ = 0;
  std::int64_t slots_ = 0;  // in use
  Nanos slots_since_ns_ = 0;
  double slot_s_ = 0;           // before that
  int restoring_ = 0;           // tasks that wait for state from the network
  int emitting_ = 0;            // sources that finish what they emit, before a savepoint begins
  int failed_checkpoints_ = 0;  // while one is awaited
  double barrier_s_ = 0;
  double snapshot_s_ = 0;
  std::int64_t replayed_ = 0;
  const ChannelState* in_flight_ = nullptr;  // that is to be restored
  std::int64_t restored_in_flight_ = 0;      // records
};

std::vector<std::string> Flink::explain() const {
  const NetworkParams& n = params_.network;
  const CheckpointParams& c = params_.checkpoints;
  std::vector<std::string> lines = {
      fmt::format(
          "flow control: credit; buffers of {} bytes, {} exclusive per channel, {} floating per gate, at "
          "most {} in a subpartition",
          n.segment_bytes, n.exclusive_per_channel, n.floating_per_gate, n.max_per_channel),
      n.buffer_timeout_ms < 0 ? std::string("flush: only full buffers are sent")
                              : fmt::format("flush: every {} ms", n.buffer_timeout_ms),
      c.interval_s == 0 ? std::string("checkpoints: none")
                        : fmt::format("checkpoints: every {} s, {}, uploaded at {} MB/s by each task",
                                      c.interval_s, c.unaligned ? "unaligned" : "aligned", c.upload_mb_per_s),
      fmt::format("metrics: windows of {} s, {} s late", params_.metrics_interval_s,
                  params_.metrics_delay_s)};
  if (n.debloat.enabled)
    lines.push_back(
        fmt::format("buffers: smaller where what is under way takes more than {} s", n.debloat.target_s));
  if (params_.state_backend.type == BackendKind::rocksdb)
    lines.push_back(fmt::format("state: {} background threads of each keyed task work {} us for a record",
                                params_.state_backend.background_threads,
                                params_.state_backend.background_us_per_record));
  if (storage_ >= 0)
    lines.push_back(fmt::format("state: moves over the network, to and from {}", c.storage_host));
  const std::string restart =
      fmt::format("cancel {} s, allocate {} s, deploy {} s, restore at {} MB/s by each task",
                  params_.cancel_s, params_.allocate_s, params_.deploy_s, params_.restore_mb_per_s);
  switch (params_.rescale) {
    case Rescale::stop_with_savepoint:
      lines.push_back("rescale: stop with savepoint; " + restart);
      break;
    case Rescale::in_place:
      lines.push_back("rescale: after the next checkpoint, from it; " + restart);
      break;
    case Rescale::reactive:
      lines.push_back("rescale: at once, from the latest checkpoint; " + restart);
      break;
  }
  return lines;
}

std::vector<EngineFigure> Flink::figures() const {
  std::vector<EngineFigure> figures = {
      {"slots_at_end", static_cast<double>(slots_)},
      {"slot_seconds",
       slot_s_ + static_cast<double>(slots_) * to_seconds(calendar_.now() - slots_since_ns_)}};
  if (backend_.works_by_itself()) figures.push_back({"state_background_core_s", backend_.background_s()});
  const CheckpointCounts& c = checkpoints_.counts();
  if (c.completed + c.failed == 0) return figures;
  const double n = std::max(1, c.completed);
  const std::vector<EngineFigure> of_checkpoints = {
      {"checkpoints_completed", static_cast<double>(c.completed)},
      {"checkpoints_failed", static_cast<double>(c.failed)},
      {"checkpoint_duration_mean_s", to_seconds(c.duration_sum_ns) / n},
      {"checkpoint_duration_max_s", to_seconds(c.duration_max_ns)},
      {"checkpoint_alignment_max_s", to_seconds(c.alignment_max_ns)},
      {"checkpoint_state_mean_bytes", static_cast<double>(c.state_bytes_sum) / n},
      {"checkpoint_channel_state_mean_bytes", static_cast<double>(c.channel_state_bytes_sum) / n}};
  figures.insert(figures.end(), of_checkpoints.begin(), of_checkpoints.end());
  if (storage_ >= 0) figures.push_back({"state_moved_bytes", transfers_.moved_bytes()});
  return figures;
}

std::vector<std::string> Flink::story() const {
  const CheckpointCounts& c = checkpoints_.counts();
  if (c.completed + c.failed == 0) return {};
  const double n = std::max(1, c.completed);
  std::string text = fmt::format("{} checkpoint{} completed", c.completed, c.completed == 1 ? "" : "s");
  if (c.completed > 0)
    text += fmt::format(", {:.3g} s on average and {:.3g} s at most, {:.3g} MB of state each",
                        to_seconds(c.duration_sum_ns) / n, to_seconds(c.duration_max_ns),
                        static_cast<double>(c.state_bytes_sum) / n / 1e6);
  if (c.channel_state_bytes_sum > 0)
    text += fmt::format(" and {:.3g} MB under way", static_cast<double>(c.channel_state_bytes_sum) / n / 1e6);
  if (c.failed > 0) text += fmt::format("; {} aborted", c.failed);
  return {text + "."};
}

const auto registered = EngineRegistry::add<FlinkParams>(
    {.name = "flink",
     .help =
         "Apache Flink: network buffers and credits, key groups, checkpoint barriers, rescaling by restart.",
     .source =
         "Apache Flink 1.18 (NettyShuffle, CheckpointCoordinator, KeyGroupRangeAssignment); FLIP-2, FLIP-76",
     .lacks = {"pull", "join", "feedback", "exact origins"},
     .may_share_slots = true},
    flink_table(), [](const FlinkParams& params, EngineContext& context) -> std::unique_ptr<Engine> {
      return std::make_unique<Flink>(params, context);
    });

}  // namespace

}  // namespace weir

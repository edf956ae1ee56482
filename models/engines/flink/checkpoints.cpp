#include "models/engines/flink/checkpoints.hpp"

#include <algorithm>
#include <utility>

namespace weir::flink {

Checkpoints::Checkpoints(Calendar& calendar, std::uint32_t id, const CheckpointParams& params,
                         NetworkStack& network, StateTransfers& transfers, int storage)
    : calendar_(calendar), params_(params), network_(network), transfers_(transfers), storage_(storage) {
  handler_id = id;
  network.handle_barriers(*this);
}

void Checkpoints::job_runs(Job& job) {
  job_ = &job;
  ++deployment_;
  if (params_.interval_s > 0) schedule_periodic(calendar_.now() + to_nanos(params_.interval_s));
}

void Checkpoints::job_stops() {
  ++deployment_;
  savepoint_wanted_ = periodic_due_ = false;
  if (under_way()) end(false);
}

void Checkpoints::schedule_periodic(Nanos at) {
  calendar_.schedule(at, EventClass::timer, *this, periodic, deployment_);
}

void Checkpoints::trigger_savepoint() {
  savepoint_wanted_ = true;
  if (!under_way()) begin(true);
}

// Savepoints first. A periodic one that could not begin does so once the one before and the pause are over.
void Checkpoints::begin_what_is_due() {
  if (under_way() || !job_->running()) return;
  if (savepoint_wanted_) return begin(true);
  if (!periodic_due_) return;
  if (calendar_.now() >= may_begin_ns_) return begin(false);
  calendar_.schedule(may_begin_ns_, EventClass::timer, *this, pause_over, deployment_);
}

void Checkpoints::begin(bool savepoint) {
  (savepoint ? savepoint_wanted_ : periodic_due_) = false;
  current_ = {};
  current_.number = next_number_++;
  current_.savepoint = savepoint;
  current_.triggered_ns = calendar_.now();
  const LogicalGraph& graph = job_->graph();
  // Of each task a snapshot; of one that has receivers, the barrier sent on; of one that has inputs and whose
  // barriers overtake, the data that they overtook.
  parts_missing_ = 0;
  for (std::size_t op = 0; op < graph.operators.size(); ++op) {
    const LogicalOperator& spec = graph.operators[op];
    const int parts = 1 + (spec.sink() ? 0 : 1) + (unaligned() && !spec.source ? 1 : 0);
    parts_missing_ += parts * job_->parallelism()[op];
  }
  calendar_.schedule(calendar_.now() + to_nanos(std::min(params_.timeout_s, 1e9)), EventClass::timer, *this,
                     timed_out, static_cast<std::uint32_t>(current_.number));
  const int number = current_.number;
  for (std::size_t op = 0; op < graph.operators.size(); ++op) {
    if (!graph.operators[op].source) continue;
    for (int i = 0; i < job_->parallelism()[op] && current_.number == number; ++i) {
      Instance& source = job_->instance(static_cast<int>(op), i);
      barrier_reached(source, number, 0);
    }
  }
}

void Checkpoints::barrier_reached(Instance& task, int checkpoint, Nanos alignment_ns) {
  if (checkpoint != current_.number) return;
  current_.alignment_max_ns = std::max(current_.alignment_max_ns, alignment_ns);
  current_.barriers_ns = calendar_.now();
  const LogicalOperator& spec = job_->graph().operators[task.operator_id()];
  const double share = current_.savepoint ? 1 : params_.changed_share;
  const double declared_bytes =
      spec.source ? 0 : spec.operator_spec.state.size_bytes() / job_->parallelism()[task.operator_id()];
  const double bytes = share * (declared_bytes + task.state().size_bytes);
  current_.state_bytes += static_cast<std::int64_t>(bytes);
  upload(task, bytes, to_nanos(std::min(params_.sync_ms * 1e-3, 1e9)));
  if (!spec.sink()) network_.emit_barrier(task, checkpoint, unaligned());
}

void Checkpoints::upload(const Instance& task, double bytes, Nanos sync_ns) {
  const double bytes_per_s = params_.upload_mb_per_s * 1e6;
  const Nanos begin_ns = calendar_.now() + sync_ns;
  if (storage_ < 0) return part_done(begin_ns + to_nanos(std::min(bytes / bytes_per_s, 1e9)));
  transfers_.move(task.host(), storage_, bytes, bytes_per_s, begin_ns, [this, number = current_.number] {
    if (number == current_.number) part_done(calendar_.now());
  });
}

void Checkpoints::part_done(Nanos at) {
  calendar_.schedule(at, EventClass::timer, *this, acknowledged, static_cast<std::uint32_t>(current_.number));
}

void Checkpoints::barriers_complete(Instance& task, int checkpoint, std::int64_t channel_state_bytes) {
  if (checkpoint != current_.number) return;
  current_.channel_state_bytes += channel_state_bytes;
  upload(task, static_cast<double>(channel_state_bytes), 0);
}

void Checkpoints::barrier_emitted(Instance& task, int checkpoint, std::int64_t overtaken_bytes) {
  if (checkpoint != current_.number) return;
  if (task.source()) {
    current_.source_positions.resize(
        std::max(current_.source_positions.size(),
                 static_cast<std::size_t>(job_->source_number(task.operator_id(), task.index())) + 1));
    current_.source_positions[job_->source_number(task.operator_id(), task.index())] = task.next_to_emit();
  }
  current_.channel_state_bytes += overtaken_bytes;
  upload(task, static_cast<double>(overtaken_bytes), 0);
}

void Checkpoints::end(bool complete) {
  Checkpoint ended = std::move(current_);
  current_ = {};
  may_begin_ns_ = calendar_.now() + to_nanos(params_.min_pause_s);
  if (complete) {
    ended.completed_ns = calendar_.now();
    ended.channel_state = network_.take_channel_state();
    const Nanos duration_ns = ended.completed_ns - ended.triggered_ns;
    ++counts_.completed;
    counts_.duration_sum_ns += duration_ns;
    counts_.duration_max_ns = std::max(counts_.duration_max_ns, duration_ns);
    counts_.alignment_max_ns = std::max(counts_.alignment_max_ns, ended.alignment_max_ns);
    counts_.state_bytes_sum += ended.state_bytes;
    counts_.channel_state_bytes_sum += ended.channel_state_bytes;
    latest_ = std::move(ended);
    job_->forget_emitted(latest_.source_positions);
  } else {
    ++counts_.failed;
    transfers_.abandon();
    network_.abort_checkpoint(ended.number);
  }
  if (on_ended) on_ended(complete ? latest_ : ended);
}

void Checkpoints::on_event(std::uint32_t kind, std::uint32_t argument) {
  const Nanos now = calendar_.now();
  switch (kind) {
    case periodic:
      if (argument != deployment_) return;
      periodic_due_ = true;
      schedule_periodic(now + to_nanos(params_.interval_s));
      break;
    case pause_over:
      if (argument != deployment_) return;
      break;
    case acknowledged:
      if (!under_way() || argument != static_cast<std::uint32_t>(current_.number)) return;
      WEIR_ASSERT(parts_missing_ > 0, "a checkpoint has as many parts as were counted");
      if (--parts_missing_ > 0) return;
      end(true);
      break;
    case timed_out:
      if (!under_way() || argument != static_cast<std::uint32_t>(current_.number)) return;
      end(false);
      break;
    default:
      WEIR_ASSERT(false, "unknown event of the checkpoints");
  }
  begin_what_is_due();
}

}  // namespace weir::flink

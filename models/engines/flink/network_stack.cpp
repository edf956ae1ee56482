#include "models/engines/flink/network_stack.hpp"

#include <algorithm>
#include <utility>

#include "sim/cluster/cluster.hpp"

namespace weir::flink {

namespace {

// Both ends are on one thread.
bool chained(const Channel& channel) {
  return &channel.sender->executor() == &channel.receiver->executor();
}

}  // namespace

NetworkStack::NetworkStack(Calendar& calendar, std::uint32_t id, const NetworkParams& params)
    : calendar_(calendar),
      params_(params),
      timeout_ns_(to_nanos(params.buffer_timeout_ms * 1e-3)),
      debloat_period_ns_(to_nanos(params.debloat.period_ms * 1e-3)) {
  handler_id = id;
}

// ---------------------------------------------------------------- deployment

void NetworkStack::deploy(Job& job) {
  job_ = &job;
  ++generation_;
  lanes_.clear();
  tasks_.clear();
  gates_.clear();
  first_task_.clear();
  const LogicalGraph& graph = job.graph();
  std::size_t channels = 0;
  for (std::size_t op = 0; op < graph.operators.size(); ++op) {
    first_task_.push_back(static_cast<std::uint32_t>(tasks_.size()));
    for (int i = 0; i < job.parallelism()[op]; ++i) {
      Instance& instance = job.instance(static_cast<int>(op), i);
      const auto subpartitions =
          static_cast<int>(std::count_if(instance.channels().begin(), instance.channels().end(),
                                         [](const Channel& channel) { return !chained(channel); }));
      channels += instance.channels().size();
      // One for each buffer being filled, and one more: a pool is never smaller.
      const int segments = std::max(
          subpartitions + 1, params_.exclusive_per_channel * subpartitions + params_.floating_per_gate);
      tasks_.emplace_back(instance,
                          SegmentPool(segments, params_.max_per_channel, params_.overdraft_per_gate));
    }
  }
  lanes_.resize(channels, Lane(params_.exclusive_per_channel));
  for (std::uint32_t number = 0; number < tasks_.size(); ++number) {
    // The flushers of the tasks started one after the other: their ticks are spread over the timeout.
    if (timeout_ns_ > 0)
      tasks_[number].flush_phase_ns =
          muldiv(timeout_ns_, static_cast<std::int64_t>(number), static_cast<std::int64_t>(tasks_.size()));
    add_lanes(tasks_[number], number);
  }
  add_gates();
  if (params_.debloat.enabled) schedule_debloat();
}

// An input gate for each edge that leads to a task.
void NetworkStack::add_gates() {
  std::vector<std::uint32_t> gate_of(job_->graph().edges.size() * tasks_.size(), UINT32_MAX);
  for (std::uint32_t number = 0; number < lanes_.size(); ++number) {
    Lane& lane = lanes_[number];
    std::uint32_t& gate =
        gate_of[static_cast<std::size_t>(lane.channel->edge) * tasks_.size() + lane.receiver];
    if (gate == UINT32_MAX) {
      gate = static_cast<std::uint32_t>(gates_.size());
      gates_.emplace_back(lane.receiver, params_.floating_per_gate,
                          Debloater(params_.debloat, params_.segment_bytes));
    }
    lane.gate = gate;
    if (params_.debloat.enabled && !lane.chained) gates_[gate].lanes.push_back(number);
    tasks_[lane.receiver].inputs.push_back(number);
  }
}

void NetworkStack::add_lanes(Task& task, std::uint32_t number) {
  for (Channel& channel : task.instance->channels()) {
    Lane& lane = lanes_[channel.number];
    lane.channel = &channel;
    lane.remote = task.instance->host() != channel.receiver->host();
    lane.chained = chained(channel);
    lane.connection = channel.connection;
    lane.sender = number;
    lane.receiver = task_of(*channel.receiver);
    lane.credit = lane.in.initial_credit();
    lane.segment_bytes = lane.filling_bytes = params_.segment_bytes;
    if (lane.remote) {
      lane.connection = job_->connection(task.instance->host(), channel.receiver->host());
      lane.latency_ns = job_->cluster().network().latency_ns(lane.connection);
    }
    task.lanes.push_back(channel.number);
  }
}

// ---------------------------------------------------------------- the sender's side

void NetworkStack::route(Channel& channel, const Batch& batch) {
  Lane& lane = lanes_[channel.number];
  Task& sender = tasks_[lane.sender];
  if (lane.chained) return hand_on(lane, batch);
  if (lane.excess.count > 0) {
    lane.excess.merge(batch);
  } else {
    fill(lane, sender, batch);
  }
  if (!takes_output(sender)) sender.instance->hold_output();
  if (lane.filling.count > 0) schedule_flush(sender, lane.sender);
}

// To the next operator of the chain, which deals with it before anything else comes.
void NetworkStack::hand_on(Lane& lane, Batch batch) {
  batch.channel = lane.channel;
  lane.held.push_back({});
  if (lane.blocked) {
    lane.stash.push_back({batch, batch.first_ns});
  } else {
    hand_over(lane, batch, batch.first_ns);
  }
}

// Into the segment being filled, and the next ones.
void NetworkStack::fill(Lane& lane, Task& sender, Batch rest) {
  while (rest.count > 0) {
    if (!lane.has_segment) {
      if (!sender.pool.any_free()) {
        lane.excess = rest;
        sender.wanting.push_back(lane.channel->number);
        return;
      }
      sender.pool.take(lane.segments);
      lane.has_segment = true;
      lane.filling_bytes = lane.segment_bytes;
    }
    const std::int64_t room_bytes = std::max<std::int64_t>(1, lane.filling_bytes - lane.filled_bytes);
    Batch part = rest;
    rest.count = 0;
    if (part.size_bytes > room_bytes) {
      // A record belongs to the buffer in which it begins.
      const std::int64_t begin_in_it = muldiv(room_bytes - 1, part.count, part.size_bytes) + 1;
      if (begin_in_it < part.count) {
        rest = part;
        part = rest.split_head(begin_in_it);
      }
    }
    part.channel = lane.channel;
    lane.filled_bytes += part.size_bytes;
    lane.filling.merge(part);
    lane.filling.channel = lane.channel;
    if (lane.filled_bytes >= lane.filling_bytes) close_segment(lane, sender);
  }
}

void NetworkStack::close_segment(Lane& lane, Task& sender) {
  // The end of the last record lies in the next segment.
  lane.filled_bytes = std::max<std::int64_t>(0, lane.filled_bytes - lane.filling_bytes);
  if (lane.filled_bytes >= lane.filling_bytes) lane.filled_bytes = 0;
  lane.has_segment = false;
  lane.ready.push_back({lane.filling, true, no_barrier});
  ++lane.ready_buffers;
  lane.filling.count = 0;
  send_ready(lane, sender);
}

// What the segment holds so far may go; the rest of it is filled on.
void NetworkStack::flush_lane(Lane& lane, Task& sender) {
  if (lane.filling.count == 0) return;
  lane.ready.push_back({lane.filling, false, no_barrier});
  ++lane.ready_buffers;
  lane.filling.count = 0;
  send_ready(lane, sender);
}

void NetworkStack::schedule_flush(Task& sender, std::uint32_t number) {
  if (timeout_ns_ < 0 || sender.flush_scheduled) return;
  sender.flush_scheduled = true;
  Nanos at = calendar_.now();
  if (timeout_ns_ > 0)
    at = (at - sender.flush_phase_ns + timeout_ns_) / timeout_ns_ * timeout_ns_ + sender.flush_phase_ns;
  calendar_.schedule(at, EventClass::timer, *this, kind_now(flush), number);
}

void NetworkStack::send_ready(Lane& lane, Task& sender) {
  while (!lane.ready.empty()) {
    const Entry& front = lane.ready.front();
    if (front.barrier != no_barrier) {
      const int checkpoint = front.barrier;
      lane.ready.pop_front();
      send_barrier(lane, checkpoint);
      continue;
    }
    if (lane.remote && !take_credit(lane)) return;
    const Entry entry = front;
    lane.ready.pop_front();
    --lane.ready_buffers;
    send_buffer(lane, sender, entry);
  }
}

// What lies in a buffer travels when the buffer does: nothing of it was there before.
void NetworkStack::send_buffer(Lane& lane, Task& sender, const Entry& entry) {
  Batch batch = entry.batch;
  const Nanos emitted_ns = batch.first_ns;
  batch.channel = lane.channel;
  batch.first_ns = batch.last_ns = calendar_.now();
  if (!lane.remote) {
    lane.held.push_back({static_cast<std::uint8_t>(entry.holds_segment ? 1 : 0), batch.size_bytes});
    if (lane.blocked) {
      lane.stash.push_back({batch, emitted_ns});
    } else {
      hand_over(lane, batch, emitted_ns);
    }
    return;
  }
  lane.flying.push_back({.backlog = lane.ready_buffers});
  job_->send(lane.connection, batch, *lane.channel->receiver, emitted_ns);
  if (!entry.holds_segment) return;
  sender.pool.give_back(lane.segments);
  segment_freed(sender, *lane.channel->receiver, calendar_.now() - lane.latency_ns);
}

void NetworkStack::segment_freed(Task& sender, const Instance& by, Nanos signal_ns) {
  if (sender.giving) return;  // the loop below goes on with it
  sender.giving = true;
  // Each of the lanes that wait gets its turn; one that still has excess after it waits again.
  while (!sender.wanting.empty() && sender.pool.any_free()) {
    Lane& lane = lanes_[sender.wanting.front()];
    sender.wanting.pop_front();
    const Batch excess = lane.excess;
    lane.excess.count = 0;
    fill(lane, sender, excess);
    if (lane.filling.count > 0) schedule_flush(sender, lane.sender);
  }
  sender.giving = false;
  if (has_excess(sender)) return;
  if (sender.barrier_to_emit != no_barrier) emit_now(sender);
  if (!takes_output(sender)) return;
  sender.instance->release_output(by, signal_ns);
  read_barriers(sender);
}

// ---------------------------------------------------------------- credit

bool NetworkStack::take_credit(Lane& lane) {
  const Nanos now = calendar_.now();
  while (!lane.announced.empty() && lane.announced.front() <= now) {
    lane.announced.pop_front();
    ++lane.credit;
  }
  if (lane.credit == 0) {
    await_credit(lane);
    return false;
  }
  --lane.credit;
  return true;
}

// Credit is looked at when a buffer waits for it; else it costs no event.
void NetworkStack::await_credit(Lane& lane) {
  if (lane.credit_awaited || lane.announced.empty()) return;
  lane.credit_awaited = true;
  calendar_.schedule(lane.announced.front(), EventClass::arrival, *this, kind_now(credit),
                     lane.channel->number);
}

void NetworkStack::announce_credit(Lane& lane) {
  lane.announced.push_back(calendar_.now() + lane.latency_ns);
  if (lane.ready_buffers > 0) await_credit(lane);
}

// ---------------------------------------------------------------- the receiver's side

void NetworkStack::arrived(Channel& channel, const Batch& batch, Nanos sent_ns) {
  Lane& lane = lanes_[channel.number];
  WEIR_ASSERT(!lane.flying.empty() && lane.flying.front().barrier == no_barrier,
              "what arrives was sent, in order");
  const int backlog = lane.flying.front().backlog;
  lane.flying.pop_front();
  lane.held.push_back({static_cast<std::uint8_t>(lane.in.use()), batch.size_bytes});
  lane.in.heard_backlog(backlog);
  share_floating(lane);
  if (lane.blocked) {
    lane.stash.push_back({batch, sent_ns});
  } else {
    hand_over(lane, batch, sent_ns);
  }
  land_barriers(lane);
}

void NetworkStack::hand_over(Lane& lane, const Batch& batch, Nanos sent_ns) {
  Task& task = tasks_[lane.receiver];
  ++task.arrived;
  if (task.unaligned && task.checkpoint != no_barrier && lane.overtaken_by != task.checkpoint) {
    task.channel_state_bytes += batch.size_bytes;
    keep(batch, *lane.channel);
  }
  Instance& receiver = *lane.channel->receiver;
  receiver.arrives_from(sent_ns);
  receiver.receive(batch);
}

void NetworkStack::share_floating(Lane& lane) {
  FloatingPool& gate = gates_[lane.gate].floating;
  while (lane.in.wants_floating() && gate.free > 0) {
    lane.in.take_floating(gate);
    announce_credit(lane);
  }
  if (!lane.in.wants_floating() || lane.in.listens) return;
  lane.in.listens = true;
  gate.listeners.push_back(lane.channel->number);
}

void NetworkStack::offer_floating(std::uint32_t number) {
  FloatingPool& gate = gates_[number].floating;
  while (gate.free > 0 && !gate.listeners.empty()) {
    Lane& lane = lanes_[gate.listeners.front()];
    gate.listeners.pop_front();
    lane.in.listens = false;
    if (!lane.in.wants_floating()) continue;
    lane.in.take_floating(gate);
    announce_credit(lane);
    if (!lane.in.wants_floating()) continue;
    lane.in.listens = true;
    gate.listeners.push_back(lane.channel->number);
  }
}

void NetworkStack::consumed(Channel& channel) {
  Lane& lane = lanes_[channel.number];
  WEIR_ASSERT(!lane.held.empty(), "what is consumed arrived");
  const auto [kind, size_bytes] = lane.held.front();
  lane.held.pop_front();
  gates_[lane.gate].consumed_bytes += size_bytes;
  Task& receiver = tasks_[lane.receiver];
  ++receiver.consumed;
  if (lane.remote) {
    const auto credited = static_cast<CreditedChannel::Kind>(kind);
    if (lane.in.recycle(credited, gates_[lane.gate].floating)) announce_credit(lane);
    offer_floating(lane.gate);
  } else if (kind != 0) {
    Task& sender = tasks_[lane.sender];
    sender.pool.give_back(lane.segments);
    segment_freed(sender, *lane.channel->receiver, receiver.instance->signal_ns(calendar_.now()));
  }
  if (!receiver.barriers.empty()) read_barriers(receiver);
}

// ---------------------------------------------------------------- debloating

void NetworkStack::schedule_debloat() {
  calendar_.schedule(calendar_.now() + debloat_period_ns_, EventClass::timer, *this, kind_now(debloat), 0);
}

// Senders learn of it at once: announcements take a fraction of the period.
void NetworkStack::debloat_gates() {
  for (Gate& gate : gates_) {
    if (gate.lanes.empty()) continue;
    const TimeAccounts& accounts = tasks_[gate.task].instance->accounts();
    Nanos idle_ns = accounts.total(TimeUse::waiting);
    if (accounts.use() == TimeUse::waiting) idle_ns += calendar_.now() - accounts.closed_until();
    const Nanos measured_ns = debloat_period_ns_ - (idle_ns - std::exchange(gate.idle_ns, idle_ns));
    const auto consumed_bytes = static_cast<double>(std::exchange(gate.consumed_bytes, 0));
    int buffers = 0;
    for (const std::uint32_t number : gate.lanes)
      buffers += static_cast<int>(lanes_[number].held.size()) + lanes_[number].ready_buffers;
    if (!gate.debloater.look(consumed_bytes, to_seconds(measured_ns), buffers)) continue;
    for (const std::uint32_t number : gate.lanes)
      lanes_[number].segment_bytes = gate.debloater.announced_bytes();
  }
  schedule_debloat();
}

// ---------------------------------------------------------------- barriers

void NetworkStack::emit_barrier(Instance& instance, int checkpoint, bool unaligned) {
  unaligned_ = unaligned;
  Task& task = tasks_[task_of(instance)];
  task.barrier_to_emit = checkpoint;
  // Who is in the middle of emitting finishes that first.
  if (!has_excess(task)) emit_now(task);
}

void NetworkStack::emit_now(Task& task) {
  const int checkpoint = task.barrier_to_emit;
  std::int64_t overtaken_bytes = 0;
  task.barrier_to_emit = no_barrier;
  for (const std::uint32_t number : task.lanes) {
    Lane& lane = lanes_[number];
    if (unaligned_) {
      // Past everything that is queued here, which is part of the checkpoint.
      for (std::size_t i = 0; i < lane.ready.size(); ++i) {
        overtaken_bytes += lane.ready[i].batch.size_bytes;
        keep(lane.ready[i].batch, *lane.channel);
      }
      if (lane.filling.count > 0) {
        overtaken_bytes += lane.filling.size_bytes;
        keep(lane.filling, *lane.channel);
      }
      send_barrier(lane, checkpoint);
      continue;
    }
    flush_lane(lane, task);
    lane.ready.push_back({{}, false, checkpoint});
    send_ready(lane, task);
  }
  barrier_handler_->barrier_emitted(*task.instance, checkpoint, overtaken_bytes);
}

void NetworkStack::send_barrier(Lane& lane, int checkpoint) {
  if (!lane.remote) return barrier_landed(lane, checkpoint);
  const Nanos there_ns = calendar_.now() + lane.latency_ns;
  lane.flying.push_back({.barrier = checkpoint, .not_before_ns = there_ns});
  calendar_.schedule(there_ns, EventClass::arrival, *this, kind_now(barrier_lands), lane.channel->number);
}

// Those that have nothing before them any more.
void NetworkStack::land_barriers(Lane& lane) {
  while (!lane.flying.empty() && lane.flying.front().barrier != no_barrier &&
         lane.flying.front().not_before_ns <= calendar_.now()) {
    const int checkpoint = lane.flying.front().barrier;
    lane.flying.pop_front();
    barrier_landed(lane, checkpoint);
  }
}

void NetworkStack::barrier_landed(Lane& lane, int checkpoint) {
  if (checkpoint <= aborted_until_) return;
  Task& task = tasks_[lane.receiver];
  if (unaligned_) {
    barrier_read(task, checkpoint);
    lane.overtaken_by = checkpoint;
    return;
  }
  lane.blocked = true;
  task.barriers.push_back({checkpoint, task.arrived});
  read_barriers(task);
}

// A task reads them in their turn, and not while its output is held up.
void NetworkStack::read_barriers(Task& task) {
  while (!task.barriers.empty() && task.barriers.front().behind <= task.consumed && takes_output(task)) {
    const PendingBarrier barrier = task.barriers.front();
    task.barriers.pop_front();
    barrier_read(task, barrier.checkpoint);
  }
}

void NetworkStack::barrier_read(Task& task, int checkpoint) {
  if (task.checkpoint != checkpoint) {
    task.checkpoint = checkpoint;
    task.unaligned = unaligned_;
    task.barriers_missing = static_cast<int>(task.inputs.size());
    task.first_barrier_ns = calendar_.now();
    task.channel_state_bytes = unaligned_ ? task.instance->queue_bytes() : 0;
    if (unaligned_) keep_taken_in(task);
    if (unaligned_) barrier_handler_->barrier_reached(*task.instance, checkpoint, 0);
  }
  WEIR_ASSERT(task.barriers_missing > 0, "a barrier comes once on each channel");
  if (--task.barriers_missing > 0) return;
  const Nanos alignment_ns = calendar_.now() - task.first_barrier_ns;
  const std::int64_t channel_state_bytes = task.channel_state_bytes;
  task.checkpoint = no_barrier;
  if (task.unaligned) {
    task.channel_state_bytes = 0;
    return barrier_handler_->barriers_complete(*task.instance, checkpoint, channel_state_bytes);
  }
  barrier_handler_->barrier_reached(*task.instance, checkpoint, alignment_ns);
  unblock(task);
}

void NetworkStack::keep(const Batch& batch, const Channel& channel) {
  if (keeps_channel_state_ && batch.count > 0)
    channel_state_.push_back({channel.edge, channel.sender->index(), batch});
}

void NetworkStack::keep_taken_in(const Task& task) {
  if (!keeps_channel_state_) return;
  task.instance->each_taken_in([&](const Batch& batch) { keep(batch, *batch.channel); });
}

void NetworkStack::unblock(Task& task) {
  for (const std::uint32_t number : task.inputs) {
    Lane& lane = lanes_[number];
    lane.blocked = false;
    while (!lane.stash.empty()) {
      const Stashed stashed = lane.stash.front();
      lane.stash.pop_front();
      // It is available from now on.
      Batch batch = stashed.batch;
      batch.first_ns = batch.last_ns = calendar_.now();
      hand_over(lane, batch, std::min(stashed.sent_ns, batch.first_ns));
    }
  }
}

// Those under way are ignored when they come; who waited for them goes on.
void NetworkStack::abort_checkpoint(int checkpoint) {
  aborted_until_ = checkpoint;
  channel_state_.clear();
  for (Task& task : tasks_) {
    task.barrier_to_emit = task.checkpoint = no_barrier;
    task.barriers.clear();
    unblock(task);
  }
}

// ---------------------------------------------------------------- events, books

void NetworkStack::on_event(std::uint32_t kind, std::uint32_t number) {
  if (kind >> 2 != (generation_ & (UINT32_MAX >> 2))) return;
  switch (kind & 3) {
    case debloat:
      return debloat_gates();
    case flush: {
      Task& task = tasks_[number];
      task.flush_scheduled = false;
      for (const std::uint32_t lane : task.lanes) flush_lane(lanes_[lane], task);
      return;
    }
    case credit: {
      Lane& lane = lanes_[number];
      lane.credit_awaited = false;
      return send_ready(lane, tasks_[lane.sender]);
    }
    case barrier_lands:
      return land_barriers(lanes_[number]);
    default:
      WEIR_ASSERT(false, "unknown event of the network stack");
  }
}

void NetworkStack::drop_all(Job& job) {
  const auto drop = [&](const Batch& batch, int edge) {
    if (batch.count == 0) return;
    job.lost_on_edge(edge, batch.count);
    job.lost(batch);
  };
  ++generation_;
  for (Lane& lane : lanes_) {
    const int edge = lane.channel->edge;
    drop(lane.filling, edge);
    drop(lane.excess, edge);
    for (std::size_t i = 0; i < lane.ready.size(); ++i)
      if (lane.ready[i].barrier == no_barrier) drop(lane.ready[i].batch, edge);
    for (std::size_t i = 0; i < lane.stash.size(); ++i) drop(lane.stash[i].batch, edge);
  }
  lanes_.clear();
  tasks_.clear();
  gates_.clear();
}

std::int64_t NetworkStack::held_weight() const {
  std::int64_t weight = 0;
  const auto add = [&](const Batch& batch) {
    if (batch.count > 0) weight += batch.weight;
  };
  for (const Lane& lane : lanes_) {
    add(lane.filling);
    add(lane.excess);
    for (std::size_t i = 0; i < lane.ready.size(); ++i)
      if (lane.ready[i].barrier == no_barrier) add(lane.ready[i].batch);
    for (std::size_t i = 0; i < lane.stash.size(); ++i) add(lane.stash[i].batch);
  }
  return weight;
}

void NetworkStack::add_queued(std::vector<std::int64_t>& records_by_edge) const {
  for (const Lane& lane : lanes_) {
    std::int64_t& records = records_by_edge[lane.channel->edge];
    records += lane.filling.count + lane.excess.count;
    for (std::size_t i = 0; i < lane.ready.size(); ++i) records += lane.ready[i].batch.count;
    for (std::size_t i = 0; i < lane.stash.size(); ++i) records += lane.stash[i].batch.count;
  }
}

}  // namespace weir::flink

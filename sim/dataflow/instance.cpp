#include "sim/dataflow/instance.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sim/dataflow/job.hpp"
#include "sim/dataflow/work_queue.hpp"

namespace weir {

Instance::Instance(Job& job, int operator_id, int index)
    : job_(job),
      calendar_(job.calendar()),
      operator_id_(operator_id),
      index_(index),
      sink_(job.graph().operators[operator_id].sink()),
      cost_law_(cost_distribution(job.graph().operators[operator_id].cost())),
      cost_random_(job.seed(), job.entity(operator_id, index), "cost") {
  const LogicalOperator& spec = job.graph().operators[operator_id];
  handler_id = job.handler_id(operator_id, index);
  per_record_s_ = spec.cost().per_record_us * 1e-6;
  per_byte_s_ = spec.cost().per_byte_ns * 1e-9;
  per_batch_s_ = spec.cost().per_batch_us * 1e-6;
  output_bytes_ = spec.output_bytes();
  if (spec.source) {
    ArrivalContext context = job.arrival_context(operator_id, index);
    arrivals_ = spec.source_spec.arrivals.build(context);
    arrival_spacing_.scv = arrivals_->spacing_scv();
  } else {
    OperatorContext context{job.seed(), job.entity(operator_id, index), spec.inputs, &job.models()};
    logic_ = spec.operator_spec.logic.build(context);
    selectivity_ = logic_->mean_selectivity();
  }
}

std::string Instance::name() const {
  return fmt::format("{}[{}]", job_.graph().operators[operator_id_].name, index_);
}

void Instance::deploy(Executor& executor, const InstanceSettings& settings, double cost_factor) {
  ++epoch_;
  if (executor_ == nullptr) {
    accounts_.begin(calendar_.now(), TimeUse::overhead);
    deployed_since_ns_ = traced_until_ns_ = calendar_.now();
  }
  if (trace_worker_ < 0 && job_.tracer() != nullptr) {
    tracer_ = job_.tracer();
    trace_worker_ = tracer_->add_worker(operator_id_, index_, executor.host(), {});
  }
  executor_ = &executor;
  if (logic_) logic_->deployed();
  settings_ = settings;
  const CostSpec& cost = job_.graph().operators[operator_id_].cost();
  deserialize_record_s_ = settings.input_chained ? 0 : cost.deserialization_per_record_us * 1e-6;
  serialize_record_s_ = sink_ || settings.output_chained ? 0 : cost.serialization_per_record_us * 1e-6;
  serialize_byte_s_ = sink_ || settings.output_chained ? 0 : cost.serialization_per_byte_ns * 1e-9;
  has_parts_ = deserialize_record_s_ > 0 || serialize_record_s_ > 0 || serialize_byte_s_ > 0 ||
               !settings.tracing_cost.none() || settings.sets_up ||
               (tracer_ != nullptr && (per_byte_s_ > 0 || per_batch_s_ > 0));
  parts_ = {};
  unlogged_sends_ = 0;
  full_records_ = settings.gather_span_ns > 0 ? settings.batch_records : 1;
  cost_factor_ = cost_factor;
  sightings_ = 0;
  flush_scheduled_ = false;
  expecting_ = false;
  set_up_s_ = 0;
  unseen_.reset();
}

void Instance::add_edge(int edge, Splitter splitter, const std::vector<Instance*>& receivers, Router* router,
                        const std::vector<int>& connections, std::uint32_t first_number) {
  edges_.push_back({std::move(splitter), router, static_cast<std::uint32_t>(channels_.size())});
  const bool feedback = job_.graph().edges[edge].spec.feedback;
  for (std::size_t i = 0; i < receivers.size(); ++i) {
    Channel channel;
    channel.sender = this;
    channel.receiver = receivers[i];
    channel.slot = static_cast<std::uint32_t>(channels_.size());
    channel.number = first_number + static_cast<std::uint32_t>(i);
    if (router != nullptr && router->follows_batches()) channel.follower = router;
    channel.edge = edge;
    channel.connection = connections[i];
    // A bounded loop can block on itself for ever: feedback is unbounded, as in Flink's iterations.
    channel.capacity = feedback ? 0 : settings_.channel_capacity;
    channels_.push_back(channel);
  }
}

void Instance::add_pull_edge(int edge, Splitter splitter, WorkQueue& queue) {
  add_edge(edge, std::move(splitter), {nullptr}, nullptr, {-1}, 0);
  channels_.back().work_queue = &queue;
}

void Instance::reshare(int edge, const std::shared_ptr<const std::vector<double>>& shares) {
  for (OutEdge& out : edges_)
    if (channels_[out.first_channel].edge == edge) out.splitter.reshare(shares);
}

void Instance::clear_edges() {
  edges_.clear();
  channels_.clear();
  waiting_channels_ = 0;
  output_held_ = release_scheduled_ = false;
}

void Instance::undeploy(Nanos now) {
  ++epoch_;
  if (executor_ == nullptr) return;
  close_accounts(now);
  trace_until(now);
  deployed_ns_ += now - deployed_since_ns_;
  executor_ = nullptr;
}

void Instance::resume_accounts() {
  account(waiting_channels_ > 0 || paused_ ? TimeUse::blocked : TimeUse::waiting);
}

// ---------------------------------------------------------------- arrivals from outside

void Instance::start_arrivals() {
  schedule_arrival();
}

void Instance::schedule_arrival() {
  next_arrivals_ = arrivals_->next(job_.batch_records(), job_.batch_span_ns());
  if (next_arrivals_.count == 0) return;
  calendar_.schedule(std::max(next_arrivals_.last_ns, calendar_.now()), EventClass::arrival, *this, arrival,
                     0);
}

void Instance::arrive() {
  if (topic_read_ != nullptr) {
    topic_read_->arrived(index_, arrived_batch());
    return schedule_arrival();
  }
  counters_.records_arrived += next_arrivals_.count;
  const bool skips = job_.graph().operators[operator_id_].source_spec.when_blocked == WhenBlocked::skip;
  // A generator that may not emit, or that is behind by more than a batch, does not make the records.
  if (skips && (paused_ || waiting_channels_ > 0 || executor_ == nullptr || executor_->halted() ||
                inbox_records_ > job_.batch_records())) {
    counters_.records_suppressed += next_arrivals_.count;
  } else {
    Batch batch = arrived_batch();
    number(batch);
    enqueue(batch);
  }
  schedule_arrival();
  if (executor_ != nullptr) executor_->wake();
}

Batch Instance::arrived_batch() const {
  Batch batch;
  batch.count = next_arrivals_.count;
  batch.size_bytes = static_cast<std::int64_t>(static_cast<double>(batch.count) * output_bytes_ + 0.5);
  batch.first_ns = batch.origin_first_ns = next_arrivals_.first_ns;
  batch.last_ns = batch.origin_last_ns = next_arrivals_.last_ns;
  return batch;
}

// As origins of this source, the next ones.
void Instance::number(Batch& batch) {
  batch.weight = batch.count * weight_per_origin;
  batch.source = job_.source_number(operator_id_, index_);
  batch.sequence_first = next_sequence_;
  next_sequence_ += batch.count;
  batch.sequence_last = next_sequence_ - 1;
}

void Instance::read(const std::vector<Batch>& batches) {
  for (Batch batch : batches) {
    counters_.records_arrived += batch.count;
    batch.channel = nullptr;
    batch.unseen = {};
    batch.first_ns = batch.last_ns = calendar_.now();
    number(batch);
    enqueue(batch);
  }
  if (executor_ != nullptr) executor_->wake();
}

// ---------------------------------------------------------------- input

void Instance::enqueue(const Batch& batch) {
  if (!source()) {
    inbox_account_.counted(calendar_.now(), inbox_records_);
    inbox_account_.entered(calendar_.now());
  }
  inbox_records_ += batch.count;
  inbox_bytes_ += batch.size_bytes;
  inbox_records_max_ = std::max(inbox_records_max_, inbox_records_);
  // A long backlog outside is kept as a few long batches, so that memory does not grow with every arrival:
  // records within a second are taken as evenly spaced. Record by record, only a very long one is.
  const std::size_t kept_apart = job_.batch_records() == 1 ? std::size_t{1} << 16 : 64;
  if (source() && inbox_.size() > kept_apart && batch.last_ns - inbox_.back().first_ns < nanos_per_second) {
    inbox_.back().merge(batch);
    return;
  }
  inbox_.push_back(batch);
  if (tracer_ != nullptr && !source()) trace_message(batch);
}

inline void Instance::look_at_mark() {
  if (settings_.high_mark_bytes == 0 || above_) return;
  sightings_ = inbox_bytes_ >= settings_.high_mark_bytes ? sightings_ + 1 : 0;
  if (sightings_ < settings_.mark_sightings) return;
  above_ = true;
  above_since_ns_ = calendar_.now();
  job_.mark_crossed(*this, true);
}

void Instance::receive(const Batch& batch) {
  enqueue(batch);
  look_at_mark();
  executor_->wake();
}

void Instance::receive_together(const std::vector<Batch>& batches, Nanos lag_ns, Nanos sent_ns,
                                int sender_worker) {
  for (Batch batch : batches) {
    arrives_from(sent_ns, sender_worker);
    batch.first_ns = std::min(calendar_.now(), batch.first_ns + lag_ns);
    batch.last_ns = calendar_.now();
    enqueue(batch);
  }
  look_at_mark();
  executor_->wake();
}

void Instance::ask_for_work() {
  work_queue_->ask(*this);
}

Instance::Service Instance::begin(Nanos now, Nanos free_since_ns, LookBack& look_back) {
  Batch& head = inbox_.front();
  if (source() && head.count > job_.batch_records()) {
    serving_ = head.split_head(job_.batch_records());
  } else {
    serving_ = head;
    inbox_.pop_front();
  }
  if (!source()) {
    inbox_account_.counted(now, inbox_records_);
    inbox_account_.left(now, serving_.count);
  }
  inbox_records_ -= serving_.count;
  inbox_bytes_ -= serving_.size_bytes;
  if (topic_read_ != nullptr && inbox_.empty()) topic_read_->took_all(*this);
  if (above_ && inbox_bytes_ <= settings_.low_mark_bytes) {
    above_ = false;
    sightings_ = 0;
    counters_.backpressure_ns += now - above_since_ns_;
    job_.mark_crossed(*this, false);
  }
  if (serving_.channel != nullptr) {
    Channel& channel = *serving_.channel;
    if (channel.capacity > 0) channel.in_flight -= serving_.count;
    if (channel.receiver == nullptr) expecting_ = false;
    job_.pulled(channel.edge, serving_.count);
    if (channel.waiting && !channel.room_announced) {
      channel.room_announced = true;
      channel.room_by = this;
      channel.room_signal_ns = signal_ns(now);
      calendar_.schedule(now, EventClass::completion, *channel.sender, room, channel.slot);
    }
  }
  const auto count = static_cast<double>(serving_.count);
  double work_s = cost_law_.sample_sum(serving_.count, per_record_s_, cost_random_);
  work_s += static_cast<double>(serving_.size_bytes) * per_byte_s_ + per_batch_s_;
  if (has_parts_) work_s = add_parts(work_s);
  work_s *= cost_factor_;
  service_work_s_ = work_s;

  if (settings_.gather_span_ns > 0) return begin_lagging(now, work_s, look_back);
  const Nanos begin_ns =
      std::min(now, std::max({free_since_ns, serving_.first_ns, accounts_.closed_until()}));
  // On a host that stands still it never ends; within 30 years somebody will change that.
  const double duration_s = work_s > 0 ? std::min(work_s / executor_->speed(), 1e9) : 0;
  const Nanos duration_ns = to_nanos(duration_s);
  const Nanos last_done_ns = serving_.last_ns + to_nanos(duration_s / count);
  const Nanos end_ns = std::max({begin_ns + duration_ns, last_done_ns, now});
  service_begin_ns_ = begin_ns;
  service_end_ns_ = service_last_done_ns_ = end_ns;
  service_first_done_ns_ = begin_ns + to_nanos(duration_s / count);
  const double useful_share = end_ns > begin_ns + duration_ns
                                  ? static_cast<double>(duration_ns) / static_cast<double>(end_ns - begin_ns)
                                  : 1;
  const double overhead_share = parts_.instrumentation;
  gapped_work_ns_ = useful_share < 1 ? useful_ns(duration_ns) : -1;
  useful_before_ns_ = accounts_.total(TimeUse::useful);
  trace_until(begin_ns);
  accounts_.begin_service(begin_ns, useful_share * (1 - overhead_share), useful_share * overhead_share);
  return {work_s, counted_from(begin_ns, now), last_done_ns, begin_ns, useful_share};
}

Instance::Service Instance::begin_chore(Nanos now, double work_s) {
  WEIR_ASSERT(settings_.sets_up && settings_.gather_span_ns == 0, "a chore of an instance that has none");
  chore_ = true;
  serving_ = {};
  serving_.count = serving_.weight = serving_.size_bytes = 0;
  parts_ = {.buffer = 1};
  service_work_s_ = work_s;
  const Nanos duration_ns = to_nanos(std::min(work_s / executor_->speed(), 1e9));
  service_begin_ns_ = now;
  service_end_ns_ = now + duration_ns;
  trace_until(now);
  accounts_.begin_service(now, 1, 0);
  return {work_s, counted_from(now, now), now, now, 1};
}

void Instance::finish_chore(Nanos now) {
  chore_ = false;
  accounts_.close(now);
  awake_ns_ = now;
  change_use(now, idle_use());
  job_.served(*this);
}

// Deserialization by the record, serialization and tracing, on top of `work_s`; and how large the parts are.
double Instance::add_parts(double work_s) {
  const auto count = static_cast<double>(serving_.count);
  const double deserialize_s = count * deserialize_record_s_;
  double serialize_s = 0;
  if (serialize_record_s_ > 0 || serialize_byte_s_ > 0) {
    to_send_ = source() ? serving_.count : logic_->would_send(serving_);
    const auto out = static_cast<double>(to_send_);
    serialize_s = out * (serialize_record_s_ + output_bytes_ * serialize_byte_s_);
  }
  work_s += deserialize_s + serialize_s;
  const double read_s = deserialize_s + static_cast<double>(serving_.size_bytes) * per_byte_s_;
  // The contention between instances, which makes all work longer, is none of the tracing's, nor of what is
  // set up.
  double tracing_s = 0;
  if (const TracingCost& cost = settings_.tracing_cost; !cost.none()) {
    const int activities = 1 + (read_s > 0 ? 1 : 0) + (serialize_s > 0 ? 1 : 0) + (per_batch_s_ > 0 ? 1 : 0);
    const auto events = static_cast<double>((serving_.channel != nullptr ? 1 : 0) + 2 * activities +
                                            std::exchange(unlogged_sends_, 0));
    tracing_s = (events * cost.per_event_us * 1e-6 + count * cost.per_record_ns * 1e-9) / cost_factor_;
  }
  const double set_up_s = std::exchange(set_up_s_, 0) / cost_factor_;
  work_s += tracing_s + set_up_s;
  parts_ = {};
  if (work_s > 0)
    parts_ = {(per_batch_s_ + set_up_s) / work_s, read_s / work_s, serialize_s / work_s, tracing_s / work_s};
  return work_s;
}

// Where records are gathered, a service lies in the past of the calendar: see look_back.hpp.
Instance::Service Instance::begin_lagging(Nanos now, double work_s, LookBack& look_back) {
  Nanos duration_ns = 0, record_ns = 0;
  if (work_s > 0) {
    const double speed = executor_->speed();
    const double duration_s = speed == 1 ? work_s : work_s / speed;
    // On a host that stands still it never ends; within 30 years somebody will change that.
    duration_ns = std::min(to_nanos(duration_s), nanos_per_second * 1'000'000'000);
    record_ns = duration_ns / serving_.count;
  }
  const LookBack::Served served =
      look_back.serve(serving_.first_ns, serving_.last_ns, duration_ns, record_ns);
  service_begin_ns_ = std::min(now, served.begin_ns);
  service_first_done_ns_ = served.first_done_ns;
  service_last_done_ns_ = served.last_done_ns;
  service_end_ns_ = std::max({now, served.last_done_ns, service_begin_ns_ + duration_ns});
  if (duration_ns > 0 && settings_.unseen_queueing && executor_->speed() > 0)
    note_unseen(duration_ns, served.last_done_ns - record_ns - serving_.last_ns);
  // What is accounted for already stays as it is: the rest of the work is made up for later.
  const Nanos account_ns = std::max(service_begin_ns_, accounts_.closed_until());
  const Nanos free_ns = service_end_ns_ - account_ns;
  const Nanos owed_ns = duration_ns + unaccounted_ns_;
  gapped_work_ns_ = useful_ns(duration_ns);
  useful_before_ns_ = accounts_.total(TimeUse::useful);
  unaccounted_ns_ = std::max<Nanos>(0, owed_ns - free_ns);
  trace_until(account_ns);
  const double busy_share =
      owed_ns < free_ns ? static_cast<double>(owed_ns) / static_cast<double>(free_ns) : 1;
  accounts_.begin_service(account_ns, busy_share * (1 - parts_.instrumentation),
                          busy_share * parts_.instrumentation);
  return {work_s, counted_from(service_begin_ns_, now), served.last_done_ns, account_ns, busy_share};
}

// On a host that stands still all of a batch lies ahead, since its last record does.
Nanos Instance::counted_from(Nanos begin_ns, Nanos now) const {
  return executor_->speed() > 0 ? begin_ns : now;
}

void Instance::note_unseen(Nanos duration_ns, Nanos lag_ns) {
  if (unseen_.note(serving_.count, serving_.first_ns, serving_.last_ns, duration_ns)) {
    const Spacing arrivals = serving_.channel == nullptr
                                 ? arrival_spacing_
                                 : serving_.channel->sender->spacing_towards(*serving_.channel);
    unseen_.refresh(arrivals, cost_law_.variance(), cost_law_.third_central_moment(), work_queue_ != nullptr);
  }
  unseen_.add_to(serving_.unseen, serving_.count, lag_ns);
}

Spacing Instance::spacing_towards(const Channel& channel) const {
  // A source without a cost passes on what arrives.
  const Spacing made = unseen_.any() ? unseen_.departures().multiplied(selectivity_) : arrival_spacing_;
  for (const OutEdge& edge : edges_) {
    const auto receiver = static_cast<int>(channel.slot - edge.first_channel);
    if (channel.slot >= edge.first_channel && receiver < edge.splitter.receivers()) {
      return edge.splitter.spacing_of(made, receiver);
    }
  }
  return made;
}

// ---------------------------------------------------------------- output

// When the first record of the batch in service was done. On a shared core, or one that changed its speed, a
// service takes longer or shorter than was foreseen at its begin: the first record as much as all.
Nanos Instance::first_done_ns(Nanos now) const {
  const Nanos last_ns = now == service_end_ns_ ? service_last_done_ns_ : now;
  if (serving_.count == 1) return last_ns;
  if (now == service_end_ns_ || service_end_ns_ == service_begin_ns_)
    return std::min(service_first_done_ns_, last_ns);
  const Nanos foreseen_ns = std::max<Nanos>(0, service_first_done_ns_ - service_begin_ns_);
  return std::min(last_ns, service_begin_ns_ + muldiv(foreseen_ns, now - service_begin_ns_,
                                                      service_end_ns_ - service_begin_ns_));
}

void Instance::finish(Nanos now) {
  if (chore_) return finish_chore(now);
  Channel* const came_by = serving_.channel;
  accounts_.close(now);
  awake_ns_ = now;
  counters_.records_in += serving_.count;
  // Spreading useful time over a gapped service rounds; the work itself is exact.
  const bool as_foreseen = now == service_end_ns_;
  counters_.processing_ns += gapped_work_ns_ >= 0 && (as_foreseen || settings_.gather_span_ns == 0)
                                 ? gapped_work_ns_
                                 : accounts_.total(TimeUse::useful) - useful_before_ns_;
  const Nanos first_ns = first_done_ns(now);
  if (tracer_ != nullptr)
    for (std::int64_t& untold : untold_records_) untold += serving_.count;
  const Produced produced = source() ? Produced{serving_.count, serving_.count} : logic_->process(serving_);
  WEIR_ASSERT(to_send_ < 0 || produced.count == to_send_, "what is sent is what was serialized");
  to_send_ = -1;
  // What goes in becomes what comes out.
  Batch& out = serving_;
  out.channel = nullptr;
  out.last_ns = as_foreseen ? service_last_done_ns_ : now;
  out.first_ns = first_ns;
  if (source()) {
    emitted(out);
  } else if (sink_) {
    deliver(out);
    if (topic_written_ != nullptr) topic_written_->write(*this, out);
    out.count = 0;
  } else {
    // The share of the input that lives on carries its weight on; the rest is done here.
    if (produced.consumed != out.count) {
      const auto kept = muldiv(out.weight, produced.consumed, out.count);
      job_.filtered(out, out.weight - kept);
      out.weight = kept;
    }
    out.count = produced.count;
    if (produced.kept_weight != 0) {
      out.weight -= produced.kept_weight;
      job_.kept_in_state(produced.kept_weight);
    }
  }
  if (out.count > 0) {
    counters_.records_out += out.count;
    out.size_bytes = static_cast<std::int64_t>(static_cast<double>(out.count) * output_bytes_ + 0.5);
    std::int64_t weight = out.weight;
    for (std::size_t i = 0; i + 1 < edges_.size(); ++i) {
      out.weight = weight / static_cast<std::int64_t>(edges_.size() - i);
      weight -= out.weight;
      send(edges_[i], out);
    }
    out.weight = weight;
    if (!edges_.empty()) send(edges_.back(), out);
  }
  if (came_by != nullptr && came_by->follower != nullptr) came_by->follower->consumed(*came_by);
  change_use(now, idle_use());
  job_.served(*this);
  if (topic_read_ != nullptr && inbox_.empty()) topic_read_->dealt_with_all(*this);
}

void Instance::emitted(const Batch& batch) {
  next_to_emit_ = batch.sequence_last + 1;
  const std::int64_t again =
      std::max<std::int64_t>(0, std::min(next_to_emit_, emitted_until_) - batch.sequence_first);
  emitted_until_ = std::max(emitted_until_, next_to_emit_);
  counters_.records_sent_again += again;
  job_.emitted(batch, again);
  if (!settings_.replayable) return;
  Batch arrived = batch;
  arrived.first_ns = batch.origin_first_ns;
  arrived.last_ns = batch.origin_last_ns;
  // As with a backlog outside, records within a second are taken as evenly spaced.
  if (!emitted_.empty() && arrived.last_ns - emitted_.back().first_ns < nanos_per_second &&
      job_.batch_records() > 1) {
    emitted_.back().merge(arrived);
  } else {
    emitted_.push_back(arrived);
  }
}

inline void Instance::gather(Channel& channel, const Batch& batch, const Batch::Part& part) {
  // What would not fit goes first: merged and split again, the density of the two would be evened out.
  if (channel.gathered.count > 0 && channel.gathered.count + part.count > settings_.batch_records &&
      !channel.waiting) {
    push_gathered(channel);
  }
  channel.gathered.merge_part(batch, part);
  if (channel.gathered.count < full_records_) {
    if (flush_scheduled_ || channel.waiting) return;
    flush_scheduled_ = true;
    calendar_.schedule(calendar_.now() + settings_.gather_span_ns, EventClass::timer, *this, flush, epoch_);
  } else if (!channel.waiting) {
    push_gathered(channel);
  }
}

void Instance::send(OutEdge& edge, const Batch& batch) {
  if (edge.splitter.asks() && logic_ && logic_->spread(batch, edge.splitter.counts_to_tell()))
    edge.splitter.told();
  const double bytes_per_record = output_bytes_;
  const auto bytes_of = [=](std::int64_t count) {
    return static_cast<std::int64_t>(static_cast<double>(count) * bytes_per_record + 0.5);
  };
  Channel* const channels = channels_.data() + edge.first_channel;
  std::int64_t rest_weight = batch.weight;
  std::int64_t rest_count = batch.count * (edge.splitter.copies() ? edge.splitter.receivers() : 1);
  if (edge.router == nullptr && rest_weight == rest_count * weight_per_origin) {
    // As long as nothing was filtered or multiplied, every record is worth one origin: nothing to divide.
    edge.splitter.split(batch.count, [&](int receiver, std::int64_t count) {
      rest_count -= count;
      gather(channels[receiver], batch, {count, bytes_of(count), count * weight_per_origin});
    });
    WEIR_ASSERT(rest_count == 0, "a split lost records");
    return;
  }
  edge.splitter.split(batch.count, [&](int receiver, std::int64_t count) {
    Channel& channel = channels[receiver];
    const std::int64_t weight = count == rest_count ? rest_weight : muldiv(rest_weight, count, rest_count);
    rest_weight -= weight;
    rest_count -= count;
    const Batch::Part part{count, bytes_of(count), weight};
    if (edge.router != nullptr) {
      Batch routed = batch;
      routed.become(part);
      routed.channel = &channel;
      ++unlogged_sends_;
      job_.pushed(channel.edge, count);
      edge.router->route(channel, routed);
    } else {
      gather(channel, batch, part);
    }
  });
  WEIR_ASSERT(rest_count == 0 && rest_weight == 0, "a split lost records");
}

// Pushes as much as there is room for, in batches of at most batch_records; the rest waits and blocks us.
void Instance::push_gathered(Channel& channel) {
  while (channel.gathered.count > 0) {
    const std::int64_t count = std::min(channel.gathered.count, settings_.batch_records);
    const bool fits =
        channel.capacity == 0 || channel.in_flight == 0 || channel.in_flight + count <= channel.capacity;
    if (!fits) {
      if (!channel.waiting) {
        channel.waiting = true;
        ++waiting_channels_;
        note_holding();
        tell_waiting(channel, 1);
      }
      return;
    }
    Batch batch = channel.gathered;
    if (count < channel.gathered.count) {
      batch = channel.gathered.split_head(count);
    } else {
      channel.gathered.count = 0;
    }
    batch.channel = &channel;
    // What waited for room could not travel before: no look-back.
    if (channel.waiting) batch.first_ns = batch.last_ns = calendar_.now();
    if (channel.capacity > 0) channel.in_flight += count;
    ++unlogged_sends_;
    job_.pushed(channel.edge, count);
    job_.transport(channel, batch);
  }
  if (channel.waiting) {
    channel.waiting = false;
    --waiting_channels_;
    note_holding();
    tell_waiting(channel, -1);
  }
}

void Instance::tell_waiting(Channel& channel, int change) {
  if (channel.receiver == nullptr) return channel.work_queue->sender_waits(change);
  channel.receiver->sender_waits(change);
}

void Instance::sender_waits(int change) {
  waiting_senders_ += change;
  WEIR_ASSERT(waiting_senders_ >= 0, "more senders found room than waited for it");
  note_holding();
}

// A sender may wait here only because we wait for room ourselves: then it is not us who hold up the job.
void Instance::note_holding() {
  const bool holding = waiting_senders_ > 0 && waiting_channels_ == 0;
  if (holding == holding_) return;
  if (holding_) counters_.backpressure_ns += calendar_.now() - holding_since_ns_;
  holding_ = holding;
  holding_since_ns_ = calendar_.now();
}

void Instance::flush_all() {
  for (Channel& channel : channels_) {
    if (channel.gathered.count > 0 && !channel.waiting) push_gathered(channel);
  }
}

void Instance::deliver(const Batch& batch) {
  note_order(batch);
  job_.delivered(batch);
}

void Instance::note_order(const Batch& batch) {
  reordering_.records += batch.count;
  if (batch.source == Batch::mixed_source) return;
  const auto source = static_cast<std::size_t>(batch.source);
  if (source >= latest_sequence_.size()) latest_sequence_.resize(source + 1, -1);
  std::int64_t& latest = latest_sequence_[source];
  if (batch.sequence_first < latest) {
    const std::int64_t last = std::min(batch.sequence_last, latest - 1);
    const double span = static_cast<double>(batch.sequence_last - batch.sequence_first + 1);
    const double share = static_cast<double>(last - batch.sequence_first + 1) / span;
    const auto late = static_cast<std::int64_t>(share * static_cast<double>(batch.count) + 0.5);
    reordering_.reordered += late;
    const double middle = 0.5 * static_cast<double>(batch.sequence_first + last);
    reordering_.distance_sum += static_cast<double>(late) * (static_cast<double>(latest) - middle);
  }
  latest = std::max(latest, batch.sequence_last);
}

// ---------------------------------------------------------------- events and control

void Instance::on_event(std::uint32_t kind, std::uint32_t argument) {
  switch (kind) {
    case arrival:
      return arrive();
    case flush:
      if (argument != epoch_) return;
      flush_scheduled_ = false;
      flush_all();
      if (executor_->busy() || executor_->halted()) return;
      return account(idle_use());
    case room:
      if (argument < channels_.size() && channels_[argument].room_announced) found_room(channels_[argument]);
      return;
    case released:
      if (argument == epoch_) output_released();
      return;
    default:
      WEIR_ASSERT(false, "unknown event of an instance");
  }
}

void Instance::found_room(Channel& channel) {
  channel.room_announced = false;
  if (!channel.waiting) return;
  // Whoever pulls at once what leaves now may announce the next room.
  const Instance* const room_by = channel.room_by;
  const Nanos signal_ns = channel.room_signal_ns;
  push_gathered(channel);
  if (tracer_ != nullptr)
    trace_room(*room_by, signal_ns,
               channel.connection < 0 && channel.receiver == room_by && room_by->executor_->serves(*room_by));
  go_on();
}

void Instance::hold_output() {
  release_scheduled_ = false;
  if (output_held_) return;
  output_held_ = true;
  ++waiting_channels_;
  note_holding();
}

void Instance::release_output(const Instance& by, Nanos signal_ns) {
  if (!output_held_ || release_scheduled_) return;
  release_scheduled_ = true;
  released_by_ = &by;
  release_signal_ns_ = signal_ns;
  calendar_.schedule(calendar_.now(), EventClass::completion, *this, released, epoch_);
}

void Instance::output_released() {
  if (!release_scheduled_) return;
  release_scheduled_ = output_held_ = false;
  --waiting_channels_;
  note_holding();
  if (tracer_ != nullptr) trace_room(*released_by_, release_signal_ns_, false);
  go_on();
}

// It may have found room.
void Instance::go_on() {
  if (waiting_channels_ > 0 || executor_->halted()) return;
  executor_->was_held_back();
  if (!executor_->busy()) account(idle_use());
  executor_->account_others(*this);
  executor_->wake();
}

void Instance::pause(bool paused) {
  paused_ = paused;
  if (executor_ == nullptr || executor_->halted() || executor_->busy()) return;
  account(idle_use());
  if (paused) return;
  if (tracer_ != nullptr) job_.trace_relief(*this);
  executor_->was_held_back();
  executor_->wake();
}

TimeUse Instance::idle_use() const {
  if (executor_ == nullptr || executor_->halted()) return TimeUse::overhead;
  const bool blocked = waiting_channels_ > 0 || paused_ || (executor_->chains() && executor_->held_up());
  return blocked ? TimeUse::blocked : TimeUse::waiting;
}

void Instance::account(TimeUse use) {
  // Idle time stays open, for a service that turns out to lie in it.
  if (settings_.gather_span_ns > 0 && use == TimeUse::waiting && accounts_.use() == use) return;
  change_use(calendar_.now(), use);
}

void Instance::close_accounts(Nanos now) {
  accounts_.close(now);
  if (above_) {
    counters_.backpressure_ns += now - above_since_ns_;
    above_since_ns_ = now;
  }
  if (holding_) {
    counters_.backpressure_ns += now - holding_since_ns_;
    holding_since_ns_ = now;
  }
}

std::int64_t Instance::take_queue_records_max() {
  const std::int64_t max = inbox_records_max_;
  inbox_records_max_ = inbox_records_;
  return max;
}

}  // namespace weir

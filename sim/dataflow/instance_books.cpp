#include <fmt/format.h>

#include <algorithm>

#include "sim/dataflow/instance.hpp"
#include "sim/dataflow/job.hpp"

// What an instance is asked seldom, or only when it is traced: what it holds, whether its books add up, what
// the tracer is told, and dropping everything.

namespace weir {

// ---------------------------------------------------------------- what it holds

std::int64_t Instance::held_weight() const {
  std::int64_t weight = 0;
  if (!source()) {
    for (std::size_t i = 0; i < inbox_.size(); ++i) weight += inbox_[i].weight;
    if (executor_ != nullptr && executor_->serves(*this)) weight += serving_.weight;
  }
  for (const Channel& channel : channels_) weight += channel.gathered.count > 0 ? channel.gathered.weight : 0;
  return weight + kept().weight;
}

bool Instance::has_records() const {
  if (!source() && !inbox_.empty()) return true;
  return std::any_of(channels_.begin(), channels_.end(),
                     [](const Channel& channel) { return channel.gathered.count > 0; });
}

void Instance::add_queued(std::vector<std::int64_t>& records_by_edge) const {
  for (std::size_t i = 0; i < inbox_.size(); ++i) {
    if (inbox_[i].channel != nullptr) records_by_edge[inbox_[i].channel->edge] += inbox_[i].count;
  }
}

std::string Instance::check() const {
  Nanos accounted = 0;
  for (const TimeUse use : {TimeUse::useful, TimeUse::waiting, TimeUse::blocked, TimeUse::overhead}) {
    if (accounts_.total(use) < 0) return "negative time";
    accounted += accounts_.total(use);
  }
  const Nanos elapsed =
      deployed_ns_ + (executor_ != nullptr ? accounts_.closed_until() - deployed_since_ns_ : 0);
  if (accounted != elapsed) {
    return fmt::format("useful + waiting + blocked + overhead = {} ns, but {} ns passed", accounted, elapsed);
  }
  std::int64_t records = 0;
  for (std::size_t i = 0; i < inbox_.size(); ++i) records += inbox_[i].count;
  if (records != inbox_records_) return fmt::format("{} records queued, {} counted", records, inbox_records_);
  if (source() && counters_.records_arrived - counters_.records_suppressed + counters_.records_replayed !=
                      counters_.records_in + inbox_records_ + counters_.records_aborted +
                          (executor_ != nullptr && executor_->serves(*this) ? serving_.count : 0)) {
    return "arrived + replayed is not suppressed + emitted + waiting outside";
  }
  if (source()) return {};
  return inbox_account_.check(calendar_.now(), inbox_records_, inbox_.size(),
                              [&](std::size_t i) { return inbox_[i].count; });
}

// ---------------------------------------------------------------- what the tracer is told

void Instance::tell_tracer(Nanos now) {
  if (now <= traced_until_ns_) return;
  // What a source emits at no cost, it emits while it looks for records.
  const bool emits_idly = source() && !has_parts_ && per_record_s_ + per_byte_s_ + per_batch_s_ == 0;
  const auto tell = [&](TracedUse what) {
    const std::int64_t records =
        what == TracedUse::input && emits_idly ? take_untold(TracedUse::processing) : 0;
    tracer_->did(trace_worker_, traced_until_ns_, now, what, operator_id_, records);
    traced_until_ns_ = now;
  };
  const TracedUse idle = source() ? TracedUse::input : TracedUse::waiting;
  switch (accounts_.use()) {
    case TimeUse::useful: {
      const auto busy_ns =
          static_cast<Nanos>(static_cast<double>(now - traced_until_ns_) * accounts_.busy_share() + 0.5);
      tell_service(traced_until_ns_ + busy_ns);
      worked_until_ns_ = now;
      if (now > traced_until_ns_) tell(idle);
      return;
    }
    case TimeUse::waiting:
      return tell(idle);
    case TimeUse::blocked:
      return tell(TracedUse::blocked);
    case TimeUse::overhead:
      // A place without a container: nobody is there who could work.
      if (job_.stopped(operator_id_, index_)) return tell(TracedUse::waiting);
      if (!accounts_.lent()) return tell(TracedUse::overhead);
      // Its thread works in one piece for the other operator, and then it waits.
      if (const auto lent_ns =
              static_cast<Nanos>(static_cast<double>(now - traced_until_ns_) * accounts_.busy_share() + 0.5);
          lent_ns > 0) {
        tracer_->did(trace_worker_, traced_until_ns_, traced_until_ns_ + lent_ns, TracedUse::lent,
                     operator_id_, 0);
        traced_until_ns_ += lent_ns;
      }
      if (now > traced_until_ns_) tell(idle);
      return;
  }
}

// Work in one piece, part after part: each has its share of it.
void Instance::tell_service(Nanos until_ns) {
  const Nanos begin_ns = traced_until_ns_;
  const auto length = static_cast<double>(until_ns - begin_ns);
  double done = 0;
  const auto tell = [&](TracedUse use, Nanos end_ns) {
    if (end_ns <= traced_until_ns_) return;
    tracer_->did(trace_worker_, traced_until_ns_, end_ns, use, operator_id_, take_untold(use));
    traced_until_ns_ = end_ns;
  };
  const auto share = [&](double of_work) {
    done += of_work;
    return std::min(until_ns, begin_ns + static_cast<Nanos>(length * done + 0.5));
  };
  if (has_parts_) {
    const double processing =
        1 - parts_.buffer - parts_.deserialization - parts_.serialization - parts_.instrumentation;
    if (parts_.buffer > 0) tell(TracedUse::buffer, share(parts_.buffer));
    if (parts_.deserialization > 0) tell(TracedUse::deserialization, share(parts_.deserialization));
    // What is left of a sum of shares is no processing.
    if (processing > 1e-12) tell(TracedUse::processing, share(processing));
    if (parts_.serialization > 0) tell(TracedUse::serialization, share(parts_.serialization));
    if (parts_.instrumentation > 0) tell(TracedUse::instrumentation, until_ns);
    // To the end, whatever rounding left.
    const bool reads = parts_.deserialization > parts_.serialization;
    tell(processing > 1e-12 ? TracedUse::processing
         : reads            ? TracedUse::deserialization
                            : TracedUse::serialization,
         until_ns);
  } else {
    tell(TracedUse::processing, until_ns);
  }
}

// Of a batch that arrives: its first record's.
void Instance::trace_message(const Batch& batch) {
  const Nanos sent_ns = arriving_sent_ns_ >= 0 ? arriving_sent_ns_ : batch.first_ns;
  const int sender = arriving_worker_ >= 0 ? arriving_worker_ : batch.channel->sender->trace_worker_;
  arriving_sent_ns_ = arriving_worker_ = -1;
  tracer_->sent(trace_worker_, sender, std::min(sent_ns, batch.first_ns), batch.first_ns, operator_id_,
                batch.count, batch.size_bytes);
}

// By this signal leaves what has just left, even if more waits for room. But a signal of this very instant
// closes a circle where it wakes nobody: to who is awake already, it comes from whom he woke; and what leaves
// somebody who stays blocked, for whoever made room by beginning to serve, wakes nobody either.
void Instance::trace_room(const Instance& by, Nanos signal_ns, bool to_whom_serves) {
  const Nanos now = calendar_.now();
  const bool wakes_nobody = awake_ns_ == now || (waiting_channels_ > 0 && to_whom_serves);
  if (signal_ns == now && wakes_nobody) return;
  tracer_->signalled(trace_worker_, by.trace_worker_, signal_ns, now);
  awake_ns_ = now;
}

// ---------------------------------------------------------------- replay

void Instance::forget_emitted(std::int64_t before) {
  while (!emitted_.empty() && emitted_.front().sequence_last < before) emitted_.pop_front();
  if (emitted_.empty() || emitted_.front().sequence_first >= before) return;
  static_cast<void>(emitted_.front().split_head(before - emitted_.front().sequence_first));
}

std::int64_t Instance::rewind(std::int64_t position) {
  WEIR_ASSERT(source() && settings_.replayable && (executor_ == nullptr || !executor_->serves(*this)),
              "a source is rewound that cannot be");
  forget_emitted(position);
  std::int64_t replayed = 0;
  Ring<Batch> waiting;
  for (std::size_t i = 0; i < emitted_.size(); ++i) {
    waiting.push_back(emitted_[i]);
    replayed += emitted_[i].count;
    inbox_bytes_ += emitted_[i].size_bytes;
  }
  for (std::size_t i = 0; i < inbox_.size(); ++i) waiting.push_back(inbox_[i]);
  inbox_ = std::move(waiting);
  emitted_.clear();
  inbox_records_ += replayed;
  inbox_records_max_ = std::max(inbox_records_max_, inbox_records_);
  counters_.records_replayed += replayed;
  next_to_emit_ -= replayed;
  return replayed;
}

void Instance::send_again(int edge, const Batch& batch) {
  const auto leads_there = [&](const OutEdge& out) { return channels_[out.first_channel].edge == edge; };
  const auto out = std::find_if(edges_.begin(), edges_.end(), leads_there);
  WEIR_ASSERT(out != edges_.end(), "a batch is sent again over an edge that there is");
  Batch again = batch;
  again.channel = nullptr;
  again.first_ns = again.last_ns = calendar_.now();
  send(*out, again);
}

// ---------------------------------------------------------------- taking back, and dropping everything

// Of the batch in service nothing has come yet: it counts as not pulled.
void Instance::take_back(std::vector<Batch>& batches) {
  WEIR_ASSERT(!source(), "a source is given nothing");
  if (executor_->serves(*this) && !chore_) {
    job_.pulled(serving_.channel->edge, -serving_.count);
    batches.push_back(serving_);
  }
  chore_ = false;
  to_send_ = -1;
  set_up_s_ = 0;
  inbox_account_.counted(calendar_.now(), inbox_records_);
  for (std::size_t i = 0; i < inbox_.size(); ++i) {
    inbox_account_.left(calendar_.now(), inbox_[i].count);
    batches.push_back(inbox_[i]);
  }
  inbox_.clear();
  inbox_records_ = inbox_bytes_ = 0;
}

void Instance::drop_all(bool state_saved) {
  const auto drop = [&](const Batch& batch, bool pushed) {
    counters_.records_lost += batch.count;
    job_.lost(batch);
    if (pushed && batch.channel != nullptr) job_.lost_on_edge(batch.channel->edge, batch.count);
  };
  if (!source()) {
    inbox_account_.counted(calendar_.now(), inbox_records_);
    for (std::size_t i = 0; i < inbox_.size(); ++i) {
      inbox_account_.left(calendar_.now(), inbox_[i].count);
      drop(inbox_[i], true);
    }
    inbox_.clear();
    inbox_records_ = inbox_bytes_ = 0;
  }
  if (executor_ != nullptr && executor_->serves(*this)) {
    if (source()) {
      emitted(serving_);
      counters_.records_aborted += serving_.count;
    }
    to_send_ = -1;
    drop(serving_, false);
  }
  if (const KeptRecords state = kept(); state.count > 0 && !state_saved) {
    job_.kept_in_state(-state.weight);
    for (const Batch& batch : logic_->forget()) drop(batch, false);
  }
  for (Channel& channel : channels_) {
    if (channel.waiting) tell_waiting(channel, -1);
    if (channel.gathered.count > 0) drop(channel.gathered, false);
    channel.gathered.count = 0;
    channel.gathered.weight = 0;
    channel.in_flight = 0;
    channel.waiting = channel.room_announced = false;
  }
  waiting_channels_ = 0;
  output_held_ = release_scheduled_ = false;
  note_holding();
  if (above_) {
    above_ = false;
    counters_.backpressure_ns += calendar_.now() - above_since_ns_;
    job_.mark_crossed(*this, false);
  }
  sightings_ = 0;
  expecting_ = false;
}

}  // namespace weir

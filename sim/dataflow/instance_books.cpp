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
  if (source() && counters_.records_arrived - counters_.records_suppressed !=
                      counters_.records_in + inbox_records_ + counters_.records_aborted +
                          (executor_ != nullptr && executor_->serves(*this) ? serving_.count : 0)) {
    return "arrived is not suppressed + emitted + waiting outside";
  }
  if (source()) return {};
  return inbox_account_.check(calendar_.now(), inbox_records_, inbox_.size(),
                              [&](std::size_t i) { return inbox_[i].count; });
}

// ---------------------------------------------------------------- what the tracer is told

void Instance::tell_tracer(Nanos now) {
  if (now <= traced_until_ns_) return;
  const LogicalOperator& op = job_.graph().operators[operator_id_];
  const TimeUse use = accounts_.use();
  const auto tell = [&](Nanos until_ns, TimeUse what, std::int64_t records) {
    tracer_->did(trace_worker_, traced_until_ns_, until_ns, what, op.source, operator_id_, records);
    traced_until_ns_ = until_ns;
  };
  if (use != TimeUse::useful) return tell(now, use, 0);
  const auto useful_ns =
      static_cast<Nanos>(static_cast<double>(now - traced_until_ns_) * accounts_.useful_share() + 0.5);
  tell(traced_until_ns_ + useful_ns, use, serving_.count);
  worked_until_ns_ = now;
  if (now > traced_until_ns_) tell(now, TimeUse::waiting, 0);
}

// Of the batch that is being pulled: its first record's.
void Instance::trace_message() {
  if (serving_.channel == nullptr) return;
  Nanos sent_ns = serving_.first_ns;
  if (!sent_ns_.empty()) {
    sent_ns = sent_ns_.front();
    sent_ns_.pop_front();
  }
  const Instance& sender = *serving_.channel->sender;
  tracer_->sent(trace_worker_, sender.trace_worker_, std::min(sent_ns, serving_.first_ns), serving_.first_ns,
                operator_id_, serving_.count, serving_.size_bytes);
}

// ---------------------------------------------------------------- dropping everything

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
    sent_ns_.clear();
    inbox_records_ = inbox_bytes_ = 0;
  }
  if (executor_ != nullptr && executor_->serves(*this)) {
    if (source()) {
      job_.emitted(serving_);
      counters_.records_aborted += serving_.count;
    }
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

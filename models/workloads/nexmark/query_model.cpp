#include "models/workloads/nexmark/query_model.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

#include "sim/kernel/assert.hpp"
#include "sim/kernel/muldiv.hpp"

namespace weir::nexmark {

namespace {

constexpr double ms_per_ns = 1e-6;

bool is_whole(const Batch& batch) {
  return batch.source != Batch::mixed_source && batch.count == batch.sequence_last - batch.sequence_first + 1;
}

}  // namespace

QueryModel::QueryModel(ModelChoice choice, std::uint64_t seed)
    : choice_(std::move(choice)), traits_(*law_traits(choice_.query)), seed_(seed) {}

QueryModel::Source& QueryModel::source(std::int32_t number) {
  while (number >= static_cast<std::int32_t>(sources_.size())) {
    const std::uint32_t generator = choice_.replicated ? 0 : static_cast<std::uint32_t>(sources_.size());
    Source made;
    const std::int64_t first_id = choice_.first_event_id + first_event_id_of(generator);
    made.law = make_law(choice_, EventLaw(choice_.events, seed_, generator, first_id));
    made.flows.resize(receivers_.size());
    sources_.push_back(std::move(made));
  }
  return sources_[static_cast<std::size_t>(number)];
}

// ---------------------------------------------------------------- before the exchange

// Everybody gets as many records, and what they cause; what is left over goes to all in turn.
void QueryModel::deal_out(Tally& tally) {
  const auto sum_of = [](const std::vector<std::int64_t>& counts) {
    return std::accumulate(counts.begin(), counts.end(), std::int64_t{0});
  };
  const auto receivers = static_cast<std::int64_t>(tally.records.size());
  const std::int64_t records = sum_of(tally.records), outputs = sum_of(tally.outputs),
                     keys = sum_of(tally.new_keys);
  std::int64_t dealt = 0;
  for (std::int64_t i = 0; i < receivers; ++i) {
    const auto at = static_cast<std::size_t>((next_extra_ + i) % receivers);
    tally.records[at] = records / receivers + (i < records % receivers ? 1 : 0);
    const auto share = [&](std::int64_t whole) {
      return muldiv(whole, dealt + tally.records[at], records) - muldiv(whole, dealt, records);
    };
    if (records == 0) continue;
    tally.outputs[at] = share(outputs);
    tally.new_keys[at] =
        keys >= 0 ? share(keys)
                  : -((muldiv(-keys, dealt + tally.records[at], records)) - muldiv(-keys, dealt, records));
    dealt += tally.records[at];
  }
  next_extra_ = (next_extra_ + records) % receivers;
}

std::optional<std::int64_t> QueryModel::passed(Stream stream, const Batch& batch) {
  if (!is_whole(batch)) return std::nullopt;
  return law_of(source(batch.source)).passed(stream, batch.sequence_first, batch.count);
}

Span QueryModel::span_of(const Batch& batch, Source& source) const {
  const std::int64_t count = batch.sequence_last - batch.sequence_first + 1;
  if (choice_.event_time == EventTime::generator) {
    const double step_ms = choice_.delay_us * 1e-3;
    return {batch.sequence_first, count, static_cast<double>(batch.sequence_first + 1) * step_ms, step_ms};
  }
  const Nanos first_ns = traits_.processing_time ? batch.first_ns : batch.origin_first_ns;
  const Nanos last_ns = traits_.processing_time ? batch.last_ns : batch.origin_last_ns;
  // A single event runs at the rate of those before.
  if (count > 1)
    source.step_ms = static_cast<double>(last_ns - first_ns) * ms_per_ns / static_cast<double>(count - 1);
  return {batch.sequence_first, count, static_cast<double>(first_ns) * ms_per_ns, source.step_ms};
}

void QueryModel::sent(Stream stream, const Batch& made, std::span<std::int64_t> counts) {
  if (counts.size() != receivers_.size()) deploy(static_cast<int>(counts.size()));
  Source& from = source(made.source);
  const Span span = span_of(made, from);
  tally_.clear();
  law_of(from).evaluate(stream, span, tally_, windows_.get());
  mark(from, made.last_ns);
  // Else the first event of the group was sent before, and told then.
  const std::int64_t told =
      watermark_event_number(span.first + span.count - 1, choice_.events.out_of_order_group) - span.first;
  if (told >= 0) from.sent_ms = std::max(from.sent_ms, span.ms(told));
  if (choice_.balanced) deal_out(tally_);
  for (std::size_t i = 0; i < counts.size(); ++i) {
    counts[i] = tally_.records[i];
    if (counts[i] == 0) continue;
    from.flows[i].entries.push_back({counts[i], tally_.outputs[i], tally_.new_keys[i]});
    from.flows[i].sent += counts[i];
  }
}

// Since the source sent last a tick has passed: everybody is told how far it had come.
void QueryModel::mark(Source& source, Nanos now) const {
  const bool ticked = choice_.watermark_interval_ns > 0 && !traits_.processing_time && source.sent_ms >= 0 &&
                      ticks(now) > ticks(source.sent_ns);
  source.sent_ns = now;
  if (!ticked || windows_ == nullptr) return;
  for (Flow& flow : source.flows) {
    if (!flow.marks.empty() && flow.marks.back().behind == flow.sent) {
      flow.marks.back().at_ms = source.sent_ms;
    } else {
      flow.marks.push_back({flow.sent, source.sent_ms});
    }
  }
}

// ---------------------------------------------------------------- deployments

// The keyed operator has another parallelism: nothing is under way any more, and its keys are somewhere else.
void QueryModel::deploy(int receivers) {
  std::int64_t next_window = 0, keys = 0;
  KeptRecords kept;
  std::deque<Pane> panes;
  for (Receiver& receiver : receivers_) {
    next_window = next_window == 0 ? receiver.next_window : std::min(next_window, receiver.next_window);
    keys += receiver.keys;
    kept.count += receiver.kept.count;
    kept.weight += receiver.kept.weight;
    panes.insert(panes.end(), receiver.panes.begin(), receiver.panes.end());
  }
  // What some have fired already is not fired again by who has their keys now.
  if (windows_ != nullptr) {
    for (std::size_t i = 0; i < receivers_.size(); ++i)
      for (std::int64_t w = next_window; w < receivers_[i].next_window; ++w)
        windows_->results.add(w, static_cast<int>(i), -windows_->results.of(w, static_cast<int>(i)));
    windows_->highest.clear();
    windows_->results.redistribute(receivers);
    windows_->state.redistribute(receivers);
  } else if (traits_.windowed) {
    const std::int64_t slide = slide_ms(choice_);
    const bool hops = choice_.query == "q5" || choice_.query == "ds2-q5";
    windows_ = std::make_unique<WindowLedger>(hops ? choice_.window_ms : slide, slide, receivers);
  }
  receivers_.assign(static_cast<std::size_t>(receivers), {});
  for (std::size_t i = 0; i < receivers_.size(); ++i) {
    receivers_[i].next_window = std::max<std::int64_t>(1, next_window);
    receivers_[i].keys = keys / receivers + (static_cast<std::int64_t>(i) < keys % receivers ? 1 : 0);
  }
  // Whose weight is whose does not matter, as long as there is as much.
  std::stable_sort(panes.begin(), panes.end(),
                   [](const Pane& a, const Pane& b) { return a.window < b.window; });
  receivers_[0].panes = std::move(panes);
  receivers_[0].kept = kept;
  tally_ = Tally(receivers);
  for (Source& source : sources_) {
    source.flows.assign(static_cast<std::size_t>(receivers), {});
    source.law->moved();
  }
}

// ---------------------------------------------------------------- behind the exchange

std::int64_t QueryModel::time_ms(const Batch& batch) const {
  if (choice_.event_time == EventTime::generator)
    return static_cast<std::int64_t>(static_cast<double>(batch.sequence_last + 1) * choice_.delay_us * 1e-3);
  return (traits_.processing_time ? batch.last_ns : batch.origin_last_ns) / 1'000'000;
}

// The first window to fire that has something of a record in it.
std::int64_t QueryModel::pane_of(std::int64_t at_ms) const {
  const bool session = choice_.query == "q11" || choice_.query == "ds2-q11";
  return windows_->window_of(session ? at_ms + choice_.gap_ms - 1 : at_ms);
}

// How far the source has come, as a receiver knows it when it has dealt with the batch; `own`: that is the
// source's.
std::int64_t QueryModel::passed_ms(const Source& source, int receiver, const Batch& batch, bool own) const {
  const Flow& flow = source.flows[static_cast<std::size_t>(receiver)];
  if (choice_.watermark_interval_ns == 0 || traits_.processing_time) {
    if (flow.entries.empty()) return source.sent_ms;
    const std::int64_t taken_ms = own ? std::max(flow.last_ms, time_ms(batch)) : flow.last_ms;
    // Of what was taken, the last group may not be complete.
    const double group_ms = source.step_ms * (choice_.events.out_of_order_group - 1);
    return taken_ms - static_cast<std::int64_t>(group_ms + 0.999);
  }
  // Nothing is under way, and it has ticked since.
  if (flow.entries.empty() && ticks(batch.last_ns) > ticks(source.sent_ns)) return source.sent_ms;
  const std::int64_t taken = flow.taken + (own ? batch.count : 0);
  std::int64_t passed = flow.mark_ms;
  for (std::size_t i = 0; i < flow.marks.size() && flow.marks[i].behind <= taken; ++i)
    passed = flow.marks[i].at_ms;
  return passed;
}

double QueryModel::watermark_ms(int receiver, const Batch& batch) const {
  std::int64_t lowest = INT64_MAX;
  for (std::size_t s = 0; s < sources_.size(); ++s) {
    const Source& source = sources_[s];
    if (source.sent_ms < 0) continue;  // it makes nothing that comes here
    const bool own = static_cast<std::int32_t>(s) == batch.source;
    if (!own && choice_.idle_timeout_ns > 0 && batch.last_ns - source.sent_ns > choice_.idle_timeout_ns)
      continue;
    lowest = std::min(lowest, passed_ms(source, receiver, batch, own));
  }
  const double holdback_ms = traits_.processing_time ? 0 : choice_.holdback_ms;
  return static_cast<double>(lowest) - holdback_ms;
}

void QueryModel::plan_windows(int index, const Batch& batch) {
  Receiver& receiver = receivers_[static_cast<std::size_t>(index)];
  receiver.fired.clear();
  receiver.fires_until = receiver.next_window;
  const double watermark = watermark_ms(index, batch);
  if (watermark <= 0) return;
  const std::int64_t passed =
      static_cast<std::int64_t>(watermark) / windows_->slide_ms;  // the last window over
  for (std::int64_t w = receiver.next_window; w <= passed && w < windows_->results.end(); ++w) {
    const std::int64_t results = windows_->results.of(w, index);
    if (results > 0) receiver.fired.push_back({w, results});
  }
  receiver.fires_until = std::max(receiver.next_window, passed + 1);
}

std::int64_t QueryModel::due_at_once(const Flow& flow, const Batch& batch) const {
  std::int64_t outputs = 0, rest = batch.count;
  for (std::size_t i = 0; i < flow.entries.size() && rest > 0; ++i) {
    const Entry& entry = flow.entries[i];
    const std::int64_t taken = std::min(rest, entry.records);
    outputs += taken == entry.records ? entry.outputs : muldiv(entry.outputs, taken, entry.records);
    rest -= taken;
  }
  return outputs;
}

// Whether the batch is one that the law was asked about.
bool QueryModel::knows(int receiver, const Batch& batch) const {
  return static_cast<std::size_t>(receiver) < receivers_.size() && batch.source != Batch::mixed_source &&
         static_cast<std::size_t>(batch.source) < sources_.size();
}

std::int64_t QueryModel::by_mean(const Batch& batch) const {
  return static_cast<std::int64_t>(static_cast<double>(batch.count) * traits_.outputs_per_record);
}

std::int64_t QueryModel::plan(int index, const Batch& batch) {
  if (!knows(index, batch)) return traits_.windowed ? 0 : by_mean(batch);
  if (windows_ == nullptr)
    return due_at_once(
        sources_[static_cast<std::size_t>(batch.source)].flows[static_cast<std::size_t>(index)], batch);
  plan_windows(index, batch);
  std::int64_t outputs = 0;
  for (const auto& [window, results] : receivers_[static_cast<std::size_t>(index)].fired) outputs += results;
  return outputs;
}

void QueryModel::consume(Flow& flow, const Batch& batch, Receiver& receiver) {
  std::int64_t rest = batch.count;
  while (!flow.entries.empty() && rest > 0) {
    Entry& entry = flow.entries.front();
    const std::int64_t taken = std::min(rest, entry.records);
    rest -= taken;
    const std::int64_t keys =
        taken == entry.records ? entry.new_keys : muldiv(entry.new_keys, taken, entry.records);
    receiver.keys += keys;
    if (taken == entry.records) {
      flow.entries.pop_front();
    } else {
      entry.outputs -= muldiv(entry.outputs, taken, entry.records);
      entry.new_keys -= keys;
      entry.records -= taken;
    }
  }
  flow.last_ms = std::max(flow.last_ms, time_ms(batch));
  flow.taken += batch.count;
  while (!flow.marks.empty() && flow.marks.front().behind <= flow.taken) {
    flow.mark_ms = flow.marks.front().at_ms;
    flow.marks.pop_front();
  }
}

Produced QueryModel::take(int receiver, const Batch& batch, std::int64_t outputs) {
  if (!knows(receiver, batch)) return {outputs, std::min(outputs, batch.count)};
  if (windows_ != nullptr) return take_into_windows(receiver, batch, outputs);
  consume(sources_[static_cast<std::size_t>(batch.source)].flows[static_cast<std::size_t>(receiver)], batch,
          receivers_[static_cast<std::size_t>(receiver)]);
  // What causes nothing is done: it is in the state, but nobody waits for it.
  return {outputs, std::min(outputs, batch.count)};
}

Produced QueryModel::take_into_windows(int index, const Batch& batch, std::int64_t outputs) {
  Receiver& receiver = receivers_[static_cast<std::size_t>(index)];
  for (const auto& [window, results] : receiver.fired) require(window);
  receiver.next_window = receiver.fires_until;
  consume(sources_[static_cast<std::size_t>(batch.source)].flows[static_cast<std::size_t>(index)], batch,
          receiver);

  const std::int64_t pane = pane_of(time_ms(batch));
  if (receiver.panes.empty() || receiver.panes.back().window < pane) receiver.panes.push_back({pane, 0, 0});
  receiver.panes.back().records += batch.count;
  receiver.panes.back().weight += batch.weight;
  receiver.kept.count += batch.count;
  receiver.kept.weight += batch.weight;
  // Records are done with the first window that has them.
  std::int64_t released = 0;
  while (outputs > 0 && !receiver.panes.empty() && receiver.panes.front().window < receiver.next_window) {
    released += receiver.panes.front().weight;
    receiver.kept.count -= receiver.panes.front().records;
    receiver.panes.pop_front();
  }
  receiver.kept.weight -= released;

  std::int64_t nobody_needs = receiver.next_window;
  for (const Receiver& each : receivers_) nobody_needs = std::min(nobody_needs, each.next_window);
  windows_->results.forget_before(nobody_needs);
  windows_->state.forget_before(nobody_needs);
  return {outputs, batch.count, batch.weight - released};
}

void QueryModel::restart(int receiver) {
  for (Source& source : sources_)
    if (static_cast<std::size_t>(receiver) < source.flows.size())
      source.flows[static_cast<std::size_t>(receiver)] = {};
}

KeptRecords QueryModel::kept(int receiver) const {
  return static_cast<std::size_t>(receiver) < receivers_.size()
             ? receivers_[static_cast<std::size_t>(receiver)].kept
             : KeptRecords{};
}

Batch QueryModel::forget(int index) {
  Receiver& receiver = receivers_[static_cast<std::size_t>(index)];
  Batch lost;
  lost.count = receiver.kept.count;
  lost.weight = receiver.kept.weight;
  if (windows_ != nullptr) {
    windows_->results.lose(index, receiver.next_window);
    windows_->state.lose(index, receiver.next_window);
  }
  receiver.kept = {};
  receiver.panes.clear();
  receiver.keys = 0;
  return lost;
}

KeyedState QueryModel::state(int index) const {
  if (static_cast<std::size_t>(index) >= receivers_.size()) return {};
  const Receiver& receiver = receivers_[static_cast<std::size_t>(index)];
  std::int64_t keys = receiver.keys;
  if (windows_ != nullptr)
    for (std::int64_t w = receiver.next_window; w < windows_->state.end(); ++w)
      keys += windows_->state.of(w, index);
  return {keys, static_cast<double>(keys) * traits_.bytes_per_key};
}

// ---------------------------------------------------------------- one result for each window

void QueryModel::require(std::int64_t window) {
  if (window <= required_window_) return;
  required_window_ = window;
  required_ += windows_->results.total(window);
  requirements_.push_back({window, required_});
}

void QueryModel::spread_windows(int receiver, std::span<std::int64_t> counts) const {
  const KeyPlaces places(static_cast<int>(counts.size()));
  for (const auto& [window, results] : receivers_[static_cast<std::size_t>(receiver)].fired)
    counts[static_cast<std::size_t>(places.of(window * windows_->slide_ms))] += results;
}

std::int64_t QueryModel::completes(std::int64_t records) const {
  return std::count_if(requirements_.begin(), requirements_.end(),
                       [&](const Required& required) { return required.until <= received_ + records; });
}

void QueryModel::complete(std::int64_t records, std::int64_t windows) {
  received_ += records;
  const auto known = static_cast<std::int64_t>(requirements_.size());
  requirements_.erase(requirements_.begin(), requirements_.begin() + std::min(windows, known));
}

}  // namespace weir::nexmark

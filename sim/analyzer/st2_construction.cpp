#include "sim/analyzer/st2_construction.hpp"

#include <algorithm>
#include <tuple>

namespace weir::analyzer {

namespace {

bool schedule(const St2Record& record, LogEvent event) {
  return record.activity == Activity::scheduling && record.event == event;
}

// Of the edge between two neighbouring records; `next`: the record after them, null if there is none.
Activity activity_between(const St2Record& from, const St2Record& to, const St2Record* next,
                          bool wait_before_sends) {
  if (to.activity == Activity::control_message)
    return to.event == LogEvent::received ? Activity::waiting : Activity::busy_waiting;
  if (from.activity == Activity::control_message ||
      (schedule(from, LogEvent::end) && schedule(to, LogEvent::start))) {
    const bool for_data = to.activity == Activity::scheduling && next != nullptr &&
                          next->activity == Activity::data_message &&
                          (next->event == LogEvent::received || wait_before_sends);
    return for_data ? Activity::waiting : Activity::busy_waiting;
  }
  if (from.activity == Activity::data_message || to.activity == Activity::data_message)
    return Activity::processing;
  if (schedule(from, LogEvent::start) && schedule(to, LogEvent::end))
    return to.records != St2Record::none ? Activity::processing : Activity::spinning;
  return Activity::unknown;  // two starts, or two ends: a record is missing
}

std::uint32_t clamped(std::int64_t records) {
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(records, 0, 0xffff'ffff));
}

}  // namespace

void St2Construction::build(std::vector<St2Record>& records, Pag& pag) {
  left_out_ = {};
  halves_.clear();
  pag.clear();
  std::stable_sort(records.begin(), records.end(), [](const St2Record& a, const St2Record& b) {
    return std::tie(a.worker, a.time_ns, a.sequence) < std::tie(b.worker, b.time_ns, b.sequence);
  });
  drop_same_instants(records);
  pag.start_ns = pag.end_ns = records.empty() ? 0 : records.front().time_ns;
  for (auto begin = records.begin(); begin != records.end();) {
    const auto end =
        std::find_if(begin, records.end(), [&](const St2Record& r) { return r.worker != begin->worker; });
    add_chain(&*begin, &*begin + (end - begin), pag);
    begin = end;
  }
  pag.chain_first.push_back(static_cast<std::uint32_t>(pag.vertices()));
  add_messages(pag);
  records.clear();
}

// Nothing can lie between two records of a worker at one instant: the first stays.
void St2Construction::drop_same_instants(std::vector<St2Record>& records) {
  const auto kept = std::unique(records.begin(), records.end(), [](const St2Record& a, const St2Record& b) {
    return a.worker == b.worker && a.time_ns == b.time_ns;
  });
  left_out_.same_instants += records.end() - kept;
  records.erase(kept, records.end());
}

void St2Construction::add_chain(const St2Record* begin, const St2Record* end, Pag& pag) {
  const auto chain = static_cast<std::uint32_t>(pag.chains());
  pag.worker.push_back(begin->worker);
  pag.chain_first.push_back(static_cast<std::uint32_t>(pag.vertices()));
  pag.start_ns = std::min(pag.start_ns, begin->time_ns);
  pag.end_ns = std::max(pag.end_ns, (end - 1)->time_ns);
  std::int32_t open = no_operator;  // that is scheduled
  for (const St2Record* record = begin; record != end; ++record) {
    if (record->activity == Activity::scheduling)
      open = record->event == LogEvent::start ? record->operator_id : no_operator;
    add_half(*record, static_cast<std::uint32_t>(pag.vertices()), chain);
    pag.time_ns.push_back(record->time_ns);
    Pag::Local edge;
    if (record + 1 != end) {
      const St2Record& to = *(record + 1);
      edge.activity =
          activity_between(*record, to, record + 2 != end ? record + 2 : nullptr, options_.wait_before_sends);
      if (edge.activity == Activity::processing || edge.activity == Activity::spinning)
        edge.operator_id = open;
      edge.goes_on = record->activity == Activity::data_message && edge.activity == Activity::processing &&
                     record != begin && pag.local.back().operator_id == edge.operator_id;
      if (to.activity == Activity::scheduling) edge.records = clamped(to.records);
    }
    pag.local.push_back(edge);
  }
}

void St2Construction::add_half(const St2Record& record, std::uint32_t vertex, std::uint32_t chain) {
  if (!is_message(record.activity)) return;
  const bool received = record.event == LogEvent::received;
  const bool data = record.activity == Activity::data_message;
  if (record.remote_worker == St2Record::none && (received || data)) {
    ++left_out_.incomplete_messages;
    return;
  }
  const std::int64_t receiver = !data ? St2Record::none : received ? record.worker : record.remote_worker;
  halves_.push_back({received ? record.remote_worker : record.worker, receiver, record.correlator,
                     record.channel, received, vertex, chain, &record});
}

void St2Construction::add_messages(Pag& pag) {
  const auto key = [](const Half& h) {
    return std::tuple(h.record->activity, h.sender, h.receiver, h.correlator, h.channel);
  };
  std::stable_sort(halves_.begin(), halves_.end(), [&](const Half& a, const Half& b) {
    return std::tuple_cat(key(a), std::tuple(a.received)) < std::tuple_cat(key(b), std::tuple(b.received));
  });
  for (std::size_t begin = 0; begin < halves_.size();) {
    std::size_t end = begin + 1;
    while (end < halves_.size() && key(halves_[end]) == key(halves_[begin])) ++end;
    add_group(begin, end, pag);
    begin = end;
  }
  pag.index_messages();
}

// One message; a control message may have been received by several.
void St2Construction::add_group(std::size_t begin, std::size_t end, Pag& pag) {
  std::size_t received = begin;
  while (received < end && !halves_[received].received) ++received;
  if (received == begin || received == end) {
    left_out_.halves += static_cast<std::int64_t>(end - begin);
    return;
  }
  left_out_.duplicate_sends += static_cast<std::int64_t>(received - begin) - 1;
  const Half& from = halves_[begin];
  for (std::size_t i = received; i < end; ++i) {
    const Half& to = halves_[i];
    if (to.chain == from.chain) {
      ++left_out_.contradictions;
    } else if (to.record->time_ns < from.record->time_ns) {
      ++left_out_.backward_messages;
    } else {
      Pag::Message message;
      message.from = from.vertex;
      message.to = to.vertex;
      message.from_chain = from.chain;
      message.activity = from.record->activity;
      message.sent_ns = from.record->time_ns;
      message.received_ns = to.record->time_ns;
      message.records = clamped(from.record->records);
      pag.messages.push_back(message);
    }
  }
}

}  // namespace weir::analyzer

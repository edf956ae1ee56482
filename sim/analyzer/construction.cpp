#include "sim/analyzer/construction.hpp"

#include <algorithm>
#include <tuple>

#include "sim/kernel/assert.hpp"

namespace weir::analyzer {

std::map<std::string, std::int64_t> in_words(const LeftOut& left_out) {
  std::map<std::string, std::int64_t> words;
  const auto note = [&](const char* what, std::int64_t count) {
    if (count > 0) words[what] = count;
  };
  note("messages sent again with the same sender and correlator", left_out.duplicate_sends);
  note("messages whose two halves contradict each other", left_out.contradictions);
  note("messages received before they were sent", left_out.backward_messages);
  note("messages to or from nobody", left_out.incomplete_messages);
  note("sent or received, without the other half in the same epoch", left_out.halves);
  note("records at the same instant as another one of their worker", left_out.same_instants);
  note("the order of records that are earlier than the one before of their worker", left_out.steps_back);
  return words;
}

void Construction::build(std::int64_t epoch, std::vector<LogRecord>& records, Pag& pag) {
  left_out_ = {};
  pag.clear();
  const auto window = static_cast<std::uint64_t>(options_.window_ns);
  const std::uint64_t start_ns = static_cast<std::uint64_t>(epoch) * window;
  first_ns_ = start_ns - std::min(start_ns, static_cast<std::uint64_t>(options_.lead_ns));
  last_ns_ = start_ns + window;
  pag.start_ns = static_cast<Nanos>(first_ns_);
  pag.end_ns = static_cast<Nanos>(last_ns_);

  count_steps_back(records);
  pair_messages(records);
  add_bounds(records);
  for (auto begin = records.begin(); begin != records.end();) {
    const auto end =
        std::find_if(begin, records.end(), [&](const LogRecord& r) { return r.worker != begin->worker; });
    unravel(&*begin, &*begin + (end - begin));
    close_gaps();
    add_chain(pag, begin->worker);
    begin = end;
  }
  pag.chain_first.push_back(static_cast<std::uint32_t>(pag.vertices()));
  add_messages(pag);
  records.clear();
}

// A worker's clock does not run backwards: where it does, what is made of its log is a guess.
void Construction::count_steps_back(const std::vector<LogRecord>& records) {
  latest_ns_.clear();
  std::uint64_t* latest_ns = nullptr;
  std::int64_t worker = 0;
  for (const LogRecord& record : records) {
    if (latest_ns == nullptr || record.worker != worker) {
      worker = record.worker;
      latest_ns = &latest_ns_.try_emplace(worker, 0).first->second;
    }
    if (record.time_ns < *latest_ns) ++left_out_.steps_back;
    *latest_ns = record.time_ns;
  }
}

// Sorts the records by worker and time, each worker's between two bounds. What was made at the window's start
// comes before what was logged in that nanosecond.
void Construction::add_bounds(std::vector<LogRecord>& records) {
  records.insert(records.begin(), at_start_.begin(), at_start_.end());
  records.insert(records.end(), at_end_.begin(), at_end_.end());
  std::vector<std::int64_t> workers;
  for (const LogRecord& record : records) workers.push_back(record.worker);
  std::sort(workers.begin(), workers.end());
  workers.erase(std::unique(workers.begin(), workers.end()), workers.end());
  const auto bounds = [&](std::uint64_t time_ns) {
    std::vector<LogRecord> made;
    for (const std::int64_t worker : workers) {
      LogRecord bound;
      bound.time_ns = time_ns;
      bound.worker = worker;
      bound.activity = Activity::unknown;
      bound.event = LogEvent::bogus;
      made.push_back(bound);
    }
    return made;
  };
  const auto first = bounds(first_ns_);
  const auto last = bounds(last_ns_);
  records.insert(records.begin(), first.begin(), first.end());
  records.insert(records.end(), last.begin(), last.end());
  std::stable_sort(records.begin(), records.end(), [](const LogRecord& a, const LogRecord& b) {
    return std::tie(a.worker, a.time_ns) < std::tie(b.worker, b.time_ns);
  });
}

// ---------------------------------------------------------------- messages

void Construction::pair_messages(const std::vector<LogRecord>& records) {
  halves_.clear();
  links_.clear();
  at_start_.clear();
  at_end_.clear();
  for (std::size_t i = 0; i < records.size(); ++i) {
    const LogRecord& record = records[i];
    if (!is_message(record.activity)) continue;
    const bool received = record.event == LogEvent::received;
    if (!received && record.event != LogEvent::sent) continue;
    const std::int64_t sender = received ? record.remote_worker : record.worker;
    if (sender == LogRecord::none) {
      ++left_out_.incomplete_messages;
      continue;
    }
    halves_.push_back({sender, record.correlator, received, static_cast<std::uint32_t>(i)});
  }
  std::stable_sort(halves_.begin(), halves_.end(), [](const Half& a, const Half& b) {
    return std::tie(a.sender, a.correlator, a.received) < std::tie(b.sender, b.correlator, b.received);
  });
  for (std::size_t begin = 0; begin < halves_.size();) {
    std::size_t end = begin + 1;
    while (end < halves_.size() && halves_[end].sender == halves_[begin].sender &&
           halves_[end].correlator == halves_[begin].correlator) {
      ++end;
    }
    pair_group(records, begin, end);
    begin = end;
  }
}

// One message; it may have been received by several.
void Construction::pair_group(const std::vector<LogRecord>& records, std::size_t begin, std::size_t end) {
  const bool sent = !halves_[begin].received;
  std::size_t received = begin;
  while (received < end && !halves_[received].received) ++received;
  if (sent) left_out_.duplicate_sends += static_cast<std::int64_t>(received - begin) - 1;
  if (!sent) {
    for (std::size_t i = received; i < end; ++i) {
      LogRecord half = records[halves_[i].record];
      links_.push_back(
          {half.remote_worker, half.worker, first_ns_, half.time_ns, half.activity, half.operator_id, true});
      std::swap(half.worker, half.remote_worker);
      half.time_ns = first_ns_;
      at_start_.push_back(half);
    }
    return;
  }
  const LogRecord start = records[halves_[begin].record];
  if (received == end) {
    if (start.remote_worker == LogRecord::none) {
      ++left_out_.incomplete_messages;
      return;
    }
    links_.push_back({start.worker, start.remote_worker, start.time_ns, last_ns_, start.activity,
                      start.operator_id, false});
    LogRecord half = start;
    std::swap(half.worker, half.remote_worker);
    half.time_ns = last_ns_;
    at_end_.push_back(half);
    return;
  }
  for (std::size_t i = received; i < end; ++i) {
    const LogRecord& stop = records[halves_[i].record];
    if (stop.activity != start.activity ||
        (start.remote_worker != LogRecord::none && start.remote_worker != stop.worker)) {
      ++left_out_.contradictions;
    } else if (stop.time_ns < start.time_ns ||
               (stop.time_ns == start.time_ns && stop.worker == start.worker)) {
      ++left_out_.backward_messages;
    } else {
      links_.push_back(
          {start.worker, stop.worker, start.time_ns, stop.time_ns, start.activity, start.operator_id, false});
    }
  }
}

// ---------------------------------------------------------------- one worker

void Construction::add_activity(std::uint64_t from_ns, std::uint64_t to_ns, const LogRecord& of,
                                bool goes_on) {
  items_.push_back({from_ns, to_ns, of.operator_id, of.activity, LogEvent::start, goes_on});
}

void Construction::unravel(const LogRecord* begin, const LogRecord* end) {
  items_.clear();
  open_.clear();
  std::uint64_t before_ns =
      begin->time_ns;  // the record before, which everything has been accounted for up to
  const auto add_open = [&](std::uint64_t until_ns) {
    add_activity(before_ns, until_ns, open_.back(), before_ns > open_.back().time_ns);
  };
  for (const LogRecord* record = begin; record != end; ++record) {
    switch (record->event) {
      case LogEvent::start:
        if (!open_.empty()) add_open(record->time_ns);
        open_.push_back(*record);
        break;
      case LogEvent::end: {
        bool goes_on = false;
        const auto fits = [&](const LogRecord& r) { return r.activity == record->activity; };
        if (std::any_of(open_.begin(), open_.end(), fits)) {
          while (!fits(open_.back())) open_.pop_back();
          goes_on = before_ns > open_.back().time_ns;
          open_.pop_back();
          if (before_ns == record->time_ns) break;
        }
        add_activity(before_ns, record->time_ns, *record, goes_on);
        break;
      }
      case LogEvent::sent:
      case LogEvent::received:
      case LogEvent::bogus:
        if (!open_.empty()) add_open(record->time_ns);
        items_.push_back({record->time_ns, record->time_ns, -1, record->activity, record->event, false});
        break;
    }
    before_ns = record->time_ns;
  }
  // At one instant, messages come before activities.
  std::stable_sort(items_.begin(), items_.end(), [](const Item& a, const Item& b) {
    const std::uint64_t a_end = a.instant() ? 0 : a.end_ns;
    const std::uint64_t b_end = b.instant() ? 0 : b.end_ns;
    return std::tie(a.begin_ns, a_end) < std::tie(b.begin_ns, b_end);
  });
}

// Puts the worker's activities, without a gap from the first bound to the last, into chain_.
void Construction::close_gaps() {
  chain_.clear();
  for (std::size_t i = 0; i < items_.size(); ++i) {
    Item& left = items_[i];
    if (i + 1 == items_.size()) {
      if (!left.instant() && left.begin_ns < left.end_ns) chain_.push_back(left);
      break;
    }
    Item& right = items_[i + 1];
    WEIR_ASSERT(left.end_ns <= right.begin_ns, "activities of one worker overlap");
    const std::uint64_t gap_ns = right.begin_ns - left.end_ns;
    const std::uint64_t gap_begin_ns = left.end_ns;
    const bool ends_received = right.event == LogEvent::received;
    bool fill = false;
    Activity filler = Activity::unknown;
    if (gap_ns < static_cast<std::uint64_t>(options_.gap_threshold_ns)) {
      if (!left.instant() && !right.instant()) {
        left.end_ns = right.begin_ns = left.end_ns + gap_ns / 2;
      } else if (!left.instant()) {
        left.end_ns = right.begin_ns;
      } else if (!right.instant()) {
        right.begin_ns = left.end_ns;
      } else {
        fill = true;
        if (left.event == LogEvent::sent && ends_received && options_.insert_waiting)
          filler = Activity::waiting;
      }
    } else {
      fill = true;
      if (ends_received && options_.insert_waiting && (!left.instant() || left.event == LogEvent::sent)) {
        filler = Activity::waiting;
      }
    }
    if (!left.instant() && left.begin_ns < left.end_ns) chain_.push_back(left);
    if (fill && gap_ns > 0) {
      chain_.push_back({gap_begin_ns, right.begin_ns, no_operator, filler, LogEvent::start, false});
    }
  }
}

void Construction::add_chain(Pag& pag, std::int64_t worker) {
  pag.worker.push_back(worker);
  pag.chain_first.push_back(static_cast<std::uint32_t>(pag.vertices()));
  std::uint64_t at_ns = first_ns_;
  for (const Item& item : chain_) {
    WEIR_ASSERT(item.begin_ns == at_ns, "a timeline has a gap");
    pag.time_ns.push_back(static_cast<Nanos>(item.begin_ns));
    pag.local.push_back({item.activity, item.goes_on, item.operator_id, 0});
    at_ns = item.end_ns;
  }
  WEIR_ASSERT(at_ns == last_ns_, "a timeline ends early");
  pag.time_ns.push_back(static_cast<Nanos>(at_ns));
  pag.local.push_back({});
}

void Construction::add_messages(Pag& pag) {
  const auto chain_of = [&](std::int64_t worker) {
    return static_cast<std::uint32_t>(std::lower_bound(pag.worker.begin(), pag.worker.end(), worker) -
                                      pag.worker.begin());
  };
  const auto vertex_at = [&](std::uint32_t chain, std::uint64_t time_ns) {
    const auto begin = pag.time_ns.begin() + pag.chain_first[chain];
    const auto end = pag.time_ns.begin() + pag.chain_first[chain + 1];
    const auto found = std::lower_bound(begin, end, static_cast<Nanos>(time_ns));
    WEIR_ASSERT(found != end && *found == static_cast<Nanos>(time_ns), "a message at no vertex");
    return static_cast<std::uint32_t>(found - pag.time_ns.begin());
  };
  for (const Link& link : links_) {
    Pag::Message message;
    message.from_chain = chain_of(link.from_worker);
    const std::uint32_t to_chain = chain_of(link.to_worker);
    message.from = vertex_at(message.from_chain, link.from_ns);
    message.to = vertex_at(to_chain, link.to_ns);
    message.activity = link.activity;
    message.operator_id = link.operator_id;
    message.sent_ns = static_cast<Nanos>(link.from_ns);
    message.received_ns = static_cast<Nanos>(link.to_ns);
    message.sent_before = link.sent_before;
    const bool waited_for =
        message.to > pag.chain_first[to_chain] && pag.local[message.to - 1].activity == Activity::waiting;
    message.blocked = options_.waiting_message_ns > 0 && !waited_for &&
                      link.to_ns - link.from_ns > static_cast<std::uint64_t>(options_.waiting_message_ns);
    pag.messages.push_back(message);
  }
  pag.index_messages();
}

}  // namespace weir::analyzer

#include "sim/analyzer/edge_window.hpp"

#include <algorithm>

#include "sim/kernel/assert.hpp"

namespace weir::analyzer {

void EdgeConstruction::build(const EdgeWindow& window, Pag& pag) {
  pag.clear();
  pag.start_ns = window.start_ns;
  pag.end_ns = window.end_ns;
  collect_touches(window);
  from_vertex_.resize(window.messages.size());
  to_vertex_.resize(window.messages.size());
  for (std::size_t w = 0; w < window.workers.size(); ++w) add_chain(window, w, pag);
  pag.chain_first.push_back(static_cast<std::uint32_t>(pag.vertices()));
  for (std::uint32_t m = 0; m < window.messages.size(); ++m) {
    const EdgeWindow::Message& message = window.messages[m];
    if (message.received_ns < message.sent_ns || from_vertex_[m] == to_vertex_[m]) continue;
    const std::uint32_t to = to_vertex_[m];
    const bool waited_for = to > pag.chain_first[message.to] && is_waiting(pag.local[to - 1].activity);
    const Nanos duration_ns = message.received_ns - message.sent_ns;
    pag.messages.push_back(
        {.from = from_vertex_[m],
         .to = to,
         .from_chain = message.from,
         .activity = message.activity,
         .blocked = waiting_message_ns_ > 0 && duration_ns > waiting_message_ns_ && !waited_for,
         .sent_before = message.sent_ns < window.start_ns,
         .operator_id = message.operator_id,
         .sent_ns = message.sent_ns,
         .received_ns = message.received_ns,
         .records = message.records});
  }
  pag.index_messages();
}

// By worker, and by time for each.
void EdgeConstruction::collect_touches(const EdgeWindow& window) {
  backward_messages_ = 0;
  first_touch_.assign(window.workers.size() + 1, 0);
  for (const EdgeWindow::Message& message : window.messages) {
    if (message.received_ns < message.sent_ns) {
      ++backward_messages_;
      continue;
    }
    ++first_touch_[message.from + 1];
    ++first_touch_[message.to + 1];
  }
  for (std::size_t w = 0; w < window.workers.size(); ++w) first_touch_[w + 1] += first_touch_[w];
  touches_.resize(first_touch_.back());
  std::vector<std::uint32_t> next(first_touch_.begin(), first_touch_.end() - 1);
  for (std::uint32_t m = 0; m < window.messages.size(); ++m) {
    const EdgeWindow::Message& message = window.messages[m];
    if (message.received_ns < message.sent_ns) continue;
    touches_[next[message.from]++] = {std::max(message.sent_ns, window.start_ns), m, true};
    touches_[next[message.to]++] = {std::min(message.received_ns, window.end_ns), m, false};
  }
  for (std::size_t w = 0; w < window.workers.size(); ++w) {
    const auto begin = touches_.begin() + first_touch_[w];
    const auto end = touches_.begin() + first_touch_[w + 1];
    const auto earlier = [](const Touch& a, const Touch& b) { return a.time_ns < b.time_ns; };
    if (!std::is_sorted(begin, end, earlier)) std::sort(begin, end, earlier);
  }
}

void EdgeConstruction::add_chain(const EdgeWindow& window, std::size_t worker, Pag& pag) {
  pag.worker.push_back(window.workers[worker].id);
  pag.chain_first.push_back(static_cast<std::uint32_t>(pag.vertices()));
  std::size_t touch = first_touch_[worker];
  const std::size_t last_touch = first_touch_[worker + 1];
  Nanos at_ns = window.start_ns;
  const auto note = [&](std::uint32_t vertex) {
    const Touch& t = touches_[touch++];
    (t.leaves ? from_vertex_ : to_vertex_)[t.message] = vertex;
  };
  // One activity until `until_ns`, split where messages touch it.
  const auto advance = [&](Nanos until_ns, Activity activity, std::int32_t operator_id) {
    for (bool goes_on = false; at_ns < until_ns; goes_on = true) {
      pag.time_ns.push_back(at_ns);
      pag.local.push_back({activity, goes_on, operator_id, 0});
      const auto vertex = static_cast<std::uint32_t>(pag.vertices() - 1);
      while (touch < last_touch && touches_[touch].time_ns <= at_ns) note(vertex);
      at_ns = touch < last_touch ? std::min(until_ns, touches_[touch].time_ns) : until_ns;
    }
  };
  const std::size_t last_span =
      worker + 1 < window.workers.size() ? window.workers[worker + 1].first_span : window.spans.size();
  for (std::size_t s = window.workers[worker].first_span; s < last_span; ++s) {
    const EdgeWindow::Span& span = window.spans[s];
    WEIR_ASSERT(span.end_ns >= span.begin_ns, "an activity of negative duration");
    advance(std::min(span.begin_ns, window.end_ns), Activity::waiting, no_operator);
    advance(std::min(span.end_ns, window.end_ns), span.activity, span.operator_id);
    // An activity's records are those of the window in which it ends.
    if (span.end_ns <= window.end_ns && span.end_ns > std::max(span.begin_ns, window.start_ns))
      pag.local.back().records = span.records;
  }
  advance(window.end_ns, Activity::waiting, no_operator);
  pag.time_ns.push_back(window.end_ns);
  pag.local.push_back({});
  const auto vertex = static_cast<std::uint32_t>(pag.vertices() - 1);
  while (touch < last_touch) note(vertex);
}

}  // namespace weir::analyzer

#include "sim/analyzer/edge_list.hpp"

#include <algorithm>

namespace weir::analyzer {

int EdgeList::add_worker(std::string name, std::string host) {
  workers_.push_back({std::move(name), std::move(host), {}, 0});
  return static_cast<int>(workers_.size()) - 1;
}

int EdgeList::add_operator(std::string name) {
  operators_.push_back(std::move(name));
  return static_cast<int>(operators_.size()) - 1;
}

Nanos EdgeList::add_activity(int worker, Nanos begin_ns, Nanos end_ns, Activity activity,
                             std::int32_t operator_id) {
  begin_ns = std::max(begin_ns, end_of(worker));
  if (begin_ns < end_ns) workers_[worker].spans.push_back({begin_ns, end_ns, activity, operator_id});
  return begin_ns;
}

void EdgeList::add_message(int from, Nanos sent_ns, int to, Nanos received_ns, Activity activity,
                           std::int32_t operator_id) {
  messages_.push_back({static_cast<std::uint32_t>(from), static_cast<std::uint32_t>(to), sent_ns, received_ns,
                       activity, operator_id});
}

void EdgeList::begin() {
  std::stable_sort(messages_.begin(), messages_.end(),
                   [](const auto& a, const auto& b) { return a.sent_ns < b.sent_ns; });
  first_ns_ = never;
  for (const Worker& worker : workers_) {
    if (worker.spans.empty()) continue;
    first_ns_ = std::min(first_ns_, worker.spans.front().begin_ns);
    last_ns_ = std::max(last_ns_, worker.spans.back().end_ns);
  }
  for (const EdgeWindow::Message& message : messages_) {
    first_ns_ = std::min(first_ns_, message.sent_ns);
    last_ns_ = std::max(last_ns_, message.received_ns);
  }
  begun_ = true;
  at_ns_ = first_ns_;
}

bool EdgeList::next(Nanos window_ns, EdgeWindow& window) {
  if (!begun_) begin();
  while (at_ns_ < last_ns_) {
    window.clear();
    window.start_ns = at_ns_;
    window.end_ns = std::min(last_ns_, (at_ns_ / window_ns + 1) * window_ns);
    at_ns_ = window.end_ns;
    add_messages(window);
    add_spans(window);
    if (!window.workers.empty()) return true;
  }
  return false;
}

void EdgeList::add_messages(EdgeWindow& window) {
  place_.assign(workers_.size(), absent);
  const bool last = window.end_ns == last_ns_;
  while (next_message_ < messages_.size() && (messages_[next_message_].sent_ns < window.end_ns || last)) {
    under_way_.push_back(messages_[next_message_++]);
  }
  for (const EdgeWindow::Message& message : under_way_) {
    if (!message.reaches(window.start_ns)) continue;
    place_[message.from] = place_[message.to] = 0;
    window.messages.push_back(message);
  }
  std::erase_if(under_way_, [&](const auto& message) { return !message.reaches(window.end_ns); });
}

// A worker that does nothing in the window, and that no message touches, is not there.
void EdgeList::add_spans(EdgeWindow& window) {
  for (std::size_t w = 0; w < workers_.size(); ++w) {
    Worker& worker = workers_[w];
    while (worker.next < worker.spans.size() && worker.spans[worker.next].end_ns <= window.start_ns)
      ++worker.next;
    std::size_t s = worker.next;
    const bool busy = s < worker.spans.size() && worker.spans[s].begin_ns < window.end_ns;
    if (!busy && place_[w] == absent) continue;
    place_[w] = static_cast<std::uint32_t>(window.workers.size());
    window.workers.push_back({static_cast<std::int64_t>(w), static_cast<std::uint32_t>(window.spans.size())});
    for (; s < worker.spans.size() && worker.spans[s].begin_ns < window.end_ns; ++s)
      window.spans.push_back(worker.spans[s]);
  }
  for (EdgeWindow::Message& message : window.messages) {
    message.from = place_[message.from];
    message.to = place_[message.to];
  }
}

}  // namespace weir::analyzer

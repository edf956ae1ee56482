#include "sim/analyzer/critical_path.hpp"

#include <algorithm>
#include <tuple>

#include "sim/kernel/assert.hpp"

namespace weir::analyzer {

std::uint32_t CriticalPath::States::of_worker(std::int64_t id) const {
  const auto found = std::lower_bound(worker.begin(), worker.end(), id);
  if (found == worker.end() || *found != id) return begins;
  return static_cast<std::uint32_t>(found - worker.begin());
}

std::uint32_t CriticalPath::States::of_message(const MessageKey& key) const {
  const auto found = std::lower_bound(sent.begin(), sent.end(), key,
                                      [](const auto& entry, const auto& k) { return entry.first < k; });
  return found == sent.end() || found->first != key ? begins : found->second;
}

std::int64_t CriticalPath::worker_at(std::uint32_t vertex) const {
  const auto chain = std::upper_bound(pag_->chain_first.begin(), pag_->chain_first.end(), vertex) -
                     pag_->chain_first.begin() - 1;
  return pag_->worker[static_cast<std::size_t>(chain)];
}

// What a message is known by in the next window. Two that agree in all of it are the same to a path.
CriticalPath::MessageKey CriticalPath::key_of(const Pag::Message& message) const {
  return {pag_->worker[message.from_chain],
          worker_at(message.to),
          message.sent_ns,
          message.received_ns,
          message.activity,
          message.operator_id};
}

void CriticalPath::learn(const Pag& pag) {
  look_at(pag);
  resolve_ends();
  consider_ends();
  before_ = states();
  windows_.push_back(before_.came_by);
}

// A window in both passes: nothing of it is resolved yet.
void CriticalPath::look_at(const Pag& pag) {
  // A window in which nothing was is not there: nobody was busy, no message under way.
  if (any_window_ && before_.end_ns != pag.start_ns) before_ = {};
  any_window_ = true;
  pag_ = &pag;
  came_by_.assign(pag.vertices(), unknown);
  begin_ns_.assign(pag.vertices(), 0);
  waiting_ns_.assign(pag.vertices(), 0);
  given_up_.clear();
}

bool CriticalPath::first_of_chain(std::uint32_t vertex) const {
  return vertex == 0 || !is_activity(static_cast<std::uint64_t>(pag_->local[vertex - 1].activity));
}

bool CriticalPath::woken(std::uint32_t vertex) const {
  return !first_of_chain(vertex) && is_waiting(pag_->local[vertex - 1].activity);
}

std::int64_t CriticalPath::cause(std::uint32_t vertex, std::uint32_t n) const {
  const auto better = [&](std::uint32_t a, std::uint32_t b) {
    const Pag::Message& x = pag_->messages[a];
    const Pag::Message& y = pag_->messages[b];
    return std::tuple(-x.sent_ns, x.from, a) < std::tuple(-y.sent_ns, y.from, b);
  };
  std::int64_t chosen = -1;
  for (std::uint32_t rank = 0; rank <= n; ++rank) {
    std::int64_t next = -1;
    for (std::uint32_t m = pag_->first_message[vertex]; m < pag_->first_message[vertex + 1]; ++m) {
      if (pag_->messages[m].blocked || pag_->messages[m].received_ns > pag_->end_ns) continue;
      if (chosen >= 0 && !better(static_cast<std::uint32_t>(chosen), m)) continue;
      if (next < 0 || better(m, static_cast<std::uint32_t>(next))) next = m;
    }
    if (next < 0) return -1;
    chosen = next;
  }
  return chosen;
}

CriticalPath::Step CriticalPath::enter(std::uint32_t before, Nanos here_ns) const {
  if (before == begins) return {.last = true, .came_by = begins, .begin_ns = here_ns};
  return {.last = true,
          .came_by = before,
          .begin_ns = before_.begin_ns[before],
          .waiting_ns = before_.waiting_ns[before]};
}

CriticalPath::Step CriticalPath::step_from(std::uint32_t vertex) const {
  const bool first = first_of_chain(vertex);
  const std::uint32_t before = first ? before_.of_worker(worker_at(vertex)) : begins;
  // At its first vertex a worker has waited if it did at the end of the window before.
  if (first ? before == begins || !before_.waits[before] : !woken(vertex)) {
    if (first) return enter(before, pag_->time_ns[vertex]);
    return {.vertex = vertex - 1};
  }
  const auto skipped = given_up_.find(vertex);
  const std::int64_t m = cause(vertex, skipped == given_up_.end() ? 0 : skipped->second);
  if (m < 0) {
    if (first) return enter(before, pag_->time_ns[vertex]);
    return {.vertex = vertex - 1, .waiting_ns = pag_->time_ns[vertex] - pag_->time_ns[vertex - 1]};
  }
  const Pag::Message& message = pag_->messages[static_cast<std::size_t>(m)];
  if (message.sent_ns >= pag_->start_ns) return {.vertex = message.from, .message = m};
  Step step = enter(before_.of_message(key_of(message)), pag_->start_ns);
  step.message = m;
  return step;
}

// Whoever wakes each other at the same instant does not say who was first: the message followed last is given
// up, and the path goes on with another cause of the same waiting. (Only messages take no time.)
void CriticalPath::leave_circle(std::uint32_t& vertex) {
  vertex = trail_.back();
  came_by_[vertex] = unknown;
  trail_.pop_back();
  ++given_up_[vertex];
}

void CriticalPath::resolve(std::uint32_t vertex) {
  trail_.clear();
  while (came_by_[vertex] == unknown || came_by_[vertex] == following) {
    if (came_by_[vertex] == following) {
      leave_circle(vertex);
      continue;
    }
    came_by_[vertex] = following;
    trail_.push_back(vertex);
    const Step step = step_from(vertex);
    if (step.last) {
      came_by_[vertex] = step.came_by;
      begin_ns_[vertex] = step.begin_ns;
      waiting_ns_[vertex] = step.waiting_ns;
      trail_.pop_back();
      break;
    }
    waiting_ns_[vertex] = step.waiting_ns;  // its own part, until the rest is known
    vertex = step.vertex;
  }
  Nanos waiting_ns = waiting_ns_[vertex];
  for (auto passed = trail_.rbegin(); passed != trail_.rend(); ++passed) {
    came_by_[*passed] = came_by_[vertex];
    begin_ns_[*passed] = begin_ns_[vertex];
    waiting_ns = waiting_ns_[*passed] += waiting_ns;
  }
}

CriticalPath::States CriticalPath::states() {
  States states;
  states.end_ns = pag_->end_ns;
  states.worker = pag_->worker;
  for (std::size_t c = 0; c < pag_->chains(); ++c) {
    const std::uint32_t last = pag_->chain_first[c + 1] - 1;
    resolve(last);
    states.came_by.push_back(came_by_[last]);
    states.begin_ns.push_back(begin_ns_[last]);
    states.waiting_ns.push_back(waiting_ns_[last]);
    states.waits.push_back(woken(last));
  }
  for (const Pag::Message& message : pag_->messages) {
    if (message.received_ns <= pag_->end_ns) continue;
    states.sent.push_back({key_of(message), static_cast<std::uint32_t>(states.came_by.size())});
    if (message.sent_ns >= pag_->start_ns) {
      resolve(message.from);
      states.came_by.push_back(came_by_[message.from]);
      states.begin_ns.push_back(begin_ns_[message.from]);
      states.waiting_ns.push_back(waiting_ns_[message.from]);
    } else {
      const Step step = enter(before_.of_message(key_of(message)), pag_->start_ns);
      states.came_by.push_back(step.came_by);
      states.begin_ns.push_back(step.begin_ns);
      states.waiting_ns.push_back(step.waiting_ns);
    }
  }
  std::sort(states.sent.begin(), states.sent.end());
  return states;
}

// Each worker's last moment that is not waiting: where a path may end. In both passes, and before the states,
// so that circles are left in the same places.
void CriticalPath::resolve_ends() {
  ends_.clear();
  for (std::size_t c = 0; c < pag_->chains(); ++c) {
    std::uint32_t v = pag_->chain_first[c + 1] - 1;
    while (woken(v)) --v;
    if (first_of_chain(v)) continue;
    resolve(v);
    ends_.push_back(v);
  }
}

void CriticalPath::consider_ends() {
  for (const std::uint32_t v : ends_) {
    const Nanos end_ns = pag_->time_ns[v];
    if (end_ns < chosen_.end_ns || (end_ns == chosen_.end_ns && waiting_ns_[v] >= chosen_.waiting_ns))
      continue;
    chosen_ = {.window = windows_.size(),
               .vertex = v,
               .begin_ns = begin_ns_[v],
               .end_ns = end_ns,
               .waiting_ns = waiting_ns_[v],
               .came_by = came_by_[v]};
  }
}

bool CriticalPath::choose() {
  before_ = {};
  any_window_ = false;
  if (chosen_.end_ns < 0) return false;
  leaves_by_.assign(chosen_.window, begins);
  std::uint32_t state = chosen_.came_by;
  for (std::size_t w = chosen_.window; w-- > 0 && state != begins;) {
    leaves_by_[w] = state;
    state = windows_[w][state];
  }
  windows_ = {};
  return true;
}

void CriticalPath::follow(std::uint32_t vertex, std::vector<PathPiece>& pieces) const {
  std::int64_t worker = worker_at(vertex);
  for (;;) {
    const Step step = step_from(vertex);
    if (step.message >= 0) {
      const Pag::Message& message = pag_->messages[static_cast<std::size_t>(step.message)];
      pieces.push_back({.begin_ns = std::max(message.sent_ns, pag_->start_ns),
                        .end_ns = pag_->time_ns[vertex],
                        .worker = pag_->worker[message.from_chain],
                        .to_worker = worker,
                        .activity = message.activity,
                        .operator_id = message.operator_id});
      worker = pag_->worker[message.from_chain];
    } else if (!step.last) {
      const Pag::Local& local = pag_->local[step.vertex];
      pieces.push_back({.begin_ns = pag_->time_ns[step.vertex],
                        .end_ns = pag_->time_ns[vertex],
                        .worker = worker,
                        .activity = local.activity,
                        .operator_id = local.operator_id});
    }
    if (step.last) return;
    vertex = step.vertex;
  }
}

void CriticalPath::follow_message(const Pag::Message& message, std::vector<PathPiece>& pieces) const {
  pieces.push_back({.begin_ns = std::max(message.sent_ns, pag_->start_ns),
                    .end_ns = pag_->end_ns,
                    .worker = pag_->worker[message.from_chain],
                    .to_worker = worker_at(message.to),
                    .activity = message.activity,
                    .operator_id = message.operator_id});
  if (message.sent_ns >= pag_->start_ns) follow(message.from, pieces);
}

void CriticalPath::tell(const Pag& pag, const std::function<void(const PathPiece&)>& on_piece) {
  const std::size_t window = told_++;
  if (window > chosen_.window) return;
  look_at(pag);
  resolve_ends();
  States after = states();
  std::vector<PathPiece> pieces;
  if (window == chosen_.window) {
    WEIR_ASSERT(came_by_[chosen_.vertex] == chosen_.came_by,
                "the second reading of a trace differs from the first");
    follow(chosen_.vertex, pieces);
  } else if (leaves_by_[window] != begins) {
    const std::uint32_t state = leaves_by_[window];
    WEIR_ASSERT(state < after.came_by.size(), "the second reading of a trace differs from the first");
    if (state < pag.chains()) {
      follow(pag.chain_first[state + 1] - 1, pieces);
    } else {
      std::size_t left = state - pag.chains();
      const auto message = std::find_if(pag.messages.begin(), pag.messages.end(), [&](const Pag::Message& m) {
        return m.received_ns > pag.end_ns && left-- == 0;
      });
      follow_message(*message, pieces);
    }
  }
  before_ = std::move(after);
  for (auto piece = pieces.rbegin(); piece != pieces.rend(); ++piece) merge(*piece, on_piece);
}

void CriticalPath::merge(const PathPiece& piece, const std::function<void(const PathPiece&)>& on_piece) {
  if (has_piece_) {
    WEIR_ASSERT(piece_.end_ns == piece.begin_ns, "the critical path has a hole");
    if (piece_.same_as(piece)) {
      piece_.end_ns = piece.end_ns;
      return;
    }
    on_piece(piece_);
  }
  piece_ = piece;
  has_piece_ = true;
}

void CriticalPath::end(const std::function<void(const PathPiece&)>& on_piece) {
  if (has_piece_) on_piece(piece_);
  has_piece_ = false;
}

}  // namespace weir::analyzer

#include "sim/analyzer/participation.hpp"

#include <algorithm>
#include <limits>

#include "sim/kernel/assert.hpp"

namespace weir::analyzer {

namespace {
constexpr std::uint32_t nobody = std::numeric_limits<std::uint32_t>::max();
}

void Participation::count(const Pag& pag) {
  pag_ = &pag;
  cut_.clear();
  count_forward();
  count_backward();
}

bool Participation::is_cut(std::uint32_t m) const {
  return !cut_.empty() && std::binary_search(cut_.begin(), cut_.end(), m);
}

void Participation::count_forward() {
  const std::size_t chains = pag_->chains();
  forward_.assign(pag_->vertices(), PathCount());
  next_.assign(pag_->chain_first.begin(), pag_->chain_first.begin() + static_cast<std::ptrdiff_t>(chains));
  waiters_.resize(std::max(waiters_.size(), chains));
  for (auto& waiters : waiters_) waiters.clear();
  first_waited_for_.assign(chains, nobody);
  order_.clear();
  runnable_.clear();
  for (std::size_t c = chains; c > 0; --c) runnable_.push_back(static_cast<std::uint32_t>(c - 1));
  for (;;) {
    while (!runnable_.empty()) {
      const std::uint32_t chain = runnable_.back();
      runnable_.pop_back();
      advance(chain);
    }
    bool all = true;
    for (std::size_t c = 0; c < chains; ++c) all = all && next_[c] == pag_->chain_first[c + 1];
    if (all) return;
    cut_one();
  }
}

void Participation::advance(std::uint32_t chain) {
  const Pag& pag = *pag_;
  const std::uint32_t first = pag.chain_first[chain];
  const std::uint32_t end = pag.chain_first[chain + 1];
  const std::uint32_t begin = next_[chain];
  std::uint32_t v = begin;
  for (; v < end; ++v) {
    PathCount count;
    if (v == first) {
      count = PathCount(1);
    } else if (!is_waiting(pag.local[v - 1].activity)) {
      count = forward_[v - 1];
    }
    std::uint32_t m = pag.first_message[v];
    const std::uint32_t last = pag.first_message[v + 1];
    for (; m < last; ++m) {
      const Pag::Message& message = pag.messages[m];
      if (message.blocked || is_cut(m)) continue;
      if (message.from >= next_[message.from_chain] && !(message.from_chain == chain && message.from < v)) {
        break;
      }
      count += forward_[message.from];
    }
    if (m < last) {
      wait_for(chain, pag.messages[m].from, pag.messages[m].from_chain);
      break;
    }
    forward_[v] = count;
  }
  next_[chain] = v;
  if (v == begin) return;
  order_.push_back({begin, v});
  if (v <= first_waited_for_[chain]) return;
  // Somebody can go on.
  std::uint32_t still_first = nobody;
  auto& waiters = waiters_[chain];
  std::erase_if(waiters, [&](const Waiter& waiter) {
    if (waiter.vertex < v) {
      runnable_.push_back(waiter.chain);
      return true;
    }
    still_first = std::min(still_first, waiter.vertex);
    return false;
  });
  first_waited_for_[chain] = still_first;
}

void Participation::wait_for(std::uint32_t chain, std::uint32_t vertex, std::uint32_t its_chain) {
  waiters_[its_chain].push_back({vertex, chain});
  first_waited_for_[its_chain] = std::min(first_waited_for_[its_chain], vertex);
}

// The first message that keeps a chain from going on.
std::uint32_t Participation::obstacle(std::uint32_t chain) const {
  const std::uint32_t v = next_[chain];
  for (std::uint32_t m = pag_->first_message[v]; m < pag_->first_message[v + 1]; ++m) {
    const Pag::Message& message = pag_->messages[m];
    if (!message.blocked && !is_cut(m) && message.from >= next_[message.from_chain]) return m;
  }
  WEIR_ASSERT(false, "nothing keeps it");
  return 0;
}

// Chains wait for one another in a circle: at one instant, somebody is told to go on by whom he then sends
// to. A data message is given up rather than a signal: its receiver was awake before, as it gave the signal.
void Participation::cut_one() {
  std::vector<std::uint32_t> followed;  // messages, each from the chain that the next one leads to
  std::vector<std::uint32_t> place(pag_->chains(), nobody);
  std::uint32_t chain = 0;
  while (next_[chain] == pag_->chain_first[chain + 1]) ++chain;
  while (place[chain] == nobody) {
    place[chain] = static_cast<std::uint32_t>(followed.size());
    followed.push_back(obstacle(chain));
    chain = pag_->messages[followed.back()].from_chain;
  }
  const auto circle = followed.begin() + place[chain];
  auto given_up = std::find_if(circle, followed.end(), [&](std::uint32_t m) {
    return pag_->messages[m].activity == Activity::data_message;
  });
  if (given_up == followed.end()) given_up = circle;
  const std::uint32_t m = *given_up;
  cut_.insert(std::lower_bound(cut_.begin(), cut_.end(), m), m);
  // Its receiver can go on.
  const std::uint32_t to = pag_->messages[m].to;
  const auto receiver =
      static_cast<std::uint32_t>(std::upper_bound(pag_->chain_first.begin(), pag_->chain_first.end(), to) -
                                 pag_->chain_first.begin() - 1);
  for (std::size_t c = 0; c < pag_->chains(); ++c) {
    std::erase_if(waiters_[c], [&](const Waiter& waiter) { return waiter.chain == receiver; });
  }
  runnable_.push_back(receiver);
}

void Participation::count_backward() {
  const Pag& pag = *pag_;
  backward_.assign(pag.vertices(), PathCount());
  for (std::size_t c = 0; c < pag.chains(); ++c) backward_[pag.chain_first[c + 1] - 1] = PathCount(1);
  for (auto run = order_.rbegin(); run != order_.rend(); ++run) {
    for (std::uint32_t v = run->end; v-- > run->begin;) {
      // All that leaves v has been counted.
      const PathCount count = backward_[v];
      if (count.zero()) continue;
      for (std::uint32_t m = pag.first_message[v]; m < pag.first_message[v + 1]; ++m) {
        if (message_open(m)) backward_[pag.messages[m].from] += count;
      }
      // A chain's first vertex has no place before it that is its own.
      if (v > 0 && is_activity(static_cast<std::uint64_t>(pag.local[v - 1].activity)) && local_open(v - 1)) {
        backward_[v - 1] += count;
      }
    }
  }
  paths_ = PathCount();
  for (std::size_t c = 0; c < pag.chains(); ++c) paths_ += backward_[pag.chain_first[c]];
}

}  // namespace weir::analyzer

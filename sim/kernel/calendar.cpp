#include "sim/kernel/calendar.hpp"

#include <algorithm>
#include <tuple>

namespace weir {

void Calendar::sift_up(Nanos time, std::uint64_t order, What what) {
  std::size_t hole = heap_.size() - 1;
  Entry* const heap = heap_.data();
  const Key key = key_of(time, order);
  while (hole > 0) {
    const std::size_t parent = (hole - 1) / 4;
    if (heap[parent].key() <= key) break;
    heap[hole] = heap[parent];
    hole = parent;
  }
  heap[hole] = {time, order, what};
}

// Which of four entries comes first. By time alone, in registers; only among equal times, which the processor
// foresees to be rare, by order: a chain of comparisons of 128 bits takes twice as long, and large heaps
// consist of such chains.
std::size_t Calendar::least_of_four(const Entry* entry) {
  const std::size_t left = entry[1].time < entry[0].time ? 1 : 0;
  const std::size_t right = entry[3].time < entry[2].time ? 3 : 2;
  std::size_t least = entry[right].time < entry[left].time ? right : left;
  const Nanos soonest = entry[least].time;
  const int equal = (entry[0].time == soonest) + (entry[1].time == soonest) + (entry[2].time == soonest) +
                    (entry[3].time == soonest);
  if (equal > 1) [[unlikely]] {
    for (std::size_t i = 0; i < 4; ++i) {
      if (entry[i].time == soonest && entry[i].order < entry[least].order) least = i;
    }
  }
  return least;
}

void Calendar::sift_down(Nanos time, std::uint64_t order, What what) {
  const std::size_t size = heap_.size();
  Entry* const heap = heap_.data();
  const Key key = key_of(time, order);
  std::size_t hole = 0;
  for (;;) {
    const std::size_t first = 4 * hole + 1;
    if (first + 4 <= size) {
      const std::size_t least = first + least_of_four(heap + first);
      if (key <= heap[least].key()) break;
      heap[hole] = heap[least];
      hole = least;
      continue;
    }
    std::size_t least = first;
    for (std::size_t child = first + 1; child < size; ++child) {
      if (heap[child].key() < heap[least].key()) least = child;
    }
    if (least < size && heap[least].key() < key) {
      heap[hole] = heap[least];
      hole = least;
    }
    break;
  }
  heap[hole] = {time, order, what};
}

void Calendar::remove_top() {
  const Entry last = heap_.back();
  heap_.pop_back();
  if (!heap_.empty()) sift_down(last.time, last.order, last.what);
}

void Calendar::execute(EventHandler& handler, std::uint32_t kind, std::uint32_t argument) {
  if (handler.handler_id != 0) {
    ++executed_;
    // The argument stays out: it often is a generation or a slot, whose value is bookkeeping.
    fingerprint_.add(static_cast<std::uint64_t>(now_),
                     (static_cast<std::uint64_t>(handler.handler_id) << 32) | kind);
  }
  handler.on_event(kind, argument);
}

void Calendar::run_before(Nanos horizon, Nanos last, bool one_instant) {
  while (!heap_.empty()) {
    const Nanos at = heap_.front().time;
    if (at >= horizon || at > last) return;
    advance_to(at);
    do {
      const std::uint64_t order = heap_.front().order;
      const What what = heap_.front().what;
      if (!(order & late_bit)) micro_step_ = static_cast<std::uint32_t>(order >> micro_step_shift);
      top_is_done_ = true;
      execute(*what.handler, what.kind, what.argument);
      if (top_is_done_) {
        top_is_done_ = false;
        remove_top();
      }
    } while (!heap_.empty() && heap_.front().time == at);
    if (one_instant || stopped_ || !outbox_.empty()) return;
  }
}

void Calendar::deliver_completions(Nanos at) {
  advance_to(std::max(at, now_));
  std::sort(completions_.begin(), completions_.end(), [](const Completion& a, const Completion& b) {
    return std::tie(a.handler->handler_id, a.kind, a.argument) <
           std::tie(b.handler->handler_id, b.kind, b.argument);
  });
  // Handlers post but never complete, so the list does not grow under us.
  for (const Completion& done : completions_) execute(*done.handler, done.kind, done.argument);
  completions_.clear();
}

void Calendar::carry_out() {
  // What a handler posts while the outbox is carried out goes with the next round.
  carrying_out_.swap(outbox_);
  for (const Post& post : carrying_out_) post.handler->on_simgrid(post.kind, post.argument);
  carrying_out_.clear();
}

}  // namespace weir

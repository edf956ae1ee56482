#include "models/engines/spark/executors.hpp"

#include <algorithm>

namespace weir::spark {

void Executors::deploy(const Job& job, int cores, int present) {
  cores_ = cores;
  slots_.clear();
  for (const PlacedInstance& slot : job.placed()) slots_.push_back({slot.host});
  executors_.assign(slots_.size() / static_cast<std::size_t>(cores), {});
  present_ = 0;
  for (int executor = 0; executor < present; ++executor)
    set_state(executor, State::present, job.calendar().now());
}

void Executors::reserve(int slot) {
  WEIR_ASSERT(!slots_[static_cast<std::size_t>(slot)].reserved, "two receivers on one core");
  slots_[static_cast<std::size_t>(slot)].reserved = true;
  ++executors_[static_cast<std::size_t>(executor_of(slot))].reserved;
}

void Executors::unreserve(int slot) {
  slots_[static_cast<std::size_t>(slot)].reserved = false;
  --executors_[static_cast<std::size_t>(executor_of(slot))].reserved;
}

void Executors::set_state(int executor, State state, Nanos now) {
  const auto there = [](State s) { return s == State::present || s == State::leaving ? 1 : 0; };
  Executor& one = executors_[static_cast<std::size_t>(executor)];
  present_ += there(state) - there(one.state);
  one.state = state;
  if (one.busy == 0) one.idle_since_ns = now;
}

int Executors::staying() const {
  return static_cast<int>(std::count_if(executors_.begin(), executors_.end(), [](const Executor& executor) {
    return executor.state == State::present;
  }));
}

void Executors::set_busy(int slot, bool busy, Nanos now) {
  Slot& one = slots_[static_cast<std::size_t>(slot)];
  WEIR_ASSERT(one.busy != busy, "a core runs one task at a time");
  one.busy = busy;
  busy_slots_ += busy ? 1 : -1;
  Executor& executor = executors_[static_cast<std::size_t>(executor_of(slot))];
  executor.busy += busy ? 1 : -1;
  executor.idle_since_ns = executor.busy > 0 ? -1 : now;
}

int Executors::free_slot(int executor) const {
  for (int slot = executor * cores_; slot < (executor + 1) * cores_; ++slot) {
    const Slot& one = slots_[static_cast<std::size_t>(slot)];
    if (!one.busy && !one.reserved) return slot;
  }
  return -1;
}

std::vector<int> Executors::usable_slots() const {
  std::vector<int> usable;
  for (std::size_t i = 0; i < slots_.size(); ++i)
    if (!slots_[i].reserved && executors_[i / static_cast<std::size_t>(cores_)].state == State::present)
      usable.push_back(static_cast<int>(i));
  return usable;
}

int Executors::first_free() const {
  for (const int slot : usable_slots())
    if (!slots_[static_cast<std::size_t>(slot)].busy) return slot;
  return -1;
}

int Executors::first_on(int host) const {
  for (std::size_t i = 0; i < slots_.size(); ++i)
    if (slots_[i].host == host && executors_[i / static_cast<std::size_t>(cores_)].state == State::present)
      return static_cast<int>(i) / cores_;
  return -1;
}

int Executors::choose(int host, int second_host, RandomStream& random) const {
  const auto gather = [&](bool anywhere) {
    free_.clear();
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      const Slot& slot = slots_[i];
      if (slot.busy || slot.reserved ||
          executors_[i / static_cast<std::size_t>(cores_)].state != State::present)
        continue;
      if (anywhere || slot.host == host || slot.host == second_host) free_.push_back(static_cast<int>(i));
    }
    return !free_.empty();
  };
  if (!(host >= 0 && gather(false)) && !gather(true)) return -1;
  return free_.size() == 1 ? free_[0] : free_[random.below(free_.size())];
}

}  // namespace weir::spark

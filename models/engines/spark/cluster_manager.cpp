#include "models/engines/spark/cluster_manager.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace weir::spark {

namespace {
constexpr std::uint32_t has_started = 0, place_is_back = 1;
}

void ClusterManager::deployed() {
  present_max_ = wanted_ = executors_.present();
}

void ClusterManager::account() {
  executor_s_ = executor_s();
  accounted_ns_ = calendar_.now();
}

void ClusterManager::request(const WorkerRequest& request) {
  account();
  const int before = executors_.present();
  for (const int executor : request.release) release(executor);
  if (executors_.present() < before)
    on_change({before, executors_.present(), calendar_.now(), "executors are released"});
  wanted_ = request.total >= 0 ? request.total : executors_.staying() + starting();
  if (request.total < 0) return;
  const int missing = wanted_ - executors_.staying() - starting();
  if (missing > 0) start(missing);
  if (missing < 0) cancel(-missing);
}

void ClusterManager::fail(int executor, Nanos down_ns) {
  const Executors::State state = executors_.state(executor);
  if (state != Executors::State::present && state != Executors::State::leaving) return;
  account();
  const int before = executors_.present();
  executors_.set_state(executor, down_ns > 0 ? Executors::State::down : Executors::State::absent,
                       calendar_.now());
  if (down_ns > 0)
    calendar_.schedule(calendar_.now() + down_ns, EventClass::timer, *this, place_is_back,
                       static_cast<std::uint32_t>(executor));
  on_lost(executor);
  on_change({before, executors_.present(), calendar_.now(), fmt::format("executor {} is lost", executor)});
  // Their tasks may have been taken from them: what they were to read was lost.
  for (int other = 0; other < executors_.count(); ++other) task_over(other);
  start_missing();
}

void ClusterManager::start_missing() {
  const int missing = wanted_ - executors_.staying() - starting();
  if (missing > 0) start(missing);
}

// Without tasks it goes at once; else it gets no more.
void ClusterManager::release(int executor) {
  if (executor < 0 || executor >= executors_.count() || executors_.has_receiver(executor)) return;
  if (executors_.state(executor) != Executors::State::present) return;
  const bool idle = executors_.idle_since_ns(executor) >= 0;
  executors_.set_state(executor, idle ? Executors::State::absent : Executors::State::leaving,
                       calendar_.now());
}

void ClusterManager::task_over(int executor) {
  if (executors_.state(executor) != Executors::State::leaving || executors_.idle_since_ns(executor) < 0)
    return;
  account();
  const int before = executors_.present();
  executors_.set_state(executor, Executors::State::absent, calendar_.now());
  on_change(
      {before, executors_.present(), calendar_.now(), "an executor has ended its tasks and is released"});
  // There may not have been room before.
  start_missing();
}

void ClusterManager::start(int executors) {
  bool any = false;
  for (int executor = 0; executor < executors_.count() && executors > 0; ++executor) {
    if (executors_.state(executor) != Executors::State::absent) continue;
    executors_.set_state(executor, Executors::State::starting, calendar_.now());
    starting_.push_back({executor, calendar_.now()});
    --executors;
    any = true;
  }
  if (any) calendar_.schedule(calendar_.now() + start_ns_, EventClass::timer, *this, has_started, 0);
}

// The latest first. Those that are present already stay: only a release takes them.
void ClusterManager::cancel(int executors) {
  for (; executors > 0 && !starting_.empty(); --executors) {
    executors_.set_state(starting_.back().executor, Executors::State::absent, calendar_.now());
    starting_.pop_back();
  }
}

void ClusterManager::on_event(std::uint32_t kind, std::uint32_t executor) {
  if (kind == has_started) return started();
  executors_.set_state(static_cast<int>(executor), Executors::State::absent, calendar_.now());
  start_missing();
}

void ClusterManager::started() {
  account();
  const Nanos requested_ns = calendar_.now() - start_ns_;
  const int before = executors_.present();
  while (!starting_.empty() && starting_.front().requested_ns <= requested_ns) {
    executors_.set_state(starting_.front().executor, Executors::State::present, calendar_.now());
    starting_.erase(starting_.begin());
  }
  if (executors_.present() == before) return;  // cancelled meanwhile
  present_max_ = std::max(present_max_, executors_.present());
  on_change({before, executors_.present(), requested_ns,
             executors_.present() - before == 1
                 ? std::string("an executor has started")
                 : fmt::format("{} executors have started", executors_.present() - before)});
}

}  // namespace weir::spark

#pragma once

#include <vector>

#include "sim/cluster/cpu.hpp"
#include "sim/kernel/calendar.hpp"
#include "sim/kernel/look_back.hpp"

// An executor is a thread: it serves one instance at a time, on one host. The engine says which instances
// share an executor (a Storm executor or a Heron instance hosts one, a Timely worker all operators).
//
//    Instance::receive ──▶ Executor::wake ──▶ start ──▶ Cpus::start … on_event ──▶ Instance::finish ──▶ start
//
// Look-back. A batch arrives as one event, at the time of its last record or later. Had its records arrived
// one by one, an idle executor would have begun with the first of them. So a service is credited as begun
// when its first record became available, if the executor was idle then, and ends no earlier than the last
// record could be done. Where records are gathered (a gather span), services lie in the past of the calendar
// altogether: see sim/kernel/look_back.hpp.

namespace weir {

class Instance;

class Executor final : public EventHandler {
 public:
  Executor(Cpus& cpus, Calendar& calendar, int host, std::uint32_t id);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  void add(Instance& instance) { instances_.push_back(&instance); }
  int host() const { return task_.host; }

  // Instance `instance` may have something to do.
  void wake(Instance& instance) {
    if (serving_ == nullptr && !halted_) start(instance);
  }
  // It had something to do and could not, until now.
  void was_held_back() { look_back_.restart(calendar_.now()); }
  bool busy() const { return serving_ != nullptr; }
  bool serves(const Instance& instance) const { return serving_ == &instance; }
  // Of its core now, relative to the reference core.
  double speed() const { return cpus_.speed(task_.host); }

  // To another host; only while halted and nothing is in service.
  void move_to(int host);

  // No service until resume(). A service under way is aborted: its batch is the instance's to deal with.
  void halt();
  void resume();
  bool halted() const { return halted_; }

  void on_event(std::uint32_t kind, std::uint32_t generation) override;

 private:
  void start(Instance& instance);
  void start_next(Instance& last);

  Cpus& cpus_;
  Calendar& calendar_;
  CpuTask task_;
  std::vector<Instance*> instances_;
  Instance* serving_ = nullptr;
  Nanos free_since_ns_ = 0;
  LookBack look_back_;
  bool halted_ = true;
};

}  // namespace weir

#pragma once

#include <vector>

#include "sim/cluster/cpu.hpp"
#include "sim/dataflow/batch.hpp"
#include "sim/kernel/calendar.hpp"
#include "sim/kernel/look_back.hpp"

// An executor is a thread: it serves one instance at a time, on one host. The engine says which instances
// share an executor: a Heron instance or a task of Flink has one, a chain of Flink's operators too.
//
//    Instance::receive ──▶ Executor::wake ──▶ begin ──▶ Cpus::start … on_event ──▶ Instance::finish ──▶ begin
//
// A chain is served from its end: what an operator sends to the next one in it is dealt with before anything
// else is taken in, and nobody is served while one behind it may not send. (Flink does so record by record,
// here it is batch by batch: the same work, and the last record is done at the same time.)
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
  Executor(Cpus& cpus, Calendar& calendar, std::uint32_t id);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // Whom it serves, from now on: a chain, its head first; nobody if that is somebody else's business. Only
  // while halted. Nobody's executor takes no core.
  void serve(std::vector<Instance*> chain, int host);
  int host() const { return task_.host; }

  // One of its instances may have something to do.
  void wake() {
    if (serving_ == nullptr && !halted_) next();
  }
  // It had something to do and could not, until now.
  void was_held_back() { look_back_.restart(calendar_.now()); }
  bool busy() const { return serving_ != nullptr; }
  bool serves(const Instance& instance) const { return serving_ == &instance; }
  bool chains() const { return instances_.size() > 1; }
  // An operator of the chain may not send: the thread stands still.
  bool held_up() const;
  // What an operator of the chain may do, or its time goes to, has changed.
  void account_others(const Instance& than);
  // Of its core now, relative to the reference core.
  double speed() const { return cpus_.speed(task_.host); }

  // Begins, at once, work without records for one of its instances; only while it serves nobody.
  void chore(Instance& instance, double work_s);
  // Gives back what its instances have not dealt with, from the end of the chain: what was taken in first is
  // first. A service under way is aborted. It may go on with other work.
  std::vector<Batch> take_back();
  // No service until resume(). A service under way is aborted: its batch is the instance's to deal with.
  void halt();
  void resume();
  bool halted() const { return halted_; }

  void on_event(std::uint32_t kind, std::uint32_t generation) override;

 private:
  void next();
  Instance* choose() const;
  bool begin(Instance& instance);
  void lend(const Instance& to, Nanos begin_ns, double share);

  Cpus& cpus_;
  Calendar& calendar_;
  CpuTask task_;
  bool attached_ = false;
  std::vector<Instance*> instances_;
  Instance* serving_ = nullptr;
  Nanos free_since_ns_ = 0;
  LookBack look_back_;
  bool halted_ = true;
};

}  // namespace weir

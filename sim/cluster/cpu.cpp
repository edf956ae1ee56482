#include "sim/cluster/cpu.hpp"

#include <algorithm>
#include <deque>

#include "sim/cluster/activity.hpp"

namespace weir {

namespace sg = simgrid::s4u;

namespace {

// Outbox.
constexpr std::uint32_t post_start = 1;    // argument: slot
constexpr std::uint32_t post_stop = 2;     // slot
constexpr std::uint32_t post_respeed = 3;  // host
// Events.
constexpr std::uint32_t event_waits = 1;  // an Exec ended before its service may end; argument: slot

constexpr std::uint32_t cpus_handler_id = 0xffff0001;

}  // namespace

// SimGrid's side of every attached task.
struct Cpus::Execs {
  struct Slot final : ActivityOwner {
    CpuTask* task = nullptr;
    Cpus* cpus = nullptr;
    sg::ExecPtr exec;
    double flops_per_work_s = 0;

    void on_activity_end() override { cpus->execs_->ended(*cpus, *this); }

    void create(const HostState& host, double work_s) {
      flops_per_work_s = host.flops_per_work_s * (host.own_speed / host.speed);
      exec = sg::Exec::init();
      exec->set_host(static_cast<sg::Host*>(host.simgrid_host));
      exec->set_flops_amount(work_s * flops_per_work_s);
      own(*exec);
      exec->vetoable_start();
    }
    void leave() {
      if (!exec) return;
      disown(*exec);
      ActivityGrave::keep_for_ever(std::move(exec));
    }
    void drop(ActivityGrave& grave) {
      if (!exec) return;
      disown(*exec);
      exec->cancel();
      grave.bury(std::move(exec));
      exec = nullptr;
    }
  };

  void ended(Cpus& cpus, Slot& slot);

  std::deque<Slot> slots;  // a deque: SimGrid keeps their addresses
  std::vector<std::uint32_t> free;
  ActivityGrave grave;
};

Cpus::Cpus(Calendar& calendar) : calendar_(calendar), execs_(std::make_unique<Execs>()) {
  EventHandler::handler_id = cpus_handler_id;
}

Cpus::~Cpus() {
  // What is still under way outlives us inside SimGrid: it must not call back.
  for (Execs::Slot& slot : execs_->slots) slot.leave();
}

int Cpus::add_host(const Host& host, void* simgrid_host, double flops_per_work_s) {
  HostState state;
  state.speed = state.own_speed = state.earlier_speed = host.speed;
  state.ns_per_work_s = 1e9 / host.speed;
  state.cores = host.cores;
  state.simgrid_host = simgrid_host;
  state.flops_per_work_s = flops_per_work_s;
  hosts_.push_back(std::move(state));
  return static_cast<int>(hosts_.size()) - 1;
}

void Cpus::attach(CpuTask& task, int host, EventHandler& owner, std::uint32_t kind) {
  WEIR_ASSERT(task.host < 0, "a task is attached twice");
  WEIR_ASSERT(host >= 0 && host < static_cast<int>(hosts_.size()), "no such host");
  HostState& state = hosts_[static_cast<std::size_t>(host)];
  task.owner = &owner;
  task.kind = kind;
  task.host = host;
  task.mode = CpuTask::Mode::idle;
  if (execs_->free.empty()) {
    task.slot = static_cast<std::uint32_t>(execs_->slots.size());
    execs_->slots.emplace_back();
    execs_->slots.back().cpus = this;
  } else {
    task.slot = execs_->free.back();
    execs_->free.pop_back();
  }
  execs_->slots[task.slot].task = &task;
  account(state, calendar_.now());
  if (!state.crowded) state.unused_ns = 0;  // what it did before is not known, and no credit
  task.position = static_cast<std::uint32_t>(state.tasks.size());
  state.tasks.push_back(&task);
  state.crowded = static_cast<int>(state.tasks.size()) > state.cores;
}

void Cpus::detach(CpuTask& task) {
  WEIR_ASSERT(task.host >= 0, "a task is detached that is not attached");
  cancel(task);
  HostState& state = hosts_[static_cast<std::size_t>(task.host)];
  state.tasks[task.position] = state.tasks.back();
  state.tasks[task.position]->position = task.position;
  state.tasks.pop_back();
  state.crowded = static_cast<int>(state.tasks.size()) > state.cores;
  execs_->slots[task.slot].task = nullptr;
  execs_->free.push_back(task.slot);
  task.host = -1;
}

double Cpus::remaining_s(const CpuTask& task, const HostState& host) const {
  const double done_s = to_seconds(calendar_.now() - task.since_ns) * host.speed;
  return std::max(0.0, task.work_s - done_s);
}

int Cpus::account(HostState& host, Nanos now) {
  const Nanos from = host.unused_at_ns;
  Nanos used = 0;
  int busy = host.execs;
  for (const CpuTask* task : host.tasks) {
    if (task->mode != CpuTask::Mode::closed_form) continue;
    used += std::max<Nanos>(0, std::min(task->work_end_ns, now) - std::max(task->since_ns, from));
    if (task->work_end_ns > now) ++busy;
  }
  const Nanos by_execs = std::min(host.execs, host.cores) * (now - from);
  used += by_execs;
  if (host.speed > 0) host.used_ns += static_cast<std::uint64_t>(by_execs);
  host.unused_ns += std::max<Nanos>(0, host.cores * (now - from) - used);
  host.unused_ns = std::min(host.unused_ns, host.cores * host.look_back_max_ns);
  host.unused_at_ns = now;
  return busy;
}

Nanos Cpus::used_ns(int host_id) const {
  const HostState& host = hosts_[static_cast<std::size_t>(host_id)];
  const Nanos now = calendar_.now();
  std::uint64_t used = host.used_ns;
  for (const CpuTask* task : host.tasks) used -= static_cast<std::uint64_t>(ahead_ns(*task, now));
  Nanos by_execs = 0;
  if (host.speed > 0) by_execs = std::min(host.execs, host.cores) * (now - host.unused_at_ns);
  return static_cast<Nanos>(used) + by_execs;
}

void Cpus::start_slowly(CpuTask& task, HostState& host, double work_s, Nanos begun_ns) {
  const Nanos now = calendar_.now();
  if (!host.crowded) {
    // The speed changed since the service began. One change back is remembered.
    const Nanos changed = std::min(host.speed_since_ns, now);
    if (begun_ns < changed) {
      if (host.earlier_speed > 0)
        host.used_ns += static_cast<std::uint64_t>(
            std::min(changed - begun_ns, to_nanos_of(work_s * 1e9 / host.earlier_speed)));
      work_s = std::max(0.0, work_s - to_seconds(changed - begun_ns) * host.earlier_speed);
      begun_ns = changed;
    }
    host.speed > 0 ? serve(task, host, work_s, begun_ns) : hold(task, work_s);
    return;
  }
  ++counts_.crowded;
  host.look_back_max_ns = std::max(host.look_back_max_ns, now - begun_ns);
  task.mode = CpuTask::Mode::idle;
  const int busy = account(host, now);
  if (begun_ns < now && host.speed > 0) {
    const Nanos wanted = to_nanos_of(work_s * host.ns_per_work_s);
    const Nanos credit = std::min({wanted, now - begun_ns, host.unused_ns});
    host.unused_ns -= credit;
    host.used_ns += static_cast<std::uint64_t>(credit);
    work_s = credit == wanted ? 0.0 : work_s - to_seconds(credit) * host.speed;
  }
  if (host.speed <= 0) {
    hold(task, work_s);
  } else if (busy < host.cores || work_s <= 0) {
    serve(task, host, work_s, now);
  } else {
    for (CpuTask* other : host.tasks) {
      if (other->mode != CpuTask::Mode::closed_form || other->work_end_ns <= now) continue;
      host.used_ns -= static_cast<std::uint64_t>(ahead_ns(*other, now));
      become_exec(*other, host, remaining_s(*other, host));
    }
    become_exec(task, host, work_s);
  }
}

// A frozen host: the service is closed form and has no end until the speed changes.
void Cpus::hold(CpuTask& task, double work_s) {
  ++task.generation;
  task.mode = CpuTask::Mode::closed_form;
  task.work_s = work_s;
  task.since_ns = calendar_.now();
  task.work_end_ns = task.end_ns = never;
}

void Cpus::become_exec(CpuTask& task, HostState& host, double work_s) {
  ++counts_.execs;
  ++task.generation;
  ++host.execs;
  task.mode = CpuTask::Mode::exec;
  task.work_s = work_s;
  task.since_ns = calendar_.now();
  calendar_.post(*this, post_start, task.slot);
}

void Cpus::cancel(CpuTask& task) {
  ++task.generation;
  if (task.host < 0) return;
  HostState& host = hosts_[static_cast<std::size_t>(task.host)];
  if (host.crowded) account(host, calendar_.now());
  host.used_ns -= static_cast<std::uint64_t>(ahead_ns(task, calendar_.now()));
  if (task.mode == CpuTask::Mode::exec) {
    --host.execs;
    calendar_.post(*this, post_stop, task.slot);
  }
  task.mode = CpuTask::Mode::idle;
}

void Cpus::set_factor(int host_id, Cause cause, double factor) {
  WEIR_ASSERT(factor >= 0, "a negative speed");
  HostState& host = hosts_[static_cast<std::size_t>(host_id)];
  host.factors[static_cast<std::size_t>(cause)] = factor;
  const double speed = host.own_speed * host.factors[0] * host.factors[1] * host.factors[2];
  if (speed == host.speed) return;
  ++counts_.speed_changes;
  account(host, calendar_.now());
  for (CpuTask* task : host.tasks) take_stock(*task, host);
  const Nanos now = calendar_.now();
  if (host.speed_since_ns != now) host.earlier_speed = host.speed;
  host.speed = speed;
  host.ns_per_work_s = speed > 0 ? 1e9 / speed : 0;
  host.speed_since_ns = now;
  retime(host);
  if (host.execs > 0) calendar_.post(*this, post_respeed, static_cast<std::uint32_t>(host_id));
}

// Before a change of speed: what lies ahead becomes work. Execs know their own.
void Cpus::take_stock(CpuTask& task, const HostState& host) const {
  const Nanos now = calendar_.now();
  if (host.speed > 0) {
    task.last_work_s = to_seconds(std::max<Nanos>(0, task.not_before_ns - now)) * host.speed;
  }
  if (task.mode != CpuTask::Mode::closed_form || task.work_end_ns <= now) return;
  task.work_s = remaining_s(task, host);
  task.since_ns = now;
}

// After a change of speed, with what lies ahead of each service counted up to now.
void Cpus::retime(HostState& host) {
  const Nanos now = calendar_.now();
  const auto works = [&](const CpuTask* task) {
    return task->mode == CpuTask::Mode::closed_form && task->work_end_ns > now;
  };
  // On a frozen host more services may have begun than there are cores.
  const auto working = std::count_if(host.tasks.begin(), host.tasks.end(), works);
  const bool contended = host.speed > 0 && working > 0 && working + host.execs > host.cores;
  for (CpuTask* task : host.tasks) {
    if (task->mode == CpuTask::Mode::idle) continue;
    if (host.speed > 0) task->not_before_ns = now + to_nanos_of(task->last_work_s * host.ns_per_work_s);
    if (task->mode == CpuTask::Mode::exec) continue;
    if (!works(task)) {
      if (task->end_ns <= now) continue;
      task->work_s = 0;  // it is done, and waits for its last record
    }
    host.used_ns -= static_cast<std::uint64_t>(ahead_ns(*task, now));
    if (host.speed <= 0) {
      hold(*task, task->work_s);
    } else if (contended && task->work_s > 0) {
      become_exec(*task, host, task->work_s);
    } else {
      serve(*task, host, task->work_s, now);
    }
  }
}

void Cpus::on_event(std::uint32_t kind, std::uint32_t argument) {
  WEIR_ASSERT(kind == event_waits, "an unknown event");
  const CpuTask* task = execs_->slots[argument].task;
  if (task == nullptr || task->mode != CpuTask::Mode::closed_form || task->end_ns <= calendar_.now()) return;
  calendar_.schedule(task->end_ns, EventClass::completion, *task->owner, task->kind, task->generation);
}

// Inside SimGrid's loop: the calendar may lie behind, and is only told.
void Cpus::Execs::ended(Cpus& cpus, Slot& slot) {
  grave.bury(std::move(slot.exec));
  slot.exec = nullptr;
  CpuTask* task = slot.task;
  if (task == nullptr || task->mode != CpuTask::Mode::exec) return;
  const Nanos now = simgrid_now_ns();
  HostState& host = cpus.hosts_[static_cast<std::size_t>(task->host)];
  account(host, now);
  --host.execs;
  task->since_ns = task->work_end_ns = now;
  if (task->not_before_ns <= now) {
    task->mode = CpuTask::Mode::idle;
    cpus.calendar_.completed(*task->owner, task->kind, task->generation);
  } else {
    task->mode = CpuTask::Mode::closed_form;
    task->end_ns = task->not_before_ns;
    cpus.calendar_.completed(cpus, event_waits, task->slot);
  }
}

void Cpus::on_simgrid(std::uint32_t kind, std::uint32_t argument) {
  if (kind == post_respeed) {
    const HostState& host = hosts_[argument];
    for (CpuTask* task : host.tasks) {
      Execs::Slot& slot = execs_->slots[task->slot];
      if (!slot.exec) continue;
      if (task->mode != CpuTask::Mode::exec) continue;  // a stop for it comes next
      task->work_s = slot.exec->get_remaining() / slot.flops_per_work_s;
      slot.drop(execs_->grave);
    }
    for (CpuTask* task : host.tasks) {
      Execs::Slot& slot = execs_->slots[task->slot];
      if (task->mode == CpuTask::Mode::exec && !slot.exec && host.speed > 0) slot.create(host, task->work_s);
    }
    return;
  }
  Execs::Slot& slot = execs_->slots[argument];
  if (kind == post_stop) {
    slot.drop(execs_->grave);
    return;
  }
  CpuTask* task = slot.task;
  if (task == nullptr || task->mode != CpuTask::Mode::exec || slot.exec) return;
  const HostState& host = hosts_[static_cast<std::size_t>(task->host)];
  if (host.speed > 0) slot.create(host, task->work_s);
}

}  // namespace weir

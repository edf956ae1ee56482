#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "sim/kernel/calendar.hpp"

// The processors of all hosts.
//
//        start(task, work) ──▶ at most `cores` tasks busy here?
//                                 yes: closed form, one calendar event        (exact: each has a core)
//                                 no:  everything in service here becomes a SimGrid Exec, in mid-service,
//                                      with the work that remains               (exact: processor sharing)
//
// When does a host return to closed form? Service by service: an Exec stays an Exec until it ends, and what
// is started while no more than `cores` tasks are busy is closed form again. That is exact, since then every
// task has a core, whichever way it is computed; so no service moves twice.
//
// Speeds change by calendar events (class fault) only, never by a SimGrid profile, because run-ahead would
// miss it: what is in service keeps its remaining work and is timed anew. An Exec is replaced by one whose
// flops are the remaining work at the new speed, so any factor is possible, zero (a frozen host) included.
// What a service may not end before is the time at which its last record could be done: work, too, and at a
// new speed another time.
//
// Rounding: a closed-form end is rounded to the nearest nanosecond; each move and each change of speed adds
// at most one more.
//
// Look-back. A batch is handed over when its last record is there, but a real thread has worked on its first
// records before. start() therefore counts a service as begun in the past. On a host that never has more
// tasks than cores this is exact. On a crowded host the credit is paid out of core time that really was
// unused there since then: hosts do not work faster than they are. Credit is kept for as long as the longest
// look-back seen on the host.

namespace weir {

// One thread of execution on one host. Embedded in its owner; neither may move or die while it is attached,
// nor the owner before its last event has come (the calendar has no cancel).
struct CpuTask {
  CpuTask() = default;
  CpuTask(const CpuTask&) = delete;
  CpuTask& operator=(const CpuTask&) = delete;

  // Completion: owner->on_event(kind, generation). An event whose argument is not task.generation is stale.
  EventHandler* owner = nullptr;
  std::uint32_t kind = 0;
  std::uint32_t generation = 0;
  int host = -1;

 private:
  friend class Cpus;
  enum class Mode : std::uint8_t { idle, closed_form, exec };
  Mode mode = Mode::idle;
  std::uint32_t slot = 0;      // index in Cpus::slots_
  std::uint32_t position = 0;  // index in the host's list
  double work_s = 0;           // what remained at since_ns
  Nanos since_ns = 0;
  Nanos work_end_ns = 0;  // closed form: a core is used until here,
  Nanos end_ns = 0;       // and the completion is here: max(work end, not before)
  Nanos not_before_ns = 0;
  double last_work_s = 0;  // on a frozen host: what not_before_ns was ahead, as work
};

class Cpus final : EventHandler, OutboxHandler {
 public:
  struct Host {
    int cores = 1;
    double speed = 1;  // of one core, relative to the reference core
  };

  explicit Cpus(Calendar& calendar);
  ~Cpus();
  Cpus(const Cpus&) = delete;
  Cpus& operator=(const Cpus&) = delete;

  // Hosts get the numbers 0, 1, …; `simgrid_host` is an s4u::Host* of that many cores, on which one second of
  // a reference core's work takes flops_per_work_s flops.
  int add_host(const Host& host, void* simgrid_host, double flops_per_work_s);

  void attach(CpuTask& task, int host, EventHandler& owner, std::uint32_t kind);
  void detach(CpuTask& task);  // what it serves is cancelled

  // Starts work_s seconds of work of a reference core (speed 1). It counts as begun at begun_ns <= now() and
  // does not end before not_before_ns, which lies ahead as work at today's speed does: on a frozen host, not
  // at all. The task must not be in service.
  void start(CpuTask& task, double work_s, Nanos begun_ns, Nanos not_before_ns) {
    WEIR_ASSERT(work_s >= 0, "negative work");
    HostState& host = hosts_[static_cast<std::size_t>(task.host)];
    const Nanos now = calendar_.now();
    WEIR_ASSERT(
        task.mode == CpuTask::Mode::idle || (task.mode == CpuTask::Mode::closed_form && task.end_ns <= now),
        "a task is started in mid-service");
    WEIR_ASSERT(begun_ns <= now, "a service begins in the future");
    ++counts_.services;
    task.not_before_ns = not_before_ns;
    task.last_work_s = 0;
    if (host.crowded || begun_ns < host.speed_since_ns || host.speed <= 0) {
      start_slowly(task, host, work_s, begun_ns);
    } else {
      serve(task, host, work_s, begun_ns);
    }
  }
  void cancel(CpuTask& task);

  // Speed of a core of the host now, relative to the reference core, profile included.
  double speed(int host) const { return hosts_[static_cast<std::size_t>(host)].speed; }
  // Multiplies the host's own speed by `factor` >= 0 from now on. Profiles and faults multiply.
  enum class Cause : std::uint8_t { profile, interference, fault };
  void set_factor(int host, Cause cause, double factor);

  // Core time that the services of the host took up to now. Two that share a core for a second took half a
  // second each, however long either was in service; on a frozen host nobody takes any. Look-back counts when
  // it is claimed, so what is added in a stretch of time can exceed that stretch by the look-back.
  Nanos used_ns(int host) const;

  struct Counts {
    std::int64_t services = 0;
    std::int64_t crowded = 0;  // of these, started on a host with more tasks than cores
    std::int64_t execs = 0;    // of these, became an Exec
    std::int64_t speed_changes = 0;
  };
  const Counts& counts() const { return counts_; }

 private:
  struct HostState {
    double speed = 1;
    double ns_per_work_s = 1e9;
    Nanos speed_since_ns = 0;
    // Closed forms up to their ends, Execs up to unused_at_ns. Modulo 2^64: the ends of several very long
    // services may exceed that, what lies behind does not.
    std::uint64_t used_ns = 0;
    bool crowded = false;  // more tasks than cores are attached
    int cores = 1;
    int execs = 0;
    double own_speed = 1;
    double factors[3] = {1, 1, 1};
    double earlier_speed = 1;  // before speed_since_ns
    Nanos unused_ns = 0;       // core time that nobody used lately: what look-back is paid from
    Nanos unused_at_ns = 0;
    Nanos look_back_max_ns = 0;
    void* simgrid_host = nullptr;
    double flops_per_work_s = 1e9;
    std::vector<CpuTask*> tasks;
  };
  struct Execs;  // SimGrid's side

  // Closed form: the remaining work_s counted from since_ns.
  void serve(CpuTask& task, HostState& host, double work_s, Nanos since_ns) {
    const Nanos now = calendar_.now();
    ++task.generation;
    task.mode = CpuTask::Mode::closed_form;
    task.work_s = work_s;
    task.since_ns = since_ns;
    const Nanos work_ns = to_nanos_of(work_s * host.ns_per_work_s);
    host.used_ns += static_cast<std::uint64_t>(work_ns);
    task.work_end_ns = since_ns + work_ns;
    task.end_ns = task.work_end_ns > task.not_before_ns ? task.work_end_ns : task.not_before_ns;
    if (task.end_ns < now) task.end_ns = now;
    calendar_.schedule(task.end_ns, EventClass::completion, *task.owner, task.kind, task.generation);
  }
  // At most 127 years: longer than any run, and twice that still fits.
  static Nanos to_nanos_of(double ns) { return static_cast<Nanos>(ns < 4e18 ? ns + 0.5 : 4e18); }

  void on_event(std::uint32_t kind, std::uint32_t argument) override;
  void on_simgrid(std::uint32_t kind, std::uint32_t argument) override;
  void start_slowly(CpuTask& task, HostState& host, double work_s, Nanos begun_ns);
  void hold(CpuTask& task, double work_s);
  // Of a closed form: the core time that still lies ahead.
  static Nanos ahead_ns(const CpuTask& task, Nanos now) {
    return task.mode == CpuTask::Mode::closed_form && task.work_end_ns > now && task.work_end_ns != never
               ? task.work_end_ns - now
               : 0;
  }
  void become_exec(CpuTask& task, HostState& host, double work_s);
  double remaining_s(const CpuTask& task, const HostState& host) const;
  // Brings unused_ns and used_ns up to `now`; returns how many tasks use a core then.
  static int account(HostState& host, Nanos now);
  void take_stock(CpuTask& task, const HostState& host) const;
  void retime(HostState& host);

  Calendar& calendar_;
  std::vector<HostState> hosts_;
  std::unique_ptr<Execs> execs_;
  Counts counts_;
};

}  // namespace weir

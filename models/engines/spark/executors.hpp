#pragma once

#include <cstdint>
#include <vector>

#include "sim/dataflow/job.hpp"
#include "sim/kernel/random.hpp"

// The executors of a job: so many slots each, of which one runs a task at a time.
//
//   absent ──request──▶ starting ──▶ present ──release──▶ absent, or leaving until its tasks are over
//                                            ──failure──▶ absent, or down until its place can be used again
//
// Slots are cores, in the order of the placement; an executor has so many neighbours.

namespace weir::spark {

class Executors {
 public:
  enum class State : std::uint8_t {
    absent,
    starting,
    present,
    leaving,
    down  // absent, and in its place nothing can be started
  };

  // The first ones are present, and idle.
  void deploy(const Job& job, int cores, int present);
  // Runs nothing else, or does again.
  void reserve(int slot);
  void unreserve(int slot);

  int count() const { return static_cast<int>(executors_.size()); }
  int cores() const { return cores_; }
  // Those that are leaving too: they are still there.
  int present() const { return present_; }
  // Of these, those that are not leaving.
  int staying() const;
  int host(int slot) const { return slots_[static_cast<std::size_t>(slot)].host; }
  int executor_of(int slot) const { return slot / cores_; }
  State state(int executor) const { return executors_[static_cast<std::size_t>(executor)].state; }
  void set_state(int executor, State state, Nanos now);
  // Since when it has run no task; -1: it runs one.
  Nanos idle_since_ns(int executor) const {
    return executors_[static_cast<std::size_t>(executor)].idle_since_ns;
  }
  bool has_receiver(int executor) const {
    return executors_[static_cast<std::size_t>(executor)].reserved > 0;
  }
  void set_busy(int slot, bool busy, Nanos now);
  int busy_slots() const { return busy_slots_; }
  // Of the slots of an executor, the first that is free; -1: none.
  int free_slot(int executor) const;
  // Those of present executors that run tasks.
  std::vector<int> usable_slots() const;
  // Of these, the first that runs none; -1: none.
  int first_free() const;
  // The first executor on the host that is there; -1: none.
  int first_on(int host) const;
  // One of the free slots of present executors, by chance; of those on these hosts, if there are any. -1:
  // none.
  int choose(int host, int second_host, RandomStream& random) const;

 private:
  struct Slot {
    int host = -1;
    bool reserved = false;
    bool busy = false;
  };
  struct Executor {
    State state = State::absent;
    int busy = 0;      // slots
    int reserved = 0;  // slots
    Nanos idle_since_ns = 0;
  };
  int cores_ = 1;
  int present_ = 0;
  int busy_slots_ = 0;
  std::vector<Slot> slots_;
  std::vector<Executor> executors_;
  mutable std::vector<int> free_;  // kept, so that no choice allocates
};

}  // namespace weir::spark

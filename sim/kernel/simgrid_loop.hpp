#pragma once

#include <memory>

#include "sim/kernel/calendar.hpp"

// The calendar inside SimGrid's own loop: a kernel::resource::Model whose next event is the calendar's.
//
// Conservative lookahead. Before it answers, the model asks every other model for its next event (the call is
// idempotent). That is the horizon: the earliest instant at which SimGrid can change anything that weir sees.
// Every calendar event before it runs at once, without a round of SimGrid's loop. An instant that posts to
// the outbox ends the run-ahead: SimGrid's clock is brought to that instant, the outbox is carried out, and
// the horizon is asked for anew. With lookahead off, SimGrid's clock steps to every instant; the order of
// events and so the fingerprint are the same.
//
// Rounding: a completion at SimGrid time d happens at to_nanos(d), the nearest nanosecond. The horizon is
// rounded the same way and calendar events run only strictly before it, so no event overtakes a completion.

namespace weir {

class SimGridLoop {
 public:
  struct Settings {
    bool lookahead = true;
  };

  // Adds the model to the (existing) SimGrid engine of this process.
  SimGridLoop(Calendar& calendar, Settings settings);
  ~SimGridLoop();
  SimGridLoop(const SimGridLoop&) = delete;
  SimGridLoop& operator=(const SimGridLoop&) = delete;

  // Runs every event up to and including `until`, or until Calendar::stop(). Ends at once: SimGrid activities
  // that are still under way are left there. May be called once per process.
  void run(Nanos until);

  // Rounds of SimGrid's loop so far: what running ahead saves.
  std::uint64_t rounds() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace weir

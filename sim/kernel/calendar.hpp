#pragma once

#include <cstdint>
#include <vector>

#include "sim/kernel/assert.hpp"
#include "sim/kernel/fingerprint.hpp"
#include "sim/kernel/time.hpp"

// The calendar: everything that only weir waits for.
//
//      handlers ──schedule(at, class, …)──▶ ┌──────────┐ ──on_event──▶ handlers
//          │                                │ calendar │
//          └──post(…)──▶ outbox ──┐         └──────────┘ ◀──completed(…)── SimGrid's callbacks
//                                 ▼ when SimGrid's clock is there
//                          on_simgrid: start or stop Execs and Comms
//
// Order. Events run by (time, micro-step, class, sequence):
//   * what SimGrid completed at t comes first, sorted by (handler id, kind, argument);
//   * then the events of t, by class (faults, completions, arrivals, timers), and within a class in the order
//     in which they were scheduled;
//   * what an event schedules for its own instant runs in the next micro-step of that instant;
//   * metrics, then policy, run when nothing else is left at t: they see the state after the whole instant.
// A handler never calls SimGrid: it posts, and the outbox is carried out when SimGrid's clock stands at the
// time of the post. This makes running ahead of SimGrid's clock exact (see simgrid_loop.hpp).
//
// There is no cancel. An event that may become stale carries a generation in its argument, and its handler
// ignores it when the generation has moved on.

namespace weir {

// The classes of events, in their order within an instant.
enum class EventClass : std::uint8_t { fault, completion, arrival, timer, metrics, policy };

class EventHandler {
 public:
  virtual void on_event(std::uint32_t kind, std::uint32_t argument) = 0;

  // Names the handler in the fingerprint and orders SimGrid's completions: give it a value that depends on
  // the scenario alone. Zero keeps the handler's events out of the fingerprint (observers: progress,
  // tracing).
  std::uint32_t handler_id = 0;

 protected:
  ~EventHandler() = default;
};

class OutboxHandler {
 public:
  // Called when SimGrid's clock is at the time of the post; may call SimGrid, may not touch the calendar.
  virtual void on_simgrid(std::uint32_t kind, std::uint32_t argument) = 0;

 protected:
  ~OutboxHandler() = default;
};

class Calendar {
 public:
  static constexpr std::uint32_t max_micro_steps = 1u << 23;

  Calendar() { heap_.reserve(1024); }

  // The time of the event being executed, or of the last one.
  Nanos now() const { return now_; }

  // Schedules an event at `at` (not before now()).
  void schedule(Nanos at, EventClass event_class, EventHandler& handler, std::uint32_t kind,
                std::uint32_t argument) {
    WEIR_ASSERT(at >= now_, "an event lies in the past");
    WEIR_ASSERT(sequence_ >> sequence_bits == 0, "a run has more events than the calendar can number");
    std::uint64_t order = (static_cast<std::uint64_t>(event_class) << sequence_bits) | sequence_++;
    if (event_class >= EventClass::metrics) {
      order |= late_bit;
    } else if (at == now_) {
      WEIR_ASSERT(micro_step_ + 1 < max_micro_steps, "an instant does not end: a loop without delay");
      order |= static_cast<std::uint64_t>(micro_step_ + 1) << micro_step_shift;
    }
    push(at, order, {&handler, kind, argument});
  }

  // Asks for on_simgrid(kind, argument) when SimGrid's clock is at now(). Ends the run-ahead there.
  void post(OutboxHandler& handler, std::uint32_t kind, std::uint32_t argument) {
    outbox_.push_back({&handler, kind, argument});
  }

  // Told by SimGrid's completion callbacks; delivered as an event at the start of that instant.
  void completed(EventHandler& handler, std::uint32_t kind, std::uint32_t argument) {
    completions_.push_back({&handler, kind, argument});
  }

  // ---- what the loop that drives the calendar needs ----

  // Executes every event before `horizon` and not after `last`, instant by instant; stops after the first
  // instant that leaves something in the outbox, or, with `one_instant`, after one.
  void run_before(Nanos horizon, Nanos last, bool one_instant);
  // Delivers what SimGrid completed, at time `at`.
  void deliver_completions(Nanos at);
  // Carries out the outbox. The caller has brought SimGrid's clock to now().
  void carry_out();

  bool has_completions() const { return !completions_.empty(); }
  bool has_posts() const { return !outbox_.empty(); }
  // The time of the next event; `never` if there is none.
  Nanos next_time() const { return heap_.empty() ? never : heap_.front().time; }

  // Events executed so far; observers' (handler id 0) do not count, as their number may depend on the wall
  // clock.
  std::uint64_t executed() const { return executed_; }
  std::uint64_t fingerprint() const { return fingerprint_.value(); }
  std::size_t pending() const { return heap_.size() - (top_is_done_ ? 1 : 0); }

  // Asks the loop to stop after the present instant.
  void stop() { stopped_ = true; }
  bool stopped() const { return stopped_; }
  // The run ends at `at`, though the last event came earlier.
  void advance_to_end(Nanos at) { advance_to(at); }

 private:
  // order = late (1 bit) | micro-step (23) | class (3) | sequence (37: events of seven hours at five million
  // a second)
  static constexpr int sequence_bits = 37;
  static constexpr int micro_step_shift = sequence_bits + 3;
  static constexpr std::uint64_t late_bit = 1ull << 63;

  // By time, then by order: one number of 128 bits, compared without a branch, which would be guessed wrong
  // every other time.
  __extension__ using Key = unsigned __int128;
  static Key key_of(Nanos time, std::uint64_t order) {
    return static_cast<Key>(static_cast<std::uint64_t>(time)) << 64 | order;
  }
  struct What {
    EventHandler* handler;
    std::uint32_t kind;
    std::uint32_t argument;
  };
  struct Entry {
    Nanos time;
    std::uint64_t order;
    What what;

    Key key() const { return key_of(time, order); }
  };
  struct Post {
    OutboxHandler* handler;
    std::uint32_t kind;
    std::uint32_t argument;
  };
  struct Completion {
    EventHandler* handler;
    std::uint32_t kind;
    std::uint32_t argument;
  };

  void push(Nanos time, std::uint64_t order, What what) {
    if (top_is_done_) {
      // Most events schedule another: it goes in at the top, instead of one sift for each of them.
      top_is_done_ = false;
      sift_down(time, order, what);
    } else {
      heap_.emplace_back();
      sift_up(time, order, what);
    }
  }
  // These take the entry in registers: what is written to memory field by field and read as a whole right
  // away makes the processor wait.
  void sift_up(Nanos time, std::uint64_t order, What what);    // from the last place
  void sift_down(Nanos time, std::uint64_t order, What what);  // from the top
  static std::size_t least_of_four(const Entry* entry);
  void remove_top();
  void advance_to(Nanos at) {
    if (at != now_) {
      WEIR_ASSERT(at > now_, "simulated time runs backwards");
      now_ = at;
      micro_step_ = 0;
    }
  }
  void execute(EventHandler& handler, std::uint32_t kind, std::uint32_t argument);

  std::vector<Entry> heap_;   // 4-ary: half the levels of a binary heap, and children share cache lines
  bool top_is_done_ = false;  // the event at the top is the one being executed: nobody needs it any more
  std::vector<Post> outbox_;
  std::vector<Post> carrying_out_;
  std::vector<Completion> completions_;
  Nanos now_ = 0;
  std::uint64_t sequence_ = 0;
  std::uint32_t micro_step_ = 0;
  std::uint64_t executed_ = 0;
  Fingerprint fingerprint_;
  bool stopped_ = false;
};

}  // namespace weir

#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "models/workloads/nexmark/events.hpp"
#include "models/workloads/nexmark/key_places.hpp"
#include "models/workloads/nexmark/window_counts.hpp"

// What a query's keyed operator makes of its input: the law that turns a range of events into counts. It goes
// through the events of each generator once, in order, when the operator before the exchange sends them, and
// keeps only what ids that may still be named need. Everything else works on the counts.
//
//   events first … first + count - 1 ──evaluate──▶ Tally: by receiving instance, records, outputs, new keys
//                                                  WindowCounts: results of each window when it ends

namespace weir::nexmark {

// Consecutive events of one generator, at event times that run linearly.
struct Span {
  std::int64_t first;
  std::int64_t count;
  double first_ms;
  double step_ms;
  // Whole milliseconds, truncated. Times are multiples of a nanosecond: what is added only mends rounding.
  std::int64_t ms(std::int64_t index) const {
    return static_cast<std::int64_t>(first_ms + step_ms * static_cast<double>(index) + 1e-7);
  }
};

// Which events a source makes: all, or those of one kind (each number is then an event of that kind).
enum class Stream { all, persons, auctions, bids };

// By the instance that receives: of the events evaluated since the last clear().
struct Tally {
  explicit Tally(int receivers)
      : places(receivers),
        records(static_cast<std::size_t>(receivers), 0),
        outputs(static_cast<std::size_t>(receivers), 0),
        new_keys(static_cast<std::size_t>(receivers), 0) {}
  int place(std::int64_t key) const { return places.of(key); }
  void record(int receiver) { ++records[static_cast<std::size_t>(receiver)]; }
  void output(int receiver, std::int64_t count) { outputs[static_cast<std::size_t>(receiver)] += count; }
  void new_key(int receiver, std::int64_t count = 1) {
    new_keys[static_cast<std::size_t>(receiver)] += count;
  }
  void clear() {
    for (auto* counts : {&records, &outputs, &new_keys}) std::fill(counts->begin(), counts->end(), 0);
  }

  KeyPlaces places;
  std::vector<std::int64_t> records;
  std::vector<std::int64_t> outputs;   // at the records that cause them
  std::vector<std::int64_t> new_keys;  // in the state for ever
};

// Shared by the generators of a windowed query.
struct WindowLedger {
  WindowLedger(std::int64_t size, std::int64_t slide, int receivers)
      : size_ms(size), slide_ms(slide), results(receivers), state(receivers) {}
  // The first window that a time falls into, and the number of windows that it falls into.
  std::int64_t window_of(std::int64_t time_ms) const { return time_ms / slide_ms + 1; }
  std::int64_t windows_of_each() const { return size_ms / slide_ms; }

  std::int64_t size_ms;
  std::int64_t slide_ms;
  WindowCounts results;  // of window w, when it ends
  WindowCounts state;    // keys that window w is the last to need
  // Q7: the highest price of each of the latest windows, over all generators.
  struct Highest {
    std::int64_t window = 0;
    std::int64_t price = -1;
    std::uint32_t draw_from = 0;  // draws from here on have at least this price
    std::int64_t bids = 0;
    int place = 0;
  };
  std::deque<Highest> highest;
  std::set<std::pair<std::int64_t, std::uint32_t>> seen;  // windows and keys that several generators have
};

// How a query takes its events, chosen by its name.
struct LawChoice {
  std::string query;
  EventConfig events;
  std::int64_t window_ms = 10'000;
  std::int64_t slide_ms = 2'000;
  std::int64_t gap_ms = 10'000;
  // All source instances make the same events (DS2's do), so their keys are the same.
  bool replicated = false;
  // Records go to all instances alike, whatever their keys: without hot keys.
  bool balanced = false;
};

class QueryLaw {
 public:
  virtual ~QueryLaw() = default;
  // How many of these events pass the operator before the exchange.
  virtual std::int64_t passed(Stream stream, std::int64_t first, std::int64_t count) const = 0;
  // `windows`: of a windowed query.
  virtual void evaluate(Stream stream, const Span& span, Tally& tally, WindowLedger* windows) = 0;
  // The keys have gone to other instances.
  virtual void moved() {}
};

// What the law is like, by query.
struct LawTraits {
  bool windowed = false;
  bool processing_time = false;   // windows of the time at which records leave for the operator
  double passed_per_event = 1;    // of all events
  double outputs_per_record = 1;  // of the operator, in the long run
  double bytes_per_key = 0;       // of state
};
// nullptr: no keyed operator of this query has a law of its own.
const LawTraits* law_traits(const std::string& query);
std::vector<std::string> queries_with_law();
std::unique_ptr<QueryLaw> make_law(const LawChoice& choice, const EventLaw& events);
// The slide of a query's windows: tumbling ones' size.
std::int64_t slide_ms(const LawChoice& choice);

// What a law looks at, of all that can be chosen.
struct LawInputs {
  bool keys = true;        // where records go depends on keys
  bool event_time = true;  // when events happen
  bool windows = true;     // the size of windows
  bool slides = true;      // from one to the next
  bool sessions = true;    // the gap that ends them
  bool watermarks = true;  // how far sources have come
};
// Of a query with a law (law_traits); `keyed`: its keyed operator has that law, too.
LawInputs law_inputs(const std::string& query, bool keyed);

}  // namespace weir::nexmark

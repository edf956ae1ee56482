#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "sim/analyzer/log_record.hpp"
#include "sim/analyzer/pag.hpp"

// From the event log of one window to its program activity graph, as SnailTrail does it (NSDI 2018, section
// 5, and its published code).
//
//   records ──pair up messages──▶ timelines, one a worker ──unravel──▶ activities and messages ──close
//   gaps──▶ Pag
//
// 1. A window is a multiple of its size; each worker's timeline gets a bound at either end.
// 2. Activities may be nested: the one begun last is what the worker does. An end that fits no start ends
//    whatever has been going on since the record before; what never ends goes on to the end of the window. A
//    message splits the activity that it is sent or received in.
// 3. A gap between two things on a timeline that is shorter than gap_threshold_ns is closed: two activities
// meet in
//    the middle, an activity is stretched to a message; between two messages lies waiting if the first is
//    sent and the second received, else unknown. A longer gap is unknown, or waiting if it ends with
//    something received and began with an activity or something sent.
// 4. Messages pair up by (sender, correlator). A half whose other half is not in the window comes from its
// start,
//    or leads to its end; the bound of the other worker gets a record for it.
// 5. Waiting carries no path. Nor does a message that took longer than waiting_message_ns and was not waited
// for.
//
// What the publication leaves open, and what is done here:
//   * The published code puts the first bound 1 ns before the window, so that participations add up to 1 +
//   1e-9 for
//     windows of a second: lead_ns = 1 does the same, the default is 0.
//   * waiting_message_ns: the code's default is 0 (off), the configuration of its plots is 0.1 s, ours too.
//   * The code stops at a log that contradicts itself (two messages of one sender with one correlator, a
//   message
//     received before it was sent, …). Here what contradicts is left out and counted.

namespace weir::analyzer {

struct ConstructionOptions {
  Nanos window_ns = nanos_per_second;
  Nanos gap_threshold_ns = nanos_per_second;
  bool insert_waiting = true;
  Nanos waiting_message_ns = nanos_per_second / 10;  // 0: off
  Nanos lead_ns = 0;
};

// What a log held that is not in the graph.
struct LeftOut {
  std::int64_t duplicate_sends = 0;      // a second message with the same sender and correlator
  std::int64_t contradictions = 0;       // the halves of a message do not fit each other
  std::int64_t backward_messages = 0;    // received before they were sent
  std::int64_t incomplete_messages = 0;  // sent or received, but from or to nobody
  std::int64_t halves = 0;               // ST2: the other half is not in the epoch
  std::int64_t same_instants = 0;        // ST2: a second record of a worker at one instant
  std::int64_t steps_back = 0;           // earlier than the record before of the same worker: put in order
  std::int64_t total() const {
    return duplicate_sends + contradictions + backward_messages + incomplete_messages + halves +
           same_instants;
  }
  LeftOut& operator+=(const LeftOut& other) {
    duplicate_sends += other.duplicate_sends;
    contradictions += other.contradictions;
    backward_messages += other.backward_messages;
    incomplete_messages += other.incomplete_messages;
    halves += other.halves;
    same_instants += other.same_instants;
    steps_back += other.steps_back;
    return *this;
  }
};

// Those that are not 0, by what they are.
std::map<std::string, std::int64_t> in_words(const LeftOut& left_out);
// Of WindowCutter::late.
inline constexpr const char* late_records_words =
    "records that came when their window was done (more windows in flight would keep them)";

// Builds one graph after the other, reusing its memory.
class Construction {
 public:
  explicit Construction(const ConstructionOptions& options) : options_(options) {}

  // `records`: of the window number `epoch` (time_ns / window_ns), in any order; records of one worker and
  // one instant in the order in which they were logged. Consumed.
  void build(std::int64_t epoch, std::vector<LogRecord>& records, Pag& pag);

  const LeftOut& left_out() const { return left_out_; }  // of the graph built last

 private:
  struct Half {  // of a message
    std::int64_t sender;
    std::int64_t correlator;
    bool received;
    std::uint32_t record;
  };
  struct Link {
    std::int64_t from_worker;
    std::int64_t to_worker;
    std::uint64_t from_ns;
    std::uint64_t to_ns;
    Activity activity;
    std::int32_t operator_id;
    bool sent_before;  // the window
  };
  struct Item {  // on a timeline: an activity, or an instant at which a message is sent or received
    std::uint64_t begin_ns;
    std::uint64_t end_ns;
    std::int32_t operator_id;
    Activity activity;
    LogEvent event;        // of an instant; `start` for an activity
    bool goes_on = false;  // an activity that had begun before
    bool instant() const { return event != LogEvent::start; }
  };

  void add_bounds(std::vector<LogRecord>& records);
  void count_steps_back(const std::vector<LogRecord>& records);
  void pair_messages(const std::vector<LogRecord>& records);
  void pair_group(const std::vector<LogRecord>& records, std::size_t begin, std::size_t end);
  void unravel(const LogRecord* begin, const LogRecord* end);
  void add_activity(std::uint64_t from_ns, std::uint64_t to_ns, const LogRecord& of, bool goes_on);
  void close_gaps();
  void add_chain(Pag& pag, std::int64_t worker);
  void add_messages(Pag& pag);

  ConstructionOptions options_;
  LeftOut left_out_;
  std::unordered_map<std::int64_t, std::uint64_t> latest_ns_;  // by worker
  std::uint64_t first_ns_ = 0;
  std::uint64_t last_ns_ = 0;
  std::vector<Half> halves_;
  std::vector<Link> links_;
  std::vector<LogRecord> at_start_;  // halves whose other half is before the window, at the other worker
  std::vector<LogRecord> at_end_;
  std::vector<Item> items_;
  std::vector<Item> chain_;
  std::vector<LogRecord> open_;
};

}  // namespace weir::analyzer

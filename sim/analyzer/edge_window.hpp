#pragma once

#include <cstdint>
#include <vector>

#include "sim/analyzer/pag.hpp"

// A window of a trace that holds whole edges instead of events (weir's own): activities with begin and end,
// messages with both ends. From there to the graph there is nothing to guess:
//
//   * each worker's activities are one after the other; where there is none, the worker does not exist (yet,
//   or any
//     more), which counts as waiting;
//   * an activity is split where a message leaves or arrives; everything is clipped to the window;
//   * a message that took longer than waiting_message_ns, and that nobody waited for, carries no path, as in
//     construction.hpp.

namespace weir::analyzer {

struct EdgeWindow {
  struct Span {
    Nanos begin_ns = 0;
    Nanos end_ns = 0;
    Activity activity{};
    std::int32_t operator_id = no_operator;
    std::uint32_t records = 0;
  };
  struct Worker {
    std::int64_t id = 0;
    std::uint32_t first_span = 0;  // in spans; up to the next worker's first
  };
  struct Message {
    std::uint32_t from = 0;  // places in workers
    std::uint32_t to = 0;
    Nanos sent_ns = 0;
    Nanos received_ns = 0;
    Activity activity = Activity::data_message;
    std::int32_t operator_id = no_operator;
    std::uint32_t records = 0;
    std::uint32_t size_bytes = 0;  // 4 GiB - 1: that, or more
    // At that time it is under way, or still to come; one that takes no time is there in its instant.
    bool reaches(Nanos time_ns) const { return received_ns > time_ns || sent_ns >= time_ns; }
  };

  Nanos start_ns = 0;
  Nanos end_ns = 0;
  std::vector<Worker> workers;    // by id
  std::vector<Span> spans;        // by worker, then time; they overlap the window
  std::vector<Message> messages;  // that overlap the window, in any order

  void clear() {
    workers.clear();
    spans.clear();
    messages.clear();
  }
};

class EdgeConstruction {
 public:
  explicit EdgeConstruction(Nanos waiting_message_ns) : waiting_message_ns_(waiting_message_ns) {}
  void build(const EdgeWindow& window, Pag& pag);
  // Messages received before they were sent, in the window built last.
  std::int64_t backward_messages() const { return backward_messages_; }

 private:
  // Where a message touches a worker's timeline.
  struct Touch {
    Nanos time_ns;
    std::uint32_t message;
    bool leaves;
  };

  void collect_touches(const EdgeWindow& window);
  void add_chain(const EdgeWindow& window, std::size_t worker, Pag& pag);

  Nanos waiting_message_ns_;
  std::int64_t backward_messages_ = 0;
  std::vector<std::uint32_t> first_touch_;  // by worker
  std::vector<Touch> touches_;
  std::vector<std::uint32_t> from_vertex_;  // by message
  std::vector<std::uint32_t> to_vertex_;
};

}  // namespace weir::analyzer

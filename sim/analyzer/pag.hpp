#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "sim/kernel/time.hpp"
#include "sim/record/activity.hpp"

// A program activity graph (SnailTrail, NSDI 2018, section 3) of one window of time.
//
//   worker 0  ●━━━processing━━━●━━━━━waiting━━━━━●━━processing━━●
//                               ╲ message       ╱ message
//   worker 1  ●────waiting───────●━━processing━●─────waiting────●
//          start                                               end
//
// A vertex is a worker at an instant. A worker's vertices form a chain over the whole window: from each to
// the next leads one local edge, its activity; messages lead from one worker's chain to another's. Everything
// is clipped to the window. Every path from a start (a chain's first vertex) to an end (a chain's last) that
// does not wait is as long as the window: all of them are critical, for the moment.
// (Not so where a window is an epoch of an ST2 log: there chains begin with their worker's first record and
// end with its last.)

namespace weir::analyzer {

inline constexpr std::int32_t no_operator = -1;

struct Pag {
  // From vertex v to v + 1, at place v; at a chain's last vertex there is none (activity 0).
  struct Local {
    Activity activity{};
    bool goes_on = false;  // the edge before is the same activity: a message divides it
    std::int32_t operator_id = no_operator;
    std::uint32_t records =
        0;  // that the activity dealt with, at its last part; 0 too where a trace does not say
  };
  struct Message {
    std::uint32_t from = 0;  // vertices
    std::uint32_t to = 0;
    std::uint32_t from_chain = 0;
    Activity activity{};
    bool blocked = false;      // nobody waited for it: no path runs along it
    bool sent_before = false;  // the window
    std::int32_t operator_id = no_operator;
    // As it was; the vertices are clipped to the window.
    Nanos sent_ns = 0;
    Nanos received_ns = 0;
    std::uint32_t records = 0;  // in it; 0 too where a trace does not say
  };

  Nanos start_ns = 0;
  Nanos end_ns = 0;
  std::vector<std::int64_t> worker;        // of each chain, ascending
  std::vector<std::uint32_t> chain_first;  // vertex; one more than chains: the number of vertices at the end
  std::vector<Nanos> time_ns;              // of each vertex, ascending within a chain
  std::vector<Local> local;
  std::vector<Message> messages;             // by `to`
  std::vector<std::uint32_t> first_message;  // of those to vertex v; one more than vertices

  std::size_t chains() const { return worker.size(); }
  std::size_t vertices() const { return time_ns.size(); }
  // Local edges and messages.
  std::size_t edges() const { return vertices() - chains() + messages.size(); }
  Nanos duration_ns() const { return end_ns - start_ns; }
  void clear() {
    worker.clear();
    chain_first.clear();
    time_ns.clear();
    local.clear();
    messages.clear();
    first_message.clear();
  }
  // Sorts the messages by where they lead, once all are there.
  void index_messages();
  // What must hold of any graph, in words; empty if it does.
  const char* defect() const;
};

}  // namespace weir::analyzer

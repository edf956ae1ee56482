#pragma once

#include <cstdint>
#include <functional>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "sim/analyzer/pag.hpp"

// The one critical path through a whole trace: what led, without any waiting, to the last thing that was
// done. It is found backwards (Hollingsworth 1996; SnailTrail, NSDI 2018, section 2): a worker that was busy
// was busy with what it did before; a worker that had waited was woken by a message, and the path goes on
// where that was sent.
//
//   worker 0  ●━━━━━━━●─ waits ─●━━━━━● the end
//                      ╲       ╱
//   worker 1  ─ waits ──●━━━━━●
//
// A trace is longer than memory, and is only read forwards. So it is read twice, window by window:
//
//   learn(pag) …   for everything that a window may be left by (a worker that is busy at its end, a message
//                  under way) notes by what the path to it came into the window: four bytes each
//   choose()       where the path ends, and so by what it leaves every window
//   tell(pag) …    the same windows again: the pieces of the path, in the order of time
//
// Rules where there is a choice: the path ends with the worker that was busy last; among several, with the
// one whose path reaches back farthest, then with the first. A worker that was busy goes on being followed,
// whatever arrives meanwhile. Of several messages that end a waiting, the one sent last. Where a waiting ends
// and the trace does not say why, a path begins.

namespace weir::analyzer {

// Of a path: something that a worker did, or a message under way.
struct PathPiece {
  Nanos begin_ns = 0;
  Nanos end_ns = 0;
  std::int64_t worker = 0;      // who did it, or sent it
  std::int64_t to_worker = -1;  // who received it; -1: no message
  Activity activity{};
  std::int32_t operator_id = no_operator;

  bool same_as(const PathPiece& other) const {
    return worker == other.worker && to_worker == other.to_worker && activity == other.activity &&
           operator_id == other.operator_id;
  }
};

class CriticalPath {
 public:
  // All windows of a trace, in their order.
  void learn(const Pag& pag);
  // False if nobody ever did anything.
  bool choose();
  // The same windows in the same order; `on_piece` gets what the path consists of in the order of time,
  // neighbours of the same kind as one.
  void tell(const Pag& pag, const std::function<void(const PathPiece&)>& on_piece);
  // After the last window: the piece that was not finished.
  void end(const std::function<void(const PathPiece&)>& on_piece);

  Nanos begin_ns() const { return chosen_.begin_ns; }
  Nanos end_ns() const { return chosen_.end_ns; }
  // On the path, of which the trace does not say what for.
  Nanos waiting_ns() const { return chosen_.waiting_ns; }

 private:
  // What a path to some vertex comes into the window by: a place in the states of the window before, or
  static constexpr std::uint32_t begins = 0xffffffff;     // nothing: it begins in this window
  static constexpr std::uint32_t unknown = 0xfffffffe;    // not known yet
  static constexpr std::uint32_t following = 0xfffffffd;  // being followed

  // What a window may be left by: the last vertices of its chains, then its messages that arrive later.
  using MessageKey = std::tuple<std::int64_t, std::int64_t, Nanos, Nanos, Activity, std::int32_t>;
  struct States {
    Nanos end_ns = 0;
    std::vector<std::int64_t> worker;                        // ascending
    std::vector<std::pair<MessageKey, std::uint32_t>> sent;  // sorted
    std::vector<std::uint32_t> came_by;
    std::vector<Nanos> begin_ns;    // of the path to it
    std::vector<Nanos> waiting_ns;  // in the path to it
    std::vector<bool> waits;        // of each chain: whether it waited until then

    std::uint32_t of_worker(std::int64_t id) const;
    std::uint32_t of_message(const MessageKey& key) const;
  };
  struct Step {
    std::uint32_t vertex = 0;
    std::int64_t message = -1;  // in the graph; -1: along the worker's own timeline
    bool last = false;          // the path comes from outside, or begins
    std::uint32_t came_by = unknown;
    Nanos begin_ns = 0;
    Nanos waiting_ns = 0;
  };
  struct Chosen {
    std::size_t window = 0;
    std::uint32_t vertex = 0;
    Nanos begin_ns = 0;
    Nanos end_ns = -1;
    Nanos waiting_ns = never;
    std::uint32_t came_by = unknown;
  };

  void look_at(const Pag& pag);
  std::int64_t worker_at(std::uint32_t vertex) const;
  MessageKey key_of(const Pag::Message& message) const;
  Step step_from(std::uint32_t vertex) const;
  Step enter(std::uint32_t before, Nanos here_ns) const;
  // The n-th message by which a waiting may have ended at a vertex; -1: there is none.
  std::int64_t cause(std::uint32_t vertex, std::uint32_t n) const;
  bool first_of_chain(std::uint32_t vertex) const;
  bool woken(std::uint32_t vertex) const;
  void resolve(std::uint32_t vertex);
  void leave_circle(std::uint32_t& vertex);
  States states();
  void resolve_ends();
  void consider_ends();
  void follow(std::uint32_t vertex, std::vector<PathPiece>& pieces) const;
  void follow_message(const Pag::Message& message, std::vector<PathPiece>& pieces) const;
  void merge(const PathPiece& piece, const std::function<void(const PathPiece&)>& on_piece);

  const Pag* pag_ = nullptr;
  std::vector<std::uint32_t> came_by_;                         // of each vertex
  std::vector<Nanos> waiting_ns_;                              // in the path to each vertex
  std::vector<Nanos> begin_ns_;                                // of the path to each vertex
  std::vector<std::uint32_t> ends_;                            // the last of each chain that is not waiting
  std::vector<std::uint32_t> trail_;                           // vertices being followed
  std::unordered_map<std::uint32_t, std::uint32_t> given_up_;  // messages of a vertex that lead in circles
  States before_;
  bool any_window_ = false;
  std::vector<std::vector<std::uint32_t>> windows_;  // came_by of every state, window by window
  Chosen chosen_;
  std::vector<std::uint32_t> leaves_by_;  // the state by which the path leaves each window before the chosen
  std::size_t told_ = 0;                  // windows
  PathPiece piece_;
  bool has_piece_ = false;
};

}  // namespace weir::analyzer

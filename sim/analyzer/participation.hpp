#pragma once

#include <cstdint>
#include <vector>

#include "sim/analyzer/pag.hpp"
#include "sim/analyzer/path_count.hpp"

// Critical participation (SnailTrail, NSDI 2018, section 4): the share of all paths through a window,
// weighted by time, that runs along an edge.
//
//   c(e)  = (paths from any start to e's source) * (paths from e's target to any end)
//   CP(e) = c(e) * duration(e) / (N * duration of the window),     N: the number of paths
//
// An edge that waits carries no path. All CPs of a window add up to 1, if it has a path at all.
// Both counts are made in one pass over the graph in an order in which sources come first; the order is found
// by letting each worker's chain advance until it has to wait for a message that is not counted yet: linear
// in edges, nothing is sorted.

namespace weir::analyzer {

class Participation {
 public:
  // Counts. `pag` must stay as it is while this is used. A circle of messages that take no time is cut
  // (cut_messages), which a graph with a direction of time need not have.
  void count(const Pag& pag);

  bool has_path() const { return !paths_.zero(); }
  const PathCount& paths() const { return paths_; }
  std::size_t cut_messages() const { return cut_.size(); }

  // Paths along the local edge from vertex v, and along message m.
  bool local_open(std::uint32_t v) const { return !is_waiting(pag_->local[v].activity); }
  bool message_open(std::uint32_t m) const { return !pag_->messages[m].blocked && !is_cut(m); }
  // c(e) / N: in 0 to 1.
  double local_share(std::uint32_t v) const {
    return local_open(v) ? PathCount::share(forward_[v], backward_[v + 1], paths_) : 0;
  }
  double message_share(std::uint32_t m) const {
    const Pag::Message& message = pag_->messages[m];
    return message_open(m) ? PathCount::share(forward_[message.from], backward_[message.to], paths_) : 0;
  }

 private:
  // Vertices of one chain that were counted in one go.
  struct Run {
    std::uint32_t begin;
    std::uint32_t end;
  };

  void count_forward();
  void advance(std::uint32_t chain);
  std::uint32_t obstacle(std::uint32_t chain) const;
  void cut_one();
  void count_backward();
  void wait_for(std::uint32_t chain, std::uint32_t vertex, std::uint32_t its_chain);
  bool is_cut(std::uint32_t m) const;

  const Pag* pag_ = nullptr;
  PathCount paths_;
  std::vector<PathCount> forward_;
  std::vector<PathCount> backward_;
  std::vector<std::uint32_t> next_;  // of each chain: the first vertex that is not counted
  std::vector<Run> order_;
  std::vector<std::uint32_t> runnable_;  // chains
  struct Waiter {
    std::uint32_t vertex;
    std::uint32_t chain;
  };
  std::vector<std::vector<Waiter>> waiters_;     // by the chain that is waited for
  std::vector<std::uint32_t> first_waited_for_;  // the first vertex of each chain that somebody waits for
  std::vector<std::uint32_t> cut_;               // messages, ascending
};

}  // namespace weir::analyzer

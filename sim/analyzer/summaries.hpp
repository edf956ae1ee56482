#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "sim/analyzer/participation.hpp"
#include "sim/kernel/random.hpp"

// The four summaries of SnailTrail (NSDI 2018, section 6), of one window or of many:
//
//   activity        by what is done: edges of all kinds
//   straggler       by worker: its local edges
//   operator        by operator: local edges that work for it (processing, serialization, deserialization);
//                   in each window the mean over the workers that did such work in it
//   communication   by sender and receiver: messages
//
// Each row says how much it takes part in the paths (cp), and what two other methods would say:
//   conventional    its share of the time of all edges, waiting included: a profile
//   single_path     its share of one path, drawn at random (edge by edge, from a random start)
//
// Over several windows, a share is the mean over those that hold a path, each weighted by its length: the
// last one, and one that --from or --to cuts, may be shorter. A window in which a row has nothing counts as
// 0. Durations and edges are sums.

namespace weir::analyzer {

struct Shares {
  double cp = 0;
  double conventional = 0;
  double single_path = 0;
  double duration_s = 0;
  std::int64_t edges = 0;

  Shares& operator+=(const Shares& other) {
    cp += other.cp;
    conventional += other.conventional;
    single_path += other.single_path;
    duration_s += other.duration_s;
    edges += other.edges;
    return *this;
  }
};

struct WindowResult {
  std::int64_t epoch = 0;  // number of the window; of an ST2 log its epoch
  Nanos start_ns = 0;
  Nanos end_ns = 0;
  std::int64_t edges = 0;
  std::int64_t messages = 0;
  std::int64_t cut_messages = 0;
  PathCount paths;
  double cp_sum = 0;
};

class Summaries {
 public:
  struct Pair {
    std::int64_t from;
    std::int64_t to;
    auto operator<=>(const Pair&) const = default;
  };

  // Takes a window in, which `participation` has counted. `random`: for the single path.
  WindowResult add(const Pag& pag, const Participation& participation, RandomStream random);
  // Takes in what another one has seen.
  void merge(const Summaries& other);

  std::int64_t windows() const { return windows_; }  // that hold a path
  std::int64_t windows_without_path() const { return windows_without_path_; }

  // By means over the time of the windows with a path.
  std::map<Activity, Shares> by_activity() const;
  std::map<std::int64_t, Shares> by_worker() const;
  std::map<std::int32_t, Shares> by_operator() const;
  std::map<Pair, Shares> by_pair() const;

 private:
  void walk(const Pag& pag, RandomStream& random);
  void add_local_edges(const Pag& pag, const Participation& participation, double edges_ns,
                       WindowResult& result);
  void add_messages(const Pag& pag, const Participation& participation, double edges_ns,
                    WindowResult& result);

  // What the workers of one window did for an operator.
  struct OperatorWork {
    std::int32_t operator_id;
    Shares sum{};
    std::int64_t workers = 0;
    bool worked = false;  // the worker that is looked at
  };

  std::int64_t windows_ = 0;
  std::int64_t windows_without_path_ = 0;
  double windows_s_ = 0;  // how long those with a path are together
  // Sums over windows; shares times the length of their window.
  std::map<Activity, Shares> activity_;
  std::map<std::int64_t, Shares> worker_;
  std::map<std::int32_t, Shares> operator_;
  std::map<Pair, Shares> pair_;
  // Of one window, by place, so that nothing is looked up for an edge.
  std::vector<std::uint8_t> local_on_walk_;    // by vertex
  std::vector<std::uint8_t> message_on_walk_;  // by message
  std::vector<std::uint32_t> first_sent_;      // messages by where they come from: of vertex v
  std::vector<std::uint32_t> sent_;
  std::vector<Shares> by_sender_;
  std::vector<OperatorWork> operator_work_;
};

}  // namespace weir::analyzer

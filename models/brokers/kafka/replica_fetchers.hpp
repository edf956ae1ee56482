#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "sim/cluster/network.hpp"
#include "sim/kernel/calendar.hpp"

// How brokers get what they replicate: each from each other one by a connection of its own, for all
// partitions of all topics together, one answer at a time (num.replica.fetchers 1).
//
//   missing ─▶ waits for the answer on its way ─▶ network ─▶ thread of the follower ─▶ says so with its next
//   fetch

namespace weir::kafka {

struct Nodes;

class ReplicatedLog {
 public:
  struct Entries {
    double bytes = 0;
    std::int64_t records = 0;
  };
  // What the follower has not got yet, and gets now.
  virtual Entries take_missing(std::uint32_t follower) = 0;
  // The leader knows that the follower has what it took.
  virtual void got(std::uint32_t follower) = 0;

 protected:
  ~ReplicatedLog() = default;
};

class ReplicaFetchers final : EventHandler, DeliveryHandler {
 public:
  ReplicaFetchers(Nodes& nodes, std::uint32_t id);
  // A follower on one broker misses something that its leader on the other has. Once, until it was taken.
  void missing(int leader, int follower_node, ReplicatedLog& log, std::uint32_t follower);

 private:
  using Followers = std::vector<std::pair<ReplicatedLog*, std::uint32_t>>;
  struct Fetcher {
    int node = 0;  // the follower's
    int connection = -1;
    bool busy = false;
    Followers waiting, fetched;
  };
  void on_event(std::uint32_t kind, std::uint32_t fetcher) override;
  void on_delivery(std::uint32_t fetcher, Nanos first_ns, Nanos last_ns) override;
  void fetch(std::uint32_t fetcher);

  Nodes& nodes_;
  std::map<std::pair<int, int>, std::uint32_t> by_nodes_;  // leader's, follower's
  std::vector<Fetcher> fetchers_;
};

}  // namespace weir::kafka

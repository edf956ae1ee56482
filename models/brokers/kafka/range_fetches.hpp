#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "models/brokers/kafka/nodes.hpp"
#include "models/brokers/kafka/topic_log.hpp"
#include "sim/cluster/network.hpp"
#include "sim/dataflow/broker.hpp"
#include "sim/kernel/calendar.hpp"

// Ranges of partitions that are there, brought to whoever asks: as a consumer that sought to an offset polls.
//
//   request ─▶ thread of the leader ─▶ as much as the limits allow: page cache, or disk ─▶ network ─▶
//      ▲                                                                                        │ more?
//      └────────────────────────────────────────────────────────────────────────────────────────┘

namespace weir::kafka {

class RangeFetches final : EventHandler, DeliveryHandler {
 public:
  // `done`: all records of the range are there; by its cookie.
  RangeFetches(Nodes& nodes, const TopicLog& log, std::uint32_t id,
               std::function<void(std::uint32_t cookie, std::int64_t records)> done);

  void begin(const TopicRange& range, int to_host, std::uint32_t cookie);
  // That are asked for and not there yet.
  std::int64_t records() const;

 private:
  struct Fetch {
    bool used = false;
    TopicRange range;
    std::uint32_t cookie = 0;
    int node = 0;
    int connection = -1;
    std::int64_t left_records = 0;
    double left_bytes = 0;
    std::int64_t answer_records = 0;
    double answer_bytes = 0;
  };
  enum Kind : std::uint32_t { at_broker = 1, looked_at = 2, answer_ready = 3 };

  void on_event(std::uint32_t kind, std::uint32_t fetch) override;
  void on_delivery(std::uint32_t fetch, Nanos first_ns, Nanos last_ns) override;
  void ask(std::uint32_t fetch);
  void answer(std::uint32_t fetch);
  void send(std::uint32_t fetch);
  int connection(int node, int to_host);

  Nodes& nodes_;
  const TopicLog& log_;
  std::function<void(std::uint32_t, std::int64_t)> done_;
  std::vector<Fetch> fetches_;
  std::vector<std::uint32_t> free_;
  std::map<std::pair<int, int>, int> connections_;  // by node and host
};

}  // namespace weir::kafka

#pragma once

#include <vector>

#include "models/brokers/kafka/params.hpp"
#include "models/brokers/kafka/servers.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/kernel/calendar.hpp"

// The brokers of one Kafka, each on a host of its own, and what everything of it works with.

namespace weir::kafka {

struct BrokerNode {
  BrokerNode(int on, int threads) : host(on), io(threads) {}
  int host;
  Servers io;
  Servers disk{1};
  double written_bytes = 0;  // of all partitions that it has
  double disk_read_bytes = 0;
};

struct Nodes {
  Calendar& calendar;
  Cluster& cluster;
  const KafkaParams& params;
  std::vector<BrokerNode> all;

  // When a thread of the node has dealt with a request that carries so many bytes.
  Nanos request_done_ns(int node, double bytes) {
    const double length_us = params.request_us + params.request_per_mb_us * bytes * 1e-6;
    return all[static_cast<std::size_t>(node)].io.serve(calendar.now(), to_nanos(length_us * 1e-6));
  }
};

}  // namespace weir::kafka

#pragma once

#include <algorithm>
#include <memory>
#include <vector>

#include "models/brokers/kafka/params.hpp"
#include "models/brokers/kafka/replica_fetchers.hpp"
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
  std::unique_ptr<ReplicaFetchers> replicas = nullptr;

  // When a thread of the node has dealt with a request that carries so many bytes.
  Nanos request_done_ns(int node, double bytes) {
    const double length_us = params.request_us + params.request_per_mb_us * bytes * 1e-6;
    return all[static_cast<std::size_t>(node)].io.serve(calendar.now(), to_nanos(length_us * 1e-6));
  }
  // When an answer of the node can be sent, of whose bytes so many come from its disk; now, if nothing holds
  // it up.
  Nanos answer_ready_ns(int node, double bytes, double from_disk_bytes) {
    BrokerNode& of = all[static_cast<std::size_t>(node)];
    Nanos ready_ns = calendar.now();
    if (params.request_per_mb_us > 0)
      ready_ns = of.io.serve(calendar.now(), to_nanos(params.request_per_mb_us * 1e-12 * bytes));
    if (from_disk_bytes > 0) {
      of.disk_read_bytes += from_disk_bytes;
      ready_ns = std::max(
          ready_ns,
          of.disk.serve(calendar.now(), to_nanos(from_disk_bytes / (params.disk_read_mb_per_s * 1e6))));
    }
    return ready_ns;
  }
  // Whether what its leader wrote when it had written so much has left the page cache.
  bool left_page_cache(int node, double written_bytes) const {
    return all[static_cast<std::size_t>(node)].written_bytes - written_bytes > params.page_cache_mb * 1e6;
  }
};

}  // namespace weir::kafka

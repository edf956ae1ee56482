#include "models/brokers/kafka/replica_fetchers.hpp"

#include "models/brokers/kafka/nodes.hpp"

namespace weir::kafka {

ReplicaFetchers::ReplicaFetchers(Nodes& nodes, std::uint32_t id) : nodes_(nodes) {
  handler_id = id;
}

void ReplicaFetchers::missing(int leader, int follower_node, ReplicatedLog& log, std::uint32_t follower) {
  const auto [at, added] =
      by_nodes_.try_emplace({leader, follower_node}, static_cast<std::uint32_t>(fetchers_.size()));
  if (added) {
    Fetcher& fetcher = fetchers_.emplace_back();
    fetcher.node = follower_node;
    fetcher.connection = nodes_.cluster.network().connect(
        nodes_.all[static_cast<std::size_t>(leader)].host,
        nodes_.all[static_cast<std::size_t>(follower_node)].host, TrafficClass::data, *this);
  }
  fetchers_[at->second].waiting.push_back({&log, follower});
  if (!fetchers_[at->second].busy) fetch(at->second);
}

void ReplicaFetchers::fetch(std::uint32_t number) {
  Fetcher& fetcher = fetchers_[number];
  fetcher.busy = true;
  fetcher.fetched.clear();
  fetcher.fetched.swap(fetcher.waiting);
  ReplicatedLog::Entries all;
  for (const auto& [log, follower] : fetcher.fetched) {
    const ReplicatedLog::Entries entries = log->take_missing(follower);
    all.bytes += entries.bytes;
    all.records += entries.records;
  }
  nodes_.all[static_cast<std::size_t>(fetcher.node)].written_bytes += all.bytes;
  const Nanos now = nodes_.calendar.now();
  nodes_.cluster.network().send(fetcher.connection, all.bytes, now, now, number, all.records);
}

// It writes what came, and says so with its next fetch.
void ReplicaFetchers::on_delivery(std::uint32_t number, Nanos, Nanos) {
  const Fetcher& fetcher = fetchers_[number];
  const Nanos there_ns = nodes_.cluster.network().latency_ns(fetcher.connection);
  nodes_.calendar.schedule(nodes_.request_done_ns(fetcher.node, 0) + there_ns, EventClass::arrival, *this, 0,
                           number);
}

void ReplicaFetchers::on_event(std::uint32_t, std::uint32_t number) {
  // What the followers have may make others miss something.
  const Followers fetched = std::move(fetchers_[number].fetched);
  for (const auto& [log, follower] : fetched) log->got(follower);
  fetchers_[number].busy = false;
  if (!fetchers_[number].waiting.empty()) fetch(number);
}

}  // namespace weir::kafka

#include "models/brokers/kafka/topic_log.hpp"

#include <algorithm>

namespace weir::kafka {

TopicLog::TopicLog(Nodes& nodes, const TopicParams& params, std::uint32_t id) : nodes_(nodes) {
  handler_id = id;
  const auto brokers = static_cast<int>(nodes.all.size());
  partitions_.resize(static_cast<std::size_t>(params.partitions));
  for (int i = 0; i < params.partitions; ++i) {
    Partition& partition = partitions_[static_cast<std::size_t>(i)];
    partition.leader = i % brokers;
    for (int replica = 1; replica < params.replication; ++replica) {
      Follower follower;
      follower.partition = i;
      follower.node = (i + replica) % brokers;
      follower.connection = nodes.cluster.network().connect(
          nodes.all[static_cast<std::size_t>(partition.leader)].host,
          nodes.all[static_cast<std::size_t>(follower.node)].host, TrafficClass::data, *this);
      partition.followers.push_back(static_cast<std::uint32_t>(followers_.size()));
      followers_.push_back(follower);
    }
  }
}

void TopicLog::append(int partition, const Batch& batch, AppendHandler& producer, std::uint32_t request) {
  Partition& to = partitions_[static_cast<std::size_t>(partition)];
  BrokerNode& leader = nodes_.all[static_cast<std::size_t>(to.leader)];
  leader.written_bytes += static_cast<double>(batch.size_bytes);
  to.pending.push_back({batch, leader.written_bytes, &producer, request});
  ++to.appended;
  to.pending_records += batch.count;
  appended_records_ += batch.count;
  producer.appended(request);
  for (const std::uint32_t follower : to.followers) replicate(follower);
  advance(partition);
}

// A follower always has a fetch waiting at the leader.
void TopicLog::replicate(std::uint32_t number) {
  Follower& follower = followers_[number];
  Partition& from = partitions_[static_cast<std::size_t>(follower.partition)];
  if (follower.busy || follower.has == from.appended) return;
  double bytes = 0;
  std::int64_t records = 0;
  for (std::int64_t entry = follower.has; entry < from.appended; ++entry) {
    const Batch& batch = from.pending[static_cast<std::size_t>(entry - from.visible)].batch;
    bytes += static_cast<double>(batch.size_bytes);
    records += batch.count;
  }
  follower.busy = true;
  follower.gets = from.appended;
  nodes_.all[static_cast<std::size_t>(follower.node)].written_bytes += bytes;
  const Nanos now = nodes_.calendar.now();
  nodes_.cluster.network().send(follower.connection, bytes, now, now, number, records);
}

// It writes what came, and says so with its next fetch.
void TopicLog::on_delivery(std::uint32_t number, Nanos, Nanos) {
  const Follower& follower = followers_[number];
  const Nanos there_ns = nodes_.cluster.network().latency_ns(follower.connection);
  nodes_.calendar.schedule(nodes_.request_done_ns(follower.node, 0) + there_ns, EventClass::arrival, *this, 0,
                           number);
}

void TopicLog::on_event(std::uint32_t, std::uint32_t number) {
  Follower& follower = followers_[number];
  follower.has = follower.gets;
  follower.busy = false;
  advance(follower.partition);
  replicate(number);
}

void TopicLog::advance(int number) {
  Partition& partition = partitions_[static_cast<std::size_t>(number)];
  std::int64_t all_have = partition.appended;
  for (const std::uint32_t follower : partition.followers)
    all_have = std::min(all_have, followers_[follower].has);
  for (; partition.visible < all_have; ++partition.visible) {
    const Entry entry = partition.pending.front();
    partition.pending.pop_front();
    partition.pending_records -= entry.batch.count;
    entry.producer->replicated(entry.request);
    for (LogReader* reader : readers_) reader->became_visible(number, entry.batch, entry.written_bytes);
  }
}

std::int64_t TopicLog::pending_records() const {
  std::int64_t records = 0;
  for (const Partition& partition : partitions_) records += partition.pending_records;
  return records;
}

}  // namespace weir::kafka

#include "models/brokers/kafka/topic_log.hpp"

#include <algorithm>
#include <utility>

namespace weir::kafka {

TopicLog::TopicLog(Nodes& nodes, const TopicParams& params) : nodes_(nodes) {
  const auto brokers = static_cast<int>(nodes.all.size());
  partitions_.resize(static_cast<std::size_t>(params.partitions));
  for (int i = 0; i < params.partitions; ++i) {
    Partition& partition = partitions_[static_cast<std::size_t>(i)];
    partition.leader = i % brokers;
    for (int replica = 1; replica < params.replication; ++replica) {
      Follower follower;
      follower.partition = i;
      follower.node = (i + replica) % brokers;
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
  for (const std::uint32_t number : to.followers) {
    Follower& follower = followers_[number];
    if (!std::exchange(follower.told, true))
      nodes_.replicas->missing(to.leader, follower.node, *this, number);
  }
  advance(partition);
}

ReplicatedLog::Entries TopicLog::take_missing(std::uint32_t number) {
  Follower& follower = followers_[number];
  const Partition& from = at(follower.partition);
  Entries entries;
  for (std::int64_t entry = follower.gets; entry < from.appended; ++entry) {
    const Batch& batch = from.pending[static_cast<std::size_t>(entry - from.visible)].batch;
    entries.bytes += static_cast<double>(batch.size_bytes);
    entries.records += batch.count;
  }
  follower.gets = from.appended;
  follower.told = false;
  return entries;
}

void TopicLog::got(std::uint32_t number) {
  Follower& follower = followers_[number];
  follower.has = follower.gets;
  advance(follower.partition);
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

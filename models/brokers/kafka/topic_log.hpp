#pragma once

#include <cstdint>
#include <vector>

#include "models/brokers/kafka/nodes.hpp"
#include "models/brokers/kafka/replica_fetchers.hpp"
#include "sim/dataflow/batch.hpp"
#include "sim/dataflow/ring.hpp"

// The partitions of one topic.
//
//   append ─▶ leader's log ─▶ followers fetch what they miss (ReplicaFetchers) ─▶ all have it: visible
//
// Partition i is led by broker i modulo their number, and the next ones follow it. What consumers see is what
// all replicas have (the high watermark). No broker fails, so all replicas are in sync.

namespace weir::kafka {

class AppendHandler {
 public:
  // One batch of the request is in the leader's log; all replicas have it.
  virtual void appended(std::uint32_t request) = 0;
  virtual void replicated(std::uint32_t request) = 0;

 protected:
  ~AppendHandler() = default;
};

class LogReader {
 public:
  // `written_bytes`: what the partition's leader had written when this was: tells how old it is.
  virtual void became_visible(int partition, const Batch& batch, double written_bytes) = 0;

 protected:
  ~LogReader() = default;
};

class TopicLog final : ReplicatedLog {
 public:
  TopicLog(Nodes& nodes, const TopicParams& params);

  int partitions() const { return static_cast<int>(partitions_.size()); }
  int leader(int partition) const { return at(partition).leader; }
  void append(int partition, const Batch& batch, AppendHandler& producer, std::uint32_t request);
  // Told of everything from then on.
  void subscribe(LogReader& reader) { readers_.push_back(&reader); }

  std::int64_t appended_records() const { return appended_records_; }
  // That are not visible yet.
  std::int64_t pending_records(int partition) const { return at(partition).pending_records; }
  std::int64_t pending_records() const;

 private:
  struct Entry {
    Batch batch;
    double written_bytes = 0;
    AppendHandler* producer = nullptr;
    std::uint32_t request = 0;
  };
  struct Follower {
    int partition = 0;
    int node = 0;
    std::int64_t has = 0;   // entries
    std::int64_t gets = 0;  // and these, with the answer that is on its way
    bool told = false;      // that something is missing
  };
  struct Partition {
    int leader = 0;
    std::vector<std::uint32_t> followers;
    Ring<Entry> pending;                     // that not all have
    std::int64_t visible = 0, appended = 0;  // entries
    std::int64_t pending_records = 0;
  };

  const Partition& at(int partition) const { return partitions_[static_cast<std::size_t>(partition)]; }
  Entries take_missing(std::uint32_t follower) override;
  void got(std::uint32_t follower) override;
  void advance(int partition);

  Nodes& nodes_;
  std::vector<Partition> partitions_;
  std::vector<Follower> followers_;
  std::vector<LogReader*> readers_;
  std::int64_t appended_records_ = 0;
};

}  // namespace weir::kafka

#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "models/engines/spark/executors.hpp"
#include "models/engines/spark/params.hpp"
#include "sim/cluster/network.hpp"
#include "sim/dataflow/broker.hpp"
#include "sim/dataflow/job.hpp"
#include "sim/dataflow/ring.hpp"
#include "sim/kernel/calendar.hpp"

// What came in and belongs to no batch yet.
//
//   receiver:  source ─▶ network ─▶ [block every 200 ms] ─▶ copy on a second host ─▶ block: a task
//   file:      source ─▶ directory, one file for each record ──────────────────────▶ file: a task
//   direct:    source ─▶ partitions of a topic ────────────────────────────────────▶ partition: a task
//
// A topic is the one of a broker that the source reads: then a batch knows offsets, and its tasks fetch what
// is between them from the brokers. Without one, partitions are dealt records in turn.
//
// With backpressure no more is taken than the rate allows; the rest stays outside.

namespace weir::spark {

// Records that a task reads, and where they are; -1: nowhere in the cluster, or at once. A copy is on
// `second_host`.
struct Piece {
  Batch batch;
  int host = -1;
  int second_host = -1;
  int partition = -1;        // of a broker's topic, from which it has to be fetched
  double written_bytes = 0;  // RangeReader::readable
  // ---- where workers may fail
  static constexpr int gone = -2;
  int maker = -1;     // of what came over a shuffle, the task that sent it: it is where that ran last
  int executor = -1;  // of a block, who has it: -1 of anything else, gone if nobody has it any more
  int second_executor = -1;
};
// Of one task.
using Pieces = std::vector<Piece>;
// An executor is lost. Whether it was the last one that had the piece, which is a block.
bool lose_copy(Piece& piece, int executor);

class Inputs final : EventHandler, DeliveryHandler {
 public:
  // `host`: from which receivers get their stream, of the file server, or of the broker; -1: not in the
  // cluster.
  Inputs(Calendar& calendar, std::uint32_t id, const SparkParams& params, FidelitySpec fidelity, int host);

  void deploy(Job& job, const Executors& executors);
  // A receiver runs on this core, from now on.
  void place_receiver(int source, int index, int slot);
  void receive(const Channel& channel, const Batch& batch);
  // The input of the tasks of the batch of now, for this edge from a source. With partitions of a topic, some
  // may be empty.
  std::vector<Pieces> take(int edge, Nanos batch_interval_ns);
  // Begins to bring what a task reads from brokers to its host, for the first time or once more; returns how
  // often `on_fetched` will be told of it.
  std::uint32_t fetch(const Pieces& task, int to_host, std::uint32_t slot, bool again);
  std::function<void(std::uint32_t slot)> on_fetched;
  // What a source may take in from now on; with receivers, this one of them.
  void limit(int source, int index, double rate_per_s);
  // ---- where workers may fail
  // Blocks that this executor alone had, and those that were being copied: calls lost(block) for each.
  void lose_blocks(int executor, const std::function<void(Pieces&)>& lost);
  // A receiver stops, with what it has taken in and is no block yet. What comes to it waits outside until it
  // is placed again.
  void stop_receiver(int source, int index, const std::function<void(Pieces&)>& lost);
  // How many files are in the directories now.
  std::int64_t files_listed();

  template <class See>
  void for_each_held(See&& see) const {
    for (const Stream& stream : streams_) {
      for (const Instance& instance : stream.instances)
        for (std::size_t i = 0; i < instance.waiting.size(); ++i) see(instance.waiting[i]);
      for (const Instance& instance : stream.instances)
        for (std::size_t i = 0; i < instance.coming.size(); ++i) see(instance.coming[i]);
      for (const Instance& instance : stream.instances)
        for (std::size_t i = 0; i < instance.outside.size(); ++i) see(instance.outside[i]);
      for (const Partition& partition : stream.partitions)
        for (std::size_t i = 0; i < partition.waiting.size(); ++i) see(partition.waiting[i].batch);
      for (const Pieces& block : stream.stored)
        for (const Piece& piece : block) see(piece.batch);
    }
    for (const auto& [number, storing] : storing_)
      for (const Piece& piece : storing.block) see(piece.batch);
  }

 private:
  // What became readable in a topic, and is about to be emitted by the source's instance, in this order.
  struct Offsets {
    int partition = 0;
    std::int64_t records = 0;
    double written_bytes = 0;
  };
  struct Instance {
    Ring<Batch> waiting;
    Ring<Batch> coming;   // over the network to a receiver
    Ring<Batch> outside;  // of a receiver that is stopped
    bool stopped = false;
    int connection = -1;
    std::uint32_t receiver = 0;  // which of receivers_ it is now
    int host = -1;
    int executor = -1;  // of a receiver
    std::optional<double> rate_per_s;
    double allowance = 0;  // of records, below one
    Ring<Offsets> offsets;
    std::int64_t waiting_records() const {
      std::int64_t records = 0;
      for (std::size_t i = 0; i < waiting.size(); ++i) records += waiting[i].count;
      return records;
    }
  };
  // Of a topic.
  struct Partition {
    Ring<Piece> waiting;
    std::int64_t records = 0;
    double allowance = 0;  // of records, below one
  };
  // Who tells of the topic that one source reads.
  class Topic final : public RangeReader {
   public:
    Topic(Inputs& inputs, std::size_t stream) : inputs_(inputs), stream_(stream) {}
    void readable(int index, int partition, std::int64_t records, double written_bytes) override {
      inputs_.streams_[stream_].instances[static_cast<std::size_t>(index)].offsets.push_back(
          {partition, records, written_bytes});
    }
    void fetched(std::uint32_t slot) override { inputs_.on_fetched(slot); }

   private:
    Inputs& inputs_;
    std::size_t stream_;
  };
  // Of one source.
  struct Stream {
    int source = -1;
    TopicReader* topic = nullptr;
    std::unique_ptr<Topic> told;
    std::vector<Partition> partitions;
    std::vector<Instance> instances;
    std::vector<Pieces> stored;  // blocks
    std::optional<double> rate_per_s;
    int next_partition = 0;
    Ring<Nanos> file_came_ns;  // one entry for each batch, with
    Ring<std::int64_t> files;  // so many files
    std::int64_t listed = 0;
  };
  struct Storing {
    std::size_t stream = 0;
    Pieces block;
  };
  void on_event(std::uint32_t kind, std::uint32_t stream) override;
  void on_delivery(std::uint32_t number, Nanos first_ns, Nanos last_ns) override;
  void connect_receiver(std::size_t stream, std::size_t index);
  void take_in(Stream& stream, Instance& instance, const Batch& batch);
  void arrived(std::uint32_t instance);
  void note_offsets(Stream& stream, Instance& instance, Batch batch);
  std::vector<Pieces> take_ranges(Stream& stream, Nanos batch_interval_ns);
  void close_blocks(Stream& stream);
  void store(Stream& stream, Pieces block);
  Pieces take_from(Instance& instance, std::int64_t& records) const;
  std::vector<Pieces> take_files(Stream& stream);
  std::vector<Pieces> take_partitions(Stream& stream, Nanos batch_interval_ns);
  int other_host(int host) const;
  Stream& stream_of(int source) { return streams_[stream_of_[static_cast<std::size_t>(source)]]; }

  Calendar& calendar_;
  const SparkParams& params_;
  FidelitySpec fidelity_;
  int host_;
  Nanos block_interval_ns_;
  Job* job_ = nullptr;
  const Executors* executors_ = nullptr;
  std::vector<Stream> streams_;         // by source
  std::vector<std::size_t> stream_of_;  // by operator
  std::vector<int> hosts_;              // with executors, each once
  std::map<std::pair<int, int>, int> connections_;
  std::vector<std::pair<std::size_t, std::size_t>> receivers_;  // stream and instance, with a network before
  std::map<std::uint32_t, Storing> storing_;
  std::uint32_t next_block_ = 0;
};

}  // namespace weir::spark

#pragma once

#include <map>
#include <optional>
#include <vector>

#include "models/engines/spark/params.hpp"
#include "sim/cluster/network.hpp"
#include "sim/dataflow/job.hpp"
#include "sim/dataflow/ring.hpp"
#include "sim/kernel/calendar.hpp"

// What came in and belongs to no batch yet.
//
//   receiver:  source ─▶ [block every 200 ms] ─▶ copy on a second host ─▶ block: a task
//   file:      source ─▶ directory, one file for each record ──────────▶ file: a task
//   direct:    source ─▶ partitions of a topic ────────────────────────▶ partition: a task
//
// With backpressure no more is taken than the rate allows; the rest stays outside.

namespace weir::spark {

// Records that a task reads, and where they are; -1: nowhere in the cluster, or at once. A copy is on
// `second_host`.
struct Piece {
  Batch batch;
  int host = -1;
  int second_host = -1;
};
// Of one task.
using Pieces = std::vector<Piece>;

class Inputs final : EventHandler, DeliveryHandler {
 public:
  // `host`: of the file server or the broker; -1: not in the cluster.
  Inputs(Calendar& calendar, std::uint32_t id, const SparkParams& params, FidelitySpec fidelity, int host);

  void deploy(Job& job);
  void receive(const Channel& channel, const Batch& batch);
  // The input of the tasks of the batch of now, for this edge from a source. With partitions of a topic, some
  // may be empty.
  std::vector<Pieces> take(int edge, Nanos batch_interval_ns);
  // What the source may take in from now on.
  void limit(int source, double rate_per_s);
  // How many files are in the directories now.
  std::int64_t files_listed();

  template <class See>
  void for_each_held(See&& see) const {
    for (const Stream& stream : streams_) {
      for (const Instance& instance : stream.instances)
        for (std::size_t i = 0; i < instance.waiting.size(); ++i) see(instance.waiting[i]);
      for (const Pieces& block : stream.stored)
        for (const Piece& piece : block) see(piece.batch);
    }
    for (const auto& [number, storing] : storing_)
      for (const Piece& piece : storing.block) see(piece.batch);
  }

 private:
  struct Instance {
    Ring<Batch> waiting;
    int host = -1;
  };
  // Of one source.
  struct Stream {
    int source = -1;
    std::vector<Instance> instances;
    std::vector<Pieces> stored;  // blocks
    std::optional<double> rate_per_s;
    double allowance = 0;  // of records, below one
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
  void close_blocks(Stream& stream);
  void store(Stream& stream, Pieces block);
  std::int64_t allowed(Stream& stream, Nanos span_ns) const;
  Pieces take_from(Instance& instance, std::int64_t& records) const;
  std::vector<Pieces> take_files(Stream& stream);
  std::vector<Pieces> take_partitions(Stream& stream, Nanos batch_interval_ns);
  int other_host(int host) const;

  Calendar& calendar_;
  const SparkParams& params_;
  FidelitySpec fidelity_;
  int host_;
  Nanos block_interval_ns_;
  Job* job_ = nullptr;
  std::vector<Stream> streams_;         // by source
  std::vector<std::size_t> stream_of_;  // by operator
  std::vector<int> hosts_;              // with executors, each once
  std::map<std::pair<int, int>, int> connections_;
  std::map<std::uint32_t, Storing> storing_;
  std::uint32_t next_block_ = 0;
};

}  // namespace weir::spark

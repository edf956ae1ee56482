#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "models/brokers/kafka/nodes.hpp"
#include "models/brokers/kafka/producers.hpp"
#include "models/brokers/kafka/range_fetches.hpp"
#include "models/brokers/kafka/topic_log.hpp"
#include "sim/dataflow/broker.hpp"

// The instances of a source as one consumer group, partitions assigned by range.
//
//   fetch ─▶ thread of the broker ─ fetch_min_bytes there? ─▶ answer: page cache, or disk ─▶ network ─▶
//   source
//                                 └ no: waits, at most fetch_wait_max ┘
//
// A consumer has one fetch at each broker that leads partitions of its own, and asks for more when it has
// begun with the last record that it has (or has dealt with it).
//
// Or the source is read by ranges (RangeReader): what is visible is given to it at once, and brought by
// RangeFetches when and where it is asked for.

namespace weir::kafka {

class ConsumerGroup final : public TopicReader, LogReader, EventHandler, DeliveryHandler {
 public:
  // `outside`: who writes what the source's arrivals make.
  ConsumerGroup(Nodes& nodes, TopicLog& log, std::uint32_t id, Job& job, int operator_id,
                std::unique_ptr<Producers> outside);

  void arrived(int index, const Batch& batch) override;
  void deployed() override;
  void took_all(const Instance& instance) override;
  void dealt_with_all(const Instance& instance) override;
  std::int64_t waiting_records(int index) const override;
  int partitions() const override { return log_.partitions(); }
  void read_by_ranges(RangeReader& reader) override;
  void fetch(const TopicRange& range, int to_host, std::uint32_t cookie) override;

  // "job.source"
  std::string reader_name() const;
  const Producers& outside() const { return *outside_; }
  std::int64_t read_records() const { return read_records_; }
  std::int64_t unread_records() const;  // visible, and not at the source or a task yet
  // What it has seen of the log, and what it did with it; empty if that adds up.
  std::string check() const;

 private:
  struct Waiting {
    Batch batch;
    double first_written_bytes = 0, written_bytes = 0;  // of its first and its last part
  };
  struct Partition {
    Ring<Waiting> unread;
    double unread_bytes = 0;
    std::int64_t unread_records = 0;
    std::uint32_t fetcher = 0;
  };
  enum class State { idle, asked, waits, answered };
  struct Fetcher {
    int reader = 0;
    int node = 0;
    int connection = -1;
    State state = State::idle;
    Nanos wait_until_ns = 0;
    bool travels = false;  // the answer is on the network
    std::vector<int> partitions;
    std::size_t first = 0;  // of them, whose turn it is
    std::vector<Batch> answer;
    double answer_bytes = 0;
    std::int64_t answer_records = 0;
  };
  struct Reader {
    Instance* instance = nullptr;
    int host = -1;
    std::vector<std::uint32_t> fetchers;
  };
  enum Kind : std::uint32_t {
    at_broker = 1,
    looked_at = 2,
    wait_over = 3,
    answer_ready = 4,
    empty_answer = 5
  };

  void assign();
  void give(int partition, const Batch& batch, double written_bytes);
  void became_visible_to_group(int partition, const Batch& batch, double written_bytes);
  void ask(const Reader& reader);
  bool wants(const Reader& reader) const;
  bool has_enough(const Fetcher& fetcher) const;
  void answer(std::uint32_t fetcher);
  double collect(Fetcher& fetcher);
  void send(std::uint32_t fetcher);
  void became_visible(int partition, const Batch& batch, double written_bytes) override;
  void on_event(std::uint32_t kind, std::uint32_t fetcher) override;
  void on_delivery(std::uint32_t fetcher, Nanos first_ns, Nanos last_ns) override;
  Nanos latency_ns(const Fetcher& fetcher) const;

  Nodes& nodes_;
  TopicLog& log_;
  Job& job_;
  int operator_id_;
  std::unique_ptr<Producers> outside_;
  std::vector<Partition> partitions_;
  std::vector<Reader> readers_;
  std::vector<Fetcher> fetchers_;
  std::int64_t seen_records_ = 0;  // that became visible
  std::int64_t read_records_ = 0;  // that came to the source
  // Where the source is read by ranges, instead of fetchers; and whose instance a partition's records are.
  RangeReader* range_reader_ = nullptr;
  std::unique_ptr<RangeFetches> range_fetches_;
  std::vector<int> reader_of_;
};

}  // namespace weir::kafka

#pragma once

#include <cstdint>
#include <vector>

#include "models/brokers/kafka/nodes.hpp"
#include "models/brokers/kafka/topic_log.hpp"
#include "sim/dataflow/broker.hpp"

// The producers of one topic: the instances of a sink, or the outside world, one for each instance of the
// source that its records are meant for.
//
//   write ─▶ batch being filled ─full, or lingered─▶ ready, by leader ─▶ request, some in flight ─▶ network
//   ─▶ thread of the broker ─▶ log … acknowledged
//
// A batch goes to one partition, the next one to the next (the sticky partitioner of records without a key).
// What is written together is not divided: where the dial makes records come by the thousand, a batch is that
// large.

namespace weir::kafka {

class Producers final : public TopicWriter, AppendHandler, EventHandler, DeliveryHandler {
 public:
  // Of a job's operator.
  Producers(Nodes& nodes, TopicLog& log, std::uint32_t id, Job& job, int operator_id);
  // Of the outside world, on that host; -1: no link of the cluster leads there.
  Producers(Nodes& nodes, TopicLog& log, std::uint32_t id, int count, int host);

  void deployed() override;
  void write(Instance& by, const Batch& batch) override;
  void write(int producer, const Batch& batch);

  // Not in the log yet.
  std::int64_t held_records(int producer) const { return at(producer).held_records; }
  std::int64_t held_records() const;
  std::int64_t written_records() const { return written_records_; }

 private:
  struct ReadyBatch {
    int partition = 0;
    Batch batch;
  };
  struct ToNode {
    int connection = -1;
    int in_flight = 0;
    Ring<ReadyBatch> ready;
  };
  struct Producer {
    Instance* instance = nullptr;  // none: the outside world
    int host = -1;
    std::vector<ToNode> to;  // by broker
    Batch open;
    int partition = 0;  // that it goes to
    Nanos open_until_ns = 0;
    double held_bytes = 0;       // not acknowledged
    Nanos held_up_since_ns = 0;  // its instance, for that
    std::int64_t held_records = 0;
  };
  struct Request {
    bool used = false;
    bool travels = false;  // on the network
    std::uint32_t producer = 0;
    int node = 0;
    double bytes = 0;
    std::int64_t records = 0;
    int missing = 0;  // batches that have to be in the log, or at all replicas
    std::vector<ReadyBatch> batches;
  };
  enum Kind : std::uint32_t { lingered = 1, dealt_with = 2, acknowledged = 3 };

  const Producer& at(int producer) const { return producers_[static_cast<std::size_t>(producer)]; }
  void add(int host, Instance* instance);
  void connect(Producer& producer);
  void close(std::uint32_t producer);
  void dispatch(std::uint32_t producer, int node);
  void send(std::uint32_t request);
  void at_broker(std::uint32_t request);
  void write_to_log(std::uint32_t request);
  void batch_done(std::uint32_t request);
  void finish(std::uint32_t request);
  std::uint32_t new_request();
  Nanos latency_ns(const Request& request) const;

  void appended(std::uint32_t request) override;
  void replicated(std::uint32_t request) override;
  void on_event(std::uint32_t kind, std::uint32_t argument) override;
  void on_delivery(std::uint32_t request, Nanos first_ns, Nanos last_ns) override;

  Nodes& nodes_;
  TopicLog& log_;
  Job* job_ = nullptr;
  int operator_id_ = 0;
  std::vector<Producer> producers_;
  std::vector<Request> requests_;
  std::vector<std::uint32_t> free_requests_;
  std::int64_t written_records_ = 0;
};

}  // namespace weir::kafka

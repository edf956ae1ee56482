#include "models/brokers/kafka/producers.hpp"

#include <algorithm>

#include "sim/dataflow/job.hpp"

namespace weir::kafka {

namespace {
constexpr double request_bytes_max = 1048576;  // max.request.size
}  // namespace

Producers::Producers(Nodes& nodes, TopicLog& log, std::uint32_t id, Job& job, int operator_id)
    : nodes_(nodes), log_(log), job_(&job), operator_id_(operator_id) {
  handler_id = id;
}

Producers::Producers(Nodes& nodes, TopicLog& log, std::uint32_t id, int count, int host)
    : nodes_(nodes), log_(log) {
  handler_id = id;
  for (int i = 0; i < count; ++i) add(host, nullptr);
}

void Producers::add(int host, Instance* instance) {
  Producer producer;
  producer.instance = instance;
  producer.host = host;
  producer.to.resize(nodes_.all.size());
  // They do not all begin with the same one.
  producer.partition = static_cast<int>(producers_.size()) % log_.partitions();
  connect(producer);
  producers_.push_back(std::move(producer));
}

void Producers::connect(Producer& producer) {
  if (producer.host < 0) return;
  for (std::size_t node = 0; node < nodes_.all.size(); ++node)
    producer.to[node].connection =
        nodes_.cluster.network().connect(producer.host, nodes_.all[node].host, TrafficClass::data, *this);
}

void Producers::deployed() {
  for (int i = 0; i < job_->parallelism()[operator_id_]; ++i) {
    Instance& instance = job_->instance(operator_id_, i);
    if (i == static_cast<int>(producers_.size())) {
      add(instance.host(), &instance);
      continue;
    }
    Producer& producer = producers_[static_cast<std::size_t>(i)];
    if (producer.host == instance.host()) continue;
    producer.host = instance.host();
    for (ToNode& to : producer.to) nodes_.cluster.network().disconnect(to.connection);
    connect(producer);
    // What was on its way is sent again.
    for (std::uint32_t request = 0; request < requests_.size(); ++request)
      if (requests_[request].travels && requests_[request].producer == static_cast<std::uint32_t>(i))
        send(request);
  }
}

void Producers::write(Instance& by, const Batch& batch) {
  write(by.index(), batch);
  Producer& producer = producers_[static_cast<std::size_t>(by.index())];
  if (producer.held_bytes <= nodes_.params.producer.buffer_bytes) return;
  if (!by.output_held()) producer.held_up_since_ns = nodes_.calendar.now();
  by.hold_output();
}

void Producers::write(int number, const Batch& batch) {
  Producer& producer = producers_[static_cast<std::size_t>(number)];
  written_records_ += batch.count;
  producer.held_records += batch.count;
  producer.held_bytes += static_cast<double>(batch.size_bytes);
  if (producer.open.count == 0) {
    const Nanos now = nodes_.calendar.now();
    producer.open_until_ns = now + to_nanos(nodes_.params.producer.linger_ms * 1e-3);
    nodes_.calendar.schedule(producer.open_until_ns, EventClass::timer, *this, lingered,
                             static_cast<std::uint32_t>(number));
    producer.open = batch;
    producer.open.channel = nullptr;
  } else {
    producer.open.merge(batch);
  }
  if (static_cast<double>(producer.open.size_bytes) >= nodes_.params.producer.batch_bytes)
    close(static_cast<std::uint32_t>(number));
}

void Producers::close(std::uint32_t number) {
  Producer& producer = producers_[number];
  const int node = log_.leader(producer.partition);
  producer.to[static_cast<std::size_t>(node)].ready.push_back({producer.partition, producer.open});
  producer.open.count = 0;
  producer.partition = (producer.partition + 1) % log_.partitions();
  dispatch(number, node);
}

void Producers::dispatch(std::uint32_t number, int node) {
  ToNode& to = producers_[number].to[static_cast<std::size_t>(node)];
  while (!to.ready.empty() && to.in_flight < nodes_.params.producer.requests_in_flight_max) {
    const std::uint32_t id = new_request();
    Request& request = requests_[id];
    request.producer = number;
    request.node = node;
    do {
      request.batches.push_back(to.ready.front());
      to.ready.pop_front();
      request.bytes += static_cast<double>(request.batches.back().batch.size_bytes);
      request.records += request.batches.back().batch.count;
    } while (!to.ready.empty() &&
             request.bytes + static_cast<double>(to.ready.front().batch.size_bytes) <= request_bytes_max);
    request.missing = static_cast<int>(request.batches.size());
    ++to.in_flight;
    send(id);
  }
}

std::uint32_t Producers::new_request() {
  if (free_requests_.empty()) {
    requests_.emplace_back();
    free_requests_.push_back(static_cast<std::uint32_t>(requests_.size() - 1));
  }
  const std::uint32_t id = free_requests_.back();
  free_requests_.pop_back();
  Request& request = requests_[id];
  request.batches.clear();
  request.bytes = 0;
  request.records = 0;
  request.used = true;
  return id;
}

void Producers::send(std::uint32_t id) {
  Request& request = requests_[id];
  const ToNode& to = producers_[request.producer].to[static_cast<std::size_t>(request.node)];
  if (to.connection < 0) return at_broker(id);
  request.travels = true;
  const Nanos now = nodes_.calendar.now();
  nodes_.cluster.network().send(to.connection, request.bytes, now, now, id, request.records);
}

void Producers::on_delivery(std::uint32_t id, Nanos, Nanos) {
  requests_[id].travels = false;
  at_broker(id);
}

void Producers::at_broker(std::uint32_t id) {
  const Request& request = requests_[id];
  nodes_.calendar.schedule(nodes_.request_done_ns(request.node, request.bytes), EventClass::completion, *this,
                           dealt_with, id);
}

void Producers::write_to_log(std::uint32_t id) {
  // Appending may end the request, and other requests may move it.
  const std::vector<ReadyBatch> batches = std::move(requests_[id].batches);
  producers_[requests_[id].producer].held_records -= requests_[id].records;
  const bool waits = nodes_.params.producer.acks != Acks::none;
  for (const ReadyBatch& ready : batches) log_.append(ready.partition, ready.batch, *this, id);
  if (!waits) finish(id);
}

void Producers::appended(std::uint32_t id) {
  if (nodes_.params.producer.acks == Acks::leader) batch_done(id);
}

void Producers::replicated(std::uint32_t id) {
  if (nodes_.params.producer.acks == Acks::all) batch_done(id);
}

void Producers::batch_done(std::uint32_t id) {
  Request& request = requests_[id];
  if (--request.missing > 0) return;
  nodes_.calendar.schedule(nodes_.calendar.now() + latency_ns(request), EventClass::arrival, *this,
                           acknowledged, id);
}

Nanos Producers::latency_ns(const Request& request) const {
  const int connection = producers_[request.producer].to[static_cast<std::size_t>(request.node)].connection;
  return connection < 0 ? 0 : nodes_.cluster.network().latency_ns(connection);
}

void Producers::finish(std::uint32_t id) {
  const std::uint32_t number = requests_[id].producer;
  const int node = requests_[id].node;
  Producer& producer = producers_[number];
  producer.held_bytes -= requests_[id].bytes;
  --producer.to[static_cast<std::size_t>(node)].in_flight;
  requests_[id].used = false;
  free_requests_.push_back(id);
  if (producer.instance != nullptr && producer.held_bytes <= nodes_.params.producer.buffer_bytes)
    producer.instance->release_output(*producer.instance, producer.held_up_since_ns);
  dispatch(number, node);
}

void Producers::on_event(std::uint32_t kind, std::uint32_t argument) {
  switch (kind) {
    case lingered:
      // One that was filled meanwhile has gone.
      if (producers_[argument].open.count > 0 && producers_[argument].open_until_ns <= nodes_.calendar.now())
        close(argument);
      return;
    case dealt_with:
      return write_to_log(argument);
    case acknowledged:
      return finish(argument);
    default:
      WEIR_ASSERT(false, "unknown event of producers");
  }
}

std::int64_t Producers::held_records() const {
  std::int64_t records = 0;
  for (const Producer& producer : producers_) records += producer.held_records;
  return records;
}

}  // namespace weir::kafka

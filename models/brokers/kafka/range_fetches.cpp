#include "models/brokers/kafka/range_fetches.hpp"

#include <algorithm>

namespace weir::kafka {

RangeFetches::RangeFetches(Nodes& nodes, const TopicLog& log, std::uint32_t id,
                           std::function<void(std::uint32_t, std::int64_t)> done)
    : nodes_(nodes), log_(log), done_(std::move(done)) {
  handler_id = id;
}

int RangeFetches::connection(int node, int to_host) {
  const auto [it, added] = connections_.try_emplace({node, to_host}, -1);
  if (added)
    it->second = nodes_.cluster.network().connect(nodes_.all[static_cast<std::size_t>(node)].host, to_host,
                                                  TrafficClass::data, *this);
  return it->second;
}

void RangeFetches::begin(const TopicRange& range, int to_host, std::uint32_t cookie) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(fetches_.size()));
    fetches_.emplace_back();
  }
  const std::uint32_t number = free_.back();
  free_.pop_back();
  const int node = log_.leader(range.partition);
  fetches_[number] = {true, range, cookie, node, connection(node, to_host), range.records, range.bytes, 0, 0};
  ask(number);
}

void RangeFetches::ask(std::uint32_t number) {
  const Nanos latency_ns = nodes_.cluster.network().latency_ns(fetches_[number].connection);
  nodes_.calendar.schedule(nodes_.calendar.now() + latency_ns, EventClass::arrival, *this, at_broker, number);
}

// A record at least, whatever its size.
void RangeFetches::answer(std::uint32_t number) {
  Fetch& fetch = fetches_[number];
  const double room_bytes =
      std::min(nodes_.params.consumer.partition_bytes_max, nodes_.params.consumer.fetch_bytes_max);
  fetch.answer_records = fetch.left_records;
  fetch.answer_bytes = fetch.left_bytes;
  if (fetch.left_bytes > room_bytes) {
    const double record_bytes = fetch.left_bytes / static_cast<double>(fetch.left_records);
    fetch.answer_records = std::max<std::int64_t>(1, static_cast<std::int64_t>(room_bytes / record_bytes));
    fetch.answer_bytes = record_bytes * static_cast<double>(fetch.answer_records);
  }
  const bool old = nodes_.left_page_cache(fetch.node, fetch.range.written_bytes);
  const Nanos ready_ns = nodes_.answer_ready_ns(fetch.node, fetch.answer_bytes, old ? fetch.answer_bytes : 0);
  if (ready_ns == nodes_.calendar.now()) return send(number);
  nodes_.calendar.schedule(ready_ns, EventClass::completion, *this, answer_ready, number);
}

void RangeFetches::send(std::uint32_t number) {
  const Fetch& fetch = fetches_[number];
  const Nanos now = nodes_.calendar.now();
  nodes_.cluster.network().send(fetch.connection, fetch.answer_bytes, now, now, number, fetch.answer_records);
}

void RangeFetches::on_delivery(std::uint32_t number, Nanos, Nanos) {
  Fetch& fetch = fetches_[number];
  fetch.left_records -= fetch.answer_records;
  fetch.left_bytes -= fetch.answer_bytes;
  if (fetch.left_records > 0) return ask(number);
  fetch.used = false;
  free_.push_back(number);
  // It may begin another one at once.
  // What is read once more was counted.
  done_(fetch.cookie, fetch.range.again ? 0 : fetch.range.records);
}

void RangeFetches::on_event(std::uint32_t kind, std::uint32_t number) {
  switch (kind) {
    case at_broker:
      return nodes_.calendar.schedule(nodes_.request_done_ns(fetches_[number].node, 0),
                                      EventClass::completion, *this, looked_at, number);
    case looked_at:
      return answer(number);
    case answer_ready:
      return send(number);
    default:
      WEIR_ASSERT(false, "unknown event of a fetch");
  }
}

std::int64_t RangeFetches::records() const {
  std::int64_t records = 0;
  for (const Fetch& fetch : fetches_)
    if (fetch.used && !fetch.range.again) records += fetch.range.records;
  return records;
}

}  // namespace weir::kafka

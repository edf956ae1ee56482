#include "models/brokers/kafka/consumer_group.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "models/brokers/kafka/range_assignment.hpp"
#include "sim/dataflow/job.hpp"

namespace weir::kafka {

ConsumerGroup::ConsumerGroup(Nodes& nodes, TopicLog& log, std::uint32_t id, Job& job, int operator_id,
                             std::unique_ptr<Producers> outside)
    : nodes_(nodes), log_(log), job_(job), operator_id_(operator_id), outside_(std::move(outside)) {
  handler_id = id;
  partitions_.resize(static_cast<std::size_t>(log.partitions()));
  log.subscribe(*this);
}

void ConsumerGroup::arrived(int index, const Batch& batch) {
  outside_->write(index, batch);
}

// Sources keep their parallelism: who reads what is settled once.
void ConsumerGroup::assign() {
  const int readers = job_.parallelism()[operator_id_];
  reader_of_.resize(partitions_.size());
  for (int i = 0; i < readers; ++i) {
    Reader reader;
    reader.instance = &job_.instance(operator_id_, i);
    const PartitionRange range = range_of(i, readers, log_.partitions());
    if (range_reader_ != nullptr) {
      std::fill_n(reader_of_.begin() + range.first, range.count, i);
      readers_.push_back(std::move(reader));
      continue;
    }
    std::vector<int> fetcher_at(nodes_.all.size(), -1);
    for (int p = range.first; p < range.first + range.count; ++p) {
      int& number = fetcher_at[static_cast<std::size_t>(log_.leader(p))];
      if (number < 0) {
        number = static_cast<int>(fetchers_.size());
        fetchers_.emplace_back();
        fetchers_.back().reader = i;
        fetchers_.back().node = log_.leader(p);
        reader.fetchers.push_back(static_cast<std::uint32_t>(number));
      }
      fetchers_[static_cast<std::size_t>(number)].partitions.push_back(p);
      partitions_[static_cast<std::size_t>(p)].fetcher = static_cast<std::uint32_t>(number);
    }
    readers_.push_back(std::move(reader));
  }
}

void ConsumerGroup::deployed() {
  if (readers_.empty()) assign();
  if (range_reader_ != nullptr) return;
  for (Reader& reader : readers_) {
    if (reader.host == reader.instance->host()) continue;
    reader.host = reader.instance->host();
    for (const std::uint32_t number : reader.fetchers) {
      Fetcher& fetcher = fetchers_[number];
      const int host = nodes_.all[static_cast<std::size_t>(fetcher.node)].host;
      if (fetcher.connection >= 0) nodes_.cluster.network().disconnect(fetcher.connection);
      fetcher.connection = nodes_.cluster.network().connect(host, reader.host, TrafficClass::data, *this);
      if (fetcher.travels) send(number);
    }
    if (wants(reader)) ask(reader);
  }
}

// ---------------------------------------------------------------- the consumer's side

bool ConsumerGroup::wants(const Reader& reader) const {
  const Instance& source = *reader.instance;
  return source.queue_records() == 0 &&
         (nodes_.params.consumer.fetch_ahead || !source.executor().serves(source));
}

// ---------------------------------------------------------------- by ranges

void ConsumerGroup::read_by_ranges(RangeReader& reader) {
  range_reader_ = &reader;
  range_fetches_ = std::make_unique<RangeFetches>(nodes_, log_, handler_id,
                                                  [this](std::uint32_t cookie, std::int64_t records) {
                                                    read_records_ += records;
                                                    range_reader_->fetched(cookie);
                                                  });
}

void ConsumerGroup::give(int partition, const Batch& batch, double written_bytes) {
  const int index = reader_of_[static_cast<std::size_t>(partition)];
  range_reader_->readable(index, partition, batch.count, written_bytes);
  readers_[static_cast<std::size_t>(index)].instance->read({batch});
}

void ConsumerGroup::fetch(const TopicRange& range, int to_host, std::uint32_t cookie) {
  range_fetches_->begin(range, to_host, cookie);
}

void ConsumerGroup::took_all(const Instance& instance) {
  if (range_reader_ != nullptr) return;
  if (nodes_.params.consumer.fetch_ahead) ask(readers_[static_cast<std::size_t>(instance.index())]);
}

void ConsumerGroup::dealt_with_all(const Instance& instance) {
  if (range_reader_ != nullptr) return;
  if (!nodes_.params.consumer.fetch_ahead) ask(readers_[static_cast<std::size_t>(instance.index())]);
}

void ConsumerGroup::ask(const Reader& reader) {
  for (const std::uint32_t number : reader.fetchers) {
    Fetcher& fetcher = fetchers_[number];
    if (fetcher.state != State::idle) continue;
    fetcher.state = State::asked;
    nodes_.calendar.schedule(nodes_.calendar.now() + latency_ns(fetcher), EventClass::arrival, *this,
                             at_broker, number);
  }
}

Nanos ConsumerGroup::latency_ns(const Fetcher& fetcher) const {
  return nodes_.cluster.network().latency_ns(fetcher.connection);
}

// ---------------------------------------------------------------- the broker's side

void ConsumerGroup::became_visible(int number, const Batch& batch, double written_bytes) {
  seen_records_ += batch.count;
  if (range_reader_ != nullptr) return give(number, batch, written_bytes);
  became_visible_to_group(number, batch, written_bytes);
}

void ConsumerGroup::became_visible_to_group(int number, const Batch& batch, double written_bytes) {
  Partition& partition = partitions_[static_cast<std::size_t>(number)];
  // As with a backlog that waits outside (Instance::enqueue), a long one is kept as a few long batches, but
  // in pieces small enough to say what of it left the page cache.
  constexpr std::size_t kept_apart = 64;
  const bool apart =
      partition.unread.size() < kept_apart ||
      batch.last_ns - partition.unread.back().batch.first_ns >= nanos_per_second ||
      written_bytes - partition.unread.back().first_written_bytes > nodes_.params.page_cache_mb * 1e6 / 64;
  if (apart) {
    partition.unread.push_back({batch, written_bytes, written_bytes});
  } else {
    partition.unread.back().batch.merge(batch);
    partition.unread.back().written_bytes = written_bytes;
  }
  partition.unread_bytes += static_cast<double>(batch.size_bytes);
  partition.unread_records += batch.count;
  if (readers_.empty()) return;
  const Fetcher& fetcher = fetchers_[partition.fetcher];
  if (fetcher.state == State::waits && has_enough(fetcher)) answer(partition.fetcher);
}

bool ConsumerGroup::has_enough(const Fetcher& fetcher) const {
  double bytes = 0;
  std::int64_t records = 0;
  for (const int p : fetcher.partitions) {
    bytes += partitions_[static_cast<std::size_t>(p)].unread_bytes;
    records += partitions_[static_cast<std::size_t>(p)].unread_records;
  }
  // Kafka's records have a header: one without contents is no less than a byte.
  return records > 0 &&
         std::max(bytes, static_cast<double>(records)) >= nodes_.params.consumer.fetch_min_bytes;
}

void ConsumerGroup::answer(std::uint32_t number) {
  Fetcher& fetcher = fetchers_[number];
  const Nanos now = nodes_.calendar.now();
  fetcher.state = State::answered;
  const double from_disk_bytes = collect(fetcher);
  if (fetcher.answer.empty())
    return nodes_.calendar.schedule(now + latency_ns(fetcher), EventClass::arrival, *this, empty_answer,
                                    number);
  const Nanos ready_ns = nodes_.answer_ready_ns(fetcher.node, fetcher.answer_bytes, from_disk_bytes);
  if (ready_ns == now) return send(number);
  nodes_.calendar.schedule(ready_ns, EventClass::completion, *this, answer_ready, number);
}

// Takes from its partitions in turn what the limits allow: at least a record, if there is one. Returns how
// much of it is in no page cache any more.
double ConsumerGroup::collect(Fetcher& fetcher) {
  const ConsumerParams& limits = nodes_.params.consumer;
  double from_disk_bytes = 0;
  fetcher.answer.clear();
  fetcher.answer_bytes = 0;
  fetcher.answer_records = 0;
  for (std::size_t i = 0; i < fetcher.partitions.size(); ++i) {
    const int p = fetcher.partitions[(fetcher.first + i) % fetcher.partitions.size()];
    Partition& partition = partitions_[static_cast<std::size_t>(p)];
    double taken_bytes = 0;
    while (!partition.unread.empty()) {
      Waiting& oldest = partition.unread.front();
      const double room_bytes = std::max(0.0, std::min(limits.partition_bytes_max - taken_bytes,
                                                       limits.fetch_bytes_max - fetcher.answer_bytes));
      const double record_bytes =
          static_cast<double>(oldest.batch.size_bytes) / static_cast<double>(oldest.batch.count);
      const bool nothing_yet = fetcher.answer.empty();
      std::int64_t fits = record_bytes * static_cast<double>(oldest.batch.count) <= room_bytes
                              ? oldest.batch.count
                              : static_cast<std::int64_t>(room_bytes / record_bytes);
      if (nothing_yet) fits = std::max<std::int64_t>(1, fits);
      if (fits <= 0) break;
      const bool whole = fits >= oldest.batch.count;
      const Batch part = whole ? oldest.batch : oldest.batch.split_head(fits);
      const auto part_bytes = static_cast<double>(part.size_bytes);
      if (nodes_.left_page_cache(fetcher.node, oldest.written_bytes)) from_disk_bytes += part_bytes;
      if (whole) partition.unread.pop_front();
      partition.unread_bytes -= part_bytes;
      partition.unread_records -= part.count;
      taken_bytes += part_bytes;
      fetcher.answer_bytes += part_bytes;
      fetcher.answer_records += part.count;
      fetcher.answer.push_back(part);
      if (!whole) break;
    }
  }
  fetcher.first = (fetcher.first + 1) % fetcher.partitions.size();
  return from_disk_bytes;
}

void ConsumerGroup::send(std::uint32_t number) {
  Fetcher& fetcher = fetchers_[number];
  const Nanos now = nodes_.calendar.now();
  fetcher.travels = true;
  nodes_.cluster.network().send(fetcher.connection, fetcher.answer_bytes, now, now, number,
                                fetcher.answer_records);
}

void ConsumerGroup::on_delivery(std::uint32_t number, Nanos, Nanos) {
  Fetcher& fetcher = fetchers_[number];
  fetcher.travels = false;
  fetcher.state = State::idle;
  read_records_ += std::exchange(fetcher.answer_records, 0);
  const std::vector<Batch> answer = std::exchange(fetcher.answer, {});
  // It may ask again at once.
  readers_[static_cast<std::size_t>(fetcher.reader)].instance->read(answer);
}

void ConsumerGroup::on_event(std::uint32_t kind, std::uint32_t number) {
  Fetcher& fetcher = fetchers_[number];
  const Nanos now = nodes_.calendar.now();
  switch (kind) {
    case at_broker:
      return nodes_.calendar.schedule(nodes_.request_done_ns(fetcher.node, 0), EventClass::completion, *this,
                                      looked_at, number);
    case looked_at:
      if (has_enough(fetcher)) return answer(number);
      fetcher.state = State::waits;
      fetcher.wait_until_ns = now + to_nanos(nodes_.params.consumer.fetch_wait_max_ms * 1e-3);
      return nodes_.calendar.schedule(fetcher.wait_until_ns, EventClass::timer, *this, wait_over, number);
    case wait_over:
      // Of a fetch that was answered meanwhile it is stale.
      if (fetcher.state == State::waits && fetcher.wait_until_ns == now) answer(number);
      return;
    case answer_ready:
      return send(number);
    case empty_answer: {
      fetcher.state = State::idle;
      const Reader& reader = readers_[static_cast<std::size_t>(fetcher.reader)];
      if (wants(reader)) ask(reader);
      return;
    }
    default:
      WEIR_ASSERT(false, "unknown event of a consumer group");
  }
}

// ---------------------------------------------------------------- books

std::int64_t ConsumerGroup::waiting_records(int index) const {
  std::int64_t records = outside_->held_records(index);
  if (readers_.empty()) return records;
  for (const std::uint32_t number : readers_[static_cast<std::size_t>(index)].fetchers) {
    const Fetcher& fetcher = fetchers_[number];
    records += fetcher.answer_records;
    for (const int p : fetcher.partitions)
      records += partitions_[static_cast<std::size_t>(p)].unread_records + log_.pending_records(p);
  }
  return records;
}

std::string ConsumerGroup::reader_name() const {
  return fmt::format("{}.{}", job_.name(),
                     job_.graph().operators[static_cast<std::size_t>(operator_id_)].name);
}

std::int64_t ConsumerGroup::unread_records() const {
  if (range_reader_ != nullptr) return seen_records_ - read_records_;
  std::int64_t records = 0;
  for (const Partition& partition : partitions_) records += partition.unread_records;
  return records;
}

std::string ConsumerGroup::check() const {
  if (range_reader_ != nullptr) {
    const std::int64_t on_the_way = range_fetches_->records();
    if (read_records_ + on_the_way <= seen_records_) return {};
    return fmt::format("{} records were read and {} are on their way, of {} that could be", read_records_,
                       on_the_way, seen_records_);
  }
  std::int64_t queued = 0, answered = 0;
  for (const Partition& partition : partitions_)
    for (std::size_t i = 0; i < partition.unread.size(); ++i) queued += partition.unread[i].batch.count;
  for (const Fetcher& fetcher : fetchers_) answered += fetcher.answer_records;
  if (queued == unread_records() && seen_records_ == read_records_ + answered + queued) return {};
  return fmt::format("of {} records {} were read, {} are on their way and {} wait", seen_records_,
                     read_records_, answered, queued);
}

}  // namespace weir::kafka

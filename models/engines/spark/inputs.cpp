#include "models/engines/spark/inputs.hpp"

#include <algorithm>
#include <limits>

namespace weir::spark {

namespace {

// Of a delivery: to a receiver, not a block to its second host.
constexpr std::uint32_t to_receiver = 1u << 31;

constexpr std::int64_t all_records = std::numeric_limits<std::int64_t>::max();

// Of so many more; the part of a record that is left over is carried on.
std::int64_t allowed(double& allowance, double more_records) {
  allowance += more_records;
  if (allowance >= 0x1p62) {
    allowance = 0;
    return all_records;
  }
  const auto records = static_cast<std::int64_t>(allowance);
  allowance -= static_cast<double>(records);
  return records;
}

// The same of one that has its share of all that waits, and carries one record at most.
std::int64_t share_allowed(double& allowance, double more_records, std::int64_t waiting,
                           std::int64_t of_all) {
  allowance += more_records * static_cast<double>(waiting) / static_cast<double>(of_all);
  if (allowance >= static_cast<double>(waiting)) {
    allowance = std::min(allowance - static_cast<double>(waiting), 1.0);
    return waiting;
  }
  const auto records = static_cast<std::int64_t>(allowance);
  allowance -= static_cast<double>(records);
  return records;
}

Piece at_host(const Batch& batch, int host) {
  Piece piece;
  piece.batch = batch;
  piece.host = host;
  return piece;
}

}  // namespace

Inputs::Inputs(Calendar& calendar, std::uint32_t id, const SparkParams& params, FidelitySpec fidelity,
               int host)
    : calendar_(calendar),
      params_(params),
      fidelity_(fidelity),
      host_(host),
      block_interval_ns_(to_nanos(params.receiver.block_interval_ms * 1e-3)) {
  handler_id = id;
}

void Inputs::deploy(Job& job, const Executors& executors) {
  job_ = &job;
  executors_ = &executors;
  const LogicalGraph& graph = job.graph();
  stream_of_.assign(graph.operators.size(), 0);
  for (const PlacedInstance& slot : job.placed())
    if (std::find(hosts_.begin(), hosts_.end(), slot.host) == hosts_.end()) hosts_.push_back(slot.host);
  for (std::size_t op = 0; op < graph.operators.size(); ++op) {
    if (!graph.operators[op].source) continue;
    stream_of_[op] = streams_.size();
    Stream& stream = streams_.emplace_back();
    stream.source = static_cast<int>(op);
    for (int i = 0; i < job.parallelism()[op]; ++i)
      stream.instances.emplace_back().host = job.host_of(static_cast<int>(op), i);
    if (params_.input == InputKind::direct) stream.topic = job.topic_read(static_cast<int>(op));
    if (stream.topic != nullptr) {
      stream.told = std::make_unique<Topic>(*this, stream_of_[op]);
      stream.topic->read_by_ranges(*stream.told);
      stream.partitions.resize(static_cast<std::size_t>(stream.topic->partitions()));
    }
    if (params_.input != InputKind::receiver) continue;
    calendar_.schedule(block_interval_ns_, EventClass::arrival, *this, 0,
                       static_cast<std::uint32_t>(stream_of_[op]));
  }
}

void Inputs::place_receiver(int source, int index, int slot) {
  Instance& instance = stream_of(source).instances[static_cast<std::size_t>(index)];
  instance.host = executors_->host(slot);
  instance.executor = executors_->executor_of(slot);
  if (host_ >= 0) {
    instance.connection = job_->cluster().network().connect(host_, instance.host, TrafficClass::data, *this);
    instance.receiver = static_cast<std::uint32_t>(receivers_.size());
    receivers_.push_back({stream_of_[static_cast<std::size_t>(source)], static_cast<std::size_t>(index)});
  }
  instance.stopped = false;
  for (; !instance.outside.empty(); instance.outside.pop_front())
    take_in(stream_of(source), instance, instance.outside.front());
}

void Inputs::receive(const Channel& channel, const Batch& batch) {
  Stream& stream = streams_[stream_of_[static_cast<std::size_t>(channel.sender->operator_id())]];
  Instance& instance = stream.instances[static_cast<std::size_t>(channel.sender->index())];
  if (stream.topic != nullptr) return note_offsets(stream, instance, batch);
  if (instance.stopped) return instance.outside.push_back(batch);
  take_in(stream, instance, batch);
}

void Inputs::take_in(Stream& stream, Instance& instance, const Batch& batch) {
  if (instance.connection >= 0) {
    const auto bytes = static_cast<double>(batch.size_bytes);
    instance.coming.push_back(batch);
    job_->count_transfer(host_, instance.host, bytes);
    return job_->cluster().network().send(instance.connection, bytes, calendar_.now(), calendar_.now(),
                                          to_receiver | instance.receiver, batch.count);
  }
  Ring<Batch>& waiting = instance.waiting;
  if (params_.input == InputKind::file) {
    stream.file_came_ns.push_back(calendar_.now());
    stream.files.push_back(batch.count);
    stream.listed += batch.count;
  }
  if (fidelity_.batch_records > 1 && !waiting.empty() &&
      waiting.back().count + batch.count <= fidelity_.batch_records) {
    waiting.back().merge(batch);
  } else {
    waiting.push_back(batch);
  }
}

// In the order in which it was sent.
void Inputs::arrived(std::uint32_t number) {
  const auto [stream, index] = receivers_[number];
  Instance& instance = streams_[stream].instances[index];
  if (instance.receiver != number || instance.stopped) return;  // to where it was when it was lost
  instance.waiting.push_back(instance.coming.front());
  instance.coming.pop_front();
}

// The source emits what it was given in the order of its offsets, if not in the same batches.
void Inputs::note_offsets(Stream& stream, Instance& instance, Batch batch) {
  while (batch.count > 0) {
    Offsets& offsets = instance.offsets.front();
    const bool whole = batch.count <= offsets.records;
    Piece piece;
    piece.batch = whole ? batch : batch.split_head(offsets.records);
    piece.partition = offsets.partition;
    piece.written_bytes = offsets.written_bytes;
    if (whole) batch.count = 0;
    offsets.records -= piece.batch.count;
    if (offsets.records == 0) instance.offsets.pop_front();
    Partition& partition = stream.partitions[static_cast<std::size_t>(piece.partition)];
    partition.records += piece.batch.count;
    partition.waiting.push_back(piece);
  }
}

Pieces Inputs::take_from(Instance& instance, std::int64_t& records) const {
  Pieces pieces;
  while (records > 0 && !instance.waiting.empty()) {
    Batch& head = instance.waiting.front();
    Piece piece;
    if (head.count <= records) {
      piece.batch = head;
      instance.waiting.pop_front();
    } else {
      piece.batch = head.split_head(records);
    }
    records -= piece.batch.count;
    pieces.push_back(piece);
  }
  return pieces;
}

void Inputs::limit(int source, int index, double rate_per_s) {
  if (params_.input == InputKind::receiver) {
    stream_of(source).instances[static_cast<std::size_t>(index)].rate_per_s = rate_per_s;
  } else {
    stream_of(source).rate_per_s = rate_per_s;
  }
}

// ---------------------------------------------------------------- receivers

void Inputs::on_event(std::uint32_t, std::uint32_t stream) {
  close_blocks(streams_[stream]);
  calendar_.schedule(calendar_.now() + block_interval_ns_, EventClass::arrival, *this, 0, stream);
}

void Inputs::close_blocks(Stream& stream) {
  for (Instance& instance : stream.instances) {
    std::int64_t records = all_records;
    if (instance.rate_per_s)
      records = allowed(instance.allowance, *instance.rate_per_s * to_seconds(block_interval_ns_));
    Pieces block = take_from(instance, records);
    if (block.empty()) continue;
    for (Piece& piece : block) {
      piece.host = instance.host;
      piece.executor = instance.executor;
    }
    store(stream, std::move(block));
  }
}

// On the next host in their order.
int Inputs::other_host(int host) const {
  const auto at = std::find(hosts_.begin(), hosts_.end(), host);
  if (hosts_.size() < 2 || at == hosts_.end()) return -1;
  return at + 1 == hosts_.end() ? hosts_.front() : *(at + 1);
}

void Inputs::store(Stream& stream, Pieces block) {
  const int host = block.front().host;
  const int second = params_.receiver.replicate ? other_host(host) : -1;
  if (second < 0) {
    stream.stored.push_back(std::move(block));
    return;
  }
  double bytes = 0;
  for (Piece& piece : block) {
    piece.second_host = second;
    piece.second_executor = executors_->first_on(second);
    bytes += static_cast<double>(piece.batch.size_bytes);
  }
  const auto [connection, added] = connections_.try_emplace({host, second}, -1);
  if (added) connection->second = job_->cluster().network().connect(host, second, TrafficClass::data, *this);
  storing_[next_block_] = {stream_of_[static_cast<std::size_t>(stream.source)], std::move(block)};
  job_->count_transfer(host, second, bytes);
  job_->cluster().network().send(connection->second, bytes, calendar_.now(), calendar_.now(), next_block_++);
}

void Inputs::on_delivery(std::uint32_t number, Nanos, Nanos) {
  if ((number & to_receiver) != 0) return arrived(number & ~to_receiver);
  const auto storing = storing_.find(number);
  if (storing == storing_.end()) return;  // lost meanwhile
  streams_[storing->second.stream].stored.push_back(std::move(storing->second.block));
  storing_.erase(storing);
}

// ---------------------------------------------------------------- where workers fail

bool lose_copy(Piece& piece, int executor) {
  if (piece.second_executor == executor) piece.second_executor = piece.second_host = -1;
  if (piece.executor != executor) return false;
  piece.executor = std::exchange(piece.second_executor, -1);
  piece.host = std::exchange(piece.second_host, -1);
  if (piece.executor >= 0) return false;
  piece.executor = Piece::gone;
  return true;
}

// The pieces of a block are all at one place.
void Inputs::lose_blocks(int executor, const std::function<void(Pieces&)>& lost) {
  for (Stream& stream : streams_) {
    std::vector<Pieces> there;
    for (Pieces& block : stream.stored) {
      bool gone = false;
      for (Piece& piece : block) gone = lose_copy(piece, executor) || gone;
      if (gone) {
        lost(block);
      } else {
        there.push_back(std::move(block));
      }
    }
    stream.stored = std::move(there);
  }
  for (auto storing = storing_.begin(); storing != storing_.end();) {
    Pieces& block = storing->second.block;
    // A copy that is under way is of use to nobody.
    const bool gone = block.front().executor == executor;
    for (Piece& piece : block) lose_copy(piece, executor);
    if (gone) lost(block);
    storing = gone ? storing_.erase(storing) : std::next(storing);
  }
}

void Inputs::stop_receiver(int source, int index, const std::function<void(Pieces&)>& lost) {
  Instance& instance = stream_of(source).instances[static_cast<std::size_t>(index)];
  for (Ring<Batch>* batches : {&instance.waiting, &instance.coming}) {
    Pieces pieces;
    for (; !batches->empty(); batches->pop_front()) pieces.push_back(at_host(batches->front(), -1));
    if (!pieces.empty()) lost(pieces);
  }
  instance.stopped = true;
}

// ---------------------------------------------------------------- what a batch gets

std::vector<Pieces> Inputs::take(int edge, Nanos batch_interval_ns) {
  Stream& stream = streams_[stream_of_[static_cast<std::size_t>(
      job_->graph().edges[static_cast<std::size_t>(edge)].from)]];
  switch (params_.input) {
    case InputKind::receiver:
      return std::exchange(stream.stored, {});
    case InputKind::file:
      return take_files(stream);
    case InputKind::direct:
      return stream.topic != nullptr ? take_ranges(stream, batch_interval_ns)
                                     : take_partitions(stream, batch_interval_ns);
  }
  return {};
}

std::vector<Pieces> Inputs::take_files(Stream& stream) {
  std::vector<Pieces> tasks;
  std::int64_t all = all_records;
  for (Instance& instance : stream.instances) {
    for (Piece& piece : take_from(instance, all)) {
      piece.host = host_;
      while (piece.batch.count > 1) tasks.push_back({at_host(piece.batch.split_head(1), host_)});
      tasks.push_back({piece});
    }
  }
  return tasks;
}

// Records go to the partitions in turn.
std::vector<Pieces> Inputs::take_partitions(Stream& stream, Nanos batch_interval_ns) {
  const int partitions = params_.direct.partitions;
  std::vector<Pieces> tasks(static_cast<std::size_t>(partitions));
  std::int64_t waiting_records = 0;
  for (const Instance& instance : stream.instances) waiting_records += instance.waiting_records();
  for (Instance& instance : stream.instances) {
    // As with partitions of a topic, below.
    std::int64_t records = instance.waiting_records();
    if (stream.rate_per_s && records > 0)
      records = share_allowed(instance.allowance, *stream.rate_per_s * to_seconds(batch_interval_ns), records,
                              waiting_records);
    for (Piece& piece : take_from(instance, records)) {
      piece.host = host_;
      const std::int64_t each = piece.batch.count / partitions;
      const auto rest = static_cast<int>(piece.batch.count % partitions);
      const int served = each > 0 ? partitions : rest;
      for (int i = 0; i < served; ++i) {
        Pieces& task = tasks[static_cast<std::size_t>((stream.next_partition + i) % partitions)];
        const bool last = i + 1 == served;
        task.push_back(last ? piece : at_host(piece.batch.split_head(each + (i < rest ? 1 : 0)), host_));
      }
      stream.next_partition = (stream.next_partition + rest) % partitions;
    }
  }
  return tasks;
}

// A partition gets of what the rate allows by its share of what waits (DirectKafkaInputDStream,
// maxMessagesPerPartition).
std::vector<Pieces> Inputs::take_ranges(Stream& stream, Nanos batch_interval_ns) {
  std::vector<Pieces> tasks(stream.partitions.size());
  std::int64_t waiting_records = 0;
  for (const Partition& partition : stream.partitions) waiting_records += partition.records;
  for (std::size_t p = 0; p < tasks.size(); ++p) {
    Partition& partition = stream.partitions[p];
    std::int64_t records = partition.records;
    if (stream.rate_per_s && records > 0) {
      records = share_allowed(partition.allowance, *stream.rate_per_s * to_seconds(batch_interval_ns),
                              records, waiting_records);
    }
    partition.records -= records;
    while (records > 0) {
      Piece& head = partition.waiting.front();
      Piece piece = head;
      if (head.batch.count <= records) {
        partition.waiting.pop_front();
      } else {
        piece.batch = head.batch.split_head(records);
      }
      records -= piece.batch.count;
      tasks[p].push_back(piece);
    }
  }
  return tasks;
}

// A task reads one partition.
std::uint32_t Inputs::fetch(const Pieces& task, int to_host, std::uint32_t slot, bool again) {
  if (task.empty() || task.front().partition < 0) return 0;
  TopicRange range;
  range.partition = task.front().partition;
  range.written_bytes = task.front().written_bytes;
  range.again = again;
  for (const Piece& piece : task) {
    range.records += piece.batch.count;
    range.bytes += static_cast<double>(piece.batch.size_bytes);
  }
  const int source = task.front().batch.channel->sender->operator_id();
  streams_[stream_of_[static_cast<std::size_t>(source)]].topic->fetch(range, to_host, slot);
  return 1;
}

std::int64_t Inputs::files_listed() {
  const Nanos oldest_ns = calendar_.now() - to_nanos(params_.file.kept_s);
  std::int64_t files = 0;
  for (Stream& stream : streams_) {
    while (!stream.files.empty() && stream.file_came_ns.front() < oldest_ns) {
      stream.listed -= stream.files.front();
      stream.files.pop_front();
      stream.file_came_ns.pop_front();
    }
    files += stream.listed;
  }
  return files;
}

}  // namespace weir::spark

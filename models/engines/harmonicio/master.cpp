#include "models/engines/harmonicio/master.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include "sim/cluster/cluster.hpp"

namespace weir {

Master::Master(Calendar& calendar, std::uint32_t id, const Settings& settings)
    : calendar_(calendar), settings_(settings) {
  handler_id = id;
}

void Master::deploy(Job& job) {
  WEIR_ASSERT(job_ == nullptr, "a job of HarmonicIO is deployed once");
  job_ = &job;
  const std::vector<int>& parallelism = job.parallelism();
  backlogs_.resize(parallelism.size());
  for (std::size_t op = 0; op < parallelism.size(); ++op) {
    first_number_.push_back(static_cast<std::uint32_t>(peers_.size()));
    for (int index = 0; index < parallelism[op]; ++index) {
      peers_.emplace_back();
      peers_.back().instance = &job.instance(static_cast<int>(op), index);
    }
  }
}

namespace {

class NobodyReceives final : public DeliveryHandler {
  void on_delivery(std::uint32_t, Nanos, Nanos) override {}
};

}  // namespace

// Without a load: a connection that exists tells it.
Master::Way Master::way(int from_host, int to_host) const {
  if (from_host == to_host) return {0, std::numeric_limits<double>::infinity()};
  NobodyReceives nobody;
  Network& network = job_->cluster().network();
  const int probe = network.connect(from_host, to_host, TrafficClass::control, nobody);
  const Way way{network.latency_ns(probe), network.bytes_per_s(probe)};
  network.disconnect(probe);
  return way;
}

Nanos Master::latency_ns(int from_host, int to_host) {
  if (from_host == to_host) return 0;
  const auto [it, added] = latencies_.try_emplace({from_host, to_host}, 0);
  if (added) it->second = way(from_host, to_host).latency_ns;
  return it->second;
}

// ---------------------------------------------------------------- senders

void Master::route(Channel& channel, const Batch& batch) {
  const std::uint32_t sender = number(channel.sender->operator_id(), channel.sender->index());
  Peer& peer = peers_[sender];
  Batch rest = batch;
  while (rest.count > 1) peer.outgoing.push_back(rest.split_head(1));
  peer.outgoing.push_back(rest);
  channel.sender->hold_output();
  if (peer.sending) return;
  peer.sending_since_ns = calendar_.now();
  ask(sender);
}

void Master::ask(std::uint32_t sender) {
  peers_[sender].sending = true;
  calendar_.schedule(calendar_.now() + request_way_ns(peers_[sender]), EventClass::arrival, *this,
                     send_request, sender);
}

// One request after the other.
void Master::at_master(Kind answer, std::uint32_t peer) {
  answers_until_ns_ = std::max(answers_until_ns_, calendar_.now()) + settings_.request_ns;
  counts_.busy_ns += settings_.request_ns;
  ++counts_.requests;
  calendar_.schedule(answers_until_ns_, EventClass::completion, *this, answer, peer);
}

// The answer goes back, and the sender connects to whom it names.
void Master::choose_target(std::uint32_t sender) {
  Peer& peer = peers_[sender];
  const Channel& channel = *peer.outgoing.front().channel;
  std::vector<std::uint32_t>& free =
      backlogs_[static_cast<std::size_t>(channel.receiver->operator_id())].free;
  int host = settings_.host;
  peer.target = backlog;
  if (!free.empty()) {
    peer.target = static_cast<std::int32_t>(free.back());
    free.pop_back();
    peers_[static_cast<std::size_t>(peer.target)].free = false;
    host = peers_[static_cast<std::size_t>(peer.target)].instance->host();
  }
  const int own = peer.instance->host();
  calendar_.schedule(calendar_.now() + latency_ns(settings_.host, own) + 2 * latency_ns(own, host),
                     EventClass::arrival, *this, send_message, sender);
}

void Master::transfer(std::uint32_t sender) {
  Peer& peer = peers_[sender];
  const Batch& batch = peer.outgoing.front();
  const int from = peer.instance->host();
  const int to = peer.target == backlog ? settings_.host
                                        : peers_[static_cast<std::size_t>(peer.target)].instance->host();
  Network& network = job_->cluster().network();
  const auto [connection, added] = peer.connections.try_emplace(to, -1);
  if (added) connection->second = network.connect(from, to, TrafficClass::data, *this);
  const auto bytes = static_cast<double>(batch.size_bytes);
  if (from != to) job_->count_transfer(from, to, bytes);
  const Nanos now = calendar_.now();
  network.send(connection->second, bytes, now, now,
               put_message({static_cast<std::int32_t>(sender), peer.target, {}, true}));
}

std::uint32_t Master::put_message(const Message& message) {
  if (free_messages_.empty()) {
    messages_.push_back(message);
    return static_cast<std::uint32_t>(messages_.size() - 1);
  }
  const std::uint32_t cookie = free_messages_.back();
  free_messages_.pop_back();
  messages_[cookie] = message;
  return cookie;
}

void Master::on_delivery(std::uint32_t cookie, Nanos, Nanos) {
  const Message message = messages_[cookie];
  WEIR_ASSERT(message.used, "a delivery that was not sent");
  messages_[cookie].used = false;
  free_messages_.push_back(cookie);
  if (message.sender < 0)
    return hand_over(static_cast<std::uint32_t>(message.receiver), message.batch, message.batch.first_ns);
  const auto sender = static_cast<std::uint32_t>(message.sender);
  Batch batch = peers_[sender].outgoing.front();
  peers_[sender].outgoing.pop_front();
  if (message.receiver == backlog) {
    Backlog& waiting = backlogs_[static_cast<std::size_t>(batch.channel->receiver->operator_id())];
    waiting.messages.push_back(batch);
    waiting.size_bytes += batch.size_bytes;
    ++counts_.backlog;
    counts_.backlog_max = std::max(counts_.backlog_max, static_cast<std::int64_t>(waiting.messages.size()));
  } else {
    ++counts_.direct;
    hand_over(static_cast<std::uint32_t>(message.receiver), batch, batch.first_ns);
  }
  sent(sender);
}

void Master::sent(std::uint32_t sender) {
  Peer& peer = peers_[sender];
  if (!peer.outgoing.empty()) return ask(sender);
  peer.sending = false;
  // Nobody but its own sending held it up.
  peer.instance->release_output(*peer.instance, peer.sending_since_ns);
  if (!peer.instance->source()) ask_for_work(sender);
}

// ---------------------------------------------------------------- containers

void Master::begin(int operator_id, int index, bool is_volatile) {
  const std::uint32_t container = number(operator_id, index);
  peers_[container].is_volatile = is_volatile;
  ask_for_work(container);
}

void Master::served(const Instance& container) {
  const std::uint32_t own = number(container.operator_id(), container.index());
  if (!container.source() && !peers_[own].sending) ask_for_work(own);
}

void Master::ask_for_work(std::uint32_t container) {
  calendar_.schedule(calendar_.now() + request_way_ns(peers_[container]), EventClass::arrival, *this,
                     free_request, container);
}

// The answer itself carries the message.
void Master::give_work(std::uint32_t container) {
  Peer& peer = peers_[container];
  Backlog& waiting = backlog_of(peer);
  const Nanos now = calendar_.now();
  if (waiting.messages.empty()) {
    peer.free = true;
    peer.free_since_ns = now + latency_ns(settings_.host, peer.instance->host());
    waiting.free.push_back(container);
    if (peer.is_volatile)
      calendar_.schedule(peer.free_since_ns + settings_.idle_timeout_ns, EventClass::timer, *this,
                         idle_for_long, container);
    return;
  }
  const Batch batch = waiting.messages.front();
  waiting.messages.pop_front();
  waiting.size_bytes -= batch.size_bytes;
  Network& network = job_->cluster().network();
  const int to = peer.instance->host();
  if (peer.from_master < 0) peer.from_master = network.connect(settings_.host, to, TrafficClass::data, *this);
  const auto bytes = static_cast<double>(batch.size_bytes);
  if (to != settings_.host) job_->count_transfer(settings_.host, to, bytes);
  network.send(peer.from_master, bytes, now, now,
               put_message({-1, static_cast<std::int32_t>(container), batch, true}));
}

void Master::hand_over(std::uint32_t container, Batch batch, Nanos sent_ns) {
  batch.first_ns = batch.last_ns = calendar_.now();
  Instance& instance = *peers_[container].instance;
  instance.arrives_from(sent_ns);
  instance.receive(batch);
}

// A sender may have been told of it meanwhile: then it goes on.
void Master::exit(std::uint32_t container) {
  Peer& peer = peers_[container];
  if (!peer.free || peer.free_since_ns != peer.exits_since_ns) return;
  peer.free = false;
  std::erase(backlog_of(peer).free, container);
  job_->stop_instance(peer.instance->operator_id(), peer.instance->index());
  on_exit(peer.instance->operator_id(), peer.instance->index());
}

void Master::on_event(std::uint32_t kind, std::uint32_t peer) {
  switch (kind) {
    case send_request:
      return at_master(send_answer, peer);
    case send_answer:
      return choose_target(peer);
    case send_message:
      return transfer(peer);
    case free_request:
      return at_master(free_answer, peer);
    case free_answer:
      return give_work(peer);
    case exit_request:
      return at_master(exit_answer, peer);
    case exit_answer:
      return exit(peer);
    case idle_for_long:
      // Of an earlier wait, if it had a message since.
      if (!peers_[peer].free || peers_[peer].free_since_ns + settings_.idle_timeout_ns != calendar_.now())
        return;
      peers_[peer].exits_since_ns = peers_[peer].free_since_ns;
      calendar_.schedule(calendar_.now() + request_way_ns(peers_[peer]), EventClass::arrival, *this,
                         exit_request, peer);
      return;
    default:
      WEIR_ASSERT(false, "unknown event of the master");
  }
}

// ---------------------------------------------------------------- books

void Master::drop_all(Job&) {
  WEIR_ASSERT(false, "a job of HarmonicIO is never stopped");
}

std::int64_t Master::held_weight() const {
  std::int64_t weight = 0;
  const auto add = [&](const Ring<Batch>& batches) {
    for (std::size_t i = 0; i < batches.size(); ++i) weight += batches[i].weight;
  };
  for (const Peer& peer : peers_) add(peer.outgoing);
  for (const Backlog& waiting : backlogs_) add(waiting.messages);
  for (const Message& message : messages_) weight += message.used ? message.batch.weight : 0;
  return weight;
}

void Master::add_queued(std::vector<std::int64_t>& records_by_edge) const {
  const auto add = [&](const Ring<Batch>& batches) {
    for (std::size_t i = 0; i < batches.size(); ++i)
      records_by_edge[static_cast<std::size_t>(batches[i].channel->edge)] += batches[i].count;
  };
  for (const Peer& peer : peers_) add(peer.outgoing);
  for (const Backlog& waiting : backlogs_) add(waiting.messages);
  for (const Message& message : messages_) {
    if (message.used && message.sender < 0)
      records_by_edge[static_cast<std::size_t>(message.batch.channel->edge)] += message.batch.count;
  }
}

// At the end: who sends still, does so until then.
void Master::trace_until(Nanos now) {
  Tracer* const tracer = job_->tracer();
  for (const Peer& peer : peers_) {
    if (!peer.sending || peer.sending_since_ns == now) continue;
    const int worker = peer.instance->trace_worker();
    tracer->signalled(worker, worker, peer.sending_since_ns, now);
  }
}

Nanos Master::trace_settled(Nanos until_ns) const {
  for (const Peer& peer : peers_)
    if (peer.sending) until_ns = std::min(until_ns, peer.sending_since_ns);
  return until_ns;
}

std::int64_t Master::backlog_messages() const {
  std::int64_t messages = 0;
  for (const Backlog& waiting : backlogs_) messages += static_cast<std::int64_t>(waiting.messages.size());
  return messages;
}

Router::Waiting Master::waiting_for(int operator_id) const {
  const Backlog& waiting = backlogs_[static_cast<std::size_t>(operator_id)];
  return {static_cast<std::int64_t>(waiting.messages.size()), waiting.size_bytes};
}

}  // namespace weir

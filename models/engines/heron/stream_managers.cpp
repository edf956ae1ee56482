#include "models/engines/heron/stream_managers.hpp"

#include <algorithm>

namespace weir {

StreamManagers::StreamManagers(Calendar& calendar, std::uint32_t id, Nanos own_drain_ns, Nanos drain_ns,
                               bool apart, std::int64_t batch_records)
    : calendar_(calendar),
      own_drain_ns_(own_drain_ns),
      drain_ns_(drain_ns),
      apart_(apart),
      batch_records_(batch_records) {
  handler_id = id;
}

void StreamManagers::deploy(Job& job, int instances_per_container) {
  job_ = &job;
  const LogicalGraph& graph = job.graph();
  std::uint32_t slots = 0;
  first_slot_.clear();
  for (const LogicalEdge& edge : graph.edges) {
    first_slot_.push_back(slots);
    slots += static_cast<std::uint32_t>(job.parallelism()[edge.to]);
  }
  struct Filling {
    std::uint32_t manager = 0;
    int instances = 0;
  };
  std::vector<Filling> by_host(job.cluster().host_count());
  std::uint32_t managers = 0;
  std::vector<int> manager_hosts;
  manager_of_.assign(graph.operators.size(), {});
  for (std::size_t op = 0; op < graph.operators.size(); ++op) {
    for (int index = 0; index < job.parallelism()[op]; ++index) {
      const int host = job.instance(static_cast<int>(op), index).host();
      Filling& filling = by_host[host];
      if (filling.instances == 0 || filling.instances == instances_per_container) {
        filling = {managers++, 0};
        manager_hosts.push_back(host);
      }
      ++filling.instances;
      manager_of_[op].push_back(filling.manager);
    }
  }
  // A drain that was scheduled for an earlier deployment still comes; it then finds whatever is there.
  std::vector<bool> scheduled;
  for (const Manager& manager : managers_) scheduled.push_back(manager.drain_scheduled);
  managers_.assign(std::max<std::size_t>(managers, scheduled.size()), {});
  for (std::size_t i = 0; i < managers_.size(); ++i) {
    managers_[i].gathered.resize(slots);
    managers_[i].records.resize(slots);
    managers_[i].drain_scheduled = i < scheduled.size() && scheduled[i];
    if (i < manager_hosts.size()) managers_[i].host = manager_hosts[i];
  }
  if (job.tracer() != nullptr) trace_deployed(manager_hosts.size());
}

std::uint32_t StreamManagers::receiver_slot(const Channel& channel) const {
  return first_slot_[channel.edge] + static_cast<std::uint32_t>(channel.receiver->index());
}

void StreamManagers::route(Channel& channel, const Batch& batch) {
  const std::uint32_t number = manager_of_[channel.sender->operator_id()][channel.sender->index()];
  Manager& manager = managers_[number];
  const std::uint32_t slot = receiver_slot(channel);
  Batch& gathered = manager.gathered[slot];
  if (gathered.count == 0) manager.holding.push_back(slot);
  gathered.merge(batch);
  gathered.channel = &channel;
  if (apart_) {
    Batch rest = batch;
    while (rest.count > 1) manager.records[slot].push_back(rest.split_head(1));
    manager.records[slot].push_back(rest);
  }
  if (!traced_.empty()) trace_gathered(number, channel, batch);
  if (!manager.drain_scheduled) {
    manager.drain_scheduled = true;
    const Nanos next = (calendar_.now() / drain_ns_ + 1) * drain_ns_;
    calendar_.schedule(next, EventClass::timer, *this, 0, number);
  }
}

void StreamManagers::on_event(std::uint32_t, std::uint32_t number) {
  Manager& manager = managers_[number];
  manager.drain_scheduled = false;
  if (!traced_.empty()) trace_drained(number);
  const int worker = traced_.empty() ? -1 : traced_[number].worker;
  // What is sent can come back to this manager at once only through the calendar, never from within
  // receive().
  for (const std::uint32_t slot : manager.holding) {
    if (!apart_ && manager.gathered[slot].count > backlog_batches * batch_records_)
      split(manager.gathered[slot], manager.records[slot]);
    send_on(manager.gathered[slot], manager.records[slot], worker);
    manager.gathered[slot].count = 0;
    manager.records[slot].clear();
  }
  manager.holding.clear();
}

// A spout that costs nothing hands its whole backlog over at once; served as one batch, nothing would be seen
// of it for minutes. What a drain has otherwise stays one batch, as it is one tuple set.
void StreamManagers::split(Batch rest, std::vector<Batch>& batches) const {
  while (rest.count > batch_records_) batches.push_back(rest.split_head(batch_records_));
  batches.push_back(rest);
}

// The tuples of one drain travel together; of a coarser drain, those of each of the engine's own drains.
void StreamManagers::send_on(Batch batch, const std::vector<Batch>& records, int worker) {
  batch.first_ns = sent_ns(batch.first_ns);
  batch.last_ns = sent_ns(batch.last_ns);
  Instance& receiver = *batch.channel->receiver;
  const int from = batch.channel->sender->host();
  const int to = receiver.host();
  if (from != to) {
    job_->send(job_->connection(from, to), batch, receiver, batch.first_ns, worker, records);
  } else if (!records.empty()) {
    receiver.receive_together(records, own_drain_ns_, batch.first_ns, worker);
  } else {
    receiver.arrives_from(batch.first_ns, worker);
    receiver.receive(batch);
  }
}

void StreamManagers::drop_all(Job& job) {
  trace_until(calendar_.now());
  for (Traced& traced : traced_) traced.senders.clear();
  for (Manager& manager : managers_) {
    for (const std::uint32_t slot : manager.holding) {
      Batch& gathered = manager.gathered[slot];
      job.lost_on_edge(gathered.channel->edge, gathered.count);
      if (!apart_) job.lost(gathered);
      for (const Batch& record : manager.records[slot]) job.lost(record);
      gathered.count = 0;
      manager.records[slot].clear();
    }
    manager.holding.clear();
  }
}

std::int64_t StreamManagers::held_weight() const {
  std::int64_t weight = 0;
  for (const Manager& manager : managers_) {
    for (const std::uint32_t slot : manager.holding) weight += manager.gathered[slot].weight;
  }
  return weight;
}

void StreamManagers::add_queued(std::vector<std::int64_t>& records_by_edge) const {
  for (const Manager& manager : managers_) {
    for (const std::uint32_t slot : manager.holding) {
      records_by_edge[manager.gathered[slot].channel->edge] += manager.gathered[slot].count;
    }
  }
}

}  // namespace weir

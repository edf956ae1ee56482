#include "models/engines/synergy/node_queues.hpp"

#include <algorithm>
#include <cmath>

#include "sim/kernel/durations.hpp"

namespace weir {

NodeQueues::NodeQueues(Calendar& calendar, std::uint32_t id, Nanos queue_ns)
    : calendar_(calendar), queue_s_(to_seconds(queue_ns)) {
  handler_id = id;
}

void NodeQueues::deploy(Job& job, const SharedNodes& shared) {
  job_ = &job;
  const allocation::Network& network = shared.network;
  resources_ = network.resources.size();
  dropped_at_.assign(resources_, 0);
  nodes_.resize(network.nodes.size());
  for (Node& node : nodes_) node.servers.resize(resources_ - 1);
  components_.assign(job.graph().operators.size(), {});
  for (std::size_t c = 0; c < network.components.size(); ++c) {
    const auto [op, index] = shared.instances[c];
    Component component;
    component.node = network.components[c].node;
    Node& node = nodes_[static_cast<std::size_t>(component.node)];
    for (std::size_t j = 0; j < resources_; ++j)
      component.use_s.push_back(network.components[c].use[j] /
                                network.nodes[static_cast<std::size_t>(component.node)].capacity[j]);
    node.instances.push_back(&job.instance(op, index));
    node.work_s.push_back(component.use_s[0]);
    components_[static_cast<std::size_t>(op)].resize(
        std::max(components_[static_cast<std::size_t>(op)].size(), static_cast<std::size_t>(index) + 1));
    components_[static_cast<std::size_t>(op)][static_cast<std::size_t>(index)] = std::move(component);
  }
}

const NodeQueues::Component& NodeQueues::component_of(const Channel& channel) const {
  return components_[static_cast<std::size_t>(channel.receiver->operator_id())]
                    [static_cast<std::size_t>(channel.receiver->index())];
}

void NodeQueues::route(Channel& channel, const Batch& batch) {
  const int from = channel.sender->host(), to = channel.receiver->host();
  if (from == to) return enter(1, batch);
  job_->send(job_->connection(from, to), batch, *channel.receiver);
}

void NodeQueues::arrived(Channel&, const Batch& batch, Nanos) {
  enter(1, batch);
}

void NodeQueues::enter(std::size_t resource, Batch batch) {
  const Component& component = component_of(*batch.channel);
  while (resource < resources_ && component.use_s[resource] == 0) ++resource;
  Node& node = nodes_[static_cast<std::size_t>(component.node)];
  if (resource == resources_) {
    if (admit(0, batch, processor_work_s(node), component.use_s[0])) hand_over(batch);
    return;
  }
  const Server& server = node.servers[resource - 1];
  const double waiting_s = to_seconds(std::max<Nanos>(0, server.free_ns - calendar_.now()));
  if (admit(resource, batch, waiting_s, component.use_s[resource])) serve(resource, batch);
}

void NodeQueues::serve(std::size_t resource, const Batch& batch) {
  const Component& component = component_of(*batch.channel);
  const auto number = static_cast<std::size_t>(component.node);
  Server& server = nodes_[number].servers[resource - 1];
  const double work_s = static_cast<double>(batch.count) * component.use_s[resource];
  server.free_ns = later(std::max(server.free_ns, calendar_.now()), to_nanos(work_s));
  server.waiting.push_back(batch);
  server.end_ns.push_back(server.free_ns);
  calendar_.schedule(server.free_ns, EventClass::timer, *this, 0,
                     static_cast<std::uint32_t>(number * resources_ + resource));
}

void NodeQueues::on_event(std::uint32_t, std::uint32_t number) {
  const std::size_t resource = number % resources_;
  Server& server = nodes_[number / resources_].servers[resource - 1];
  // What was dropped meanwhile has left its event behind.
  if (server.waiting.empty() || server.end_ns.front() != calendar_.now()) return;
  Batch batch = server.waiting.front();
  server.waiting.pop_front();
  server.end_ns.pop_front();
  batch.first_ns = batch.last_ns = calendar_.now();
  enter(resource + 1, batch);
}

void NodeQueues::hand_over(const Batch& batch) {
  Instance& receiver = *batch.channel->receiver;
  receiver.arrives_from(batch.first_ns);
  receiver.receive(batch);
}

double NodeQueues::processor_work_s(const Node& node) const {
  double work_s = 0;
  for (std::size_t i = 0; i < node.instances.size(); ++i)
    work_s += static_cast<double>(node.instances[i]->queue_records()) * node.work_s[i];
  return work_s;
}

// A unit is let in while less than the limit waits, however large it is: so small ones are not preferred.
bool NodeQueues::admit(std::size_t resource, Batch& batch, double waiting_s, double record_s) {
  if (record_s == 0) return true;
  const double room = std::ceil((queue_s_ - waiting_s) / record_s);
  const auto fitting = static_cast<std::int64_t>(std::clamp(room, 0.0, static_cast<double>(batch.count)));
  if (fitting == batch.count) return true;
  if (fitting == 0) return drop(resource, batch), false;
  const Batch head = batch.split_head(fitting);
  drop(resource, batch);
  batch = head;
  return true;
}

void NodeQueues::drop(std::size_t resource, const Batch& batch) {
  dropped_at_[resource] += batch.count;
  job_->lost_on_edge(batch.channel->edge, batch.count);
  job_->lost(batch);
}

void NodeQueues::drop_all(Job& job) {
  for (Node& node : nodes_) {
    for (Server& server : node.servers) {
      while (!server.waiting.empty()) {
        job.lost_on_edge(server.waiting.front().channel->edge, server.waiting.front().count);
        job.lost(server.waiting.front());
        server.waiting.pop_front();
        server.end_ns.pop_front();
      }
      server.free_ns = 0;
    }
  }
}

std::int64_t NodeQueues::held_weight() const {
  std::int64_t weight = 0;
  for (const Node& node : nodes_)
    for (const Server& server : node.servers)
      for (std::size_t i = 0; i < server.waiting.size(); ++i) weight += server.waiting[i].weight;
  return weight;
}

void NodeQueues::add_queued(std::vector<std::int64_t>& records_by_edge) const {
  for (const Node& node : nodes_)
    for (const Server& server : node.servers)
      for (std::size_t i = 0; i < server.waiting.size(); ++i)
        records_by_edge[static_cast<std::size_t>(server.waiting[i].channel->edge)] += server.waiting[i].count;
}

}  // namespace weir

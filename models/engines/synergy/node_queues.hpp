#pragma once

#include <vector>

#include "sim/dataflow/instance.hpp"
#include "sim/dataflow/job.hpp"
#include "sim/dataflow/ring.hpp"
#include "sim/dataflow/shared_nodes.hpp"
#include "sim/kernel/calendar.hpp"

// What happens to units on their way into a node: they take their share of each resource besides the
// processor, first come first served, then wait for their component.
//
//   network ─▶ resource 1 ─▶ resource 2 ─▶ … ─▶ inbox of the component ─▶ processor
//              (one server each: use / capacity)
//
// Before each of them, and before the processors' inboxes of a node together, no more than so much work may
// wait: the rest is dropped there.

namespace weir {

class NodeQueues final : public Router, EventHandler {
 public:
  NodeQueues(Calendar& calendar, std::uint32_t id, Nanos queue_ns);

  void deploy(Job& job, const SharedNodes& nodes);

  void route(Channel& channel, const Batch& batch) override;
  bool follows_batches() const override { return true; }
  void arrived(Channel& channel, const Batch& batch, Nanos sent_ns) override;
  void drop_all(Job& job) override;
  std::int64_t held_weight() const override;
  void add_queued(std::vector<std::int64_t>& records_by_edge) const override;

  // By resource, the processor first: the part of the units that were dropped there.
  const std::vector<std::int64_t>& dropped_at() const { return dropped_at_; }

 private:
  // A resource of a node: a server that is busy until free_ns.
  struct Server {
    Nanos free_ns = 0;
    Ring<Batch> waiting;  // and in service
    Ring<Nanos> end_ns;   // of the service of each of them
  };
  struct Component {
    std::vector<double> use_s;  // by resource: of its node's, for each record
    int node = 0;
  };
  struct Node {
    std::vector<const Instance*> instances;
    std::vector<double> work_s;   // of a record, by instance
    std::vector<Server> servers;  // by resource besides the processor
  };

  void on_event(std::uint32_t kind, std::uint32_t server) override;
  const Component& component_of(const Channel& channel) const;
  // Passes the batch on to the resource, or to its component after the last one.
  void enter(std::size_t resource, Batch batch);
  void serve(std::size_t resource, const Batch& batch);
  void hand_over(const Batch& batch);
  // Leaves as many records of the batch as there is room for; the rest is dropped at the resource.
  bool admit(std::size_t resource, Batch& batch, double waiting_s, double record_s);
  void drop(std::size_t resource, const Batch& batch);
  double processor_work_s(const Node& node) const;

  Calendar& calendar_;
  double queue_s_;
  Job* job_ = nullptr;
  std::size_t resources_ = 1;
  std::vector<Node> nodes_;
  std::vector<std::vector<Component>> components_;  // by operator and instance
  std::vector<std::int64_t> dropped_at_;
};

}  // namespace weir

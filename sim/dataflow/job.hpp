#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/cluster/cluster.hpp"
#include "sim/control/metrics.hpp"
#include "sim/dataflow/delayed_latency.hpp"
#include "sim/dataflow/engine.hpp"
#include "sim/dataflow/instance.hpp"
#include "sim/dataflow/logical_graph.hpp"
#include "sim/dataflow/micro_batch.hpp"
#include "sim/dataflow/origin_ledger.hpp"
#include "sim/dataflow/placement.hpp"
#include "sim/dataflow/work_queue.hpp"
#include "sim/kernel/latency_histogram.hpp"

// A job: one dataflow on one engine, its physical graph, and the books that prove that nothing got lost.
//
//   LogicalGraph + parallelism ──placement──▶ hosts ──deploy──▶ instances, executors, channels, connections
//
// Engines drive its life through deploy / start / halt / resume and through the sources' pause.

namespace weir {

struct JobSetup {
  std::string name;
  int number = 0;
  const LogicalGraph* graph = nullptr;
  Engine* engine = nullptr;
  Placement* placement = nullptr;
  Cluster* cluster = nullptr;
  Calendar* calendar = nullptr;
  FidelitySpec fidelity;
  std::uint64_t seed = 1;
  std::string base_dir;
  Nanos until_ns = never;
};

// Records of one logical edge: pushed = pulled + queued + lost, always.
struct EdgeBooks {
  std::int64_t pushed = 0;
  std::int64_t pulled = 0;
  std::int64_t lost = 0;
};

// Origins, in weight (batch.hpp): emitted = delivered + filtered + lost + held, always.
struct OriginBooks {
  std::int64_t emitted = 0;
  std::int64_t delivered = 0;
  std::int64_t filtered = 0;
  std::int64_t lost = 0;
  std::int64_t replayed = 0;  // of those emitted, what had been emitted before
  std::int64_t held() const { return emitted - delivered - filtered - lost; }
};

class Job final : public DeliveryHandler {
 public:
  explicit Job(const JobSetup& setup);
  Job(const Job&) = delete;
  Job& operator=(const Job&) = delete;

  // ---- what it is ----
  const std::string& name() const { return setup_.name; }
  const LogicalGraph& graph() const { return *setup_.graph; }
  const Engine& engine() const { return *setup_.engine; }
  Calendar& calendar() const { return *setup_.calendar; }
  Cluster& cluster() const { return *setup_.cluster; }
  std::uint64_t seed() const { return setup_.seed; }
  std::int64_t batch_records() const { return setup_.fidelity.batch_records; }
  Nanos batch_span_ns() const { return setup_.fidelity.span_ns(); }
  int number() const { return setup_.number; }
  std::string entity(int operator_id, int index) const;
  std::uint32_t handler_id(int operator_id, int index) const;
  int source_number(int operator_id, int index) const { return source_base_[operator_id] + index; }
  ArrivalContext arrival_context(int operator_id, int index) const;

  // ---- what is told to a tracer (tracer.hpp) ----
  // Before the first deployment.
  void trace_to(Tracer& tracer);
  Tracer* tracer() const { return tracer_; }
  // `source` goes on, since what held it up is over.
  void trace_relief(const Instance& source);
  // Everything up to now.
  void trace_until(Nanos now);
  // When a metric window has just been closed: up to when everything is told.
  Nanos trace_settled(Nanos now);

  // ---- topics (broker.hpp), before the first deployment ----
  // `load_known`: nobody else fills the topic.
  void read_from(int source, TopicReader& topic, bool load_known) {
    topics_read_[source] = &topic;
    load_unknown_[source] = !load_known;
  }
  void write_to(int sink, TopicWriter& topic) { topics_written_[sink] = &topic; }
  TopicReader* topic_read(int source) const { return topics_read_[source]; }  // null: none
  // Whether the scenario says what is offered: not where a source reads what somebody else writes.
  bool knows_load() const;
  bool knows_load(int source) const { return !load_unknown_[source]; }

  // ---- deployment (engines) ----
  // Asked to change something; ends with action_ended().
  void action_begins();
  // Builds the physical graph, halted. What an earlier one held must have been drained or dropped. Returns
  // false, and changes nothing, if the cluster has too few slots.
  bool deploy(const std::vector<int>& parallelism);
  // Everybody works (again).
  void resume();
  // Everybody stops; what is queued, in service and on the network is lost, and what operators keep in their
  // state, unless it was saved. Returns how many records that were.
  std::int64_t halt_and_drop(bool state_saved);
  void pause_sources(bool paused);
  // What is sent to the operator from now on goes to its instances by these shares (Partitioning::shares).
  void reshare(int operator_id, const std::vector<double>& shares);
  // Calls Engine::drained as soon as no record is under way (at once if none is). What operators keep in
  // their state until something else arrives is not under way.
  void drain();
  void action_ended(const ActionOutcome& outcome);
  // One instance works from now on, or no more: while the job runs. One that stops holds nothing; nobody
  // sends to it.
  void start_instance(int operator_id, int index);
  void stop_instance(int operator_id, int index);
  // Of the action `number` (Engine::start_container); the instance, if there is one, runs.
  void container_started(std::int64_t number, const ActionOutcome& outcome);
  // A container went by itself; it does not run any more.
  void container_exited(int operator_id, int index, const std::string& why);
  // What the engine's own transport sends, for the books of the hosts.
  void count_transfer(int from_host, int to_host, double bytes) {
    sent_bytes_[from_host] += bytes;
    received_bytes_[to_host] += bytes;
  }
  void workers_changed(const WorkerChange& change) {
    if (on_workers_changed) on_workers_changed(change);
  }
  void micro_batch_done(const MicroBatchReport& report) {
    if (on_micro_batch_done) on_micro_batch_done(report);
  }
  double state_bytes() const;                 // keyed state of all operators
  double state_bytes(int operator_id) const;  // of one: as declared, and as its logic has it
  // Of replayable sources, by source number: what was emitted before a position will not be asked for again;
  // and, while halted, everything from there on is emitted again. Returns how many records that are.
  void forget_emitted(const std::vector<std::int64_t>& positions);
  std::int64_t rewind_sources(const std::vector<std::int64_t>& positions);
  // A batch that was under way on an edge comes again, from the sender of that index, or, if there are fewer
  // now, from another one.
  void send_again(int edge, int sender_index, const Batch& batch);
  JobModels& models() { return models_; }

  const std::vector<int>& parallelism() const { return parallelism_; }
  Instance& instance(int operator_id, int index) { return *instances_[operator_id][index]; }
  const Instance& instance(int operator_id, int index) const { return *instances_[operator_id][index]; }
  int host_of(int operator_id, int index) const { return instances_[operator_id][index]->host(); }
  bool running() const { return running_; }
  // Whether the instance works; one that is stopped, with the job or alone, does not.
  bool runs(int operator_id, int index) const { return !executors_[operator_id][index]->halted(); }
  // Whether it is stopped alone: a place without a container.
  bool stopped(int operator_id, int index) const {
    const auto& of_operator = stopped_[static_cast<std::size_t>(operator_id)];
    return static_cast<std::size_t>(index) < of_operator.size() &&
           of_operator[static_cast<std::size_t>(index)];
  }
  // What sources sent and nobody has taken, because the engine keeps it (a backlog at a master).
  std::int64_t kept_by_engine_records() const;
  // How many instances of the operator are not stopped by themselves.
  int running_instances(int operator_id) const;
  int deployment() const { return deployment_; }
  // How many slots other jobs leave.
  std::function<std::vector<int>()> free_slots;
  // Told before another deployment takes over, so that no metric window covers two.
  std::function<void()> before_deploy;
  // Told when an action is over.
  std::function<void(const ActionOutcome&)> on_action_ended;
  std::function<void(std::int64_t number, const ActionOutcome&)> on_container_started;
  std::function<void(int operator_id, int index, const std::string& why)> on_container_exited;
  // Told when there are more workers or fewer (worker_pool.hpp).
  std::function<void(const WorkerChange&)> on_workers_changed;
  // Told when the job of a batch is over (micro_batch.hpp).
  std::function<void(const MicroBatchReport&)> on_micro_batch_done;

  // ---- the hot path (instances, routers) ----
  void transport(Channel& channel, const Batch& batch) {
    if (channel.receiver == nullptr) {
      channel.work_queue->offer(batch);
    } else if (channel.connection < 0) {
      channel.receiver->receive(batch);
    } else {
      send(channel.connection, batch, *channel.receiver);
    }
  }
  // For the tracer: `sent_ns`, when it was sent, if that was before it became available here, and
  // `sender_worker`, who sent it, if that was not an instance.
  void send(int connection, const Batch& batch, Instance& receiver, Nanos sent_ns = never,
            int sender_worker = -1);
  // A batch that is received as the ones in `apart`, of which it consists, if there are any: all when the
  // last is there.
  void send(int connection, const Batch& batch, Instance& receiver, Nanos sent_ns, int sender_worker,
            const std::vector<Batch>& apart);
  // The job's data connection between two hosts, made when it is first asked for; -1 within a host.
  int connection(int from_host, int to_host);
  void on_delivery(std::uint32_t cookie, Nanos first_ns, Nanos last_ns) override;
  void mark_crossed(Instance& instance, bool above) {
    if (!above) relief_ = {instance.trace_worker(), instance.signal_ns(calendar().now())};
    setup_.engine->mark_crossed(*this, instance, above);
  }
  // By a source; so many of its records for another time.
  void emitted(const Batch& batch, std::int64_t replayed_records);
  void delivered(const Batch& batch);
  // So much of the weight of `batch`.
  void filtered(const Batch& batch, std::int64_t weight) {
    origins_.filtered += weight;
    if (ledger_) ledger_->finished(batch, weight);
  }
  // Weight that an operator takes into its state, or lets out of it.
  void kept_in_state(std::int64_t weight) { kept_weight_ += weight; }
  // `instance` has dealt with what it served.
  void served(const Instance& instance) {
    if (draining_) check_drained(&instance);
    if (watched_) setup_.engine->served(*this, instance);
  }
  // Engine::served is called from now on, or no more.
  void watch_services(bool watched) { watched_ = watched; }
  void lost(const Batch& batch) {
    origins_.lost += batch.weight;
    lost_records_ += batch.count;
    if (ledger_) ledger_->lost(batch, batch.weight);
  }
  void pushed(int edge, std::int64_t records) { edges_[edge].pushed += records; }
  void pulled(int edge, std::int64_t records) { edges_[edge].pulled += records; }
  void lost_on_edge(int edge, std::int64_t records) { edges_[edge].lost += records; }

  // ---- books ----
  const OriginBooks& origins() const { return origins_; }
  // The origins one by one, if the fidelity asks for it: then records of different origins must be kept
  // apart.
  const OriginLedger* ledger() const { return ledger_.get(); }
  const std::vector<EdgeBooks>& edge_books() const { return edges_; }
  // Of the whole run.
  LatencyHistogram latency() const {
    LatencyHistogram all = latency_;
    all.merge(window_latency_);
    delayed_latency_.add_to(all);
    return all;
  }
  // The metric window since the last call (or the start), all accounts closed.
  MetricWindow take_window();
  // Everything that must hold, checked now; a sentence for each thing that does not.
  std::vector<std::string> check() const;
  const std::vector<double>& sent_bytes() const { return sent_bytes_; }  // over the network, by host
  const std::vector<double>& received_bytes() const { return received_bytes_; }
  // Its slots: an instance each, or where slots are shared, the number of the slot as that of an instance of
  // operator 0.
  const std::vector<PlacedInstance>& placed() const { return placed_; }
  // Of the operator at the head of the chain that an operator belongs to, or its own.
  int chain_head(int operator_id) const { return chain_heads_[operator_id]; }
  std::int64_t emitted_records() const { return emitted_records_; }
  std::int64_t lost_records() const { return lost_records_; }
  Reordering reordering() const;
  // How many instances an operator ever had.
  int instances_ever(int operator_id) const { return static_cast<int>(instances_[operator_id].size()); }

 private:
  struct Snapshot {
    InstanceCounters counters;
    std::int64_t offered_records = 0;
    Nanos use_ns[4] = {0, 0, 0, 0};
  };
  void find_chains(const std::vector<int>& parallelism);
  void build_instances(const std::vector<int>& parallelism, const std::vector<int>& hosts);
  void build_tasks(const std::vector<int>& parallelism, const std::vector<int>& hosts);
  InstanceSettings settings_of(int operator_id) const;
  void build_edges();
  void build_work_queues();
  void check_drained(const Instance* served);
  bool anything_under_way(const Instance* served) const;
  void close_connections();
  std::int64_t weight_on_network() const;

  JobSetup setup_;
  JobModels models_;
  std::vector<int> parallelism_;
  std::vector<std::vector<bool>> stopped_;  // by themselves, by operator
  std::vector<std::vector<std::unique_ptr<Executor>>> executors_;
  std::vector<std::vector<std::unique_ptr<Instance>>> instances_;
  std::vector<TopicReader*> topics_read_;     // by operator; null: none
  std::vector<char> load_unknown_;            // by operator
  std::vector<TopicWriter*> topics_written_;  // likewise
  std::vector<std::vector<Snapshot>> snapshots_;
  std::vector<PlacedInstance> placed_;
  std::vector<int> source_base_;
  std::vector<int> chain_heads_;                         // by operator
  std::vector<std::unique_ptr<WorkQueue>> work_queues_;  // by operator; null where it does not pull

  struct UnderWay {
    Batch batch;
    std::vector<Batch> apart;  // what it consists of for its receiver; empty: itself
    Instance* receiver = nullptr;
    bool used = false;
    Nanos sent_ns = 0;
    int sender_worker = -1;
  };
  std::uint32_t put_under_way(const Batch& batch, Instance& receiver, Nanos sent_ns, int sender_worker);
  void give_to_network(int connection, std::uint32_t cookie);
  std::vector<UnderWay> under_way_;
  std::vector<std::uint32_t> free_cookies_;
  std::map<std::pair<int, int>, int> connections_;  // of the network, by hosts from and to

  Tracer* tracer_ = nullptr;
  int coordinator_ = -1;         // the engine itself, as a worker
  Nanos acts_since_ns_ = never;  // for an action
  struct Relief {
    int worker = -1;
    Nanos signal_ns = 0;
  };
  Relief relief_;  // the inbox that fell to its low mark last
  void signal_all();

  OriginBooks origins_;
  std::unique_ptr<OriginLedger> ledger_;  // null: not asked for
  std::int64_t kept_weight_ = 0;          // in the state of operators
  std::vector<EdgeBooks> edges_;
  std::vector<std::int64_t> pushed_before_;
  std::vector<double> sent_bytes_;
  std::vector<double> received_bytes_;
  std::int64_t emitted_records_ = 0;
  std::int64_t lost_records_ = 0;
  LatencyHistogram latency_;  // up to the present window
  LatencyHistogram window_latency_;
  DelayedLatency delayed_latency_;  // of the present window too
  Nanos window_start_ns_ = 0;
  bool window_running_ = true;
  bool running_ = false;
  bool started_ = false;
  bool draining_ = false;
  bool watched_ = false;
  int deployment_ = -1;
};

}  // namespace weir

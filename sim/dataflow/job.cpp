#include "sim/dataflow/job.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

namespace weir {

Job::Job(const JobSetup& setup) : setup_(setup) {
  const LogicalGraph& g = graph();
  const std::size_t operators = g.operators.size();
  instances_.resize(operators);
  executors_.resize(operators);
  snapshots_.resize(operators);
  parallelism_.assign(operators, 0);
  edges_.resize(g.edges.size());
  pushed_before_.assign(g.edges.size(), 0);
  sent_bytes_.assign(setup.cluster->host_count(), 0);
  received_bytes_.assign(setup.cluster->host_count(), 0);
  work_queues_.resize(operators);
  topics_read_.resize(operators, nullptr);
  load_unknown_.resize(operators, 0);
  topics_written_.resize(operators, nullptr);
  for (std::size_t op = 0; op < operators; ++op) {
    if (g.pulls(static_cast<int>(op))) work_queues_[op] = std::make_unique<WorkQueue>(*this);
  }
  if (setup.fidelity.origins == Origins::exact) ledger_ = std::make_unique<OriginLedger>();
  int sources = 0;
  for (const LogicalOperator& op : g.operators) {
    source_base_.push_back(sources);
    if (op.source) sources += op.parallelism();
  }
}

std::string Job::entity(int operator_id, int index) const {
  return fmt::format("{}/{}/{}", setup_.name, graph().operators[operator_id].name, index);
}

// Numbers from 1 to 2^31: engines, the control loop and the cluster use ids beyond that.
//   7 bits of the job | 10 bits of the operator | 14 bits of the instance
std::uint32_t Job::handler_id(int operator_id, int index) const {
  static_assert(jobs_max == 1 << 7 && operators_max == 1 << 17 && operators_max_of_several == 1 << 10 &&
                instances_max == 1 << 14);
  WEIR_ASSERT(setup_.number >= 0 && setup_.number < jobs_max, "a scenario has at most 128 jobs");
  WEIR_ASSERT(
      operator_id >= 0 && operator_id < (setup_.number == 0 ? operators_max : operators_max_of_several),
      "a job beside others has at most 1024 operators");
  WEIR_ASSERT(index >= 0 && index < instances_max, "an operator has at most 16384 instances");
  return 1 + ((static_cast<std::uint32_t>(setup_.number) << 24) |
              (static_cast<std::uint32_t>(operator_id) << 14) | static_cast<std::uint32_t>(index));
}

ArrivalContext Job::arrival_context(int operator_id, int index) const {
  const LogicalOperator& op = graph().operators[operator_id];
  ArrivalContext context;
  context.seed = setup_.seed;
  context.entity = fmt::format("{}/{}", setup_.name, op.name);
  context.share = 1.0 / op.parallelism();
  context.index = index;
  context.of = op.parallelism();
  context.base_dir = setup_.base_dir;
  context.until_ns = setup_.until_ns;
  return context;
}

// ---------------------------------------------------------------- deployment

bool Job::deploy(const std::vector<int>& parallelism) {
  WEIR_ASSERT(!running_, "a job is deployed while it runs");
  const std::vector<InstanceToPlace> wanted = slots_wanted(parallelism, setup_.engine->shares_slots());
  const std::vector<int> free = free_slots ? free_slots() : std::vector<int>();
  const std::optional<std::vector<int>> hosts = setup_.placement->place(wanted, placed_, free);
  if (!hosts) return false;
  if (deployment_ >= 0 && before_deploy) before_deploy();
  placed_.clear();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    placed_.push_back({wanted[i].operator_id, wanted[i].index, (*hosts)[i]});
  }
  setup_.engine->placed(*this);
  ++deployment_;
  find_chains(parallelism);
  build_instances(parallelism, *hosts);
  parallelism_ = parallelism;
  stopped_.assign(parallelism.size(), {});
  for (std::size_t op = 0; op < parallelism.size(); ++op) {
    const int running = setup_.engine->running_at_start(graph(), static_cast<int>(op), parallelism[op]);
    for (int index = 0; index < parallelism[op]; ++index) stopped_[op].push_back(index >= running);
  }
  build_edges();
  setup_.engine->deployed(*this);
  for (TopicReader* topic : topics_read_)
    if (topic != nullptr) topic->deployed();
  for (TopicWriter* topic : topics_written_)
    if (topic != nullptr) topic->deployed();
  return true;
}

bool Job::knows_load() const {
  return std::none_of(load_unknown_.begin(), load_unknown_.end(), [](char unknown) { return unknown != 0; });
}

// Operators come in topological order: who is upstream has its head by then.
void Job::find_chains(const std::vector<int>& parallelism) {
  chain_heads_.resize(parallelism.size());
  std::iota(chain_heads_.begin(), chain_heads_.end(), 0);
  if (!setup_.engine->shares_slots()) return;
  for (std::size_t op = 0; op < parallelism.size(); ++op) {
    for (const int edge : graph().operators[op].inputs) {
      if (setup_.engine->chains(graph(), edge, parallelism))
        chain_heads_[op] = chain_heads_[graph().edges[edge].from];
    }
  }
}

InstanceSettings Job::settings_of(int operator_id) const {
  InstanceSettings settings = setup_.engine->settings(*this, operator_id);
  const auto chained = [&](int edge) {
    const LogicalEdge& e = graph().edges[edge];
    return chain_heads_[e.from] == chain_heads_[e.to] && setup_.engine->hands_over(graph(), edge);
  };
  const std::vector<int>& inputs = graph().operators[operator_id].inputs;
  const std::vector<int>& outputs = graph().operators[operator_id].outputs;
  settings.input_chained = !inputs.empty() && std::all_of(inputs.begin(), inputs.end(), chained);
  settings.output_chained = !outputs.empty() && std::all_of(outputs.begin(), outputs.end(), chained);
  return settings;
}

void Job::build_instances(const std::vector<int>& parallelism, const std::vector<int>& hosts) {
  for (std::size_t op = 0; op < parallelism.size(); ++op) {
    while (static_cast<int>(instances_[op].size()) < parallelism[op]) {
      const auto index = static_cast<int>(instances_[op].size());
      instances_[op].push_back(std::make_unique<Instance>(*this, static_cast<int>(op), index));
      if (topics_read_[op] != nullptr) instances_[op].back()->read_from(*topics_read_[op]);
      if (topics_written_[op] != nullptr) instances_[op].back()->write_to(*topics_written_[op]);
      executors_[op].push_back(
          std::make_unique<Executor>(cluster().cpus(), calendar(), instances_[op].back()->handler_id));
      snapshots_[op].emplace_back();
    }
  }
  build_tasks(parallelism, hosts);
  const Nanos now = calendar().now();
  for (std::size_t op = 0; op < parallelism.size(); ++op) {
    const LogicalOperator& spec = graph().operators[op];
    const InstanceSettings settings = settings_of(static_cast<int>(op));
    const double factor = spec.source ? 1 : spec.operator_spec.contention.factor(parallelism[op]);
    for (int index = 0; index < static_cast<int>(instances_[op].size()); ++index) {
      Instance& instance = *instances_[op][index];
      instance.clear_edges();
      if (index < parallelism[op]) {
        instance.deploy(*executors_[chain_heads_[op]][index], settings,
                        factor * setup_.engine->cost_factor(static_cast<int>(op), index));
      } else {
        instance.undeploy(now);
      }
    }
  }
}

// Executors and instances outlive their deployment: events in the calendar point at them.
void Job::build_tasks(const std::vector<int>& parallelism, const std::vector<int>& hosts) {
  const bool shared = setup_.engine->shares_slots();
  std::vector<std::vector<int>> chains(parallelism.size());
  for (std::size_t op = 0; op < parallelism.size(); ++op)
    chains[chain_heads_[op]].push_back(static_cast<int>(op));
  std::size_t next_slot = 0;
  for (std::size_t op = 0; op < parallelism.size(); ++op) {
    for (int index = 0; index < static_cast<int>(executors_[op].size()); ++index) {
      std::vector<Instance*> chain;
      int host = 0;
      if (index < parallelism[op]) {
        host = shared ? hosts[index] : hosts[next_slot++];
        for (const int member : chains[op]) chain.push_back(instances_[member][index].get());
      }
      executors_[op][index]->serve(std::move(chain), host);
    }
  }
}

void Job::build_work_queues() {
  for (std::size_t op = 0; op < work_queues_.size(); ++op) {
    if (!work_queues_[op]) continue;
    std::vector<Instance*> receivers;
    for (int i = 0; i < parallelism_[op]; ++i) receivers.push_back(instances_[op][i].get());
    for (Instance* receiver : receivers) receiver->pull_from(work_queues_[op].get());
    work_queues_[op]->deploy(std::move(receivers));
  }
}

void Job::build_edges() {
  Router* const router = setup_.engine->router();
  close_connections();
  build_work_queues();
  std::uint32_t channels = 0;
  for (std::size_t id = 0; id < graph().edges.size(); ++id) {
    const LogicalEdge& edge = graph().edges[id];
    const int senders = parallelism_[edge.from];
    const int receivers = parallelism_[edge.to];
    EdgeSpec spec = edge.spec;
    spec.partitioning = setup_.engine->partitioning(edge.spec, senders, receivers);
    std::shared_ptr<const std::vector<double>> shares;
    if (spec.partitioning == Partitioning::key) {
      shares = std::make_shared<const std::vector<double>>(
          setup_.engine->key_shares(spec.keys, edge.to, receivers));
    }
    if (spec.partitioning == Partitioning::shares)
      shares = std::make_shared<const std::vector<double>>(setup_.engine->shares(edge.to, receivers));
    if (spec.partitioning == Partitioning::pull) {
      WEIR_ASSERT(router == nullptr, "an engine with its own transport has no pull edges");
      for (int i = 0; i < senders; ++i) {
        const RandomStream unused(setup_.seed, entity(edge.from, i), "route");
        instances_[edge.from][i]->add_pull_edge(static_cast<int>(id), Splitter(spec, nullptr, i, 1, unused),
                                                *work_queues_[edge.to]);
      }
      continue;
    }
    // Where a sender has one receiver for ever, it gets one channel: thousands of chains must not cost
    // millions of channels.
    const bool to_one =
        spec.partitioning == Partitioning::forward || spec.partitioning == Partitioning::global;
    std::vector<Instance*> to;
    for (int i = 0; i < receivers; ++i) to.push_back(instances_[edge.to][i].get());
    for (int i = 0; i < senders; ++i) {
      if (to_one) {
        const int target = spec.partitioning == Partitioning::forward ? i % receivers : 0;
        to.assign(1, instances_[edge.to][target].get());
      }
      Instance& sender = *instances_[edge.from][i];
      std::vector<int> connections;
      for (Instance* receiver : to) {
        connections.push_back(router != nullptr ? -1 : connection(sender.host(), receiver->host()));
      }
      RandomStream random(setup_.seed, entity(edge.from, i), fmt::format("route {} {}", id, deployment_));
      sender.add_edge(static_cast<int>(id), Splitter(spec, shares, i, static_cast<int>(to.size()), random),
                      to, router, connections, channels);
      channels += static_cast<std::uint32_t>(to.size());
    }
  }
}

void Job::reshare(int operator_id, const std::vector<double>& shares) {
  const auto shared = std::make_shared<const std::vector<double>>(shares);
  for (const int edge : graph().operators[operator_id].inputs) {
    const int from = graph().edges[edge].from;
    for (int i = 0; i < parallelism_[from]; ++i) instances_[from][i]->reshare(edge, shared);
  }
}

int Job::connection(int from_host, int to_host) {
  if (from_host == to_host) return -1;
  const auto [it, added] = connections_.try_emplace({from_host, to_host}, -1);
  if (added) it->second = cluster().network().connect(from_host, to_host, TrafficClass::data, *this);
  return it->second;
}

void Job::close_connections() {
  for (const auto& [hosts, id] : connections_) cluster().network().disconnect(id);
  connections_.clear();
}

void Job::resume() {
  WEIR_ASSERT(!running_, "a job is resumed that runs");
  running_ = true;
  for (std::size_t op = 0; op < instances_.size(); ++op) {
    for (int i = 0; i < parallelism_[op]; ++i) {
      if (!stopped_[op][i]) instances_[op][i]->resume_accounts();
    }
  }
  // Sources last, so that everybody is ready to receive.
  for (const bool sources : {false, true}) {
    for (std::size_t op = 0; op < instances_.size(); ++op) {
      if (graph().operators[op].source != sources) continue;
      for (int i = 0; i < parallelism_[op]; ++i) {
        if (stopped_[op][i]) continue;
        executors_[op][i]->resume();
        if (sources && !started_) instances_[op][i]->start_arrivals();
      }
    }
  }
  started_ = true;
  if (tracer_ == nullptr || acts_since_ns_ == never) return;
  signal_all();
  tracer_->acted(coordinator_, acts_since_ns_, calendar().now());
  acts_since_ns_ = never;
}

void Job::start_instance(int operator_id, int index) {
  WEIR_ASSERT(running_ && stopped_[operator_id][index], "an instance is started that runs");
  instances_[operator_id][index]->resume_accounts();
  stopped_[operator_id][index] = false;
  executors_[operator_id][index]->resume();
}

void Job::stop_instance(int operator_id, int index) {
  WEIR_ASSERT(running_ && !stopped_[operator_id][index], "an instance is stopped that does not run");
  Executor& executor = *executors_[operator_id][index];
  WEIR_ASSERT(!executor.busy() && !instances_[operator_id][index]->has_records(),
              "an instance that stops by itself holds nothing");
  stopped_[operator_id][index] = true;
  executor.halt();
  instances_[operator_id][index]->account(TimeUse::overhead);
}

int Job::running_instances(int operator_id) const {
  const std::vector<bool>& stopped = stopped_[operator_id];
  return static_cast<int>(std::count(stopped.begin(), stopped.end(), false));
}

std::int64_t Job::kept_by_engine_records() const {
  const Router* const router = setup_.engine->router();
  std::int64_t records = 0;
  for (std::size_t op = 0; router != nullptr && op < instances_.size(); ++op)
    records += router->waiting_for(static_cast<int>(op)).records;
  return records;
}

void Job::container_started(std::int64_t number, const ActionOutcome& outcome) {
  if (on_container_started) on_container_started(number, outcome);
}

void Job::container_exited(int operator_id, int index, const std::string& why) {
  if (on_container_exited) on_container_exited(operator_id, index, why);
}

std::int64_t Job::halt_and_drop(bool state_saved) {
  const std::int64_t lost_before = lost_records_;
  draining_ = false;
  for (std::size_t op = 0; op < instances_.size(); ++op) {
    for (int i = 0; i < parallelism_[op]; ++i) instances_[op][i]->drop_all(state_saved);
  }
  if (Router* router = setup_.engine->router()) router->drop_all(*this);
  for (const auto& queue : work_queues_) {
    if (queue) queue->drop_all();
  }
  close_connections();
  for (std::uint32_t cookie = 0; cookie < under_way_.size(); ++cookie) {
    if (!under_way_[cookie].used) continue;
    UnderWay& slot = under_way_[cookie];
    slot.used = false;
    free_cookies_.push_back(cookie);
    lost_on_edge(slot.batch.channel->edge, slot.batch.count);
    if (slot.apart.empty()) lost(slot.batch);
    for (const Batch& batch : slot.apart) lost(batch);
    slot.apart.clear();
  }
  for (std::size_t op = 0; op < instances_.size(); ++op) {
    for (int i = 0; i < parallelism_[op]; ++i) {
      executors_[op][i]->halt();
      instances_[op][i]->account(TimeUse::overhead);
    }
  }
  signal_all();
  running_ = false;
  window_running_ = false;
  return lost_records_ - lost_before;
}

void Job::pause_sources(bool paused) {
  for (std::size_t op = 0; op < instances_.size(); ++op) {
    if (!graph().operators[op].source) continue;
    for (int i = 0; i < parallelism_[op]; ++i) instances_[op][i]->pause(paused);
  }
}

void Job::drain() {
  draining_ = true;
  check_drained(nullptr);
}

// The weight says when it is worth looking. It does not say everything: what a source is just emitting has
// none yet, and of an origin that became more than 2^20 records some have none.
void Job::check_drained(const Instance* served) {
  if (origins_.held() != kept_weight_ || anything_under_way(served)) return;
  draining_ = false;
  setup_.engine->drained(*this);
}

// `served` has just dealt with what its executor still counts as served; it may be null.
bool Job::anything_under_way(const Instance* served) const {
  for (std::size_t op = 0; op < instances_.size(); ++op) {
    for (int i = 0; i < parallelism_[op]; ++i) {
      const Instance& instance = *instances_[op][i];
      if (instance.has_records()) return true;
      if (&instance != served && instance.executor().serves(instance)) return true;
    }
  }
  for (const UnderWay& slot : under_way_) {
    if (slot.used) return true;
  }
  std::vector<std::int64_t> queued(edges_.size(), 0);
  for (const auto& queue : work_queues_) {
    if (queue) queue->add_queued(queued);
  }
  if (const Router* router = setup_.engine->router()) router->add_queued(queued);
  return std::any_of(queued.begin(), queued.end(), [](std::int64_t records) { return records > 0; });
}

void Job::action_ended(const ActionOutcome& outcome) {
  if (on_action_ended) on_action_ended(outcome);
}

double Job::state_bytes() const {
  double bytes = 0;
  for (std::size_t op = 0; op < instances_.size(); ++op) bytes += state_bytes(static_cast<int>(op));
  return bytes;
}

double Job::state_bytes(int operator_id) const {
  double bytes = graph().operators[operator_id].operator_spec.state.size_bytes();
  for (int i = 0; i < parallelism_[operator_id]; ++i) bytes += instances_[operator_id][i]->state().size_bytes;
  return bytes;
}

void Job::forget_emitted(const std::vector<std::int64_t>& positions) {
  for (std::size_t op = 0; op < instances_.size(); ++op) {
    if (!graph().operators[op].source) continue;
    for (int i = 0; i < parallelism_[op]; ++i)
      instances_[op][i]->forget_emitted(positions[source_number(static_cast<int>(op), i)]);
  }
}

std::int64_t Job::rewind_sources(const std::vector<std::int64_t>& positions) {
  WEIR_ASSERT(!running_, "sources are rewound while they run");
  std::int64_t replayed = 0;
  for (std::size_t op = 0; op < instances_.size(); ++op) {
    if (!graph().operators[op].source) continue;
    for (int i = 0; i < parallelism_[op]; ++i)
      replayed += instances_[op][i]->rewind(positions[source_number(static_cast<int>(op), i)]);
  }
  return replayed;
}

void Job::send_again(int edge, int sender_index, const Batch& batch) {
  origins_.emitted += batch.weight;
  origins_.replayed += batch.weight;
  const int sender = graph().edges[edge].from;
  instance(sender, sender_index % parallelism_[sender]).send_again(edge, batch);
}

// ---------------------------------------------------------------- tracing

void Job::trace_to(Tracer& tracer) {
  WEIR_ASSERT(deployment_ < 0, "a job is traced from its first deployment on");
  tracer_ = &tracer;
  coordinator_ = tracer.add_worker(-1, -1, -1, "engine");
}

// The engine learns of it from everybody who is awake.
void Job::action_begins() {
  if (tracer_ == nullptr) return;
  const Nanos now = calendar().now();
  acts_since_ns_ = now;
  for (std::size_t op = 0; op < instances_.size(); ++op) {
    for (int i = 0; i < parallelism_[op]; ++i) {
      const Instance& instance = *instances_[op][i];
      if (instance.active_before(now))
        tracer_->signalled(coordinator_, instance.trace_worker(), now - 1, now);
    }
  }
}

// Stop, or go on.
void Job::signal_all() {
  if (tracer_ == nullptr || acts_since_ns_ == never) return;
  const Nanos now = calendar().now();
  for (std::size_t op = 0; op < instances_.size(); ++op) {
    for (int i = 0; i < parallelism_[op]; ++i) {
      tracer_->signalled(instances_[op][i]->trace_worker(), coordinator_, now, now);
    }
  }
}

void Job::trace_relief(const Instance& source) {
  if (relief_.worker < 0) return;
  const Nanos now = calendar().now();
  tracer_->signalled(source.trace_worker(), relief_.worker, relief_.signal_ns, now);
}

void Job::trace_until(Nanos now) {
  if (tracer_ == nullptr) return;
  for (const auto& of_operator : instances_) {
    for (const auto& instance : of_operator) {
      if (instance->deployed()) instance->trace_until(now);
    }
  }
  if (acts_since_ns_ != never) tracer_->acted(coordinator_, acts_since_ns_, now);
  setup_.engine->trace_until(now);
}

// Batches are told when they arrive, as sent and received when their first records were. With what is
// gathered on the way, that is later by some spans for each operator; who is later still, readers count.
Nanos Job::trace_settled(Nanos now) {
  const Nanos lag_ns = 4 * batch_span_ns() * static_cast<Nanos>(1 + instances_.size());
  Nanos settled_ns = std::max<Nanos>(0, now - lag_ns);
  for (const auto& of_operator : instances_) {
    for (const auto& instance : of_operator) settled_ns = std::min(settled_ns, instance->trace_settled(now));
  }
  for (const UnderWay& slot : under_way_) {
    if (slot.used) settled_ns = std::min(settled_ns, slot.sent_ns);
  }
  if (acts_since_ns_ != never) settled_ns = std::min(settled_ns, acts_since_ns_);
  return std::min(settled_ns, setup_.engine->trace_settled(settled_ns));
}

// ---------------------------------------------------------------- transport

void Job::send(int connection, const Batch& batch, Instance& receiver, Nanos sent_ns, int sender_worker) {
  give_to_network(connection, put_under_way(batch, receiver, sent_ns, sender_worker));
}

void Job::send(int connection, const Batch& batch, Instance& receiver, Nanos sent_ns, int sender_worker,
               const std::vector<Batch>& apart) {
  const std::uint32_t cookie = put_under_way(batch, receiver, sent_ns, sender_worker);
  under_way_[cookie].apart = apart;
  give_to_network(connection, cookie);
}

inline std::uint32_t Job::put_under_way(const Batch& batch, Instance& receiver, Nanos sent_ns,
                                        int sender_worker) {
  std::uint32_t cookie;
  if (free_cookies_.empty()) {
    cookie = static_cast<std::uint32_t>(under_way_.size());
    under_way_.emplace_back();
  } else {
    cookie = free_cookies_.back();
    free_cookies_.pop_back();
  }
  UnderWay& slot = under_way_[cookie];
  slot.used = true;
  slot.batch = batch;
  slot.receiver = &receiver;
  slot.sent_ns = std::min(sent_ns, batch.first_ns);
  slot.sender_worker = sender_worker;
  return cookie;
}

inline void Job::give_to_network(int connection, std::uint32_t cookie) {
  const UnderWay& slot = under_way_[cookie];
  const Batch& batch = slot.batch;
  const auto bytes = static_cast<double>(batch.size_bytes);
  sent_bytes_[batch.channel->sender->host()] += bytes;
  received_bytes_[slot.receiver->host()] += bytes;
  cluster().network().send(connection, bytes, batch.first_ns, batch.last_ns, cookie, batch.count);
}

void Job::on_delivery(std::uint32_t cookie, Nanos first_ns, Nanos last_ns) {
  UnderWay& slot = under_way_[cookie];
  WEIR_ASSERT(slot.used, "a delivery that was not sent");
  slot.used = false;
  free_cookies_.push_back(cookie);
  if (!slot.apart.empty()) {
    // Which copies them before it does anything else. None is available before now.
    slot.receiver->receive_together(slot.apart, calendar().now(), slot.sent_ns, slot.sender_worker);
    slot.apart.clear();
    return;
  }
  slot.batch.first_ns = first_ns;
  slot.batch.last_ns = last_ns;
  if (Router* follower = slot.batch.channel->follower; follower != nullptr) {
    const Batch batch = slot.batch;  // the slot may be used again meanwhile
    return follower->arrived(*batch.channel, batch, slot.sent_ns);
  }
  slot.receiver->arrives_from(slot.sent_ns, slot.sender_worker);
  slot.receiver->receive(slot.batch);  // which copies it before it does anything else
}

// ---------------------------------------------------------------- books

void Job::emitted(const Batch& batch, std::int64_t replayed_records) {
  origins_.emitted += batch.weight;
  origins_.replayed += replayed_records * weight_per_origin;
  if (ledger_) ledger_->emitted(batch);
  emitted_records_ += batch.count - replayed_records;
}

void Job::delivered(const Batch& batch) {
  origins_.delivered += batch.weight;
  if (ledger_) ledger_->finished(batch, batch.weight);
  LatencyHistogram& latency = batch.unseen.none() ? window_latency_ : delayed_latency_.of(batch);
  latency.add_interval(batch.first_ns - batch.origin_first_ns, batch.last_ns - batch.origin_last_ns,
                       batch.count);
}

MetricWindow Job::take_window() {
  const Nanos now = calendar().now();
  MetricWindow window;
  window.start_ns = window_start_ns_;
  window.end_ns = now;
  window.deployment = deployment_;
  window.running = window_running_ && running_;
  window_start_ns_ = now;
  window_running_ = running_;
  window.operators.resize(instances_.size());
  const double seconds = std::max(window.duration_s(), 1e-9);
  for (std::size_t op = 0; op < instances_.size(); ++op) {
    OperatorMetrics& metrics = window.operators[op];
    std::int64_t arrived = 0;
    WorkQueue* const shared = work_queues_[op].get();
    const std::int64_t shared_max = shared != nullptr ? shared->take_records_max() : 0;
    const Router* const router = setup_.engine->router();
    const Router::Waiting held =
        router != nullptr ? router->waiting_for(static_cast<int>(op)) : Router::Waiting{};
    for (int i = 0; i < parallelism_[op]; ++i) {
      Instance& instance = *instances_[op][i];
      instance.close_accounts(now);
      Snapshot& before = snapshots_[op][i];
      const InstanceCounters& counters = instance.counters();
      InstanceMetrics m;
      m.records_in = counters.records_in - before.counters.records_in;
      m.records_out = counters.records_out - before.counters.records_out;
      m.processing_s = to_seconds(counters.processing_ns - before.counters.processing_ns);
      m.backpressure_s = to_seconds(counters.backpressure_ns - before.counters.backpressure_ns);
      double* const uses[4] = {&m.useful_s, &m.waiting_s, &m.blocked_s, &m.overhead_s};
      for (int use = 0; use < 4; ++use) {
        const Nanos total = instance.accounts().total(static_cast<TimeUse>(use));
        *uses[use] = to_seconds(total - before.use_ns[use]);
        before.use_ns[use] = total;
      }
      if (graph().operators[op].source) {
        const std::int64_t offered = instance.offered_records();
        arrived += offered - std::exchange(before.offered_records, offered);
      }
      before.counters = counters;
      m.queue_records = static_cast<double>(instance.outside_records());
      m.queue_bytes = static_cast<double>(instance.queue_bytes());
      m.queue_records_max = static_cast<double>(instance.take_queue_records_max());
      if (shared != nullptr) {
        // The one queue of all of them is reported in equal shares: their sum is what waits.
        const double share = 1.0 / parallelism_[op];
        m.queue_records += share * static_cast<double>(shared->records());
        m.queue_bytes += share * static_cast<double>(shared->size_bytes());
        m.queue_records_max += share * static_cast<double>(shared_max);
      }
      if (held.records > 0) {
        const double share = 1.0 / parallelism_[op];
        m.queue_records += share * static_cast<double>(held.records);
        m.queue_bytes += share * static_cast<double>(held.size_bytes);
        m.queue_records_max += share * static_cast<double>(held.records);
      }
      m.stopped = stopped_[op][i];
      metrics.instances.push_back(m);
      if (instance.source()) {
        metrics.backlog_records += m.queue_records;
        // The rate that the outside offers just before the window ends.
        const double rate = instance.expected_rate_per_s(to_seconds(now) - 1e-6);
        if (knows_load(static_cast<int>(op)))
          metrics.offered_at_end_per_s = std::max(metrics.offered_at_end_per_s, 0.0) + rate;
      }
    }
    metrics.offered_per_s = static_cast<double>(arrived) / seconds;
    // A restart can cut off a window of a millisecond, between two arrivals: that does not say that nothing
    // is offered.
    if (arrived == 0 && !window.running) metrics.offered_per_s = std::max(metrics.offered_at_end_per_s, 0.0);
    for (const int edge : graph().operators[op].outputs) {
      metrics.records_out_by_edge.push_back(edges_[edge].pushed - pushed_before_[edge]);
      pushed_before_[edge] = edges_[edge].pushed;
    }
  }
  delayed_latency_.move_into(window_latency_);
  window.latency.records = window_latency_.count();
  if (window_latency_.count() > 0) {
    window.latency.mean_s = window_latency_.mean_ns() * 1e-9;
    window.latency.p50_s = to_seconds(window_latency_.quantile_ns(0.50));
    window.latency.p95_s = to_seconds(window_latency_.quantile_ns(0.95));
    window.latency.p99_s = to_seconds(window_latency_.quantile_ns(0.99));
    window.latency.max_s = to_seconds(window_latency_.max_ns());
  }
  latency_.merge(window_latency_);
  window_latency_.reset();
  return window;
}

std::int64_t Job::weight_on_network() const {
  std::int64_t weight = 0;
  for (const UnderWay& slot : under_way_) weight += slot.used ? slot.batch.weight : 0;
  return weight;
}

Reordering Job::reordering() const {
  Reordering sum;
  for (const auto& of_operator : instances_) {
    for (const auto& instance : of_operator) {
      sum.records += instance->reordering().records;
      sum.reordered += instance->reordering().reordered;
      sum.distance_sum += instance->reordering().distance_sum;
    }
  }
  return sum;
}

std::vector<std::string> Job::check() const {
  std::vector<std::string> wrong;
  std::int64_t held = weight_on_network();
  std::vector<std::int64_t> queued(edges_.size(), 0);
  for (std::size_t op = 0; op < instances_.size(); ++op) {
    for (const auto& instance : instances_[op]) {
      held += instance->held_weight();
      instance->add_queued(queued);
      if (const std::string what = instance->check(); !what.empty()) {
        wrong.push_back(fmt::format("{}: {}", instance->name(), what));
      }
    }
  }
  for (const UnderWay& slot : under_way_) {
    if (slot.used) queued[slot.batch.channel->edge] += slot.batch.count;
  }
  for (std::size_t op = 0; op < work_queues_.size(); ++op) {
    const WorkQueue* const queue = work_queues_[op].get();
    if (queue == nullptr) continue;
    held += queue->held_weight();
    queue->add_queued(queued);
    if (const std::string what = queue->check(); !what.empty()) {
      wrong.push_back(fmt::format("{}: {}", graph().operators[op].name, what));
    }
  }
  if (const Router* router = setup_.engine->router()) {
    held += router->held_weight();
    router->add_queued(queued);
  }
  for (std::size_t edge = 0; edge < edges_.size(); ++edge) {
    const EdgeBooks& books = edges_[edge];
    if (books.pushed != books.pulled + queued[edge] + books.lost) {
      wrong.push_back(fmt::format("edge {} -> {}: pushed {} records, but pulled {} + queued {} + lost {}",
                                  graph().operators[graph().edges[edge].from].name,
                                  graph().operators[graph().edges[edge].to].name, books.pushed, books.pulled,
                                  queued[edge], books.lost));
    }
  }
  std::int64_t kept = 0;
  for (const auto& of_operator : instances_) {
    for (const auto& instance : of_operator) kept += instance->kept().weight;
  }
  if (kept != kept_weight_) {
    wrong.push_back(fmt::format("state: {} should be kept, {} are (in 2^-20 records)", kept_weight_, kept));
  }
  if (ledger_) {
    if (const std::string what = ledger_->check(origins_.held()); !what.empty()) wrong.push_back(what);
  }
  if (origins_.held() != held) {
    wrong.push_back(
        fmt::format("origins: {} should be in flight, {} are (in 2^-20 records)", origins_.held(), held));
  }
  return wrong;
}

}  // namespace weir

#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "sim/dataflow/containers.hpp"
#include "sim/dataflow/instance.hpp"
#include "sim/dataflow/parameter_problem.hpp"
#include "sim/dataflow/shared_nodes.hpp"
#include "sim/dataflow/worker_pool.hpp"
#include "sim/kernel/calendar.hpp"
#include "sim/scenario/registry.hpp"

// An engine: how a stream system runs a dataflow and what it costs to change it. It composes what the core
// offers (executors, channels, connections, timers, sources that can be paused) into
//   * flow control: bounded channels, or marks on inboxes that stop the spouts, or none;
//   * transport: channels over connections, or a router of its own;
//   * metrics: the length of a window and how late it arrives;
//   * the procedure of each action, with all its costs.
// One object per job. Registered engines live in models/engines, one file or folder each.

namespace weir {

class Cluster;
struct PlacedInstance;

// The accuracy dial. Sources group records into batches of at most batch_records spanning at most
// batch_span_ms; engines stretch timers that are shorter than the span to it, and gather records for as long.
// One record and no span: record by record.
enum class Origins {
  total,  // their sum
  exact   // each (origin_ledger.hpp)
};

struct FidelitySpec {
  int batch_records = 1024;
  double batch_span_ms = 50;
  Origins origins = Origins::total;
  Nanos span_ns() const { return to_nanos(batch_span_ms * 1e-3); }
};

struct EngineContext {
  Calendar& calendar;
  Cluster& cluster;
  FidelitySpec fidelity;
  std::uint64_t seed;
  std::string job;
  int job_number = 0;
  bool workers_fail = false;  // some of its workers will (Engine::worker_fails)
};

// What an action came to, told by the engine when it is over.
struct ActionOutcome {
  bool done = true;        // false: it failed, the old deployment goes on
  double downtime_s = 0;   // during which no record was processed
  double state_bytes = 0;  // moved or restored
  std::int64_t lost_records = 0;
  std::string detail;
  int instance = -1;  // that was started, of a container
};

struct EngineFigure {
  std::string name;  // its unit is last: "checkpoint_duration_max_s"
  double value;
};

// A parameter of an engine that only the cluster shows to be wrong. Thrown when one is built.
struct EngineParameterError : std::runtime_error {
  EngineParameterError(std::string at, const std::string& what, std::string may_be)
      : std::runtime_error(what), parameter(std::move(at)), allowed(std::move(may_be)) {}
  std::string parameter;  // its path below the engine: "checkpoints.storage_host"
  std::string allowed;
};

// What can be written and changes nothing, as things are.
struct IdleParameter {
  std::string parameter;  // its path below the engine, or that of a table: "checkpoints"
  std::string why;
};

class Engine {
 public:
  static constexpr RegistryKind registry_kind{"engine", "engines"};

  virtual ~Engine() = default;
  virtual double metrics_interval_s() const = 0;
  virtual double metrics_delay_s() const { return 0; }

  // ---- deployment; the job calls these in this order whenever it builds its physical graph ----
  // How instances of an operator are set up.
  virtual InstanceSettings settings(const Job& job, int operator_id) const = 0;
  // The same as far as it says how output is gathered for a channel (its span and its most records), if the
  // engine's own transport does that. For predictions.
  virtual InstanceSettings gathering(const Job& job, int operator_id) const {
    return settings(job, operator_id);
  }
  // Whether a slot holds an instance of each operator (slots.hpp); else one.
  virtual bool shares_slots() const { return false; }
  // Whether a slot does one thing at a time, whatever it holds: its operators and sources take turns on one
  // thread.
  virtual bool slots_are_threads() const { return false; }
  // Whether operators can be given another parallelism.
  virtual bool scales() const { return true; }
  // Whether the operators at the ends of the edge are one task at this parallelism: instances with the same
  // number share a thread, and hand records over. Asked only where a task shares its slot.
  virtual bool chains(const LogicalGraph& graph, int edge, const std::vector<int>& parallelism) const {
    static_cast<void>(graph), static_cast<void>(edge), static_cast<void>(parallelism);
    return false;
  }
  // Whether what goes over an edge between operators of one thread is handed over as it is, without
  // (de)serialization.
  virtual bool hands_over(const LogicalGraph& graph, int edge) const {
    static_cast<void>(graph), static_cast<void>(edge);
    return true;
  }
  // The most instances that the operator can ever have here, whatever the scenario allows; at least as many
  // as it begins with.
  virtual int max_parallelism(const LogicalGraph& graph, int operator_id) const {
    static_cast<void>(graph), static_cast<void>(operator_id);
    return std::numeric_limits<int>::max();
  }
  // How the edge's records go to the receivers, if not as it says.
  virtual Partitioning partitioning(const EdgeSpec& edge, int senders, int receivers) const {
    static_cast<void>(senders), static_cast<void>(receivers);
    return edge.partitioning;
  }
  // The engine's own transport; null: channels over connections.
  virtual Router* router() { return nullptr; }
  virtual void deployed(Job& job) { static_cast<void>(job); }
  // How it spreads keys over the instances of an operator: the share of the records that each gets.
  virtual std::vector<double> key_shares(const KeySpec& keys, int operator_id, int receivers) const {
    static_cast<void>(operator_id);
    return weir::key_shares(keys, receivers);
  }

  // Where edges are split by shares (Partitioning::shares): the share of each instance of the operator.
  virtual std::vector<double> shares(int operator_id, int receivers) const {
    static_cast<void>(operator_id);
    return std::vector<double>(static_cast<std::size_t>(receivers), 1.0 / receivers);
  }
  // It is known where the instances will be; nothing else is.
  virtual void placed(const Job& job) { static_cast<void>(job); }
  // How many times as much as elsewhere a record costs an instance.
  virtual double cost_factor(int operator_id, int index) const {
    static_cast<void>(operator_id), static_cast<void>(index);
    return 1;
  }
  // What its parameters say of operators and hosts that are not there, or of instances.
  virtual std::vector<ParameterProblem> parameter_problems(const LogicalGraph& graph,
                                                           const Cluster& cluster) const {
    static_cast<void>(graph), static_cast<void>(cluster);
    return {};
  }
  // Of its parameters those that have no effect beside the others: told as a warning where they are written.
  virtual std::vector<IdleParameter> idle_parameters() const { return {}; }
  // What is wrong with a job on these hosts, instance by instance; nothing if it can be run. Asked if its
  // parameters are right.
  virtual std::vector<std::string> problems(const LogicalGraph& graph, const Cluster& cluster,
                                            const std::vector<PlacedInstance>& placed) const {
    static_cast<void>(graph), static_cast<void>(cluster), static_cast<void>(placed);
    return {};
  }

  // How many of so many instances of an operator work from the start; the others are places for containers.
  virtual int running_at_start(const LogicalGraph& graph, int operator_id, int parallelism) const {
    static_cast<void>(graph), static_cast<void>(operator_id);
    return parallelism;
  }

  // ---- while it runs ----
  // Of an engine that splits rates, as deployed; null: it does not.
  virtual std::shared_ptr<const SharedNodes> shared_nodes(const Job& job) const {
    static_cast<void>(job);
    return nullptr;
  }
  // The part of each host's processor that is there now; empty: nobody measures it.
  virtual std::vector<double> node_availability(const Job& job) const {
    static_cast<void>(job);
    return {};
  }
  // Begins to split rates so. Ends, now or later, with Job::action_ended. Only where there are shared nodes.
  virtual void split(Job& job, const std::vector<SplitTarget>& targets) {
    static_cast<void>(job), static_cast<void>(targets);
    WEIR_ASSERT(false, "this engine splits no rates");
  }
  // Of an engine that hosts containers, as deployed; null: it does not.
  virtual std::shared_ptr<const ContainerPlaces> containers(const Job& job) const {
    static_cast<void>(job);
    return nullptr;
  }
  // Begins to start a container. Ends, later, with Job::container_started of the same number; others may be
  // started meanwhile. Only where there are containers.
  virtual void start_container(Job& job, std::int64_t number, const ContainerTarget& target) {
    static_cast<void>(job), static_cast<void>(number), static_cast<void>(target);
    WEIR_ASSERT(false, "this engine hosts no containers");
  }
  // Of an engine that scales workers (worker_pool.hpp), now; null: it does not.
  virtual const WorkerPool* workers() { return nullptr; }
  // For `weir explain`, of an engine whose work is not told by how often operators serve: about how many
  // events a second in the mean of a run until then, besides those of brokers, when sources offer so much.
  // None: instances and channels tell it.
  virtual std::optional<double> events_per_s(const Job& job, const std::vector<double>& offered_per_s,
                                             double until_s) const {
    static_cast<void>(job), static_cast<void>(offered_per_s), static_cast<void>(until_s);
    return std::nullopt;
  }
  // For `weir explain`, of an engine that hosts containers: how many messages a second so many instances of
  // the operator can send, where all are taken in again.
  virtual double messages_most_per_s(const Job& job, int operator_id, int instances) const {
    static_cast<void>(job), static_cast<void>(operator_id), static_cast<void>(instances);
    return std::numeric_limits<double>::infinity();
  }
  // Whether its sources read topics by ranges (RangeReader).
  virtual bool reads_by_ranges() const { return false; }
  // What becomes of it is told by Job::workers_changed, for each change. Only where there is a pool.
  virtual void request_workers(const WorkerRequest& request) {
    static_cast<void>(request);
    WEIR_ASSERT(false, "this engine scales no workers");
  }
  // How many workers a job that is placed so has at most. Only of an engine whose workers may fail.
  virtual int workers_max(const std::vector<PlacedInstance>& placed) const {
    static_cast<void>(placed);
    return 0;
  }
  // The process of a worker ends, with all that it holds; in its place nothing can be started for so long.
  // Nothing happens if the worker is not there.
  virtual void worker_fails(Job& job, int worker, Nanos down_ns) {
    static_cast<void>(job), static_cast<void>(worker), static_cast<void>(down_ns);
    WEIR_ASSERT(false, "workers of this engine do not fail");
  }
  // An inbox rose above its high mark, or fell to the low one.
  virtual void mark_crossed(Job& job, Instance& instance, bool above) {
    static_cast<void>(job), static_cast<void>(instance), static_cast<void>(above);
  }
  // An instance has dealt with what it served, in the middle of its work; while Job::watch_services.
  virtual void served(Job& job, const Instance& instance) {
    static_cast<void>(job), static_cast<void>(instance);
  }
  // The job was told to drain and nothing is under way any more.
  virtual void drained(Job& job) { static_cast<void>(job); }
  // Begins to give the operators this parallelism (all are valid and differ from the present somewhere).
  // Ends, now or later, with Job::action_ended.
  virtual void rescale(Job& job, const std::vector<int>& parallelism) = 0;
  // ---- what is told to a tracer of its own workers (tracer.hpp), up to now ----
  virtual void trace_until(Nanos now) { static_cast<void>(now); }
  // Nothing happens at its workers any more before `until_ns`. Up to when everything is told.
  virtual Nanos trace_settled(Nanos until_ns) { return until_ns; }
  // Sentences for `weir explain`.
  virtual std::vector<std::string> explain() const { return {}; }
  // ---- when a run is over: what it counts besides, as numbers and as sentences ----
  virtual std::vector<EngineFigure> figures() const { return {}; }
  virtual std::vector<std::string> story() const { return {}; }
};

// For the events of the engine of a job: apart from those of instances and control loops.
std::uint32_t engine_handler_id(int job_number, std::uint32_t part = 0);

using EngineRegistry = Registry<Engine, EngineContext>;

}  // namespace weir

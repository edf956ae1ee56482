#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "models/engines/harmonicio/master.hpp"
#include "models/engines/harmonicio/params.hpp"
#include "sim/cluster/cluster.hpp"
#include "sim/dataflow/job.hpp"

// HarmonicIO: processing engines in containers, each with one message at a time, to which senders connect
// directly; a master that knows who is free, and keeps the backlog (harmonicio/master.hpp).
//
//   policy ──start on worker──▶ container: 1 s ──▶ asks for messages … none for 60 s ──▶ exits
//
// The parallelism of an operator says how many places there are for its containers, and the placement where
// these are; how many containers run is another matter. Any container of an operator takes any message to it.
//
// Sources: HASTE-project/HarmonicIO (76aca15), Snapple49/HarmonicIO (adding_irm_real),
// HASTE-project/HarmonicPE. Not modelled: docker's CPU shares (containers that together have more work than
// their worker has cores share them evenly), the processor of the master, repeated requests of a connector,
// the sweep of exited containers.

namespace weir {

namespace {

class HarmonicIo final : public Engine, EventHandler {
 public:
  HarmonicIo(const HarmonicIoParams& params, EngineContext& context)
      : params_(params),
        calendar_(context.calendar),
        master_host_(host_of(params.master_host, context.cluster)),
        master_(
            context.calendar, engine_handler_id(context.job_number, 1),
            {master_host_, to_nanos(params.request_ms * 1e-3), to_nanos(params.container_idle_timeout_s)}) {
    handler_id = engine_handler_id(context.job_number);
    master_.on_exit = [this](int operator_id, int index) { exited(operator_id, index); };
  }

  double metrics_interval_s() const override { return params_.metrics_interval_s; }
  double metrics_delay_s() const override { return params_.metrics_delay_s; }
  InstanceSettings settings(const Job&, int) const override {
    InstanceSettings settings;
    settings.tracing_cost = params_.tracing_cost;
    return settings;
  }
  Router* router() override { return &master_; }
  bool scales() const override { return false; }
  Partitioning partitioning(const EdgeSpec&, int, int) const override { return Partitioning::global; }
  std::vector<std::string> problems(const LogicalGraph& graph, const Cluster& cluster,
                                    const std::vector<PlacedInstance>& placed) const override;

  int running_at_start(const LogicalGraph& graph, int operator_id, int parallelism) const override {
    return running(graph.operators[static_cast<std::size_t>(operator_id)], parallelism);
  }
  void deployed(Job& job) override;
  std::shared_ptr<const ContainerPlaces> containers(const Job&) const override { return places_; }
  void start_container(Job& job, std::int64_t number, const ContainerTarget& target) override;
  void served(Job&, const Instance& instance) override { master_.served(instance); }
  void rescale(Job&, const std::vector<int>&) override {
    WEIR_ASSERT(false, "containers are started one by one");
  }

  void trace_until(Nanos now) override { master_.trace_until(now); }
  Nanos trace_settled(Nanos until_ns) override { return master_.trace_settled(until_ns); }

  double messages_most_per_s(const Job& job, int operator_id, int instances) const override;
  std::vector<std::string> explain() const override;
  std::vector<EngineFigure> figures() const override;
  std::vector<std::string> story() const override;

 private:
  enum Kind : std::uint32_t { initial = 1, started, no_port };
  struct Starting {
    std::int64_t number = -1;
    int operator_id = 0;
    int index = -1;
    int worker = 0;
  };

  // Of the places of an operator, the first so many have a container from the start.
  int running(const LogicalOperator& op, int parallelism) const {
    return op.source ? parallelism : std::min(parallelism, params_.initial_containers.value_or(parallelism));
  }
  static int host_of(const std::string& name, const Cluster& cluster);
  void on_event(std::uint32_t kind, std::uint32_t argument) override;
  std::vector<std::string> explain_workers() const;
  // A place of the operator on the worker that nobody uses; -1: none.
  int free_place(int operator_id, int worker) const;
  void exited(int operator_id, int index);

  HarmonicIoParams params_;
  Calendar& calendar_;
  int master_host_;
  Master master_;
  Job* job_ = nullptr;
  std::shared_ptr<const ContainerPlaces> places_;
  std::vector<std::vector<bool>> used_;  // places, by operator: a container runs there, or is being started
  std::vector<int> ports_used_;          // by worker
  std::vector<Starting> starting_;       // by what their event says
  std::int64_t starts_ = 0, refused_ = 0, exits_ = 0;
  int containers_ = 0, containers_max_ = 0;
};

int HarmonicIo::host_of(const std::string& name, const Cluster& cluster) {
  if (name.empty()) return 0;
  std::string hosts;
  for (int host = 0; host < cluster.host_count(); ++host) {
    if (cluster.host(host).name == name) return host;
    if (host < 10) hosts += (hosts.empty() ? "" : ", ") + cluster.host(host).name;
  }
  throw EngineParameterError("master_host", fmt::format("there is no host {:?}", name),
                             cluster.host_count() > 10 ? hosts + ", …" : hosts);
}

std::vector<std::string> HarmonicIo::problems(const LogicalGraph& graph, const Cluster& cluster,
                                              const std::vector<PlacedInstance>& placed) const {
  std::vector<std::string> problems;
  for (const LogicalEdge& edge : graph.edges) {
    const Partitioning asked = edge.spec.partitioning;
    if (asked != Partitioning::rebalance && asked != Partitioning::shuffle)
      problems.push_back(fmt::format(
          "HarmonicIO gives a message to whichever container is free: no other partitioning of {} -> {} than "
          "rebalance or shuffle",
          edge.spec.from, edge.spec.to));
  }
  std::vector<int> ports(static_cast<std::size_t>(cluster.host_count()), 0);
  for (const PlacedInstance& place : placed) {
    const LogicalOperator& op = graph.operators[static_cast<std::size_t>(place.operator_id)];
    if (!op.source && place.index < running(op, op.parallelism()))
      ++ports[static_cast<std::size_t>(place.host)];
  }
  for (int host = 0; host < cluster.host_count(); ++host) {
    if (ports[static_cast<std::size_t>(host)] > params_.ports_per_worker)
      problems.push_back(fmt::format("{} containers on {} from the start, and it has {} ports",
                                     ports[static_cast<std::size_t>(host)], cluster.host(host).name,
                                     params_.ports_per_worker));
  }
  return problems;
}

// Workers are the hosts with places for containers, in their order.
void HarmonicIo::deployed(Job& job) {
  job_ = &job;
  job.watch_services(true);
  auto places = std::make_shared<ContainerPlaces>();
  const std::size_t operators = job.graph().operators.size();
  places->worker_of.resize(operators);
  used_.resize(operators);
  std::map<int, int> worker_of_host;
  for (const PlacedInstance& place : job.placed()) {
    if (!job.graph().operators[static_cast<std::size_t>(place.operator_id)].source)
      worker_of_host[place.host] = 0;
  }
  for (auto& [host, worker] : worker_of_host) {
    worker = static_cast<int>(places->workers.size());
    places->workers.push_back({job.cluster().host(host).name, host, job.cluster().host(host).cores});
  }
  ports_used_.assign(places->workers.size(), 0);
  for (std::size_t op = 0; op < operators; ++op) {
    if (job.graph().operators[op].source) continue;
    for (int index = 0; index < job.parallelism()[op]; ++index) {
      places->worker_of[op].push_back(worker_of_host[job.host_of(static_cast<int>(op), index)]);
      used_[op].push_back(index < running(job.graph().operators[op], job.parallelism()[op]));
      if (!used_[op].back()) continue;
      ++ports_used_[static_cast<std::size_t>(places->worker_of[op].back())];
      ++containers_;
    }
  }
  containers_max_ = containers_;
  places_ = std::move(places);
  master_.deploy(job);
  calendar_.schedule(calendar_.now(), EventClass::completion, *this, initial, 0);
}

int HarmonicIo::free_place(int operator_id, int worker) const {
  if (ports_used_[static_cast<std::size_t>(worker)] >= params_.ports_per_worker) return -1;
  const auto op = static_cast<std::size_t>(operator_id);
  for (std::size_t index = 0; index < used_[op].size(); ++index) {
    if (!used_[op][index] && places_->worker_of[op][index] == worker) return static_cast<int>(index);
  }
  return -1;
}

void HarmonicIo::start_container(Job&, std::int64_t number, const ContainerTarget& target) {
  const auto slot = static_cast<std::uint32_t>(starting_.size());
  const int index = free_place(target.operator_id, target.worker);
  starting_.push_back({number, target.operator_id, index, target.worker});
  if (index < 0) {
    calendar_.schedule(calendar_.now(), EventClass::timer, *this, no_port, slot);
    return;
  }
  used_[static_cast<std::size_t>(target.operator_id)][static_cast<std::size_t>(index)] = true;
  ++ports_used_[static_cast<std::size_t>(target.worker)];
  calendar_.schedule(calendar_.now() + to_nanos(params_.container_start_s), EventClass::timer, *this, started,
                     slot);
}

void HarmonicIo::on_event(std::uint32_t kind, std::uint32_t argument) {
  if (kind == initial) {
    for (std::size_t op = 0; op < used_.size(); ++op) {
      for (std::size_t index = 0; index < used_[op].size(); ++index) {
        if (used_[op][index]) master_.begin(static_cast<int>(op), static_cast<int>(index), false);
      }
    }
    return;
  }
  const Starting& one = starting_[argument];
  ActionOutcome outcome;
  if (kind == no_port) {
    ++refused_;
    outcome.done = false;
    outcome.detail =
        fmt::format("no place is free on {}", places_->workers[static_cast<std::size_t>(one.worker)].name);
    return job_->container_started(one.number, outcome);
  }
  ++starts_;
  containers_max_ = std::max(containers_max_, ++containers_);
  outcome.instance = one.index;
  job_->start_instance(one.operator_id, one.index);
  master_.begin(one.operator_id, one.index, true);
  job_->container_started(one.number, outcome);
}

void HarmonicIo::exited(int operator_id, int index) {
  const auto op = static_cast<std::size_t>(operator_id);
  const auto place = static_cast<std::size_t>(index);
  used_[op][place] = false;
  --ports_used_[static_cast<std::size_t>(places_->worker_of[op][place])];
  --containers_;
  ++exits_;
  job_->container_exited(operator_id, index,
                         fmt::format("no message for {} s", params_.container_idle_timeout_s));
}

// Each of them sends one message after the other; those on one host share what its links carry; and the
// master is asked twice for each, by who sends and by who takes.
double HarmonicIo::messages_most_per_s(const Job& job, int operator_id, int instances) const {
  const LogicalOperator& op = job.graph().operators[static_cast<std::size_t>(operator_id)];
  const double bytes = op.source ? op.source_spec.record_bytes : op.output_bytes();
  std::set<int> hosts;
  for (int index = 0; index < job.parallelism()[static_cast<std::size_t>(operator_id)]; ++index)
    hosts.insert(job.host_of(operator_id, index));
  const Master::Way way = master_.way_to_master(*hosts.begin());
  const double message_s =
      7 * to_seconds(way.latency_ns) + params_.request_ms * 1e-3 + bytes / way.bytes_per_s;
  const double answers_per_s =
      params_.request_ms > 0 ? 0.5e3 / params_.request_ms : std::numeric_limits<double>::infinity();
  return std::min(
      {instances / message_s, static_cast<double>(hosts.size()) * way.bytes_per_s / bytes, answers_per_s});
}

std::vector<std::string> HarmonicIo::explain() const {
  std::vector<std::string> lines = {
      fmt::format("messages: one at a time for each container, from its sender directly if a container is "
                  "free, else through the backlog of the master on {}; the master takes {} ms for a request",
                  params_.master_host.empty() ? "the first host" : params_.master_host, params_.request_ms),
      fmt::format("containers: at most {} on a worker, started in {} s, gone after {} s without a message",
                  params_.ports_per_worker, params_.container_start_s, params_.container_idle_timeout_s),
      fmt::format("metrics: windows of {} s, {} s late", params_.metrics_interval_s,
                  params_.metrics_delay_s)};
  const std::vector<std::string> workers = explain_workers();
  lines.insert(lines.end(), workers.begin(), workers.end());
  return lines;
}

// Those with the same places on a line.
std::vector<std::string> HarmonicIo::explain_workers() const {
  if (places_ == nullptr) return {};
  std::vector<std::string> names, what;
  for (std::size_t worker = 0; worker < places_->workers.size(); ++worker) {
    std::string has;
    for (std::size_t op = 0; op < places_->worker_of.size(); ++op) {
      int places = 0, used = 0;
      for (std::size_t i = 0; i < places_->worker_of[op].size(); ++i) {
        if (places_->worker_of[op][i] != static_cast<int>(worker)) continue;
        ++places;
        used += used_[op][i] ? 1 : 0;
      }
      if (places == 0) continue;
      has += fmt::format("{}{} ({} {}", has.empty() ? "" : ", ", job_->graph().operators[op].name, places,
                         places == 1 ? "place" : "places");
      has += used > 0 ? fmt::format(", {} used from the start)", used) : ")";
    }
    if (!what.empty() && what.back() == has) {
      names.back() += ", " + places_->workers[worker].name;
    } else {
      names.push_back(places_->workers[worker].name);
      what.push_back(has);
    }
  }
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < names.size(); ++i)
    lines.push_back(fmt::format(
        "{}: {}", names[i].find(", ") == names[i].npos ? "worker " + names[i] : "workers " + names[i],
        what[i]));
  return lines;
}

std::vector<EngineFigure> HarmonicIo::figures() const {
  const Master::Counts& counts = master_.counts();
  const double now_s = to_seconds(calendar_.now());
  return {{"messages_direct", static_cast<double>(counts.direct)},
          {"messages_through_backlog", static_cast<double>(counts.backlog)},
          {"backlog_messages", static_cast<double>(master_.backlog_messages())},
          {"backlog_messages_max", static_cast<double>(counts.backlog_max)},
          {"master_busy_share", now_s > 0 ? std::min(1.0, to_seconds(counts.busy_ns) / now_s) : 0},
          {"container_starts", static_cast<double>(starts_)},
          {"container_starts_refused", static_cast<double>(refused_)},
          {"container_exits", static_cast<double>(exits_)},
          {"containers_max", static_cast<double>(containers_max_)}};
}

std::vector<std::string> HarmonicIo::story() const {
  const Master::Counts& counts = master_.counts();
  std::vector<std::string> lines = {fmt::format(
      "{} messages went to a container directly, {} to the master's backlog (at most {} there at a time)",
      counts.direct, counts.backlog, counts.backlog_max)};
  if (const std::int64_t waiting = master_.backlog_messages(); waiting > 0)
    lines.push_back(fmt::format("{} messages wait in the master's backlog at the end", waiting));
  if (starts_ + refused_ + exits_ > 0)
    lines.push_back(fmt::format("{} containers were started, {} refused, {} exited; at most {} ran", starts_,
                                refused_, exits_, containers_max_));
  return lines;
}

const auto registered = EngineRegistry::add<HarmonicIoParams>(
    {.name = "harmonicio",
     .help = "HarmonicIO: containers with one message at a time, peer to peer or from the master's backlog.",
     .source = "HASTE-project/HarmonicIO; Snapple49/HarmonicIO, branch adding_irm_real",
     .lacks = {"pull", "join", "feedback"},
     .hosts_containers = true},
    harmonicio_table(),
    [](const HarmonicIoParams& params, EngineContext& context) -> std::unique_ptr<Engine> {
      return std::make_unique<HarmonicIo>(params, context);
    });

}  // namespace

}  // namespace weir

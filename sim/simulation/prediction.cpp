#include "sim/simulation/prediction.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <numeric>

#include "sim/dataflow/instance.hpp"
#include "sim/dataflow/record_flow.hpp"
#include "sim/record/readable.hpp"
#include "sim/simulation/topics.hpp"

namespace weir {

namespace {

// Where a sender has one receiver for ever, it has one channel (Job::build_edges).
std::int64_t receivers_of(const LogicalEdge& edge, const std::vector<int>& parallelism) {
  switch (edge.spec.partitioning) {
    case Partitioning::forward:
    case Partitioning::global:
    case Partitioning::pull:
      return 1;
    default:
      return parallelism[edge.to];
  }
}

// Whether each sender keeps counts and shares of its receivers (splitter.hpp).
bool keeps_shares(const EdgeSpec& edge) {
  return edge.partitioning == Partitioning::shuffle ||
         (edge.partitioning == Partitioning::key && edge.keys.law != KeyLaw::even);
}

// What one sender of an edge does each second.
struct Sender {
  double records_per_s = 0;
  double outputs_per_s = 0;  // of batches that it has served
};

struct Pushes {
  double batches_per_s = 0;
  double flushes_per_s = 0;
};

// The share of each receiver, and whether the records of a batch are drawn or dealt in turn.
std::vector<double> shares_of(const LogicalEdge& edge, const Engine& engine, int receivers) {
  if (edge.spec.partitioning == Partitioning::key)
    return engine.key_shares(edge.spec.keys, edge.to, receivers);
  const double each = edge.spec.partitioning == Partitioning::broadcast ? 1 : 1.0 / receivers;
  return std::vector<double>(static_cast<std::size_t>(receivers), each);
}

// A channel gathers from the first record until a batch is full or the span is over; what comes less often
// than a record in that time goes by itself.
Pushes pushes_of(const LogicalEdge& edge, const Engine& engine, int receivers, const Sender& sender,
                 const InstanceSettings& settings) {
  Pushes pushes;
  const bool drawn = keeps_shares(edge.spec);
  const double span_s = to_seconds(settings.gather_span_ns);
  const auto full = static_cast<double>(settings.batch_records);
  for (const double share : shares_of(edge, engine, receivers)) {
    const double records_per_s = sender.records_per_s * share;
    if (records_per_s == 0) continue;
    if (span_s == 0 || settings.batch_records == 1) {
      // No timer: what a batch of the sender has for the receiver goes at once.
      pushes.batches_per_s += std::max(records_per_s / full, std::min(records_per_s, sender.outputs_per_s));
      continue;
    }
    const double cycle_s = std::max(span_s, 1 / sender.outputs_per_s);
    const double records = records_per_s * cycle_s;
    const double parts = drawn ? -std::expm1(-records) : std::min(1.0, records);
    pushes.batches_per_s += std::max(records_per_s / full, parts / cycle_s);
    if (records < full) pushes.flushes_per_s = 1 / cycle_s;
  }
  return pushes;
}

// A router sends what it has for a receiver, of all senders, in one go.
double routed_batches_per_s(const LogicalEdge& edge, const Engine& engine, int senders, int receivers,
                            const Sender& sender, const FidelitySpec& fidelity) {
  const double drain_s = std::max(0.010, to_seconds(fidelity.span_ns()));
  double batches_per_s = 0;
  for (const double share : shares_of(edge, engine, receivers)) {
    const double records_per_s = sender.records_per_s * senders * share;
    const double sets = keeps_shares(edge.spec) ? -std::expm1(-records_per_s * drain_s)
                                                : std::min(1.0, records_per_s * drain_s);
    const double of_outputs =
        std::max(records_per_s / fidelity.batch_records, senders * sender.outputs_per_s);
    batches_per_s += std::min(of_outputs, std::max(records_per_s / fidelity.batch_records, sets / drain_s));
  }
  return batches_per_s;
}

// The feedback edges by which records come back without end.
std::vector<std::string> growing_loops(const LogicalGraph& graph, std::uint64_t seed) {
  std::vector<double> offered_per_s;
  for (const LogicalOperator& op : graph.operators) offered_per_s.push_back(op.source ? 1 : 0);
  const std::vector<Reaching> reaching =
      RecordFlow(graph, seed).reaching(offered_per_s, initial_parallelism(graph));
  std::vector<std::string> loops;
  for (const LogicalEdge& edge : graph.edges) {
    if (!edge.spec.feedback || std::isfinite(reaching[edge.from].total_per_s(1))) continue;
    loops.push_back(fmt::format("{} -> {}", edge.spec.from, edge.spec.to));
  }
  return loops;
}

// What operators take in where nobody waits for room, only for his own messages to be sent.
std::vector<double> taken_from_backlogs(const Job& job, const Engine& engine, const TrueCapacity& truth,
                                        const RecordFlow& flow, std::vector<double> arriving_per_s,
                                        const std::vector<int>& parallelism) {
  std::vector<double> taken_per_s;
  for (std::size_t i = 0; i < arriving_per_s.size(); ++i) {
    const auto op = static_cast<int>(i);
    const LogicalOperator& spec = job.graph().operators[i];
    double taken =
        std::min(arriving_per_s[i], parallelism[i] * truth.instance_rate_per_s(op, parallelism[i]));
    const double messages = taken * flow.selectivity(op) * static_cast<double>(spec.outputs.size());
    if (messages > 0) taken *= std::min(1.0, engine.messages_most_per_s(job, op, parallelism[i]) / messages);
    taken_per_s.push_back(taken);
    for (const int edge : spec.outputs)
      arriving_per_s[static_cast<std::size_t>(job.graph().edges[edge].to)] += taken * flow.selectivity(op);
  }
  return taken_per_s;
}

}  // namespace

std::vector<double> mean_offered_per_s(const Job& job, double until_s) {
  std::vector<double> offered_per_s;
  for (int op = 0; op < static_cast<int>(job.graph().operators.size()); ++op) {
    const LogicalOperator& spec = job.graph().operators[op];
    double records = 0;
    for (int i = 0; spec.source && i < spec.parallelism(); ++i) {
      ArrivalContext context = job.arrival_context(op, i);
      records += spec.source_spec.arrivals.build(context)->expected_count(to_nanos(until_s));
    }
    offered_per_s.push_back(records / until_s);
  }
  return offered_per_s;
}

JobRates rates_of(const Job& job, const Engine& engine, const TrueCapacity& truth, double until_s,
                  const std::vector<int>& parallelism) {
  JobRates rates;
  rates.offered_per_s = mean_offered_per_s(job, until_s);
  const RecordFlow flow(job.graph(), job.seed());
  if (engine.containers(job) != nullptr) {
    rates.input_per_s = taken_from_backlogs(job, engine, truth, flow, rates.offered_per_s, parallelism);
    return rates;
  }
  double done_share = 1;
  const std::vector<Reaching> reaching = flow.reaching(rates.offered_per_s, parallelism);
  for (std::size_t op = 0; op < reaching.size(); ++op) {
    rates.input_per_s.push_back(reaching[op].total_per_s(parallelism[op]));
    const double busiest_per_s = reaching[op].most_per_s(parallelism[op]);
    const double most_per_s = truth.instance_rate_per_s(static_cast<int>(op), parallelism[op]);
    if (!std::isfinite(rates.input_per_s.back())) return rates;
    if (busiest_per_s > most_per_s) done_share = std::min(done_share, most_per_s / busiest_per_s);
  }
  for (double& rate : rates.input_per_s) rate *= done_share;
  // An engine that tells its events by itself knows what it does then.
  rates.held_up = done_share < 1 && !engine.events_per_s(job, rates.offered_per_s, until_s);
  return rates;
}

double events_per_s(const Job& job, const Engine& engine, const FidelitySpec& fidelity, const JobRates& rates,
                    const std::vector<int>& parallelism, double until_s) {
  if (const auto own = engine.events_per_s(job, rates.offered_per_s, until_s)) return *own;
  const LogicalGraph& graph = job.graph();
  const std::vector<double>& input_per_s = rates.input_per_s;
  for (const double rate : input_per_s)
    if (!std::isfinite(rate)) return rate;
  const Router* const router = const_cast<Engine&>(engine).router();
  // One that follows batches gathers for each channel by itself, as instances do.
  const bool follows = router != nullptr && router->follows_batches();
  const bool routed = router != nullptr && !follows;
  // Containers get records one by one: what senders, receivers and who keeps the backlog say to each other.
  const bool one_by_one = engine.containers(job) != nullptr;
  constexpr double events_of_sending = 4, events_of_taking = 4;
  int hosts = 0;
  for (int host = 0; host < job.cluster().host_count(); ++host) hosts += job.cluster().host(host).slots > 0;
  const double remote_share = 1 - 1.0 / std::max(1, hosts);
  std::vector<double> served_per_s(graph.operators.size(), 0);
  double events = 0;
  for (std::size_t op = 0; op < graph.operators.size(); ++op) {
    const int instances = parallelism[op];
    const LogicalOperator& spec = graph.operators[op];
    double selectivity = 1;
    if (spec.source) {
      const double of_one = rates.offered_per_s[op] / instances;
      const double records = std::clamp(of_one * to_seconds(fidelity.span_ns()), 1.0,
                                        static_cast<double>(fidelity.batch_records));
      served_per_s[op] = input_per_s[op] / records;
      events += rates.offered_per_s[op] / records;  // arrivals
    } else {
      OperatorContext context{job.seed(), "prediction"};
      selectivity = spec.operator_spec.logic.build(context)->mean_selectivity();
    }
    if (one_by_one && !spec.source) {
      served_per_s[op] = input_per_s[op];
      events += events_of_taking * input_per_s[op];
    }
    events += served_per_s[op];
    const Sender sender{input_per_s[op] * selectivity / instances, served_per_s[op] / instances};
    if (sender.outputs_per_s == 0) continue;
    double flushes_per_s = 0;
    for (const int id : spec.outputs) {
      const LogicalEdge& edge = graph.edges[id];
      if (engine.shares_slots() && engine.chains(graph, id, parallelism)) {
        served_per_s[edge.to] += served_per_s[op];
        continue;
      }
      const int receivers = static_cast<int>(receivers_of(edge, parallelism));
      if (one_by_one) {
        events += events_of_sending * sender.records_per_s * instances;
        continue;
      }
      if (routed) {
        served_per_s[edge.to] +=
            routed_batches_per_s(edge, engine, instances, parallelism[edge.to], sender, fidelity);
        // A drain comes when there is something to send.
        const double drain_s = std::max(0.010, to_seconds(fidelity.span_ns()));
        events += std::min(1 / drain_s, sender.outputs_per_s * instances);
        continue;
      }
      const Pushes pushes =
          pushes_of(edge, engine, receivers, sender, engine.gathering(job, static_cast<int>(op)));
      const double batches_per_s = pushes.batches_per_s * instances;
      // In a loop those that come round again are counted once.
      if (!edge.spec.feedback) served_per_s[edge.to] += batches_per_s;
      flushes_per_s = std::max(flushes_per_s, pushes.flushes_per_s);
      // Buffers come in trains, and wait for each other on a connection: a transfer is two events then.
      events += batches_per_s * remote_share * (follows ? 2 : 1);
    }
    events += flushes_per_s * instances;
  }
  return events;
}

std::int64_t channel_count(const LogicalGraph& graph, const std::vector<int>& parallelism) {
  std::int64_t channels = 0;
  for (const LogicalEdge& edge : graph.edges) {
    channels += parallelism[edge.from] * receivers_of(edge, parallelism);
  }
  return channels;
}

double memory_bytes(const LogicalGraph& graph, const std::vector<int>& parallelism) {
  constexpr double program_bytes = 20e6;  // SimGrid, run.h5 and the calendar of a small run
  // Besides the instance itself: its executor, random streams, queues and windows.
  constexpr double beside_instance_bytes = 6e3;
  constexpr double beside_channel_bytes = 8;  // what the receiver and the metrics know of it
  const double instances = std::accumulate(parallelism.begin(), parallelism.end(), 0.0);
  double bytes = program_bytes + instances * (sizeof(Instance) + beside_instance_bytes);
  bytes += static_cast<double>(channel_count(graph, parallelism)) * (sizeof(Channel) + beside_channel_bytes);
  for (const LogicalEdge& edge : graph.edges) {
    if (!keeps_shares(edge.spec)) continue;
    bytes += 3.0 * sizeof(double) * parallelism[edge.from] * parallelism[edge.to];
  }
  return bytes;
}

double machine_memory_bytes() {
  const double installed =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGE_SIZE));
  double allowed = 0;
  std::ifstream("/sys/fs/cgroup/memory.max") >> allowed;  // "max" is no number
  return allowed > 0 ? std::min(allowed, installed) : installed;
}

std::vector<std::string> warnings_of(const Scenario& scenario) {
  std::vector<std::string> warnings;
  double needed_bytes = 0;
  std::int64_t channels = 0;
  for (const JobSpec& job : scenario.jobs) {
    WorkloadContext context;
    const LogicalGraph graph = resolve(job.workload.build(context)->dataflow());
    const std::vector<int> parallelism = initial_parallelism(graph);
    needed_bytes += memory_bytes(graph, parallelism);
    channels += channel_count(graph, parallelism);
    for (const std::string& loop : growing_loops(graph, scenario.seed)) {
      warnings.push_back(
          fmt::format("job {}: as many records as go round by {} come back, or more: they pile up without "
                      "end, and no parallelism is enough",
                      weir::quoted(job.name), loop));
    }
  }
  for (const JobSpec& job : scenario.jobs)
    for (const WorkerFailure& failure : job.failures)
      if (failure.time_s > scenario.until_s)
        warnings.push_back(fmt::format("job {}: worker {} fails at {} s, and the run ends at {} s",
                                       weir::quoted(job.name), failure.worker, failure.time_s,
                                       scenario.until_s));
  for (const std::string& ring : topic_rings(scenario))
    warnings.push_back(
        fmt::format("jobs {}: what they deliver comes back to them by topics, round after round", ring));
  if (const double machine_bytes = machine_memory_bytes(); needed_bytes > machine_bytes) {
    warnings.push_back(fmt::format(
        "about {:.3g} GiB for {} channels between instances, and this machine has {:.3g}: fewer instances, "
        "or "
        "forward edges",
        needed_bytes / 0x1p30, readable_count(static_cast<double>(channels)), machine_bytes / 0x1p30));
  }
  return warnings;
}

}  // namespace weir

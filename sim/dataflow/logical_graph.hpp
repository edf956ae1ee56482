#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/dataflow/arrival.hpp"
#include "sim/dataflow/operator.hpp"
#include "sim/kernel/distributions.hpp"
#include "sim/scenario/params.hpp"

// The logical graph of a job: operators and edges as the user writes them, before parallelism and placement.
//
//   sources ──edge──▶ operators ──edge──▶ … ──▶ operators without an outgoing edge: sinks

namespace weir {

// What the ids of a run have room for (Job::handler_id).
inline constexpr int jobs_max = 128;
inline constexpr int operators_max = 131'072;           // sources included, of a job that is alone
inline constexpr int operators_max_of_several = 1'024;  // of each of several jobs
inline constexpr int instances_max = 16'384;            // of an operator

enum class CostLaw { deterministic, exponential, gamma, lognormal, empirical };

// The price of processing: records * per_record + bytes * per_byte + batches * per_batch, in time on a core
// of reference speed. The law is that of the per-record part; the per-batch part is paid once per transfer
// unit. Bytes of input are deserialized; what goes out, counted once for all receivers, is serialized.
struct CostSpec {
  double deserialization_per_record_us = 0;
  double serialization_per_record_us = 0;
  double serialization_per_byte_ns = 0;
  double per_record_us = 0;
  double per_byte_ns = 0;
  double per_batch_us = 0;
  CostLaw law = CostLaw::deterministic;
  double cv = 1;  // gamma, lognormal: standard deviation / mean
  std::vector<double>
      values_us;  // empirical: drawn from with equal chances; their mean replaces per_record_us
};

// Sub-linear scaling: with p instances each is slower by 1 + sigma (p-1) + kappa p (p-1)
// (universal scalability law, Gunther 1993; measured on Flink jobs: sigma 0.0045 to 0.03).
struct ContentionSpec {
  double sigma = 0;
  double kappa = 0;
  double factor(int parallelism) const {
    const double p = parallelism;
    return 1 + sigma * (p - 1) + kappa * p * (p - 1);
  }
};

struct StateSpec {
  double keys = 0;
  double bytes_per_key = 0;
  double size_bytes() const { return keys * bytes_per_key; }
};

// What a source does with records that arrive while it may not emit.
enum class WhenBlocked {
  queue,  // they wait outside (a log, a broker): the source lags and catches up
  skip    // they are never made (a rate-limited generator): the offered load is lost
};

struct SourceSpec {
  std::string name;
  Chosen<ArrivalProcess, ArrivalContext> arrivals;
  double record_bytes = 100;
  CostSpec cost;
  int parallelism = 1;
  WhenBlocked when_blocked = WhenBlocked::queue;
};

struct OperatorSpec {
  std::string name;
  Chosen<OperatorLogic, OperatorContext> logic;
  CostSpec cost;
  ContentionSpec contention;
  StateSpec state;
  double output_bytes = 100;  // per output record
  int parallelism = 1;
  int min_parallelism = 1;
  int max_parallelism = 1 << 14;
  bool scalable = true;
};

// pull: into one queue, from which the receiving instances take (work_queue.hpp).
// shares: by shares that the engine gives and changes while it runs, with carried remainders; no scenario can
// ask for it.
enum class Partitioning { forward, rebalance, shuffle, key, broadcast, global, pull, shares };
enum class KeyLaw { even, tilted, uniform, zipf, hot, weights, sender };

// How the records of a key-partitioned edge are spread over keys. Keys are assigned to instances by hash;
// `even` instead gives every instance the same share, whatever the parallelism; with `sender` the operator
// that sends says of each batch where its records go (OperatorLogic::spread).
struct KeySpec {
  KeyLaw law = KeyLaw::even;
  std::int64_t count = 10000;
  double exponent = 1;          // zipf
  double hot_share = 0.5;       // hot: the share of the records that has the one hot key
  std::vector<double> weights;  // weights: of each key
  double tilt = 0;     // tilted: the shares of the instances rise linearly from 1-tilt to 1+tilt times even
  bool random = true;  // each record's key is drawn; false: the shares are met by carried remainders
};

struct EdgeSpec {
  std::string from;
  std::string to;
  Partitioning partitioning = Partitioning::rebalance;
  KeySpec keys;
  bool feedback = false;
};

struct DataflowSpec {
  std::vector<SourceSpec> sources;
  std::vector<OperatorSpec> operators;
  std::vector<EdgeSpec> edges;
};

const ParamTable<DataflowSpec>& dataflow_table();
// Whether an operator's parallelism is between its limits, as far as all three are known.
void check_parallelism(int parallelism, int parallelism_min, int parallelism_max, const Node& at,
                       Errors& errors);
// Parts of it, for workloads that take costs and keys as parameters.
const ParamTable<CostSpec>& cost_table();
const ParamTable<KeySpec>& keys_table();
const ParamTable<ContentionSpec>& contention_table();
const ParamTable<StateSpec>& state_table();
CostDistribution cost_distribution(const CostSpec& spec);
// For each record that comes in; `records_out` are sent for it.
double mean_cost_per_record_s(const CostSpec& spec, double record_bytes, double records_out,
                              double output_bytes);

// One node of the resolved graph. Ids are positions in topological order (feedback edges aside); among equals
// the order of the scenario decides.
struct LogicalOperator {
  std::string name;
  bool source = false;
  SourceSpec source_spec;      // if source
  OperatorSpec operator_spec;  // if not
  std::vector<int> outputs;    // edge ids
  std::vector<int> inputs;
  double input_bytes = 0;  // mean size of the records that come in
  bool sink() const { return outputs.empty(); }
  const CostSpec& cost() const { return source ? source_spec.cost : operator_spec.cost; }
  int parallelism() const { return source ? source_spec.parallelism : operator_spec.parallelism; }
  double output_bytes() const { return source ? source_spec.record_bytes : operator_spec.output_bytes; }
};

struct LogicalEdge {
  int from = 0;
  int to = 0;
  EdgeSpec spec;
};

struct LogicalGraph {
  std::vector<LogicalOperator> operators;
  std::vector<LogicalEdge> edges;
  int find(std::string_view name) const;  // -1 if there is none
  bool pulls(int operator_id) const;      // whether an edge to it is a pull
};

// Of each operator, as it begins.
std::vector<int> initial_parallelism(const LogicalGraph& graph);

// Whether there is one: names are unique, edges join what there is, cycles are declared.
bool can_resolve(const DataflowSpec& spec);
// The graph of a spec that dataflow_table() has read without errors.
LogicalGraph resolve(const DataflowSpec& spec);

}  // namespace weir

#include "policies/flink_autoscaler/evaluator.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace weir::flink_autoscaler {

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

// Flink's jobs have no loops. What comes around one counts as if it came in from outside of it: the edges
// that close loops are left out, and the operator behind has its whole input from the others.
std::vector<int> inputs_of(const JobView& job, int to) {
  std::vector<int> inputs;
  for (const int from : job.operators[static_cast<std::size_t>(to)].upstream)
    if (!is_feedback_edge(from, to) && std::find(inputs.begin(), inputs.end(), from) == inputs.end())
      inputs.push_back(from);
  return inputs;
}

std::size_t count_of_outputs(const JobView& job, int from) {
  std::vector<int> outputs;
  for (const int to : job.operators[static_cast<std::size_t>(from)].downstream)
    if (std::find(outputs.begin(), outputs.end(), to) == outputs.end()) outputs.push_back(to);
  return outputs.size();
}

double input_rate_per_s(const SampleHistory& samples, std::size_t vertex) {
  return samples.rate(vertex, &VertexSample::records_in);
}

// Records on the edge for each record into the sender; 0 where either is none, or the others sent more than
// arrived.
double edge_ratio(const JobView& job, const SampleHistory& samples, int from, int to) {
  const double in_per_s = input_rate_per_s(samples, static_cast<std::size_t>(from));
  if (!(in_per_s > 0)) return 0;
  const double edge_per_s = edge_rate_per_s(job, samples, from, to);
  return edge_per_s > 0 ? edge_per_s / in_per_s : 0;
}

double mean_busy(const SampleHistory& samples, const Options& options, std::size_t vertex, int parallelism) {
  if (options.busy_aggregator == Aggregator::avg)
    return samples.rate(vertex, &VertexSample::busy_s) / parallelism;
  return samples.mean(vertex, &VertexSample::busy);
}

double true_rate_input(const SampleHistory& samples, const Options& options, std::size_t vertex,
                       bool source) {
  if (!source && options.input_rate == InputRate::gauge && options.busy_aggregator != Aggregator::avg) {
    const double gauge = samples.mean(vertex, &VertexSample::records_in_per_s);
    if (std::isfinite(gauge)) return gauge;
  }
  return input_rate_per_s(samples, vertex);
}

void set_true_rate(Rates& rates, const SampleHistory& samples, const Options& options, std::size_t vertex,
                   bool source) {
  const double in_per_s = true_rate_input(samples, options, vertex, source);
  // Without input any speed is possible.
  rates.true_per_s = in_per_s == 0 || rates.busy == 0 ? infinite : in_per_s / rates.busy;
  if (!source || !options.observed_rate) return;
  const double observed_per_s =
      samples.mean(vertex, &VertexSample::observed_per_s, options.observed_rate_min_observations);
  if (std::isnan(observed_per_s)) return;
  rates.observed = !std::isfinite(rates.true_per_s) ||
                   rates.true_per_s > observed_per_s * (1 + options.observed_rate_switch_threshold);
  if (rates.observed) rates.true_per_s = observed_per_s;
}

}  // namespace

double capacity_per_s(const Rates& rates, const Options& options, double utilization, double restart_s) {
  const double share = std::clamp(utilization, 0.0, 1.0);
  if (share == 0) return infinite;
  const double restart_per_s =
      options.catch_up_s == 0 ? 0 : rates.target_per_s * restart_s / options.catch_up_s;
  return std::floor(rates.catch_up_per_s + restart_per_s + rates.target_per_s / share + 0.5);
}

Thresholds thresholds(const Rates& rates, const Options& options, bool backlog, double restart_s) {
  return {capacity_per_s(rates, options, backlog ? 1 : options.utilization_max, 0),
          capacity_per_s(rates, options, backlog ? 0 : options.utilization_min, restart_s)};
}

bool works_off_backlog(const JobView& job, const SampleHistory& samples, const Options& options) {
  for (std::size_t v = 0; v < job.operators.size(); ++v) {
    if (!job.operators[v].source) continue;
    const double in_per_s = input_rate_per_s(samples, v), lag = samples.latest(v).lag_records;
    if (lag > 0 && lag > options.backlog_lag_threshold_s * in_per_s) return true;
  }
  return false;
}

double edge_rate_per_s(const JobView& job, const SampleHistory& samples, int from, int to) {
  const std::vector<int> inputs = inputs_of(job, to);
  const double received_per_s = input_rate_per_s(samples, static_cast<std::size_t>(to));
  if (inputs.size() == 1) return received_per_s;
  double others_per_s = 0;
  for (const int input : inputs) {
    if (input == from) continue;
    // What an operator with several outputs sends on one of them is not known: the least reliable answer.
    if (count_of_outputs(job, input) != 1)
      return samples.rate(static_cast<std::size_t>(from), &VertexSample::records_out);
    others_per_s += samples.rate(static_cast<std::size_t>(input), &VertexSample::records_out);
  }
  return received_per_s - others_per_s;
}

std::vector<Rates> evaluate_rates(const JobView& job, std::span<const int> parallelism,
                                  const SampleHistory& samples, const Options& options) {
  std::vector<Rates> all(job.operators.size());
  for (std::size_t v = 0; v < all.size(); ++v) {
    Rates& rates = all[v];
    const bool source = job.operators[v].source;
    if (source) {
      const double lag = samples.latest(v).lag_records;
      rates.target_per_s =
          std::max(0.0, input_rate_per_s(samples, v) + samples.rate(v, &VertexSample::lag_records));
      rates.catch_up_per_s = options.catch_up_s == 0 ? 0 : lag / options.catch_up_s;
    }
    for (const int from : inputs_of(job, static_cast<int>(v))) {
      const double ratio = edge_ratio(job, samples, from, static_cast<int>(v));
      rates.target_per_s += all[static_cast<std::size_t>(from)].target_per_s * ratio;
      rates.catch_up_per_s += all[static_cast<std::size_t>(from)].catch_up_per_s * ratio;
    }
    rates.busy = mean_busy(samples, options, v, parallelism[v]);
    set_true_rate(rates, samples, options, v, source);
  }
  return all;
}

}  // namespace weir::flink_autoscaler

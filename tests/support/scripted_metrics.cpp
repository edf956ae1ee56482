#include "tests/support/scripted_metrics.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "sim/scenario/parse.hpp"

namespace weir::test {

JobView chain(const std::vector<std::string>& names) {
  JobView job;
  for (const std::string& name : names) {
    const int before = static_cast<int>(job.operators.size()) - 1;
    add_operator(job, name, before < 0 ? std::vector<int>{} : std::vector<int>{before});
  }
  return job;
}

int add_operator(JobView& job, std::string name, const std::vector<int>& upstream) {
  const int id = static_cast<int>(job.operators.size());
  job.operators.push_back({.name = std::move(name),
                           .source = upstream.empty(),
                           .scalable = true,
                           .min_parallelism = 1,
                           .max_parallelism = 1000,
                           .upstream = upstream,
                           .downstream = {}});
  for (const int from : upstream) job.operators[static_cast<std::size_t>(from)].downstream.push_back(id);
  return id;
}

namespace {

PolicyRegistry::Choice read_policy(std::string_view json, Errors& errors) {
  PolicyRegistry::Choice choice;
  const auto document = parse_document(json, "policy.json", errors);
  if (document) choice.read(document->root(), errors);
  return choice;
}

}  // namespace

std::unique_ptr<Policy> make_policy(std::string_view json, const JobView& job) {
  Errors errors;
  const PolicyRegistry::Choice choice = read_policy(json, errors);
  INFO(errors.text());
  REQUIRE(errors.empty());
  return choice.build(PolicyContext{job, 1});
}

std::string policy_errors(std::string_view json) {
  Errors errors;
  read_policy(json, errors);
  return errors.text();
}

ScriptedCluster::ScriptedCluster(const JobView& j, std::vector<int> p, std::string_view policy_json)
    : job(j), parallelism(std::move(p)), policy_(make_policy(policy_json, j)) {}

void ScriptedCluster::measure(double window_s, const Measure& measure, bool running) {
  MetricWindow window;
  window.start_ns = now_ns_;
  window.end_ns = now_ns_ += to_nanos(window_s);
  window.deployment = deployment_;
  window.running = running;
  window.operators.resize(job.operators.size());
  for (std::size_t o = 0; o < window.operators.size(); ++o)
    window.operators[o].instances.resize(static_cast<std::size_t>(parallelism[o]));
  if (measure) measure(window);
  windows_.push_back(window);
}

std::vector<Decision> ScriptedCluster::evaluate() {
  std::vector<MetricWindow> seen;
  for (const MetricWindow& window : windows_)
    if (window.end_ns > now_ns_ - to_nanos(policy_->history_s())) seen.push_back(window);
  const std::vector<int> present = parallelism;
  const std::vector<ActionReport> reports = std::exchange(reports_, {});
  const Observation observation{now_ns_,        job,           seen,     present, deployment_,
                                action_running, requested_ns_, done_ns_, reports, truth};
  std::vector<Decision> decisions = policy_->evaluate(observation);
  for (const Decision& decision : decisions)
    if (!decision.targets.empty()) carry_out(decision);
  return decisions;
}

void ScriptedCluster::carry_out(const Decision& decision) {
  requested_ns_ = now_ns_;
  if (obedient) {
    for (const ScaleTarget& target : decision.targets) {
      if (target.operator_id == all_workers)
        std::fill(parallelism.begin(), parallelism.end(), target.parallelism);
      else
        parallelism[static_cast<std::size_t>(target.operator_id)] = target.parallelism;
    }
    ++deployment_;
    if (downtime_s > 0) measure(downtime_s, {}, false);
    done_ns_ = now_ns_;
  }
  reports_.push_back({.id = actions_++,
                      .status = obedient ? ending : ActionReport::Status::refused,
                      .requested_ns = requested_ns_,
                      .ended_ns = now_ns_,
                      .downtime_s = downtime_s,
                      .detail = ""});
}

std::vector<Decision> ScriptedCluster::step(double window_s, const Measure& script) {
  measure(window_s, script);
  return evaluate();
}

// By recursion over the paths, on purpose not the way in which a policy would do it.
double LinearPlant::demand_per_s(int operator_id) const {
  double demand = 0;
  for (const int from : job.operators[static_cast<std::size_t>(operator_id)].upstream) {
    const auto u = static_cast<std::size_t>(from);
    demand += job.operators[u].source ? target_per_s[u] : selectivity[u] * demand_per_s(from);
  }
  return demand;
}

double LinearPlant::slowed_to(const std::vector<int>& parallelism) const {
  double factor = 1;
  for (std::size_t o = 0; o < parallelism.size(); ++o) {
    if (job.operators[o].source) continue;
    const double demand = demand_per_s(static_cast<int>(o)), capacity = parallelism[o] * rate_per_s[o];
    if (capacity < demand * (1 - 1e-9)) factor = std::min(factor, capacity / demand);
  }
  return factor;
}

void LinearPlant::operator()(MetricWindow& window) const {
  std::vector<int> parallelism;
  for (const OperatorMetrics& op : window.operators) parallelism.push_back(op.parallelism());
  const double factor = slowed_to(parallelism), length_s = window.duration_s();
  for (std::size_t o = 0; o < window.operators.size(); ++o) {
    OperatorMetrics& op = window.operators[o];
    const bool source = job.operators[o].source;
    const double in_per_s = source ? 0 : demand_per_s(static_cast<int>(o)) * factor / op.parallelism();
    const double out_per_s = source ? target_per_s[o] * factor / op.parallelism() : in_per_s * selectivity[o];
    op.offered_per_s = source ? target_per_s[o] : 0;
    for (InstanceMetrics& instance : op.instances) {
      instance.records_in = std::llround(in_per_s * length_s);
      instance.records_out = std::llround(out_per_s * length_s);
      instance.useful_s = source ? length_s : static_cast<double>(instance.records_in) / rate_per_s[o];
      instance.waiting_s = length_s - instance.useful_s;
    }
  }
}

}  // namespace weir::test

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sim/control/policy.hpp"

// A cluster for tests of policies, without a simulator: a script says what is measured, decisions take effect
// at once or after a downtime.
//
//   JobView job = chain({"source", "map", "count"});
//   ScriptedCluster cluster(job, {1, 1, 1}, R"({"type": "threshold", "high": 0.7})");
//   auto decisions = cluster.step(60, [](MetricWindow& w) { w.operators[1].instances[0].useful_s = 50; });

namespace weir::test {

// A source and what follows it, in a row; at most 1000 instances each.
JobView chain(const std::vector<std::string>& names);
// Adds an operator behind others (none: a source) and returns its id.
int add_operator(JobView& job, std::string name, const std::vector<int>& upstream);

// From JSON as in a scenario. Input errors fail the test.
std::unique_ptr<Policy> make_policy(std::string_view json, const JobView& job);
// The text of the input errors; empty if there are none.
std::string policy_errors(std::string_view json);

class ScriptedCluster {
 public:
  using Measure = std::function<void(MetricWindow&)>;

  ScriptedCluster(const JobView& job, std::vector<int> parallelism, std::string_view policy_json);

  // Time passes by one window, which arrives at its end; then the policy looks. `measure` gets a window with
  // all instances of the present deployment and nothing in it. Decisions are carried out when `obedient`.
  std::vector<Decision> step(double window_s, const Measure& measure);
  // A window that arrives without the policy being called.
  void measure(double window_s, const Measure& measure, bool running = true);
  std::vector<Decision> evaluate();

  const JobView& job;
  std::vector<int> parallelism;
  bool obedient = true;
  double downtime_s = 0;  // of each action: a window that is not running, of the new deployment
  bool action_running = false;
  ActionReport::Status ending = ActionReport::Status::done;  // of each action
  const Truth* truth = nullptr;
  double now_s() const { return to_seconds(now_ns_); }
  Policy& policy() { return *policy_; }

 private:
  void carry_out(const Decision& decision);

  std::unique_ptr<Policy> policy_;
  Nanos now_ns_ = 0, requested_ns_ = -1, done_ns_ = -1;
  int deployment_ = 0;
  std::int64_t actions_ = 0;
  std::vector<MetricWindow> windows_;
  std::vector<ActionReport> reports_;
};

// An ideal job: each instance of an operator does the same number of records per useful second whatever the
// parallelism, load is spread evenly, and when one operator cannot keep up, backpressure slows everything by
// the same factor.
struct LinearPlant {
  const JobView& job;
  std::vector<double> rate_per_s;    // by operator: records per useful second of one instance
  std::vector<double> selectivity;   // by operator
  std::vector<double> target_per_s;  // by operator; 0 but for sources

  double demand_per_s(int operator_id) const;  // input when nothing is slowed
  // The factor, 1 if all operators keep up (within a relative 1e-9).
  double slowed_to(const std::vector<int>& parallelism) const;
  void operator()(MetricWindow& window) const;
};

}  // namespace weir::test

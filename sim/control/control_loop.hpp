#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/control/backpressure.hpp"
#include "sim/control/policy.hpp"
#include "sim/control/truth.hpp"
#include "sim/dataflow/job.hpp"

// The loop of one job: closes metric windows, hands them (late) to the policy, and has the engine carry out
// what it decides.
//
//   every metrics interval ──▶ window ──delay──▶ history ──every policy interval──▶ Policy::evaluate
//                                                                                     │ decisions
//   engine ◀── Engine::rescale ◀── clip to limits and slots ◀── one action at a time ◀─┘
//
// An action that comes while another is under way is refused, as real engines do. Containers are different:
// several can be started at a time. What an engine does by itself, as a container that exits, is recorded as
// an action too; it has a negative number, no decision, and no report.

namespace weir {

// One change of one operator within an action.
struct ActionTarget {
  int operator_id = 0;
  int from = 0;
  int to = 0;      // what the engine was asked for
  int wanted = 0;  // what the policy had asked for
};

struct ActionRecord {
  std::int64_t id = 0;
  std::int64_t decision = 0;
  Nanos requested_ns = 0;
  Nanos ended_ns = -1;  // while it runs
  ActionReport::Status status = ActionReport::Status::accepted;
  std::vector<ActionTarget> targets;
  std::vector<SplitTarget> splits;
  bool container = false;  // the target is one container more, or less
  ActionOutcome outcome;
  std::string reason;
};

// Told what happens, in the order of simulated time.
class ControlObserver {
 public:
  virtual ~ControlObserver() = default;
  virtual void window_closed(const Job& job, const MetricWindow& window) = 0;
  virtual void decided(const Job& job, std::int64_t decision, Nanos at, const Decision& what) = 0;
  virtual void action_began(const Job& job, const ActionRecord& action) = 0;
  virtual void action_ended(const Job& job, const ActionRecord& action) = 0;
  // There are more workers or fewer: an action of its own, with the time of the request. Its target is
  // `all_workers`.
  virtual void workers_changed(const Job& job, const ActionRecord& action) = 0;
};

// What a policy knows of a job that may have so many slots.
JobView job_view(const Job& job, const Engine& engine, int slots);

class ControlLoop final : public EventHandler {
 public:
  ControlLoop(Job& job, Engine& engine, const PolicyRegistry::Choice& policy, const Truth& truth,
              ControlObserver& observer, int slots, std::uint64_t seed);

  // Where the policy sees that the run is to end; before it starts.
  void interrupted_by(const std::atomic<bool>* interrupted) { view_.interrupted = interrupted; }
  // Schedules the first window and evaluation.
  void start(Nanos until);
  // Closes the last, shorter window at the end of the run, if any time has passed in it.
  void finish();
  void on_event(std::uint32_t kind, std::uint32_t argument) override;

  const JobView& view() const { return view_; }
  const Policy& policy() const { return *policy_; }
  // How often the policy was asked, and how often it then had something to go by: a window, or, if it acts on
  // true rates, one in which some operator, sources aside, has one.
  std::int64_t evaluations() const { return evaluations_; }
  std::int64_t informed_evaluations() const { return informed_evaluations_; }
  // How many instances the job has, or will have when the action under way is done, if these are more.
  std::int64_t slots_claimed() const;
  // How many slots others leave to the job, claims included; not set: as many as it wants.
  std::function<std::int64_t()> slots_left;
  // The action under way, for a run that ends in the middle of it.
  const ActionRecord* running_action() const { return action_running_ ? &action_ : nullptr; }
  const std::vector<ActionRecord>& starting_containers() const { return starting_; }

 private:
  enum Kind : std::uint32_t { close_window = 1, window_arrives = 2, evaluate = 3 };

  MetricWindow take_window();
  void close();
  void arrive();
  void ask_policy();
  void act(const Decision& decision, std::int64_t decision_id);
  void act_on_splits(const Decision& decision, std::int64_t decision_id);
  // Why the engine cannot do it; empty if it can.
  std::string wrong_with(const Decision& decision) const;
  void act_on_container(const Decision& decision, std::int64_t decision_id);
  std::string wrong_with(const ContainerTarget& target) const;
  void container_started(std::int64_t number, const ActionOutcome& outcome);
  void container_exited(int operator_id, const std::string& why);
  void refuse(ActionRecord action, std::string why);
  void begin(const ActionRecord& action);
  void ended(const ActionOutcome& outcome);
  void workers_changed(const WorkerChange& change);
  // The wanted parallelism within the operators' limits and the slots that there are.
  std::vector<int> feasible(const Decision& decision) const;

  Job& job_;
  Engine& engine_;
  Calendar& calendar_;
  const Truth& truth_;
  ControlObserver& observer_;
  JobView view_;
  BackpressureAttribution backpressure_;
  std::unique_ptr<Policy> policy_;
  Nanos until_ = 0;
  Nanos metrics_interval_ns_;
  Nanos metrics_delay_ns_;
  Nanos policy_interval_ns_;
  Nanos history_ns_;
  std::vector<MetricWindow> on_the_way_;
  std::vector<MetricWindow> arrived_;
  std::vector<ActionReport> reports_;
  ActionRecord action_;
  bool action_running_ = false;
  std::vector<ActionRecord> starting_;  // containers
  std::int64_t exits_ = 0;
  Nanos closed_ns_ = 0;  // the end of the last window
  Nanos last_requested_ns_ = -1;
  Nanos last_done_ns_ = -1;
  std::int64_t evaluations_ = 0;
  std::int64_t informed_evaluations_ = 0;
  std::int64_t next_decision_ = 0;
  std::int64_t next_action_ = 0;
};

}  // namespace weir

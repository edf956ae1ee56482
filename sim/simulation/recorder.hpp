#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sim/control/control_loop.hpp"
#include "sim/control/true_capacity.hpp"
#include "sim/record/catching_up.hpp"
#include "sim/record/run_file.hpp"
#include "sim/record/summary.hpp"
#include "sim/simulation/first_and_last.hpp"

// Writes down one job's run: rows of run.h5 as things happen, and what the summary needs at the end: sums, so
// that memory does not grow with simulated time. It is told by the control loop and never asks the simulation
// for anything but its books.

namespace weir {

struct RecorderSetup {
  int job_number = 0;
  int first_operator_id = 0;  // in run.h5, where operators of all jobs are numbered through
  std::string policy;
  std::string engine;
  std::int64_t* next_instance_id = nullptr;
  std::function<void(const Job&, const MetricWindow&)> on_window;  // told as well; may be empty
};

class Recorder final : public ControlObserver {
 public:
  Recorder(const Job& job, const TrueCapacity& truth, const RecorderSetup& setup);

  // Before the run; without it nothing is written.
  void write_to(RunFile& file) { file_ = &file; }
  // After every deployment, at its time.
  void deployed();
  void window_closed(const Job& job, const MetricWindow& window) override;
  void decided(const Job& job, std::int64_t decision, Nanos at, const Decision& what) override;
  void action_began(const Job& job, const ActionRecord& action) override;
  void action_ended(const Job& job, const ActionRecord& action) override;
  void workers_changed(const Job& job, const ActionRecord& action) override;
  void micro_batch_done(const MicroBatchReport& report);

  // At the end of the run.
  JobSummary summary(const ControlLoop& loop, Nanos end, bool checks_passed) const;
  void write_final(const JobSummary& summary, const ControlLoop& loop);

 private:
  void write_action(const ActionRecord& action);
  SplitSummary split_of(const ActionRecord& action) const;
  void write_splits(const ActionRecord& action);
  void note_restart(const ActionRecord& action);
  // A row for each operator of it.
  std::vector<ActionSummary> rows_of(const ActionRecord& action) const;
  int operator_count() const { return static_cast<int>(job_.graph().operators.size()); }
  void flush_now_and_then();
  void write_window(const MetricWindow& window, const std::vector<int>& optimum);
  void write_hosts(const MetricWindow& window);
  void note_intake(const MetricWindow& window);
  void note_catching_up(const MetricWindow& window);
  void sum_up_intake(ThroughputSummary& throughput) const;
  void note_state(OperatorSummary& row, int op) const;
  void note_optimum(OperatorSummary& row, int op, Nanos end, double window_s) const;
  std::string why_nothing(const ControlLoop& loop) const;

  const Job& job_;
  const TrueCapacity& truth_;
  RecorderSetup setup_;
  bool has_optimum_;
  RunFile* file_ = nullptr;
  struct LiveInstance {
    std::int64_t id;
    int operator_id;
    int index;
    int host;
  };
  std::vector<LiveInstance> live_;
  ScalingScorer score_;
  FirstAndLast<ActionSummary> actions_;
  FirstAndLast<DecisionSummary> decisions_;
  FirstAndLast<SplitSummary> splits_;
  std::int64_t splits_done_ = 0;
  std::optional<double> last_split_s_;
  RestartsSummary restarts_;
  CatchingUp catching_up_;
  std::vector<double> true_rate_per_s_;
  struct Intake {  // of all sources in one window
    int deployment;
    double duration_s, offered, taken_in;
  };
  std::deque<Intake> intake_;           // of the last windows
  std::vector<Nanos> cpu_reported_ns_;  // by host
  std::vector<double> sent_before_;
  std::vector<double> received_before_;
  std::chrono::steady_clock::time_point flushed_ = std::chrono::steady_clock::now();
};

}  // namespace weir

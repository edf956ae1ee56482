#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "models/engines/spark/driver_thread.hpp"
#include "models/engines/spark/executors.hpp"
#include "models/engines/spark/inputs.hpp"
#include "models/engines/spark/params.hpp"
#include "models/engines/spark/stages.hpp"
#include "sim/dataflow/job.hpp"
#include "sim/kernel/latency_histogram.hpp"
#include "sim/kernel/random.hpp"

// Micro-batches: what came in during an interval becomes a batch, a batch a job, a job stages of tasks, which
// the driver hands out to cores one by one.
//
//   inputs ─every interval─▶ [generator thread] ─▶ jobs that wait ─▶ job ─▶ stage ─▶ tasks that are ready
//                             lists files           concurrent_jobs          ▲          │
//                                                                            │   [scheduler thread]
//                            next stage, or the end of the job ◀── result ◀── core ◀────┘ launches
//                                                                             fetch, set up, run
//
// Instances of all operators of a slot are one thread: a task is what an instance of the first operator of a
// stage gets, and over when nobody of the slot has anything left. What a task sends over a shuffle is kept
// where it was made, by partition, until the next stage fetches it.

namespace weir::spark {

class MicroBatches final : public Router, EventHandler, DeliveryHandler {
 public:
  // Parts of the engine's ids from `first_part` on. `host`: of files or of the broker.
  MicroBatches(EngineContext& context, std::uint32_t first_part, const SparkParams& params, int host);

  void deploy(Job& job);
  void served(const Instance& instance);

  // ---- Router ----
  void route(Channel& channel, const Batch& batch) override;
  void drop_all(Job& job) override;
  std::int64_t held_weight() const override;
  void add_queued(std::vector<std::int64_t>& records_by_edge) const override;

  // ---- trace ----
  void trace_until(Nanos now);
  Nanos trace_settled(Nanos until_ns);

  // An executor has one task less.
  std::function<void(int executor)> on_task_over;
  Executors& executors() { return executors_; }
  const Executors& executors() const { return executors_; }
  // There is another executor.
  void offer() { launch(); }
  // Of the stages that were submitted, and since when there have been any (-1: none).
  std::int64_t pending_tasks() const { return pending_tasks_; }
  Nanos backlog_since_ns() const { return backlog_since_ns_; }

  struct Statistics {
    std::int64_t batches = 0;  // that ended
    double scheduling_delay_sum_s = 0, scheduling_delay_max_s = 0, scheduling_delay_last_s = 0;
    double processing_sum_s = 0, processing_max_s = 0;
    double total_delay_sum_s = 0, total_delay_max_s = 0;
    std::int64_t tasks = 0;
    double records_max = 0;  // of a batch
  };
  const Statistics& statistics() const { return statistics_; }
  std::int64_t batches_waiting() const { return static_cast<std::int64_t>(batches_.size()); }
  double scheduler_busy_s() const { return to_seconds(scheduler_.busy_ns()); }
  double generator_busy_s() const { return to_seconds(generator_.busy_ns()); }

 private:
  struct StageRun {
    std::vector<Pieces> tasks;  // behind shuffles first, by partition; then those of inputs
    std::size_t next = 0;       // to be launched
    std::size_t unfinished = 0;
    int parents_left = 0;
  };
  // A batch, from its time to the end of its job.
  struct BatchRun {
    Nanos submitted_ns = 0;
    Nanos started_ns = 0;
    std::vector<StageRun> stages;
    std::size_t stages_left = 0;
    std::vector<std::int64_t> records_by_source;
    std::int64_t tasks = 0;
    int running = 0;  // tasks
  };
  // What a core does.
  struct Slot {
    std::uint32_t batch = 0;
    int stage = 0;
    Pieces input;
    std::uint32_t fetches = 0;  // under way
    Nanos launched_ns = 0;
    enum class Phase : std::uint8_t { free, launching, fetching, running, telling } phase = Phase::free;
  };
  // Stages that have tasks to launch, by batch and number.
  using Ready = std::map<std::pair<std::uint32_t, int>, StageRun*>;
  struct Shuffle {
    std::unique_ptr<Splitter> splitter;
    int to_stage = 0;
  };
  enum Kind : std::uint32_t { batch_time = 1, task_arrives = 2, result_arrives = 3 };
  enum WorkKind : std::uint32_t { generated = 1, stage_submitted = 2, task_launched = 3, result_taken = 4 };

  void on_event(std::uint32_t kind, std::uint32_t argument) override;
  void on_delivery(std::uint32_t slot, Nanos first_ns, Nanos last_ns) override;
  void scheduler_did(const DriverThread::Work& work);

  void make_batch();
  void prepare_stages(BatchRun& run);
  void submit(std::uint32_t batch);
  void start_jobs();
  void submit_stage(std::uint32_t batch, int stage);
  void stage_ready(std::uint32_t batch, int stage);
  Ready::iterator next_stage();
  void launch();
  void arrive(int slot);
  void run(int slot);
  void take_result(int slot);
  void stage_done(std::uint32_t batch, int stage);
  void job_done(std::uint32_t batch);
  void note(const BatchRun& run);
  void adapt_rates(const BatchRun& run);
  void put(Pieces& pieces, const Batch& batch, int host) const;
  int connection(int from_host, int to_host);
  std::uint32_t stage_id(std::uint32_t batch, int stage) const {
    return batch * static_cast<std::uint32_t>(stages_.list.size()) + static_cast<std::uint32_t>(stage);
  }
  template <class See>
  void for_each_held(See&& see) const;
  void trace_batch_time();
  void signal_from_scheduler(int worker);

  Calendar& calendar_;
  const SparkParams& params_;
  FidelitySpec fidelity_;
  std::uint64_t seed_;
  Nanos batch_interval_ns_;
  Nanos rpc_ns_;
  Inputs inputs_;
  DriverThread generator_;
  DriverThread scheduler_;
  Executors executors_;
  RandomStream offers_;
  Job* job_ = nullptr;
  Stages stages_;
  int shuffle_partitions_ = 1;
  std::map<int, Shuffle> shuffles_;  // by edge
  std::map<int, PidRate> rates_;     // by source
  std::map<std::uint32_t, BatchRun> batches_;
  std::deque<std::uint32_t> jobs_waiting_;
  int jobs_running_ = 0;
  Ready ready_;
  std::int64_t pending_tasks_ = 0;
  Nanos backlog_since_ns_ = -1;
  std::vector<Slot> slots_;
  std::map<std::pair<int, int>, int> connections_;
  std::uint32_t next_batch_ = 0;
  Statistics statistics_;
};

}  // namespace weir::spark

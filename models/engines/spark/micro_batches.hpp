#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "models/engines/spark/combiner.hpp"
#include "models/engines/spark/driver_thread.hpp"
#include "models/engines/spark/executors.hpp"
#include "models/engines/spark/inputs.hpp"
#include "models/engines/spark/params.hpp"
#include "models/engines/spark/stages.hpp"
#include "models/engines/spark/window.hpp"
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
//
// With a window there is a job for each slide, of all batches since the job before; the stages before the
// window are then those of several batches, and what its tasks merge is core time of theirs (window.hpp).

namespace weir::spark {

inline Nanos millis(double ms) {
  return to_nanos(ms * 1e-3);
}

class MicroBatches final : public Router, EventHandler, DeliveryHandler {
 public:
  // Parts of the engine's ids from `first_part` on. `host`: of files or of the broker.
  MicroBatches(EngineContext& context, std::uint32_t first_part, const SparkParams& params, int host);
  // Of the file system of checkpoints, and of data sets by operator; -1: none.
  void set_hosts(int checkpoints, std::map<std::string, int> data_sets) {
    checkpoint_host_ = checkpoints;
    data_set_hosts_ = std::move(data_sets);
  }

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
  void offer() {
    place_in_group();
    launch();
  }
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
    double task_core_s = 0;  // that tasks worked
    // Of the results of a window, by records, keys, parts that were read and entries that were merged.
    std::int64_t windows = 0, window_records_last = 0, window_records_max = 0, window_records_sum = 0;
    std::int64_t checkpoints = 0;
    double checkpoint_bytes = 0;
    std::int64_t window_keys_last = 0, window_reads_max = 0, window_merged_sum = 0, window_merged_last = 0;
  };
  const Statistics& statistics() const { return statistics_; }
  std::int64_t batches_waiting() const { return static_cast<std::int64_t>(batches_.size()); }
  // Expected, of what sources take in by operator. Before the first deployment as well.
  double tasks_per_batch(const Job& job, const std::vector<double>& input_per_s) const;
  double scheduler_busy_s() const { return to_seconds(scheduler_.busy_ns()); }
  double generator_busy_s() const { return to_seconds(generator_.busy_ns()); }

 private:
  // Who set a task going, for the tracer, and when.
  struct Waker {
    int worker = -1;
    Nanos signal_ns = 0;
  };
  struct Task {
    Pieces input;
    int step = 0;  // the batch that it is of, among those of the job
  };
  struct StageRun {
    std::vector<Task> tasks;  // behind shuffles first, by partition; then those of inputs
    std::size_t next = 0;     // to be launched
    std::size_t unfinished = 0;
    int parents_left = 0;
    Waker told_by;  // who ended last, in a group
  };
  // A batch, from its time to the end of its job.
  struct BatchRun {
    Nanos made_ns = 0;
    Nanos submitted_ns = 0;
    Nanos started_ns = 0;
    std::vector<StageRun> stages;
    std::size_t stages_left = 0;
    std::vector<std::int64_t> records_by_source;  // of the last batch
    std::int64_t records = 0;
    std::int64_t tasks = 0;
    int running = 0;           // tasks
    bool checkpoints = false;  // after its last stage
    // What came by the shuffle to the window, by step and partition.
    std::vector<std::vector<std::int64_t>> entered;
  };
  // What was taken in for the next job.
  struct Taken {
    std::vector<std::vector<Task>> tasks;    // by stage
    std::vector<std::int64_t> last_records;  // of the last batch, by source
    std::int64_t records = 0;
    int batches = 0;
  };
  // What a core does.
  struct Slot {
    std::uint32_t batch = 0;
    int stage = 0;
    int number = 0;  // of the task in its stage
    int step = 0;
    Pieces input;
    std::uint32_t fetches = 0;  // under way
    Nanos launched_ns = 0;      // when whoever set it going said so
    int waker = -1;
    Nanos running_ns = 0;  // since when
    enum class Phase : std::uint8_t {
      free,
      launching,
      fetching,
      running,
      writing,
      telling
    } phase = Phase::free;
  };
  // Stages that have tasks to launch, by batch and number.
  using Ready = std::map<std::pair<std::uint32_t, int>, StageRun*>;
  // That an executor can start by itself.
  struct LocalTask {
    std::uint32_t batch = 0;
    int stage = 0;
    int number = 0;
    Waker waker;
  };
  struct Group {
    std::uint32_t first = 0;
    Nanos generation_ns = 0;
    int made = 0, ended = 0;  // batches
    bool known = false;       // to the executors
    std::vector<std::uint32_t> waiting;
  };
  struct Shuffle {
    std::unique_ptr<Splitter> splitter;
    int to_stage = 0;
    std::unique_ptr<DistinctKeys> keys;  // where anybody asks
    std::unique_ptr<Combiner> combiner;  // null: none
  };
  enum Kind : std::uint32_t {
    batch_time = 1,
    task_arrives = 2,
    result_arrives = 3,
    group_told = 4,
    local_over = 5,
    stage_told = 6,
    partition_read = 7
  };
  enum WorkKind : std::uint32_t {
    generated = 1,
    stage_submitted = 2,
    task_launched = 3,
    result_taken = 4,
    no_job = 5,
    group_scheduled = 6
  };

  void on_event(std::uint32_t kind, std::uint32_t argument) override;
  void on_delivery(std::uint32_t slot, Nanos first_ns, Nanos last_ns) override;
  void fetched(std::uint32_t slot);
  void scheduler_did(const DriverThread::Work& work);

  void make_batch();
  void take_inputs();
  void prepare_stages(BatchRun& run);
  void deploy_window(const LogicalGraph& graph);
  void submit(std::uint32_t batch);
  void start_jobs();
  void submit_stage(std::uint32_t batch, int stage);
  int copies_of(int stage) const;
  void stage_ready(std::uint32_t batch, int stage);
  Ready::iterator next_stage();
  void launch();
  void occupy(int slot, std::uint32_t batch, int stage, int number, Task& task);
  void arrive(int slot);
  void run(int slot);
  double work_before_records_s(const Slot& of) const;
  bool is_window(int stage) const { return window_ && window_->stage() == stage; }
  void end_combining(int slot);
  // ---- checkpoints: a stage of a job of its own, behind all others
  int checkpoint_stage() const { return static_cast<int>(stages_.list.size()); }
  std::uint32_t stage_count() const { return static_cast<std::uint32_t>(stages_.list.size()) + 1; }
  bool checkpoint_due(std::uint32_t batch) const;
  void write_partition(int slot);
  // ---- what tasks read besides their records
  double joined_s(int stage) const;
  void read_kept(const Slot& of, int here, std::map<int, double>& bytes_from) const;
  void note_window();
  void take_result(int slot);
  void stage_done(std::uint32_t batch, int stage);
  bool in_groups() const { return params_.group.batches > 1; }
  void group_batch(std::uint32_t batch, Nanos generation_ns);
  void schedule_group(std::uint32_t batch);
  void group_arrives();
  void group_job_done();
  void begin_in_group(std::uint32_t batch);
  Waker awake_before(Nanos now) const;
  void stage_ready_in_group(std::uint32_t batch, int stage, Waker waker);
  void place_in_group();
  int slot_in_group(const LocalTask& of, std::size_t number, const std::vector<int>& usable) const;
  void start_local(int executor);
  void local_task_over(int slot);
  void job_done(std::uint32_t batch);
  void note(std::uint32_t batch, const BatchRun& run);
  void adapt_rates(const BatchRun& run);
  void put(Pieces& pieces, const Batch& batch, int host) const;
  int connection(int from_host, int to_host);
  std::uint32_t stage_id(std::uint32_t batch, int stage) const {
    return batch * stage_count() + static_cast<std::uint32_t>(stage);
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
  std::optional<Window> window_;
  Taken taken_;
  int checkpoint_host_ = -1;
  std::map<std::string, int> data_set_hosts_;
  struct Joined {
    int stage = 0;
    DataSetParams data_set;
    int host = -1;
  };
  std::vector<Joined> joined_;
  Nanos checkpoint_interval_ns_ = 0;  // 0: never
  int shuffle_partitions_ = 1;
  std::map<int, Shuffle> shuffles_;  // by edge
  std::map<int, PidRate> rates_;     // by source
  std::map<std::uint32_t, BatchRun> batches_;
  std::deque<std::uint32_t> jobs_waiting_;
  int jobs_running_ = 0;
  Ready ready_;
  std::deque<Group> groups_;                        // the first one runs, or is scheduled
  std::vector<LocalTask> unplaced_;                 // stages, while there are no executors
  std::vector<std::deque<LocalTask>> local_ready_;  // by executor
  std::int64_t pending_tasks_ = 0;
  Nanos backlog_since_ns_ = -1;
  std::vector<Slot> slots_;
  std::map<std::pair<int, int>, int> connections_;
  std::uint32_t next_batch_ = 0;
  Statistics statistics_;
};

}  // namespace weir::spark

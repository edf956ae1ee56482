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
  // With all that it holds: tasks that run, what they have made, blocks, receivers. It is not there any more.
  void lose(int executor);

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
    place_receivers();
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
    // Of executors that were lost: with tasks that ran, outputs of tasks and parts of windows that were made
    // again, and what was lost for good.
    std::int64_t executors_lost = 0, tasks_failed = 0, outputs_redone = 0, parts_redone = 0;
    std::int64_t stages_again = 0, blocks_lost = 0, records_lost = 0, reads_gone = 0;
    double redone_s = 0;
  };
  const Statistics& statistics() const { return statistics_; }
  // With a window, those of a slide.
  int batches_per_job() const { return window_ ? static_cast<int>(window_->slide_batches()) : 1; }
  std::int64_t batches_waiting() const { return static_cast<std::int64_t>(batches_.size()); }
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
    // ---- where workers may fail (micro_batches_recovery.cpp)
    // What it fetches, once it was launched: of `input`, some may be dealt with already.
    Pieces reads;
    bool launched = false;
    bool fetched = false;  // it began to fetch, once at least
    double redo_s = 0;     // core time of records that were dealt with, and whose outcome was lost
    std::map<int, std::vector<Batch>> gathered;  // by edge: what an attempt had joined by key, by partition
    std::int64_t of_batch = -1;                  // an earlier one, of whose map outputs it makes
    std::size_t of_output = 0;                   // this one again
  };
  // What a task has made for others to read, and what making it again takes.
  struct Made {
    static constexpr int lost = -2;
    int slot = -1;  // -1: not yet
    double work_s = 0;
    double sent_bytes = 0;
    Pieces reads;
    bool there() const { return slot >= 0; }
  };
  struct StageRun {
    std::vector<Task> tasks;  // behind shuffles first, by partition; then those of inputs
    std::size_t next = 0;     // to be launched
    std::size_t unfinished = 0;
    int parents_left = 0;
    Waker told_by;  // who ended last, in a group
    // ---- where workers may fail
    std::vector<Made> made;    // by task
    std::deque<int> again;     // tasks to be launched before the next one
    std::vector<int> waiters;  // stages that go on when this one has made what was lost
    int rounds = 0;            // stages of Spark that the next submission of it costs; 0: as always
    bool running = false;      // submitted, and not over
    bool blocked = false;      // until what it reads is made again
    std::size_t to_launch() const { return tasks.size() - next + again.size(); }
  };
  // A batch, from its time to the end of its job.
  struct BatchRun {
    Nanos made_ns = 0;
    Nanos submitted_ns = 0;
    Nanos started_ns = 0;
    std::vector<StageRun> stages;
    std::size_t stages_left = 0;
    std::vector<std::int64_t> last_records;  // of the last batch, by stream (rates_)
    std::int64_t records = 0;
    std::int64_t tasks = 0;
    int running = 0;           // tasks
    bool checkpoints = false;  // after its last stage
    bool in_window = false;    // what it brings was counted there
    // What came by the shuffle to the window, by step and partition.
    std::vector<std::vector<std::int64_t>> entered;
  };
  // What was taken in for the next job.
  struct Taken {
    std::vector<std::vector<Task>> tasks;    // by stage
    std::vector<std::int64_t> last_records;  // of the last batch, by stream (rates_)
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
      telling,
      failing  // nobody answers its fetches
    } phase = Phase::free;
    std::uint32_t attempt = 0;  // events of an earlier one are stale
    // ---- where workers may fail
    double done_s = 0;        // core time, of services that ended
    double set_up_s = 0;      // core time before its records
    double worked_s = 0;      // on them, when it was over
    Window::Rebuilt rebuilt;  // that it makes again
    bool returned = false;    // its task is another's, though it still waits
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
    Nanos generated_ns = 0;   // when that was over
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
    fetch_failed = 7,
    stage_again = 8
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
  std::size_t rate_number(int source, int index) const;
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
  void begin_chore(int slot, double work_s);
  void work_over(int slot, bool worked);
  // That a task of the stage may run on; those of checkpoints are the window's.
  const std::vector<int>& operators_of(int stage) const {
    const int with = stage == checkpoint_stage() ? window_->stage() : stage;
    return stages_.list[static_cast<std::size_t>(with)].operators;
  }
  // One of the core's, which is traced for a task without records.
  Instance& thread_of(int slot) const {
    const Slot& of = slots_[static_cast<std::size_t>(slot)];
    return job_->instance(operators_of(of.stage).front(), slot);
  }
  bool is_window(int stage) const { return window_ && window_->stage() == stage; }
  void end_combining(int slot);
  // ---- checkpoints: a stage of a job of its own, behind all others
  int checkpoint_stage() const { return static_cast<int>(stages_.list.size()); }
  std::uint32_t stage_count() const { return static_cast<std::uint32_t>(stages_.list.size()) + 1; }
  bool checkpoint_due(std::uint32_t batch) const;
  void write_partition(int slot);
  // ---- what tasks read besides their records
  double joined_s(const Slot& of) const;
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
  // What a task has sent over a shuffle; where workers may fail, the task's number, else -1.
  int sent(const Slot& of, const Batch& part);
  void put(Pieces& pieces, const Batch& batch, int host, int maker) const;
  // An event of what the slot does now.
  std::uint32_t tagged(int slot) const {
    return static_cast<std::uint32_t>(slot) | slots_[static_cast<std::size_t>(slot)].attempt << slot_bits;
  }
  // The slot, or -1: the event is stale.
  int current(std::uint32_t tag) const {
    const auto slot = static_cast<int>(tag & ((1u << slot_bits) - 1));
    return tagged(slot) == tag ? slot : -1;
  }
  Task& task_of(const Slot& of) {
    return batches_.at(of.batch)
        .stages[static_cast<std::size_t>(of.stage)]
        .tasks[static_cast<std::size_t>(of.number)];
  }
  // Of what a task reads, what and where it is: pieces of one place together, without records.
  static Pieces sizes_of(const Pieces& input);
  // ---- recovery, where workers may fail
  int parent_of_window() const {
    return stages_.list[static_cast<std::size_t>(window_->stage())].parents.front();
  }
  std::int64_t batch_number(std::uint32_t job, const BatchRun& run, int step) const {
    return static_cast<std::int64_t>(job) + 1 - static_cast<std::int64_t>(run.entered.size()) + step;
  }
  int host_of(const Slot& of, const Piece& piece) const;
  Window::Rebuilt to_rebuild(int stage, int number) const;
  void read_rebuilt(const Slot& of, int here, std::map<int, double>& bytes_from) const;
  double redo_s(Slot& of);
  void give_gathered(int slot);
  void remember_output(int slot);
  void remember_maps(std::uint32_t batch, const BatchRun& run);
  int add_lost_maps(const std::set<std::int64_t>& batches, std::uint32_t job);
  bool any_map_missing(const std::set<std::int64_t>& batches) const;
  void lose_tasks(int executor);
  void lose_outputs(int executor);
  void lose_blocks(int executor);
  bool lose_copies(Pieces& reads, int executor);
  void lose_records(Pieces& pieces);
  void lose_receivers(int executor);
  void place_receivers();
  void abort_task(int slot);
  void keep_what_was_done(int slot);
  void to_launch_again(std::uint32_t batch, int stage, int number);
  void count_pending(std::int64_t tasks);
  void make_again(std::uint32_t batch, int stage, std::size_t number);
  std::set<std::int64_t> batches_read(const StageRun& run, int stage) const;
  bool misses_anything(const BatchRun& run, int stage) const;
  bool reads_lost(const Slot& of) const;
  void notice(std::uint32_t batch, int stage);
  void wait_for_parents(std::uint32_t batch, int stage, bool failed);
  void open_again(std::uint32_t batch, int stage, int waiter, int rounds, bool failed);
  void fetch_fails(int slot);
  int connection(int from_host, int to_host);
  std::uint32_t stage_id(std::uint32_t batch, int stage) const {
    return batch * stage_count() + static_cast<std::uint32_t>(stage);
  }
  template <class See>
  void for_each_held(See&& see) const;
  void trace_batch_time();
  void signal_from_scheduler(int worker);

  static constexpr std::uint32_t slot_bits = 17;  // more slots than a scenario may have

  Calendar& calendar_;
  const SparkParams& params_;
  FidelitySpec fidelity_;
  bool may_fail_;  // some executors will
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
  // Tasks behind the shuffle, and not those of the stage that read a source.
  bool joins(const Joined& joined, const Slot& of) const {
    return joined.stage == of.stage && of.number < shuffle_partitions_;
  }
  Nanos checkpoint_interval_ns_ = 0;  // 0: never
  int shuffle_partitions_ = 1;
  std::map<int, Shuffle> shuffles_;  // by edge
  std::vector<int> sources_;
  // Of each stream: a receiver, or a source that is read otherwise.
  struct Rate {
    int source = 0;
    int index = 0;
    PidRate rate;
  };
  std::vector<Rate> rates_;
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
  struct Receiver {
    int source = 0;
    int index = 0;
  };
  std::map<int, Receiver> receivers_;  // by slot
  // Where executors may fail: receivers that wait for a core; and of batches whose jobs are over, what their
  // windows are made of.
  std::deque<Receiver> homeless_;
  std::map<std::int64_t, std::vector<Made>> maps_;
  Statistics statistics_;
};

}  // namespace weir::spark

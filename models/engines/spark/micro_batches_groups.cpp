#include <utility>

#include "models/engines/spark/micro_batches.hpp"

// Group scheduling (Venkataraman et al., Drizzle, SOSP 2017): what the driver decides for the first batch of
// a group holds for all of it, and executors are told all of their tasks at once. Each starts its tasks
// itself: those that read sources at the time of their batch, those behind shuffles when the tasks before
// have told it that their output is there.
//
//   [generator] ─▶ [scheduler: once a group] ─▶ executors: local queues ─▶ cores ─ told ─▶ local queues ─▶ …

namespace weir::spark {

// The first batch of a group goes to the driver, when the group before is over; the others begin at their
// time, or when the driver is done.
void MicroBatches::group_batch(std::uint32_t batch, Nanos generation_ns) {
  const bool first = groups_.empty() || groups_.back().made == params_.group.batches;
  if (first) {
    Group& group = groups_.emplace_back();
    group.first = batch;
    group.generation_ns = generation_ns;
  }
  Group& group = groups_.back();
  ++group.made;
  if (group.known) return begin_in_group(batch);
  group.waiting.push_back(batch);
  if (first && groups_.size() == 1) generator_.give({generated, batch, generation_ns});
}

// Costs what its first batch would have cost alone.
void MicroBatches::schedule_group(std::uint32_t batch) {
  groups_.front().generated_ns = calendar_.now();
  const BatchRun& run = batches_.at(batch);
  const double stages_ms = params_.driver.stage_ms * static_cast<double>(stages_.list.size());
  scheduler_.give(
      {group_scheduled, batch, millis(stages_ms + params_.driver.task_ms * static_cast<double>(run.tasks))});
}

void MicroBatches::group_arrives() {
  Group& group = groups_.front();
  group.known = true;
  for (const std::uint32_t batch : std::exchange(group.waiting, {})) begin_in_group(batch);
}

void MicroBatches::group_job_done() {
  if (++groups_.front().ended < params_.group.batches) return;
  groups_.pop_front();
  if (!groups_.empty()) generator_.give({generated, groups_.front().first, groups_.front().generation_ns});
}

void MicroBatches::begin_in_group(std::uint32_t batch) {
  BatchRun& run = batches_.at(batch);
  run.submitted_ns = std::max(run.made_ns, groups_.front().generated_ns);
  run.started_ns = calendar_.now();
  ++jobs_running_;
  const Waker waker = awake_before(run.started_ns);
  for (std::size_t s = 0; s < stages_.list.size(); ++s)
    if (stages_.list[s].parents.empty()) stage_ready_in_group(batch, static_cast<int>(s), waker);
}

// Who took in what a batch begins with; else the driver.
MicroBatches::Waker MicroBatches::awake_before(Nanos now) const {
  if (job_->tracer() == nullptr) return {};
  for (const int source : sources_) {
    for (int i = 0; i < job_->parallelism()[static_cast<std::size_t>(source)]; ++i) {
      const Instance& instance = job_->instance(source, i);
      if (instance.active_before(now)) return {instance.trace_worker(), now - 1};
    }
  }
  return {scheduler_.trace_worker(), now - 1};
}

void MicroBatches::stage_ready_in_group(std::uint32_t batch, int stage, Waker waker) {
  StageRun& run = batches_.at(batch).stages[static_cast<std::size_t>(stage)];
  if (run.tasks.empty()) return stage_done(batch, stage);
  if (pending_tasks_ == 0) backlog_since_ns_ = calendar_.now();
  pending_tasks_ += static_cast<std::int64_t>(run.tasks.size());
  unplaced_.push_back({batch, stage, 0, waker});
  place_in_group();
}

// Once there are executors.
void MicroBatches::place_in_group() {
  const std::vector<int> usable = executors_.usable_slots();
  if (usable.empty()) return;
  std::vector<int> touched;
  for (const LocalTask& first : std::exchange(unplaced_, {})) {
    const StageRun& run = batches_.at(first.batch).stages[static_cast<std::size_t>(first.stage)];
    for (std::size_t number = 0; number < run.tasks.size(); ++number) {
      const int executor = executors_.executor_of(slot_in_group(first, number, usable));
      local_ready_[static_cast<std::size_t>(executor)].push_back(
          {first.batch, first.stage, static_cast<int>(number), first.waker});
      touched.push_back(executor);
    }
  }
  for (const int executor : touched) start_local(executor);
}

// In turn; fewer tasks than cores are spread; on a host that has its block, if there is any.
int MicroBatches::slot_in_group(const LocalTask& of, std::size_t number,
                                const std::vector<int>& usable) const {
  const auto stage = static_cast<std::size_t>(of.stage);
  const std::vector<Task>& tasks = batches_.at(of.batch).stages[stage].tasks;
  const Pieces& input = tasks[number].input;
  const std::size_t at = tasks.size() < usable.size() ? number * usable.size() / tasks.size() : number;
  const bool placed = !stages_.list[stage].inputs.empty() && !input.empty() && input.front().host >= 0;
  for (std::size_t tried = 0; placed && tried < usable.size(); ++tried) {
    const int slot = usable[(at + tried) % usable.size()];
    const int host = executors_.host(slot);
    if (host == input.front().host || host == input.front().second_host) return slot;
  }
  return usable[at % usable.size()];
}

void MicroBatches::start_local(int executor) {
  std::deque<LocalTask>& ready = local_ready_[static_cast<std::size_t>(executor)];
  while (!ready.empty()) {
    const int slot = executors_.free_slot(executor);
    if (slot < 0) return;
    const LocalTask task = ready.front();
    ready.pop_front();
    StageRun& stage = batches_.at(task.batch).stages[static_cast<std::size_t>(task.stage)];
    occupy(slot, task.batch, task.stage, task.number, stage.tasks[static_cast<std::size_t>(task.number)]);
    Slot& of = slots_[static_cast<std::size_t>(slot)];
    of.launched_ns = task.waker.signal_ns;
    of.waker = task.waker.worker;
    calendar_.schedule(calendar_.now() + millis(params_.group.local_launch_ms), EventClass::timer, *this,
                       task_arrives, tagged(slot));
  }
}

// The core is free at once; who waits for the output of the stage is told by the last task of it.
void MicroBatches::local_task_over(int slot) {
  Slot& of = slots_[static_cast<std::size_t>(slot)];
  of.phase = Slot::Phase::free;
  const int executor = executors_.executor_of(slot);
  executors_.set_busy(slot, false, calendar_.now());
  BatchRun& run = batches_.at(of.batch);
  --run.running;
  StageRun& stage = run.stages[static_cast<std::size_t>(of.stage)];
  stage.told_by = {of.waker, of.launched_ns};
  if (--stage.unfinished == 0)
    calendar_.schedule(calendar_.now() + rpc_ns_, EventClass::timer, *this, stage_told,
                       stage_id(of.batch, of.stage));
  start_local(executor);
  if (on_task_over) on_task_over(executor);
}

}  // namespace weir::spark

#include <algorithm>

#include "models/engines/spark/micro_batches.hpp"

// What happens when an executor is lost (DAGScheduler.scala, TaskSetManager.scala: executorLost; Zaharia et
// al., Discretized Streams, SOSP 2013): nothing is restored, everything is made again of what it was made of.
//
//   tasks that ran there               start again, elsewhere
//   outputs of map tasks               their tasks run again, if a stage that is not over has to read them
//   reduced batches, results, state    made again by the task that reads them next, of map outputs and of
//                                      what is checkpointed
//   blocks of receivers                are read where they were copied to; without a copy they are lost
//   receivers                          start on another core
//
// Records pass each operator once: what a task had done before its executor was lost stays counted, and
// doing it again is core time of the next attempt. So an attempt takes as long as the whole task, and books
// know each record once.

namespace weir::spark {

// ---------------------------------------------------------------- what a task reads

Pieces MicroBatches::sizes_of(const Pieces& input) {
  Pieces sizes;
  for (const Piece& piece : input) {
    const auto same = std::find_if(sizes.begin(), sizes.end(), [&](const Piece& other) {
      return other.batch.channel->edge == piece.batch.channel->edge && other.maker == piece.maker &&
             other.host == piece.host && other.second_host == piece.second_host &&
             other.partition == piece.partition && other.executor == piece.executor;
    });
    if (same == sizes.end()) {
      sizes.push_back(piece);
      sizes.back().batch.weight = 0;
    } else {
      same->batch.count += piece.batch.count;
      same->batch.size_bytes += piece.batch.size_bytes;
    }
  }
  return sizes;
}

int MicroBatches::host_of(const Slot& of, const Piece& piece) const {
  if (piece.maker < 0) return piece.host;
  const int from = job_->graph().edges[static_cast<std::size_t>(piece.batch.channel->edge)].from;
  const auto stage = static_cast<std::size_t>(stages_.of_operator[static_cast<std::size_t>(from)]);
  const Made& made = batches_.at(of.batch).stages[stage].made[static_cast<std::size_t>(piece.maker)];
  WEIR_ASSERT(made.there(), "a task reads what is not there");
  return executors_.host(made.slot);
}

int MicroBatches::sent(const Slot& of, const Batch& part) {
  if (!may_fail_) return -1;
  batches_.at(of.batch)
      .stages[static_cast<std::size_t>(of.stage)]
      .made[static_cast<std::size_t>(of.number)]
      .sent_bytes += static_cast<double>(part.size_bytes);
  return of.number;
}

Window::Rebuilt MicroBatches::to_rebuild(int stage, int number) const {
  if (is_window(stage)) return window_->to_rebuild(number);
  if (window_ && stage == checkpoint_stage()) return window_->to_rebuild_result(number);
  return {};
}

// The map outputs of its partition, what is checkpointed of it, and what others have.
void MicroBatches::read_rebuilt(const Slot& of, int here, std::map<int, double>& bytes_from) const {
  const auto read = [&](int host, double bytes) {
    if (host >= 0 && host != here && bytes > 0) bytes_from[host] += bytes;
  };
  const Window::Rebuilt all = to_rebuild(of.stage, of.number);
  for (const std::int64_t batch : all.batches)
    for (const Made& made : maps_.at(batch))
      read(executors_.host(made.slot), made.sent_bytes * window_->share(batch, of.number));
  for (const auto& [slot, bytes] : all.reads) read(executors_.host(slot), bytes);
  read(checkpoint_host_, all.checkpoint_bytes);
}

// Besides its records.
double MicroBatches::redo_s(Slot& of) {
  const Window::Rebuilt& all = of.rebuilt = to_rebuild(of.stage, of.number);
  const double rebuild_s =
      all.reduce_s + all.merge_s +
      static_cast<double>(all.checkpoint_keys) * params_.checkpoint.read_per_key_us * 1e-6;
  const Task& task = task_of(of);
  statistics_.parts_redone += all.parts;
  statistics_.redone_s += rebuild_s + task.redo_s;
  for (const Piece& piece : task.reads) statistics_.reads_gone += piece.executor == Piece::gone ? 1 : 0;
  return rebuild_s + task.redo_s;
}

// ---------------------------------------------------------------- attempts

void MicroBatches::give_gathered(int slot) {
  for (auto& [edge, batches] : task_of(slots_[static_cast<std::size_t>(slot)]).gathered)
    shuffles_.at(edge).combiner->give_all(slot, std::move(batches));
  task_of(slots_[static_cast<std::size_t>(slot)]).gathered.clear();
}

// The core time of all its records, in this attempt and before.
void MicroBatches::keep_what_was_done(int slot) {
  Slot& of = slots_[static_cast<std::size_t>(slot)];
  of.worked_s = std::max(0.0, of.done_s - of.set_up_s + task_of(of).redo_s);
}

void MicroBatches::remember_output(int slot) {
  const Slot& of = slots_[static_cast<std::size_t>(slot)];
  Task& task = task_of(of);
  StageRun& stage = batches_.at(of.batch).stages[static_cast<std::size_t>(of.stage)];
  if (task.of_batch >= 0) {
    if (const auto maps = maps_.find(task.of_batch); maps != maps_.end())
      maps->second[task.of_output].slot = slot;
  } else if (!stage.made.empty()) {
    Made& made = stage.made[static_cast<std::size_t>(of.number)];
    made.slot = slot;
    made.work_s = of.worked_s;
  } else if (window_ && of.stage == checkpoint_stage()) {
    window_->rebuilt(of.rebuilt, of.number, slot);
  }
}

// Windows are made of them while they are in one, or since the last checkpoint.
void MicroBatches::remember_maps(std::uint32_t batch, const BatchRun& run) {
  if (maps_.count(batch) > 0) return;  // the stage was open again
  const StageRun& stage = run.stages[static_cast<std::size_t>(parent_of_window())];
  for (std::size_t step = 0; step < run.entered.size(); ++step)
    maps_[batch_number(batch, run, static_cast<int>(step))];
  for (std::size_t i = 0; i < stage.tasks.size(); ++i) {
    const Task& task = stage.tasks[i];
    if (task.of_batch >= 0) continue;
    Made& made = maps_[batch_number(batch, run, task.step)].emplace_back(stage.made[i]);
    made.reads = task.reads;
  }
  maps_.erase(maps_.begin(), maps_.lower_bound(window_->oldest()));
}

// Those outputs of these batches that were lost are tasks of this job. Returns of how many batches.
int MicroBatches::add_lost_maps(const std::set<std::int64_t>& batches, std::uint32_t job) {
  if (!window_) return 0;
  BatchRun& run = batches_.at(job);
  StageRun& stage = run.stages[static_cast<std::size_t>(parent_of_window())];
  const std::size_t before_all = stage.tasks.size();
  int any = 0;
  for (const std::int64_t batch : batches) {
    const auto maps = maps_.find(batch);
    if (maps == maps_.end()) continue;
    const std::size_t before = stage.tasks.size();
    for (std::size_t i = 0; i < maps->second.size(); ++i) {
      Made& made = maps->second[i];
      if (made.slot != Made::lost) continue;
      made.slot = -1;
      Task& task = stage.tasks.emplace_back();
      task.launched = task.fetched = true;
      task.reads = made.reads;
      task.redo_s = made.work_s;
      task.of_batch = batch;
      task.of_output = i;
      ++stage.unfinished;
      ++run.tasks;
      ++statistics_.outputs_redone;
    }
    any += stage.tasks.size() > before ? 1 : 0;
  }
  stage.made.resize(stage.tasks.size());
  if (any > 0 && stage.running && !stage.blocked) {
    ready_[{job, parent_of_window()}] = &stage;
    count_pending(static_cast<std::int64_t>(stage.tasks.size() - before_all));
  }
  return any;
}

bool MicroBatches::any_map_missing(const std::set<std::int64_t>& batches) const {
  return std::any_of(batches.begin(), batches.end(), [&](std::int64_t batch) {
    const std::vector<Made>& maps = maps_.at(batch);
    return std::any_of(maps.begin(), maps.end(), [](const Made& made) { return !made.there(); });
  });
}

// ---------------------------------------------------------------- an executor is lost

void MicroBatches::lose(int executor) {
  ++statistics_.executors_lost;
  lose_tasks(executor);
  lose_outputs(executor);
  if (window_) window_->lose([&](int slot) { return executors_.executor_of(slot) == executor; });
  lose_blocks(executor);
  lose_receivers(executor);
  for (auto& [batch, run] : batches_)
    for (std::size_t s = 0; s < run.stages.size(); ++s)
      if (run.stages[s].running && !run.stages[s].blocked) notice(batch, static_cast<int>(s));
  place_receivers();
}

void MicroBatches::lose_tasks(int executor) {
  for (std::size_t slot = 0; slot < slots_.size(); ++slot)
    if (executors_.executor_of(static_cast<int>(slot)) == executor && slots_[slot].phase != Slot::Phase::free)
      abort_task(static_cast<int>(slot));
}

void MicroBatches::abort_task(int slot) {
  Slot& of = slots_[static_cast<std::size_t>(slot)];
  const Slot::Phase phase = std::exchange(of.phase, Slot::Phase::free);
  ++of.attempt;
  executors_.set_busy(slot, false, calendar_.now());
  if (of.returned) return;
  ++statistics_.tasks_failed;
  --batches_.at(of.batch).running;
  Task& task = task_of(of);
  if (phase == Slot::Phase::running) {
    for (const Batch& batch : thread_of(slot).executor().take_back()) {
      Piece piece;
      piece.batch = batch;
      task.input.push_back(piece);
    }
    if (of.done_s > 0) {
      keep_what_was_done(slot);
      task.redo_s = of.worked_s;
    }
    const auto stage = static_cast<std::size_t>(of.stage);
    for (std::size_t i = 0; of.stage != checkpoint_stage() && i < stages_.list[stage].children.size(); ++i)
      for (const int edge : stages_.list[static_cast<std::size_t>(stages_.list[stage].children[i])].shuffles)
        if (Combiner* const combiner = shuffles_.at(edge).combiner.get(); combiner != nullptr)
          task.gathered[edge] = combiner->take_all(slot);
  } else {
    // Its result is under way, and nobody will take it.
    if (phase == Slot::Phase::telling && of.worked_s > 0) task.redo_s = of.worked_s;
    task.input = std::exchange(of.input, {});
  }
  to_launch_again(of.batch, of.stage, of.number);
}

void MicroBatches::to_launch_again(std::uint32_t batch, int stage, int number) {
  StageRun& run = batches_.at(batch).stages[static_cast<std::size_t>(stage)];
  run.again.push_back(number);
  if (!run.running || run.blocked) return;
  ready_[{batch, stage}] = &run;
  count_pending(1);
}

void MicroBatches::lose_outputs(int executor) {
  if (params_.recovery.external_shuffle) return;
  const auto lose = [&](Made& made) {
    if (made.there() && executors_.executor_of(made.slot) == executor) made.slot = Made::lost;
  };
  for (auto& [batch, maps] : maps_) std::for_each(maps.begin(), maps.end(), lose);
  for (auto& [batch, run] : batches_) {
    for (std::size_t s = 0; s < run.stages.size(); ++s) {
      StageRun& stage = run.stages[s];
      std::for_each(stage.made.begin(), stage.made.end(), lose);
      // Of a stage that is not over, at once.
      for (std::size_t i = 0; stage.running && i < stage.made.size(); ++i)
        if (stage.made[i].slot == Made::lost) make_again(batch, static_cast<int>(s), i);
    }
  }
}

// The records of a task were dealt with: what is left of it is its core time.
void MicroBatches::make_again(std::uint32_t batch, int stage, std::size_t number) {
  StageRun& run = batches_.at(batch).stages[static_cast<std::size_t>(stage)];
  Made& made = run.made[number];
  made.slot = -1;
  run.tasks[number].redo_s = made.work_s;
  ++run.unfinished;
  ++statistics_.outputs_redone;
  to_launch_again(batch, stage, static_cast<int>(number));
}

// ---------------------------------------------------------------- stages that miss what they read

// Earlier batches that the tasks of the stage which are not over have to read again.
std::set<std::int64_t> MicroBatches::batches_read(const StageRun& run, int stage) const {
  std::set<std::int64_t> batches;
  if (!window_ || !(is_window(stage) || stage == checkpoint_stage())) return batches;
  const auto add = [&](int number) {
    const Window::Rebuilt all = to_rebuild(stage, number);
    batches.insert(all.batches.begin(), all.batches.end());
  };
  for (std::size_t number = run.next; number < run.tasks.size(); ++number) add(static_cast<int>(number));
  for (const int number : run.again) add(number);
  return batches;
}

bool MicroBatches::misses_anything(const BatchRun& run, int stage) const {
  const StageRun& of = run.stages[static_cast<std::size_t>(stage)];
  if (stage != checkpoint_stage()) {
    for (const int parent : stages_.list[static_cast<std::size_t>(stage)].parents) {
      const StageRun& before = run.stages[static_cast<std::size_t>(parent)];
      for (std::size_t i = 0; i < before.made.size(); ++i)
        if (before.tasks[i].of_batch < 0 && !before.made[i].there()) return true;
    }
  }
  return any_map_missing(batches_read(of, stage));
}

// Whether what a task is fetching was there.
bool MicroBatches::reads_lost(const Slot& of) const {
  const BatchRun& run = batches_.at(of.batch);
  const StageRun& stage = run.stages[static_cast<std::size_t>(of.stage)];
  for (const Piece& piece : stage.tasks[static_cast<std::size_t>(of.number)].reads) {
    if (piece.maker < 0) continue;
    const int from = job_->graph().edges[static_cast<std::size_t>(piece.batch.channel->edge)].from;
    const auto parent = static_cast<std::size_t>(stages_.of_operator[static_cast<std::size_t>(from)]);
    if (!run.stages[parent].made[static_cast<std::size_t>(piece.maker)].there()) return true;
  }
  return any_map_missing(to_rebuild(of.stage, of.number).batches);
}

// Tasks of the stage that are about to read find that it is not there; those that are reading try again for
// a while, and hold their cores. The stage fails when the first one knows.
void MicroBatches::notice(std::uint32_t batch, int stage) {
  StageRun& run = batches_.at(batch).stages[static_cast<std::size_t>(stage)];
  std::vector<int> fetching;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    const bool reads = slot.phase == Slot::Phase::launching || slot.phase == Slot::Phase::fetching;
    if (!reads || slot.batch != batch || slot.stage != stage || !reads_lost(slot)) continue;
    if (slot.phase == Slot::Phase::launching) {
      abort_task(static_cast<int>(i));
    } else {
      fetching.push_back(static_cast<int>(i));
    }
  }
  const bool known = run.to_launch() > 0 && misses_anything(batches_.at(batch), stage);
  for (const int number : fetching) {
    Slot& slot = slots_[static_cast<std::size_t>(number)];
    ++slot.attempt;
    slot.phase = Slot::Phase::failing;
    slot.returned = known;
    calendar_.schedule(calendar_.now() + to_nanos(params_.recovery.fetch_wait_s), EventClass::timer, *this,
                       fetch_failed, tagged(number));
    if (!known) continue;
    ++statistics_.tasks_failed;
    --batches_.at(batch).running;
    task_of(slot).input = std::exchange(slot.input, {});
    to_launch_again(batch, stage, slot.number);
  }
  if (known) wait_for_parents(batch, stage, true);
}

void MicroBatches::fetch_fails(int slot) {
  Slot& of = slots_[static_cast<std::size_t>(slot)];
  const bool returned = of.returned;
  const std::uint32_t batch = of.batch;
  const int stage = of.stage;
  abort_task(slot);
  of.returned = false;
  if (on_task_over) on_task_over(executors_.executor_of(slot));
  place_receivers();
  if (!returned) {
    const BatchRun& run = batches_.at(batch);
    if (!run.stages[static_cast<std::size_t>(stage)].blocked && misses_anything(run, stage))
      wait_for_parents(batch, stage, true);
  }
  launch();
}

// `failed`: it was running, and is submitted again.
void MicroBatches::wait_for_parents(std::uint32_t batch, int stage, bool failed) {
  BatchRun& run = batches_.at(batch);
  StageRun& of = run.stages[static_cast<std::size_t>(stage)];
  if (ready_.erase({batch, stage}) > 0) count_pending(-static_cast<std::int64_t>(of.to_launch()));
  of.blocked = true;
  const int earlier = add_lost_maps(batches_read(of, stage), batch);
  if (earlier > 0 || any_map_missing(batches_read(of, stage)))
    open_again(batch, parent_of_window(), stage, earlier, failed);
  if (stage == checkpoint_stage()) return;
  for (const int parent : stages_.list[static_cast<std::size_t>(stage)].parents) {
    StageRun& before = run.stages[static_cast<std::size_t>(parent)];
    std::set<int> steps;
    bool missing = false;
    for (std::size_t i = 0; i < before.made.size(); ++i) {
      if (before.tasks[i].of_batch >= 0 || before.made[i].there()) continue;
      missing = true;
      if (before.made[i].slot != Made::lost) continue;
      steps.insert(before.tasks[i].step);
      make_again(batch, parent, i);
    }
    if (missing) open_again(batch, parent, stage, static_cast<int>(steps.size()), failed);
  }
}

void MicroBatches::open_again(std::uint32_t batch, int stage, int waiter, int rounds, bool failed) {
  BatchRun& run = batches_.at(batch);
  StageRun& of = run.stages[static_cast<std::size_t>(stage)];
  const bool open = of.running || !of.waiters.empty();
  if (std::find(of.waiters.begin(), of.waiters.end(), waiter) == of.waiters.end())
    of.waiters.push_back(waiter);
  if (!of.running) of.rounds += rounds;
  if (open) return;
  ++run.stages_left;
  ++statistics_.stages_again;
  if (!failed) return submit_stage(batch, stage);
  calendar_.schedule(calendar_.now() + millis(params_.recovery.resubmit_ms), EventClass::timer, *this,
                     stage_again, stage_id(batch, stage));
}

// ---------------------------------------------------------------- blocks and receivers

void MicroBatches::lose_records(Pieces& pieces) {
  for (const Piece& piece : pieces) {
    job_->lost(piece.batch);
    job_->lost_on_edge(piece.batch.channel->edge, piece.batch.count);
    statistics_.records_lost += piece.batch.count;
  }
  pieces.clear();
}

// Whether any of it is nowhere any more.
bool MicroBatches::lose_copies(Pieces& reads, int executor) {
  bool gone = false;
  for (Piece& piece : reads) gone = lose_copy(piece, executor) || gone;
  return gone;
}

void MicroBatches::lose_blocks(int executor) {
  if (params_.input != InputKind::receiver) return;
  const auto lost = [&](Pieces& block) {
    ++statistics_.blocks_lost;
    lose_records(block);
  };
  inputs_.lose_blocks(executor, lost);
  const auto of_task = [&](Task& task) {
    Pieces& reads = task.launched ? task.reads : task.input;
    if (!lose_copies(reads, executor)) return false;
    ++statistics_.blocks_lost;
    lose_records(task.input);
    return true;
  };
  for (std::vector<Task>& stage : taken_.tasks)
    for (Task& task : stage) of_task(task);
  for (auto& [batch, run] : batches_) {
    for (StageRun& stage : run.stages) {
      for (Task& task : stage.tasks) of_task(task);
      for (Made& made : stage.made) lose_copies(made.reads, executor);
    }
  }
  // A task that has not read yet finds nothing.
  for (Slot& slot : slots_) {
    if (slot.phase != Slot::Phase::launching && slot.phase != Slot::Phase::fetching) continue;
    const Pieces& reads = task_of(slot).reads;
    if (std::any_of(reads.begin(), reads.end(), [](const Piece& p) { return p.executor == Piece::gone; }))
      lose_records(slot.input);
  }
  for (auto& [batch, maps] : maps_)
    for (Made& made : maps) lose_copies(made.reads, executor);
}

void MicroBatches::lose_receivers(int executor) {
  const auto lost = [&](Pieces& pieces) { lose_records(pieces); };
  for (auto at = receivers_.begin(); at != receivers_.end();) {
    if (executors_.executor_of(at->first) != executor) {
      ++at;
      continue;
    }
    inputs_.stop_receiver(at->second.source, at->second.index, lost);
    executors_.unreserve(at->first);
    homeless_.push_back(at->second);
    at = receivers_.erase(at);
  }
}

// On the first core that is free (ReceiverTracker restarts them at once).
void MicroBatches::place_receivers() {
  while (!homeless_.empty()) {
    const int slot = executors_.first_free();
    if (slot < 0) return;
    const Receiver receiver = homeless_.front();
    homeless_.pop_front();
    executors_.reserve(slot);
    receivers_[slot] = receiver;
    inputs_.place_receiver(receiver.source, receiver.index, slot);
  }
}

}  // namespace weir::spark

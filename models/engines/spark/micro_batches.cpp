#include "models/engines/spark/micro_batches.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace weir::spark {

MicroBatches::MicroBatches(EngineContext& context, std::uint32_t first_part, const SparkParams& params,
                           int host)
    : calendar_(context.calendar),
      params_(params),
      fidelity_(context.fidelity),
      may_fail_(context.workers_fail),
      seed_(context.seed),
      batch_interval_ns_(to_nanos(params.batch_interval_s)),
      rpc_ns_(millis(params.driver.rpc_ms)),
      inputs_(context.calendar, engine_handler_id(context.job_number, first_part + 1), params,
              context.fidelity, host),
      generator_(context.calendar, engine_handler_id(context.job_number, first_part + 2)),
      scheduler_(context.calendar, engine_handler_id(context.job_number, first_part + 3)),
      offers_(context.seed, context.job, "offers") {
  handler_id = engine_handler_id(context.job_number, first_part);
  generator_.on_done = [this](const DriverThread::Work& work) {
    if (work.kind != generated) return;
    if (in_groups()) return schedule_group(work.argument);
    submit(work.argument);
  };
  generator_.on_idle = [] {};
  scheduler_.on_done = [this](const DriverThread::Work& work) { scheduler_did(work); };
  scheduler_.on_idle = [this] { launch(); };
}

void MicroBatches::deploy(Job& job) {
  inputs_.on_fetched = [this](std::uint32_t slot) { fetched(slot); };
  job_ = &job;
  const LogicalGraph& graph = job.graph();
  stages_ = stages_of(graph);
  const auto slots = static_cast<int>(job.placed().size());
  executors_.deploy(job, params_.executor_cores,
                    params_.initial_executors.value_or(slots / params_.executor_cores));
  WEIR_ASSERT(slots < 1 << slot_bits, "slots have numbers of so many bits");
  slots_.resize(static_cast<std::size_t>(slots));
  local_ready_.resize(static_cast<std::size_t>(executors_.count()));
  shuffle_partitions_ = params_.shuffle_partitions > 0 ? params_.shuffle_partitions : slots;
  inputs_.deploy(job, executors_);
  int receivers = 0;
  for (int op = 0; op < static_cast<int>(graph.operators.size()); ++op) {
    if (!graph.operators[static_cast<std::size_t>(op)].source) continue;
    sources_.push_back(op);
    // Each receiver is a stream of its own, and has a controller and a core (ReceiverTracker.scala).
    const bool receives = params_.input == InputKind::receiver;
    for (int i = 0; i < (receives ? job.parallelism()[static_cast<std::size_t>(op)] : 1); ++i) {
      rates_.push_back({op, i, {params_.backpressure, params_.batch_interval_s * 1e3}});
      if (!receives) continue;
      executors_.reserve(receivers);
      receivers_[receivers] = {op, i};
      inputs_.place_receiver(op, i, receivers++);
    }
  }
  for (std::size_t edge = 0; edge < graph.edges.size(); ++edge) {
    if (!is_shuffle(graph, static_cast<int>(edge))) continue;
    const EdgeSpec& spec = graph.edges[edge].spec;
    std::shared_ptr<const std::vector<double>> shares;
    if (spec.partitioning == Partitioning::key)
      shares = std::make_shared<const std::vector<double>>(key_shares(spec.keys, shuffle_partitions_));
    shuffles_[static_cast<int>(edge)] = {
        std::make_unique<Splitter>(spec, shares, 0, shuffle_partitions_,
                                   RandomStream(seed_, job.name(), fmt::format("shuffle {}", edge))),
        stages_.of_operator[static_cast<std::size_t>(graph.edges[edge].to)], nullptr, nullptr};
  }
  deploy_window(graph);
  if (Tracer* const tracer = job.tracer(); tracer != nullptr) {
    generator_.trace_to(*tracer, "job generator");
    scheduler_.trace_to(*tracer, "scheduler");
  }
  job.watch_services(true);
  calendar_.schedule(to_nanos(params_.first_batch_s.value_or(params_.batch_interval_s)), EventClass::timer,
                     *this, batch_time, 0);
}

void MicroBatches::on_event(std::uint32_t kind, std::uint32_t argument) {
  switch (kind) {
    case batch_time:
      return make_batch();
    case task_arrives:
      if (current(argument) >= 0) arrive(current(argument));
      return;
    case result_arrives:
      return scheduler_.give({result_taken, argument, millis(params_.driver.result_ms)});
    case group_told:
      return group_arrives();
    case local_over:
      return local_task_over(current(argument));
    case stage_told:
      return stage_done(argument / stage_count(), static_cast<int>(argument % stage_count()));
    case fetch_failed:
      if (current(argument) >= 0) fetch_fails(current(argument));
      return;
    case stage_again:
      return submit_stage(argument / stage_count(), static_cast<int>(argument % stage_count()));
    default:
      WEIR_ASSERT(false, "unknown event of spark");
  }
}

// ---------------------------------------------------------------- batches and jobs

void MicroBatches::make_batch() {
  const std::uint32_t batch = next_batch_++;
  if (!params_.batches_max || next_batch_ < static_cast<std::uint32_t>(*params_.batches_max))
    calendar_.schedule(calendar_.now() + batch_interval_ns_, EventClass::timer, *this, batch_time, 0);
  take_inputs();
  const bool has_job = !window_ || (batch + 1) % window_->slide_batches() == 0;
  if (has_job) {
    batches_[batch].made_ns = calendar_.now();
    batches_[batch].checkpoints = checkpoint_due(batch);
    prepare_stages(batches_[batch]);
  }
  Nanos cost_ns = millis(params_.driver.generation_ms);
  if (params_.input == InputKind::file)
    cost_ns += millis(params_.file.listing_per_file_ms * static_cast<double>(inputs_.files_listed()));
  trace_batch_time();
  if (in_groups()) return group_batch(batch, cost_ns);
  generator_.give({has_job ? generated : no_job, batch, cost_ns});
}

void MicroBatches::take_inputs() {
  const LogicalGraph& graph = job_->graph();
  taken_.tasks.resize(stages_.list.size());
  // Of the batch that has the job alone: the controller of rates is told no more (RateController.scala).
  taken_.last_records.assign(rates_.size(), 0);
  for (std::size_t s = 0; s < stages_.list.size(); ++s) {
    for (const int edge : stages_.list[s].inputs) {
      const int source = graph.edges[static_cast<std::size_t>(edge)].from;
      for (Pieces& task : inputs_.take(edge, batch_interval_ns_)) {
        for (const Piece& piece : task)
          taken_.last_records[rate_number(source, piece.batch.channel->sender->index())] += piece.batch.count;
        Task& added = taken_.tasks[s].emplace_back();
        added.input = std::move(task);
        added.step = taken_.batches;
      }
    }
  }
  std::int64_t records = 0;
  for (const std::int64_t of_stream : taken_.last_records) records += of_stream;
  statistics_.records_max = std::max(statistics_.records_max, static_cast<double>(records));
  taken_.records += records;
  ++taken_.batches;
}

std::size_t MicroBatches::rate_number(int source, int index) const {
  const int of_stream = params_.input == InputKind::receiver ? index : 0;
  const auto rate = std::find_if(rates_.begin(), rates_.end(), [&](const Rate& one) {
    return one.source == source && one.index == of_stream;
  });
  return static_cast<std::size_t>(rate - rates_.begin());
}

void MicroBatches::prepare_stages(BatchRun& run) {
  run.stages.resize(stages_.list.size());
  run.stages_left = stages_.list.size();
  Taken taken = std::exchange(taken_, {});
  run.last_records = std::move(taken.last_records);
  run.records = taken.records;
  for (std::size_t s = 0; s < stages_.list.size(); ++s) {
    const Stage& stage = stages_.list[s];
    StageRun& of = run.stages[s];
    of.parents_left = static_cast<int>(stage.parents.size());
    if (!stage.shuffles.empty()) of.tasks.resize(static_cast<std::size_t>(shuffle_partitions_));
    std::move(taken.tasks[s].begin(), taken.tasks[s].end(), std::back_inserter(of.tasks));
    of.unfinished = of.tasks.size();
    if (may_fail_ && !stage.children.empty()) of.made.resize(of.tasks.size());
    run.tasks += static_cast<std::int64_t>(of.tasks.size());
  }
  if (run.checkpoints) {
    StageRun& of = run.stages.emplace_back();
    of.tasks.resize(static_cast<std::size_t>(shuffle_partitions_));
    of.unfinished = of.tasks.size();
    run.tasks += static_cast<std::int64_t>(of.tasks.size());
    ++run.stages_left;
  }
  if (window_)
    run.entered.assign(static_cast<std::size_t>(taken.batches),
                       std::vector<std::int64_t>(static_cast<std::size_t>(shuffle_partitions_), 0));
}

void MicroBatches::submit(std::uint32_t batch) {
  batches_.at(batch).submitted_ns = calendar_.now();
  jobs_waiting_.push_back(batch);
  if (job_->tracer() != nullptr)
    job_->tracer()->signalled(scheduler_.trace_worker(), generator_.trace_worker(), generator_.signal_ns(),
                              calendar_.now());
  start_jobs();
}

void MicroBatches::start_jobs() {
  while (jobs_running_ < params_.concurrent_jobs && !jobs_waiting_.empty()) {
    const std::uint32_t batch = jobs_waiting_.front();
    jobs_waiting_.pop_front();
    ++jobs_running_;
    BatchRun& run = batches_.at(batch);
    run.started_ns = calendar_.now();
    if (may_fail_ && window_) {
      const int parent = parent_of_window();
      const int earlier = add_lost_maps(window_->batches_to_rebuild_next(), batch);
      if (earlier > 0) run.stages[static_cast<std::size_t>(parent)].rounds = copies_of(parent) + earlier;
    }
    for (std::size_t s = 0; s < stages_.list.size(); ++s)
      if (run.stages[s].parents_left == 0) submit_stage(batch, static_cast<int>(s));
  }
}

// A job without any task is over without one.
void MicroBatches::submit_stage(std::uint32_t batch, int stage) {
  const bool anything = batches_.at(batch).tasks > 0;
  const int rounds = std::exchange(batches_.at(batch).stages[static_cast<std::size_t>(stage)].rounds, 0);
  scheduler_.give(
      {stage_submitted, stage_id(batch, stage),
       anything ? millis(params_.driver.stage_ms * (rounds > 0 ? rounds : copies_of(stage))) : 0});
}

void MicroBatches::scheduler_did(const DriverThread::Work& work) {
  switch (work.kind) {
    case stage_submitted:
      return stage_ready(work.argument / stage_count(), static_cast<int>(work.argument % stage_count()));
    case task_launched:
      if (current(work.argument) < 0) return;
      slots_[static_cast<std::size_t>(current(work.argument))].launched_ns = scheduler_.signal_ns();
      calendar_.schedule(calendar_.now() + rpc_ns_, EventClass::timer, *this, task_arrives, work.argument);
      return;
    case result_taken:
      if (current(work.argument) >= 0) take_result(current(work.argument));
      return;
    case group_scheduled:
      calendar_.schedule(calendar_.now() + rpc_ns_, EventClass::timer, *this, group_told, work.argument);
      return;
    default:
      WEIR_ASSERT(false, "unknown work of the scheduler");
  }
}

void MicroBatches::stage_ready(std::uint32_t batch, int stage) {
  StageRun& run = batches_.at(batch).stages[static_cast<std::size_t>(stage)];
  if (run.tasks.empty()) return stage_done(batch, stage);
  // It waited for two stages, and was submitted when each was over.
  if (run.running && !run.blocked) return;
  if (is_window(stage) && !std::exchange(batches_.at(batch).in_window, true)) {
    window_->enter(batches_.at(batch).entered);
    note_window();
  }
  run.running = true;
  run.blocked = false;
  if (may_fail_ && misses_anything(batches_.at(batch), stage)) return wait_for_parents(batch, stage, false);
  if (run.to_launch() == 0) return;
  ready_[{batch, stage}] = &run;
  count_pending(static_cast<std::int64_t>(run.to_launch()));
}

void MicroBatches::stage_done(std::uint32_t batch, int stage) {
  BatchRun& run = batches_.at(batch);
  StageRun& done = run.stages[static_cast<std::size_t>(stage)];
  done.running = false;
  if (!done.waiters.empty()) {
    --run.stages_left;
    for (const int waiter : std::exchange(done.waiters, {})) submit_stage(batch, waiter);
    return;
  }
  if (may_fail_ && is_window(stage)) remember_maps(batch, run);
  if (stage == checkpoint_stage()) {
    window_->checkpointed();
    ++statistics_.checkpoints;
  }
  for (std::size_t i = 0;
       stage != checkpoint_stage() && i < stages_.list[static_cast<std::size_t>(stage)].children.size();
       ++i) {
    const int child = stages_.list[static_cast<std::size_t>(stage)].children[i];
    if (--run.stages[static_cast<std::size_t>(child)].parents_left > 0) continue;
    if (in_groups()) {
      stage_ready_in_group(batch, child, run.stages[static_cast<std::size_t>(stage)].told_by);
    } else {
      submit_stage(batch, child);
    }
  }
  if (--run.stages_left == 0) return job_done(batch);
  if (run.checkpoints && run.stages_left == 1) submit_stage(batch, checkpoint_stage());
}

void MicroBatches::job_done(std::uint32_t batch) {
  const BatchRun run = std::move(batches_.at(batch));
  batches_.erase(batch);
  --jobs_running_;
  if (in_groups()) group_job_done();
  note(batch, run);
  if (params_.backpressure.enabled) adapt_rates(run);
  if (job_->tracer() != nullptr) {
    // What was received for the batch is forgotten, what was read is done with.
    for (const int source : sources_)
      for (int i = 0; i < job_->parallelism()[static_cast<std::size_t>(source)]; ++i)
        signal_from_scheduler(job_->instance(source, i).trace_worker());
  }
  start_jobs();
}

void MicroBatches::note(std::uint32_t batch, const BatchRun& run) {
  const double scheduling_s = to_seconds(run.started_ns - run.submitted_ns);
  const double processing_s = to_seconds(calendar_.now() - run.started_ns);
  Statistics& s = statistics_;
  ++s.batches;
  s.scheduling_delay_sum_s += scheduling_s;
  s.scheduling_delay_max_s = std::max(s.scheduling_delay_max_s, scheduling_s);
  s.scheduling_delay_last_s = scheduling_s;
  s.processing_sum_s += processing_s;
  s.processing_max_s = std::max(s.processing_max_s, processing_s);
  s.total_delay_sum_s += scheduling_s + processing_s;
  s.total_delay_max_s = std::max(s.total_delay_max_s, scheduling_s + processing_s);
  job_->micro_batch_done(
      {batch, run.made_ns, run.submitted_ns, run.started_ns, calendar_.now(), run.records, run.tasks});
}

void MicroBatches::adapt_rates(const BatchRun& run) {
  const Nanos now = calendar_.now();
  for (std::size_t i = 0; i < rates_.size(); ++i) {
    const auto next = rates_[i].rate.completed(
        to_seconds(now) * 1e3, static_cast<double>(run.last_records[i]),
        to_seconds(now - run.started_ns) * 1e3, to_seconds(run.started_ns - run.submitted_ns) * 1e3);
    if (next) inputs_.limit(rates_[i].source, rates_[i].index, *next);
  }
}

// ---------------------------------------------------------------- records between operators

void MicroBatches::route(Channel& channel, const Batch& batch) {
  if (channel.sender->source()) return inputs_.receive(channel, batch);
  const auto shuffle = shuffles_.find(channel.edge);
  if (shuffle == shuffles_.end()) {
    channel.receiver->arrives_from(batch.first_ns);
    return channel.receiver->receive(batch);
  }
  const int number = channel.sender->index();
  const Slot& slot = slots_[static_cast<std::size_t>(number)];
  BatchRun& run = batches_.at(slot.batch);
  StageRun& stage = run.stages[static_cast<std::size_t>(shuffle->second.to_stage)];
  const bool enters = is_window(shuffle->second.to_stage);
  std::int64_t rest_count = batch.count, rest_weight = batch.weight, rest_bytes = batch.size_bytes;
  shuffle->second.splitter->split(batch.count, [&](int partition, std::int64_t count) {
    Batch part = batch;
    part.become({count, count == rest_count ? rest_bytes : muldiv(rest_bytes, count, rest_count),
                 count == rest_count ? rest_weight : muldiv(rest_weight, count, rest_count)});
    rest_count -= count;
    rest_bytes -= part.size_bytes;
    rest_weight -= part.weight;
    if (enters)
      run.entered[static_cast<std::size_t>(slot.step)][static_cast<std::size_t>(partition)] += count;
    if (shuffle->second.combiner) return shuffle->second.combiner->take(number, partition, part);
    const int maker = sent(slot, part);
    put(stage.tasks[static_cast<std::size_t>(partition)].input, part, channel.sender->host(), maker);
  });
}

// With what else is there for the same task, as far as batches may grow.
void MicroBatches::put(Pieces& pieces, const Batch& batch, int host, int maker) const {
  for (auto piece = pieces.rbegin(); piece != pieces.rend() && fidelity_.batch_records > 1; ++piece) {
    if (piece->host != host || piece->maker != maker || piece->batch.channel->edge != batch.channel->edge)
      continue;
    if (piece->batch.count + batch.count > fidelity_.batch_records) break;
    return piece->batch.merge(batch);
  }
  Piece piece;
  piece.batch = batch;
  piece.host = host;
  piece.maker = maker;
  pieces.push_back(piece);
}

template <class See>
void MicroBatches::for_each_held(See&& see) const {
  inputs_.for_each_held(see);
  for (const std::vector<Task>& stage : taken_.tasks)
    for (const Task& task : stage)
      for (const Piece& piece : task.input) see(piece.batch);
  for (const auto& [edge, shuffle] : shuffles_)
    if (shuffle.combiner) shuffle.combiner->for_each_held(see);
  for (const auto& [number, run] : batches_) {
    for (const StageRun& stage : run.stages) {
      for (const Task& task : stage.tasks) {
        for (const Piece& piece : task.input) see(piece.batch);
        for (const auto& [edge, batches] : task.gathered)
          for (const Batch& batch : batches)
            if (batch.count > 0) see(batch);
      }
    }
  }
  for (const Slot& slot : slots_)
    for (const Piece& piece : slot.input) see(piece.batch);
}

void MicroBatches::drop_all(Job&) {
  WEIR_ASSERT(false, "a job in micro-batches is not stopped");
}

std::int64_t MicroBatches::held_weight() const {
  std::int64_t weight = 0;
  for_each_held([&](const Batch& batch) { weight += batch.weight; });
  return weight;
}

void MicroBatches::add_queued(std::vector<std::int64_t>& records_by_edge) const {
  for_each_held([&](const Batch& batch) {
    records_by_edge[static_cast<std::size_t>(batch.channel->edge)] += batch.count;
  });
}

}  // namespace weir::spark

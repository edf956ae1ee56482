#include <algorithm>
#include <utility>

#include "models/engines/spark/micro_batches.hpp"

// A task, from being ready to its result: the driver launches it on a core, which fetches what it reads, does
// what there is to do before its records, serves them, and tells the driver.

namespace weir::spark {

// By job and stage, or of the job that has the fewest tasks running (Pool.scala, SchedulingAlgorithm.scala).
MicroBatches::Ready::iterator MicroBatches::next_stage() {
  if (params_.scheduling == Scheduling::fifo) return ready_.begin();
  return std::min_element(ready_.begin(), ready_.end(), [this](const auto& a, const auto& b) {
    return batches_.at(a.first.first).running < batches_.at(b.first.first).running;
  });
}

// A task that is ready goes to a core near its data.
void MicroBatches::launch() {
  WEIR_ASSERT(!ready_.empty() || in_groups() || pending_tasks_ == 0, "tasks wait that nobody launches");
  if (!scheduler_.idle() || ready_.empty()) return;
  const auto first = next_stage();
  StageRun& stage = *first->second;
  const bool again = !stage.again.empty();
  const int number = again ? stage.again.front() : static_cast<int>(stage.next);
  Task& task = stage.tasks[static_cast<std::size_t>(number)];
  const Pieces& input = task.launched ? task.reads : task.input;
  const bool placed =
      !input.empty() && input.front().host >= 0 &&
      job_->graph()
          .operators[static_cast<std::size_t>(input.front().batch.channel->sender->operator_id())]
          .source;
  const int home = first->first.second == checkpoint_stage() ? window_->result(number).slot
                   : is_window(first->first.second)          ? window_->home(number)
                                                             : -1;
  const int slot = placed      ? executors_.choose(input.front().host, input.front().second_host, offers_)
                   : home >= 0 ? executors_.choose(executors_.host(home), -1, offers_)
                               : executors_.choose(-1, -1, offers_);
  if (slot < 0) return;
  occupy(slot, first->first.first, first->first.second, number, task);
  slots_[static_cast<std::size_t>(slot)].waker = scheduler_.trace_worker();
  if (again) {
    stage.again.pop_front();
  } else {
    ++stage.next;
  }
  if (stage.to_launch() == 0) ready_.erase(first);
  scheduler_.give({task_launched, tagged(slot), millis(params_.driver.task_ms)});
}

void MicroBatches::occupy(int slot, std::uint32_t batch, int stage, int number, Task& task) {
  executors_.set_busy(slot, true, calendar_.now());
  ++batches_.at(batch).running;
  Slot& of = slots_[static_cast<std::size_t>(slot)];
  of.batch = batch;
  of.stage = stage;
  of.number = number;
  of.step = task.step;
  if (may_fail_ && !std::exchange(task.launched, true)) task.reads = sizes_of(task.input);
  of.input = std::exchange(task.input, {});
  of.returned = false;
  of.phase = Slot::Phase::launching;
  count_pending(-1);
  ++statistics_.tasks;
}

void MicroBatches::count_pending(std::int64_t tasks) {
  if (pending_tasks_ == 0 && tasks > 0) backlog_since_ns_ = calendar_.now();
  pending_tasks_ += tasks;
  if (pending_tasks_ == 0) backlog_since_ns_ = -1;
}

int MicroBatches::connection(int from_host, int to_host) {
  const auto [it, added] = connections_.try_emplace({from_host, to_host}, -1);
  if (added) it->second = job_->cluster().network().connect(from_host, to_host, TrafficClass::data, *this);
  return it->second;
}

// What is elsewhere comes over the network, from each host at once.
void MicroBatches::arrive(int slot) {
  Slot& of = slots_[static_cast<std::size_t>(slot)];
  of.phase = Slot::Phase::fetching;
  const int here = executors_.host(slot);
  const bool again = may_fail_ && std::exchange(task_of(of).fetched, true);
  const Pieces& reads = may_fail_ ? task_of(of).reads : of.input;
  of.fetches = inputs_.fetch(reads, here, tagged(slot), again);
  std::map<int, double> bytes_from;
  for (const Piece& piece : reads) {
    const int host = host_of(of, piece);
    if (host >= 0 && host != here && piece.second_host != here)
      bytes_from[host] += static_cast<double>(piece.batch.size_bytes);
  }
  read_kept(of, here, bytes_from);
  if (may_fail_) read_rebuilt(of, here, bytes_from);
  of.fetches += static_cast<std::uint32_t>(bytes_from.size());
  for (const auto& [host, bytes] : bytes_from) {
    job_->count_transfer(host, here, bytes);
    job_->cluster().network().send(connection(host, here), bytes, calendar_.now(), calendar_.now(),
                                   tagged(slot));
  }
  if (of.fetches == 0) run(slot);
}

void MicroBatches::on_delivery(std::uint32_t tag, Nanos, Nanos) {
  fetched(tag);
}

void MicroBatches::fetched(std::uint32_t tag) {
  const int slot = current(tag);
  if (slot < 0 || slots_[static_cast<std::size_t>(slot)].phase == Slot::Phase::failing) return;
  if (--slots_[static_cast<std::size_t>(slot)].fetches == 0) run(slot);
}

void MicroBatches::run(int slot) {
  Slot& of = slots_[static_cast<std::size_t>(slot)];
  const Nanos now = calendar_.now();
  if (of.phase == Slot::Phase::writing) {
    statistics_.checkpoint_bytes += window_->result_bytes(of.number);
    of.phase = Slot::Phase::telling;
    calendar_.schedule(now + rpc_ns_, EventClass::timer, *this, result_arrives, tagged(slot));
    return;
  }
  const double again_s = may_fail_ ? redo_s(of) : 0;
  const double setup_s = work_before_records_s(of) + again_s;
  of.set_up_s = setup_s;
  of.worked_s = 0;
  of.running_ns = now;
  of.done_s = 0;
  if (may_fail_) give_gathered(slot);
  of.phase = Slot::Phase::running;
  if (of.input.empty()) return setup_s > 0 ? begin_chore(slot, setup_s) : work_over(slot, false);
  const Pieces input = std::exchange(of.input, {});
  const auto reader = [&](const Piece& piece) -> Instance& {
    const LogicalEdge& edge = job_->graph().edges[static_cast<std::size_t>(piece.batch.channel->edge)];
    return job_->instance(edge.to, slot);
  };
  reader(input.front()).set_up(setup_s);
  for (const Piece& piece : input) {
    Batch batch = piece.batch;
    batch.first_ns = batch.last_ns = now;
    Instance& instance = reader(piece);
    instance.arrives_from(of.launched_ns, of.waker);
    instance.receive(batch);
  }
}

void MicroBatches::begin_chore(int slot, double work_s) {
  const Slot& of = slots_[static_cast<std::size_t>(slot)];
  Instance& instance = thread_of(slot);
  if (job_->tracer() != nullptr)
    job_->tracer()->signalled(instance.trace_worker(), of.waker, of.launched_ns, calendar_.now());
  instance.executor().chore(instance, work_s);
}

void MicroBatches::served(const Instance& instance) {
  if (instance.source()) return;
  Slot& of = slots_[static_cast<std::size_t>(instance.index())];
  const int slot = instance.index();
  of.done_s += instance.service_work_s();
  for (const int op : operators_of(of.stage))
    if (job_->instance(op, slot).queue_records() > 0) return;
  WEIR_ASSERT(of.phase == Slot::Phase::running, "records were served without a task");
  if (of.stage != checkpoint_stage()) end_combining(slot);
  statistics_.task_core_s += to_seconds(calendar_.now() - of.running_ns);
  if (may_fail_) keep_what_was_done(slot);
  work_over(slot, true);
}

// The core has done what the task had for it, if there was anything.
void MicroBatches::work_over(int slot, bool worked) {
  Slot& of = slots_[static_cast<std::size_t>(slot)];
  const Nanos now = calendar_.now();
  if (of.stage == checkpoint_stage()) {
    of.phase = Slot::Phase::writing;
    return write_partition(slot);
  }
  of.phase = Slot::Phase::telling;
  const Instance& instance = thread_of(slot);
  if (job_->tracer() != nullptr && worked)
    job_->tracer()->signalled(scheduler_.trace_worker(), instance.trace_worker(), instance.signal_ns(now),
                              now + rpc_ns_);
  if (in_groups()) {
    if (worked) {
      of.waker = instance.trace_worker();
      of.launched_ns = instance.signal_ns(now);
    }
    return calendar_.schedule(now, EventClass::timer, *this, local_over, tagged(slot));
  }
  calendar_.schedule(now + rpc_ns_, EventClass::timer, *this, result_arrives, tagged(slot));
}

void MicroBatches::take_result(int slot) {
  Slot& of = slots_[static_cast<std::size_t>(slot)];
  of.phase = Slot::Phase::free;
  if (is_window(of.stage)) window_->made(of.number, slot, of.worked_s, of.rebuilt);
  if (may_fail_) remember_output(slot);
  executors_.set_busy(slot, false, calendar_.now());
  if (on_task_over) on_task_over(executors_.executor_of(slot));
  place_receivers();
  --batches_.at(of.batch).running;
  StageRun& stage = batches_.at(of.batch).stages[static_cast<std::size_t>(of.stage)];
  if (--stage.unfinished == 0) stage_done(of.batch, of.stage);
}

}  // namespace weir::spark

#include <algorithm>

#include "models/engines/spark/micro_batches.hpp"

// What a tracer is told of batches and of the driver.

namespace weir::spark {

// The time of a batch comes to the generator from whoever took records in.
void MicroBatches::trace_batch_time() {
  Tracer* const tracer = job_->tracer();
  if (tracer == nullptr) return;
  const Nanos now = calendar_.now();
  for (const int source : sources_) {
    for (int i = 0; i < job_->parallelism()[static_cast<std::size_t>(source)]; ++i) {
      const Instance& instance = job_->instance(source, i);
      if (instance.active_before(now))
        tracer->signalled(generator_.trace_worker(), instance.trace_worker(), now - 1, now);
    }
  }
}

void MicroBatches::signal_from_scheduler(int worker) {
  job_->tracer()->signalled(worker, scheduler_.trace_worker(), scheduler_.signal_ns(), calendar_.now());
}

void MicroBatches::trace_until(Nanos now) {
  generator_.trace_until(now);
  scheduler_.trace_until(now);
}

// Up to where both threads are told, and before any launch whose task has not begun.
Nanos MicroBatches::trace_settled(Nanos until_ns) {
  Nanos settled_ns = until_ns;
  for (DriverThread* const thread : {&generator_, &scheduler_}) {
    if (!thread->busy()) thread->trace_until(until_ns);
    settled_ns = std::min(settled_ns, thread->traced_until_ns());
  }
  for (const Slot& slot : slots_)
    if (slot.phase == Slot::Phase::launching || slot.phase == Slot::Phase::fetching)
      settled_ns = std::min(settled_ns, slot.launched_ns);
  for (const std::deque<LocalTask>& ready : local_ready_)
    for (const LocalTask& task : ready) settled_ns = std::min(settled_ns, task.waker.signal_ns);
  return settled_ns;
}

}  // namespace weir::spark

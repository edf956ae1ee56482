#include "sim/dataflow/executor.hpp"

#include "sim/dataflow/instance.hpp"

namespace weir {

namespace {
constexpr std::uint32_t service_done = 1;
}

Executor::Executor(Cpus& cpus, Calendar& calendar, int host, std::uint32_t id)
    : cpus_(cpus), calendar_(calendar) {
  handler_id = id;
  cpus_.attach(task_, host, *this, service_done);
}

Executor::~Executor() {
  cpus_.detach(task_);
}

void Executor::move_to(int host) {
  WEIR_ASSERT(halted_ && serving_ == nullptr, "an executor is moved while it works");
  if (host == task_.host) return;
  cpus_.detach(task_);
  cpus_.attach(task_, host, *this, service_done);
}

void Executor::halt() {
  if (halted_) return;
  halted_ = true;
  if (serving_ != nullptr) cpus_.cancel(task_);
  serving_ = nullptr;
}

void Executor::resume() {
  halted_ = false;
  free_since_ns_ = calendar_.now();
  look_back_.restart(free_since_ns_);
  for (Instance* instance : instances_) wake(*instance);
}

void Executor::start(Instance& instance) {
  while (instance.ready()) {
    const Instance::Service service = instance.begin(calendar_.now(), free_since_ns_, look_back_);
    serving_ = &instance;
    if (service.work_s == 0 && instance.source()) {
      // A source without a cost emits at once. (Others pass through the calendar even at no cost, so that a
      // loop without delay is found by its micro-steps and not by the stack.)
      instance.finish(calendar_.now());
      serving_ = nullptr;
      free_since_ns_ = calendar_.now();
      if (halted_) return;
      continue;
    }
    cpus_.start(task_, service.work_s, service.begin_ns, service.not_before_ns);
    return;
  }
  if (instance.wants_work()) instance.ask_for_work();
}

void Executor::start_next(Instance& last) {
  if (instances_.size() == 1) return start(last);
  // In turn, beginning behind the last one served.
  std::size_t at = 0;
  while (instances_[at] != &last) ++at;
  for (std::size_t i = 1; i <= instances_.size() && serving_ == nullptr && !halted_; ++i) {
    start(*instances_[(at + i) % instances_.size()]);
  }
}

void Executor::on_event(std::uint32_t /*kind*/, std::uint32_t generation) {
  if (generation != task_.generation || serving_ == nullptr) return;
  Instance& done = *serving_;
  if (!done.ends_as_foreseen(calendar_.now())) look_back_.restart(calendar_.now());
  // Still serving while it sends: what comes back to this executor meanwhile must not start a second service.
  done.finish(calendar_.now());
  serving_ = nullptr;
  free_since_ns_ = calendar_.now();
  if (!halted_) start_next(done);
}

}  // namespace weir

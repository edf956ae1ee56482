#include "sim/dataflow/executor.hpp"

#include <algorithm>
#include <utility>

#include "sim/dataflow/instance.hpp"

namespace weir {

namespace {
constexpr std::uint32_t service_done = 1;
}

Executor::Executor(Cpus& cpus, Calendar& calendar, std::uint32_t id) : cpus_(cpus), calendar_(calendar) {
  handler_id = id;
}

Executor::~Executor() {
  if (attached_) cpus_.detach(task_);
}

void Executor::serve(std::vector<Instance*> chain, int host) {
  WEIR_ASSERT(halted_ && serving_ == nullptr, "an executor is changed while it works");
  instances_ = std::move(chain);
  const bool needed = !instances_.empty();
  if (attached_ && (!needed || host != task_.host)) cpus_.detach(task_);
  if (needed && (!attached_ || host != task_.host)) cpus_.attach(task_, host, *this, service_done);
  attached_ = needed;
}

void Executor::chore(Instance& instance, double work_s) {
  WEIR_ASSERT(serving_ == nullptr && !halted_ && work_s > 0, "a chore for a thread that is not free");
  const Instance::Service service = instance.begin_chore(calendar_.now(), work_s);
  serving_ = &instance;
  if (chains()) lend(instance, service.accounted_ns, service.busy_share);
  cpus_.start(task_, service.work_s, service.begin_ns, service.not_before_ns);
}

std::vector<Batch> Executor::take_back() {
  std::vector<Batch> batches;
  for (std::size_t i = instances_.size(); i-- > 0;) instances_[i]->take_back(batches);
  if (serving_ == nullptr) return batches;
  cpus_.cancel(task_);
  serving_ = nullptr;
  free_since_ns_ = calendar_.now();
  look_back_.restart(free_since_ns_);
  for (Instance* instance : instances_) instance->account(instance->idle_use());
  return batches;
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
  wake();
}

bool Executor::held_up() const {
  return std::any_of(instances_.begin(), instances_.end(),
                     [](const Instance* instance) { return instance->may_not_send(); });
}

void Executor::account_others(const Instance& than) {
  if (!chains() || serving_ != nullptr || halted_) return;
  for (Instance* instance : instances_)
    if (instance != &than) instance->account(instance->idle_use());
}

// From the end of the chain: nobody may begin before what he is to send to has dealt with what it has.
Instance* Executor::choose() const {
  for (std::size_t i = instances_.size(); i-- > 0;) {
    if (instances_[i]->ready()) return instances_[i];
    if (instances_[i]->may_not_send()) return nullptr;
  }
  return nullptr;
}

void Executor::next() {
  while (Instance* const chosen = choose())
    if (begin(*chosen) || halted_) return;
  if (instances_.size() == 1 && instances_[0]->wants_work()) instances_[0]->ask_for_work();
}

// Whether it takes time.
bool Executor::begin(Instance& instance) {
  const Instance::Service service = instance.begin(calendar_.now(), free_since_ns_, look_back_);
  serving_ = &instance;
  if (service.work_s == 0 && instance.source()) {
    // A source without a cost emits at once, and takes no time of a chain. (Others pass through the calendar
    // even at no cost, so that a loop without delay is found by its micro-steps and not by the stack.)
    instance.finish(calendar_.now());
    serving_ = nullptr;
    if (!chains()) free_since_ns_ = calendar_.now();
    return false;
  }
  if (chains()) lend(instance, service.accounted_ns, service.busy_share);
  cpus_.start(task_, service.work_s, service.begin_ns, service.not_before_ns);
  return true;
}

void Executor::lend(const Instance& to, Nanos begin_ns, double share) {
  for (Instance* instance : instances_)
    if (instance != &to) instance->lend_thread(begin_ns, share);
}

void Executor::on_event(std::uint32_t /*kind*/, std::uint32_t generation) {
  if (generation != task_.generation || serving_ == nullptr) return;
  Instance& done = *serving_;
  if (!done.ends_as_foreseen(calendar_.now())) look_back_.restart(calendar_.now());
  // Still serving while it sends: what comes back to this executor meanwhile must not start a second service.
  done.finish(calendar_.now());
  serving_ = nullptr;
  free_since_ns_ = calendar_.now();
  if (halted_) return;
  account_others(done);
  next();
}

}  // namespace weir

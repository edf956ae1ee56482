#include "sim/dataflow/work_queue.hpp"

#include <algorithm>
#include <utility>

#include "sim/dataflow/job.hpp"

namespace weir {

void WorkQueue::deploy(std::vector<Instance*> receivers) {
  WEIR_ASSERT(waiting_.empty(), "what an earlier deployment held was drained or dropped");
  receivers_ = std::move(receivers);
  idle_.assign(receivers_.size(), {});
  idle_first_ = idle_last_ = nobody;
}

void WorkQueue::offer(const Batch& batch) {
  if (Instance* receiver = longest_idle()) {
    WEIR_ASSERT(waiting_.empty(), "somebody is idle while records wait");
    return hand_over(batch, *receiver, false);
  }
  account_.counted(job_.calendar().now(), records_);
  account_.entered(job_.calendar().now());
  waiting_.push_back(batch);
  records_ += batch.count;
  size_bytes_ += batch.size_bytes;
  records_max_ = std::max(records_max_, records_);
}

void WorkQueue::ask(Instance& receiver) {
  const int index = receiver.index();
  leave_idle(index);
  if (waiting_.empty()) {
    idle_[index] = {idle_last_, nobody, true};
    (idle_last_ == nobody ? idle_first_ : idle_[idle_last_].behind) = index;
    idle_last_ = index;
    return;
  }
  const Batch batch = waiting_.front();
  waiting_.pop_front();
  account_.counted(job_.calendar().now(), records_);
  account_.left(job_.calendar().now(), batch.count);
  records_ -= batch.count;
  size_bytes_ -= batch.size_bytes;
  hand_over(batch, receiver, true);
}

void WorkQueue::hand_over(Batch batch, Instance& receiver, bool waited) {
  receiver.expect();
  const int from = batch.channel->sender->host();
  const int to = receiver.host();
  if (from == to) return receiver.receive(batch);
  // What waited for a taker could not travel before: no look-back.
  const Nanos sent_ns = batch.first_ns;
  if (waited) batch.first_ns = batch.last_ns = job_.calendar().now();
  job_.send(job_.connection(from, to), batch, receiver, sent_ns);
}

// Whoever is listed and not free any more, since something else came, asks again when it is.
Instance* WorkQueue::longest_idle() {
  while (idle_first_ != nobody) {
    Instance* const receiver = receivers_[idle_first_];
    leave_idle(idle_first_);
    if (receiver->free_to_take()) return receiver;
  }
  return nullptr;
}

void WorkQueue::leave_idle(int index) {
  Idle& idle = idle_[index];
  if (!idle.listed) return;
  (idle.before == nobody ? idle_first_ : idle_[idle.before].behind) = idle.behind;
  (idle.behind == nobody ? idle_last_ : idle_[idle.behind].before) = idle.before;
  idle = {};
}

void WorkQueue::sender_waits(int change) {
  for (Instance* receiver : receivers_) receiver->sender_waits(change);
}

void WorkQueue::drop_all() {
  account_.counted(job_.calendar().now(), records_);
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    account_.left(job_.calendar().now(), waiting_[i].count);
    job_.lost_on_edge(waiting_[i].channel->edge, waiting_[i].count);
    job_.lost(waiting_[i]);
  }
  waiting_.clear();
  records_ = size_bytes_ = 0;
}

std::int64_t WorkQueue::take_records_max() {
  return std::exchange(records_max_, records_);
}

std::int64_t WorkQueue::held_weight() const {
  std::int64_t weight = 0;
  for (std::size_t i = 0; i < waiting_.size(); ++i) weight += waiting_[i].weight;
  return weight;
}

void WorkQueue::add_queued(std::vector<std::int64_t>& records_by_edge) const {
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    records_by_edge[waiting_[i].channel->edge] += waiting_[i].count;
  }
}

std::string WorkQueue::check() const {
  return account_.check(job_.calendar().now(), records_, waiting_.size(),
                        [&](std::size_t i) { return waiting_[i].count; });
}

}  // namespace weir

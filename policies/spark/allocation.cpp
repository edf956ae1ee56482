#include "policies/spark/allocation.hpp"

#include <algorithm>
#include <cmath>

#include "sim/kernel/assert.hpp"

namespace weir::spark {

std::int64_t executors_needed(std::int64_t running_tasks, std::int64_t pending_tasks,
                              int tasks_per_executor) {
  WEIR_ASSERT(tasks_per_executor > 0, "an executor runs tasks");
  return (running_tasks + pending_tasks + tasks_per_executor - 1) / tasks_per_executor;
}

CoreAllocation::CoreAllocation(const CoreAllocationRules& rules)
    : rules_(rules), target_(std::max(rules.min_executors, rules.initial_executors)) {}

CoreAllocation::Answer CoreAllocation::schedule(Nanos now, const WorkerPool& pool) {
  if (pool.backlog_since_ns != backlog_ns_) {
    // A queue that was empty has begun anew, or is empty.
    backlog_ns_ = pool.backlog_since_ns;
    add_ns_ = backlog_ns_ < 0 ? -1 : backlog_ns_ + rules_.backlog_timeout_ns;
    to_add_ = 1;
  }
  if (pool.pending_tasks + pool.running_tasks > 0) initializing_ = false;
  Answer answer;
  answer.release = expired(now, pool);
  if (!answer.release.empty()) initializing_ = false;
  const auto present = static_cast<std::int64_t>(pool.workers.size());
  const std::int64_t needed = executors_needed(pool.running_tasks, pool.pending_tasks, pool.tasks_per_worker);
  const std::int64_t before = target_;
  if (!initializing_ && needed < target_) {
    target_ = std::max(needed, rules_.min_executors);
    to_add_ = 1;
  } else if (!initializing_ && add_ns_ >= 0 && now >= add_ns_) {
    add(present, needed);
    add_ns_ = now + rules_.sustained_backlog_timeout_ns;
  }
  if (target_ != before) answer.target = target_;
  return answer;
}

// Twice as many next time, as long as all that were asked for are new.
bool CoreAllocation::add(std::int64_t present, std::int64_t needed) {
  if (target_ >= rules_.max_executors) {
    to_add_ = 1;
    return false;
  }
  const std::int64_t before = target_;
  target_ = std::max(target_, present);
  target_ = std::min(target_ + to_add_, needed);
  target_ = std::max(std::min(target_, rules_.max_executors), rules_.min_executors);
  const std::int64_t added = target_ - before;
  to_add_ = added == to_add_ ? 2 * to_add_ : 1;
  return added != 0;
}

// Not below the least number, nor the target.
std::vector<int> CoreAllocation::expired(Nanos now, const WorkerPool& pool) {
  std::vector<int> release;
  auto left = static_cast<std::int64_t>(pool.workers.size());
  for (const WorkerPool::Worker& worker : pool.workers) {
    if (worker.pinned || worker.idle_since_ns < 0 || now - worker.idle_since_ns < rules_.idle_timeout_ns)
      continue;
    if (left - 1 < rules_.min_executors || left - 1 < target_) break;
    release.push_back(worker.id);
    --left;
  }
  return release;
}

StreamingAnswer streaming_allocation(double ratio, std::int64_t executors,
                                     const StreamingAllocationRules& rules) {
  if (ratio >= rules.up_ratio) {
    const std::int64_t more = std::max<std::int64_t>(std::llround(ratio), 1);
    return {.target = std::max(std::min(rules.max_executors, executors + more), rules.min_executors),
            .release_one = false};
  }
  if (ratio <= rules.down_ratio && executors > rules.min_executors)
    return {.target = std::nullopt, .release_one = true};
  return {};
}

}  // namespace weir::spark

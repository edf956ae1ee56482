#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sim/dataflow/worker_pool.hpp"
#include "sim/kernel/time.hpp"

// How Spark decides how many executors a job has: two managers, of which one is used. Pure: what they are
// told goes in, what is asked of the cluster manager comes out.
//
//   core:      tasks have been pending for a second ─▶ 1, 2, 4, 8, … more, every second
//              an executor has been idle for a minute ─▶ it goes
//   streaming: every minute: mean processing time / batch interval >= 0.9 ─▶ more; <= 0.3 ─▶ one goes
//
// Sources: apache/spark 2.4, core/…/ExecutorAllocationManager.scala, streaming/…/scheduler/
// ExecutorAllocationManager.scala.

namespace weir::spark {

// ceil(tasks / tasks of an executor): no more than these have anything to do.
std::int64_t executors_needed(std::int64_t running_tasks, std::int64_t pending_tasks, int tasks_per_executor);

struct CoreAllocationRules {
  std::int64_t min_executors = 0;
  std::int64_t max_executors = INT32_MAX;
  std::int64_t initial_executors = 0;  // the first target
  Nanos backlog_timeout_ns = nanos_per_second;
  Nanos sustained_backlog_timeout_ns = nanos_per_second;
  Nanos idle_timeout_ns = 60 * nanos_per_second;
};

class CoreAllocation {
 public:
  explicit CoreAllocation(const CoreAllocationRules& rules);

  struct Answer {
    std::optional<std::int64_t> target;  // asked of the cluster manager, if it changed
    std::vector<int> release;            // idle for too long
  };
  // Ten times a second.
  Answer schedule(Nanos now, const WorkerPool& pool);

  std::int64_t target() const { return target_; }
  std::int64_t to_add() const { return to_add_; }

 private:
  bool add(std::int64_t present, std::int64_t needed);
  std::vector<int> expired(Nanos now, const WorkerPool& pool);

  CoreAllocationRules rules_;
  std::int64_t target_;
  std::int64_t to_add_ = 1;
  bool initializing_ = true;  // until a stage is submitted, or an executor has been idle for too long
  Nanos backlog_ns_ = -1;     // since when it stands that add_ns_ is for
  Nanos add_ns_ = -1;         // when executors are added next; -1: not
};

struct StreamingAllocationRules {
  double up_ratio = 0.9;
  double down_ratio = 0.3;
  std::int64_t min_executors = 1;
  std::int64_t max_executors = INT32_MAX;
};

// What to do after an interval in which batches took so long in the mean, relative to the batch interval: the
// number of executors to ask for, or that one is to go.
struct StreamingAnswer {
  std::optional<std::int64_t> target;
  bool release_one = false;
};
StreamingAnswer streaming_allocation(double ratio, std::int64_t executors,
                                     const StreamingAllocationRules& rules);

}  // namespace weir::spark

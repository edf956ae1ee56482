#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sim/kernel/time.hpp"

// Workers that an engine starts and stops while its job runs, each with room for some tasks: Spark's
// executors. What is scaled is how many there are; no operator is changed, and nothing is stopped.
//
//   policy ◀── WorkerPool ── engine        what the engine's master knows now
//   policy ── WorkerRequest ─▶ engine      heard at once
//             engine ── WorkerChange ─▶ whoever records: some have begun to work, or were released

namespace weir {

struct WorkerPool {
  struct Worker {
    int id = 0;
    Nanos idle_since_ns = -1;  // -1: it works
    bool pinned = false;       // it holds something that cannot move: a receiver
  };
  std::vector<Worker> workers;  // that are there, by id
  int starting = 0;             // asked for, and not there yet
  int workers_max = 0;          // that there is room for
  int tasks_per_worker = 1;
  std::int64_t pending_tasks = 0;
  std::int64_t running_tasks = 0;
  Nanos backlog_since_ns = -1;  // since when tasks have been pending; -1: none are
  // Of an engine in batches: those that ended up to now, and what processing them took.
  double batch_interval_s = 0;
  std::int64_t batches = 0;
  double processing_sum_s = 0;
};

struct WorkerRequest {
  int total = -1;            // workers that are to be there, or come; -1: as before
  std::vector<int> release;  // those that go, when their tasks are over; who is pinned stays
  bool operator==(const WorkerRequest&) const = default;
};

struct WorkerChange {
  int from = 0;
  int to = 0;  // workers that are there
  Nanos requested_ns = 0;
  std::string detail;
};

}  // namespace weir

#pragma once

#include <cstdint>

#include "sim/kernel/time.hpp"

// What an engine in micro-batches tells of each batch, when its job is over. In Spark's words: the scheduling
// delay is from submission to start, the processing delay from start to end, the total delay both.

namespace weir {

struct MicroBatchReport {
  std::int64_t batch = 0;  // counted from 0
  Nanos made_ns = 0;       // the time of the batch: what came in before belongs to it
  Nanos submitted_ns = 0;  // its job was generated, and waits
  Nanos started_ns = 0;
  Nanos ended_ns = 0;
  std::int64_t records = 0;
  std::int64_t tasks = 0;
};

}  // namespace weir

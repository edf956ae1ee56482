#pragma once

#include <cstdint>
#include <vector>

#include "sim/dataflow/batch.hpp"

// What an unaligned checkpoint has besides the state of the tasks (FLIP-76): the data that its barriers
// overtook in the queues of sender and receiver. A batch that is being dealt with when the barrier comes is
// part of it, since what becomes of it leaves behind the barrier.
//
// Simplified: what is restored is sent again by a task of the sending operator, also what lay at its
// receiver, where Flink reads it in there.

namespace weir::flink {

struct InFlight {
  std::int32_t edge;    // of the logical graph
  std::int32_t sender;  // index of the instance
  Batch batch;
};

using ChannelState = std::vector<InFlight>;

}  // namespace weir::flink

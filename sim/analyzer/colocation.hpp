#pragma once

#include <cstdint>
#include <vector>

#include "sim/analyzer/summaries.hpp"

// Which workers to place together: those between which messages are critical. What a message costs between
// two hosts, it does not cost within one (SnailTrail, NSDI 2018, section 6: the communication summary).

namespace weir::analyzer {

struct Colocation {
  std::int64_t first;   // worker
  std::int64_t second;  // its number is larger
  Shares messages;      // between the two, both ways
  double share;         // of the critical participation of all messages
};

// Pairs of different workers with a critical message between them, the most critical first; among equals by
// the workers' numbers.
std::vector<Colocation> colocations(const Summaries& summaries);

}  // namespace weir::analyzer

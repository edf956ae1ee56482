#pragma once

#include <string>
#include <vector>

#include "sim/record/summary.hpp"

// What no run can come to, whatever it simulates: shares of time below 0 or above 1, or that do not add up to
// 1; negative counts, rates and latencies; anything that is not a number. A sentence for each, which names
// the operator; none if all is well. For the self-check of a run.

namespace weir {

std::vector<std::string> implausible(const JobSummary& job);

}  // namespace weir

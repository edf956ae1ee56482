#pragma once

#include <filesystem>
#include <string>

#include "sim/record/summary.hpp"

// What `weir run` says when it is done: what was simulated, what the policy did and when, whether that was
// good, where to look next. For people; programs read summary.json.

namespace weir {

struct SummaryTextOptions {
  std::filesystem::path directory = {};  // of the results, for the last lines; empty: nothing was written
  bool colour = false;                   // only on a terminal
  int operators_max = 8;                 // rows of the table of operators per job; the rest is counted
  int actions_max = 6;                   // lines of the timeline per job
};

std::string summary_text(const RunSummary& summary, const SummaryTextOptions& options);

}  // namespace weir

#pragma once

#include <string>

#include "sim/record/summary.hpp"
#include "sim/simulation/scenario.hpp"

namespace weir {

// The published values of a paper's scenario beside those of the run, and how far apart they are: what the
// scenario was fitted to apart from what it predicts, since a value that was fitted proves nothing. Steps are
// compared in their order.
std::string published_text(const PaperSpec& paper, const JobSummary& job);

}  // namespace weir

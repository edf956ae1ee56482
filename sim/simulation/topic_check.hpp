#pragma once

#include "sim/simulation/scenario.hpp"

// Whether the topics that jobs read and write are there, and fit what is put into them.

namespace weir {

// One job, whose dataflow is known. `at`: the job's node.
void check_topics(const Scenario& scenario, const JobSpec& job, const DataflowSpec& dataflow,
                  const Node& root, const Node& at, Errors& errors);

}  // namespace weir

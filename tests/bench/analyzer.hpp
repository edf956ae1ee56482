#pragma once

#include <cstdint>

#include "tests/bench/harness.hpp"
#include "tests/bench/scenario_run.hpp"

// How fast the analyzer is, on a trace that is made up: workers that process for log-normal times and, each
// third time, wait for a message before; about a fifth of all edges are messages.

namespace weir::bench {

struct SyntheticTrace {
  int workers = 64;
  double duration_s = 1;  // some million edges a second
  double window_s = 1;
};

// From windows of edges to summaries, on one thread: the graph, participation, the four summaries. Making up
// the trace is not timed. Work: edges of the graphs. Value: the longest window's edges.
Sample analyze_windows(const SyntheticTrace& trace);

// The same, from a run.h5 that was written before. Value: bytes of the file for an edge.
Sample analyze_file(const SyntheticTrace& trace);

// The same of a scenario that is run before, with windows of a second.
Sample analyze_run(const LoadedScenario& scenario);

}  // namespace weir::bench

#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "sim/control/metrics.hpp"
#include "sim/record/pag_trace.hpp"
#include "sim/record/summary.hpp"
#include "sim/simulation/scenario.hpp"

// One run: scenario in, summary and run.h5 out. SimGrid's engine is a singleton: once per process.
//
//   Scenario ──▶ Cluster + Jobs + ControlLoops ──SimGridLoop::run──▶ RunSummary (and run.h5, told on the way)

namespace weir {

class Job;

struct Progress {
  double simulated_s;
  double until_s;
  std::uint64_t events;
};

struct SimulationOptions {
  bool lookahead = true;
  // Where run.h5 goes; none: nothing is written.
  std::optional<std::filesystem::path> output;
  std::string scenario_sha256;
  // The program activity graph, in run.h5; none: not recorded.
  std::optional<PagTrace::Settings> trace = std::nullopt;
  // Called now and then (by events, in no simulated time); may be empty.
  std::function<void(const Progress&)> progress;
  // For checks and embedding programs; may be empty. Told of every metric window when it closes, and of every
  // job when the run is over, with all its accounts closed.
  std::function<void(const Job&, const MetricWindow&)> on_window;
  std::function<void(const Job&)> at_end;
  // Set by a signal handler: the run stops after the present instant, marked incomplete.
  const std::atomic<bool>* interrupted = nullptr;
};

// Runs to the end of the scenario, or until interrupted. Throws RecordError (output), std::exception (a
// broken invariant). Self-checks that fail are in RunSummary::failed_checks.
RunSummary simulate(const LoadedScenario& scenario, const SimulationOptions& options);

// What would be simulated: resolved models, factors, predicted numbers of events; lines of text, a topic
// each.
std::vector<std::string> explain(const LoadedScenario& scenario);

}  // namespace weir

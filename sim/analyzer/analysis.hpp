#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/analyzer/construction.hpp"
#include "sim/analyzer/invariants.hpp"
#include "sim/analyzer/k_hop.hpp"
#include "sim/analyzer/metrics.hpp"
#include "sim/analyzer/summaries.hpp"
#include "sim/analyzer/trace_source.hpp"

// From a trace to what it says: windows are cut, built, counted and summed up, each by itself, on as many
// threads as there are; results come in the order of the windows, and do not depend on how many threads there
// were.
//
//   LogSource ──▶ WindowCutter ─▶ ┌ Construction     ─▶ Participation ─▶ Summaries ┐ ─▶ merged, window by
//   St2Source ──▶ WindowCutter ─▶ │ St2Construction      k-hop, metrics, invariants │    window
//   EdgeSource ─────────────────▶ └ EdgeConstruction      … one a thread            ┘

namespace weir::analyzer {

struct AnalysisOptions {
  ConstructionOptions construction;
  St2Options st2;
  std::size_t windows_in_flight = 16;
  unsigned threads = 0;    // 0: one for each core
  std::uint64_t seed = 1;  // of the single path
  double from_s = 0;       // windows that begin earlier, or end later, are not looked at
  double to_s = 0;         // 0: to the end
  int hops = 0;            // of k_hop.hpp; 0: none
  bool metrics = false;    // of metrics.hpp
  InvariantLimits invariants;
  // In the order of windows. `follow`: as soon as it is known, also while the trace is waited for.
  std::function<void(const WindowResult&)> on_window;
  bool follow = false;
};

// What was asked for of one window, besides its paths.
struct WindowFindings {
  std::int64_t epoch = 0;
  KHopSums k_hop;
  MetricSums metrics;
};

struct Analysis {
  std::vector<WindowResult> windows;
  Summaries summaries;
  LeftOut left_out;
  std::map<std::string, std::int64_t> not_understood;  // by the reader
  std::int64_t late_records = 0;
  std::int64_t records = 0;              // of a log
  std::vector<WindowFindings> findings;  // of each window, if k-hop or metrics were asked for
  InvariantCheck invariants;
};

// TraceError.
Analysis analyze_log(LogSource& source, const AnalysisOptions& options);
Analysis analyze_st2(St2Source& source, const AnalysisOptions& options);
Analysis analyze_edges(EdgeSource& source, const AnalysisOptions& options);

}  // namespace weir::analyzer

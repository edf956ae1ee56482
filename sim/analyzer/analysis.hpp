#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "sim/analyzer/construction.hpp"
#include "sim/analyzer/summaries.hpp"
#include "sim/analyzer/trace_source.hpp"

// From a trace to what it says: windows are cut, built, counted and summed up, each by itself, on as many
// threads as there are; results come in the order of the windows, and do not depend on how many threads there
// were.
//
//   LogSource ─▶ WindowCutter ─▶ ┌ Construction     ─▶ Participation ─▶ Summaries ┐ ─▶ merged, window by
//   window EdgeSource ────────────────▶ └ EdgeConstruction      … one a thread           ┘

namespace weir::analyzer {

struct AnalysisOptions {
  ConstructionOptions construction;
  std::size_t windows_in_flight = 16;
  unsigned threads = 0;    // 0: one for each core
  std::uint64_t seed = 1;  // of the single path
  double from_s = 0;       // windows that begin earlier, or end later, are not looked at
  double to_s = 0;         // 0: to the end
  std::function<void(const WindowResult&)> on_window;
};

struct Analysis {
  std::vector<WindowResult> windows;
  Summaries summaries;
  LeftOut left_out;
  std::map<std::string, std::int64_t> not_understood;  // by the reader
  std::int64_t late_records = 0;
  std::int64_t records = 0;  // of a log
};

// TraceError.
Analysis analyze_log(LogSource& source, const AnalysisOptions& options);
Analysis analyze_edges(EdgeSource& source, const AnalysisOptions& options);

}  // namespace weir::analyzer

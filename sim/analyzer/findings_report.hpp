#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "sim/analyzer/analysis.hpp"

// What was found besides paths: k-hop, metrics and invariants, for people and for programs.

namespace weir::analyzer {

// Rows: one for each window, and key in it. `source`: for names.
nlohmann::ordered_json k_hop_rows(const Analysis& analysis, const TraceSource& source);
nlohmann::ordered_json metric_rows(const Analysis& analysis, const TraceSource& source);
nlohmann::ordered_json violation_rows(const Analysis& analysis, const TraceSource& source);

// Of all windows together; empty if nothing was asked for.
std::string findings_text(const Analysis& analysis, const TraceSource& source,
                          const AnalysisOptions& options);

}  // namespace weir::analyzer

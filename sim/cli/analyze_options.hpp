#pragma once

#include <initializer_list>
#include <string>

#include "sim/analyzer/analysis.hpp"
#include "sim/analyzer/convergence.hpp"
#include "sim/analyzer/open_trace.hpp"
#include "sim/cli/options.hpp"

// The options of weir analyze, and which of them go with which kind of trace.

namespace weir {

void add_analyze_options(Options& options);

// UsageError for options that exclude one another; `errors` has what is wrong with their values.
analyzer::AnalysisOptions analysis_options(const Options& options, Errors& errors);
analyzer::ConvergenceOptions convergence_options(const Options& options, Errors& errors);

// UsageError: one of `names` is given, and is for `why` only.
void refuse(const Options& options, std::initializer_list<const char*> names, const std::string& why);
// Those that are for other kinds of traces than this one.
void refuse_options_of_other_traces(const Options& options, const analyzer::AnalysisOptions& analysis,
                                    const analyzer::OpenTrace& trace);
// Those of critical paths, where there are none: `instead` says what there is.
void refuse_options_of_windows(const Options& options, const std::string& instead);

}  // namespace weir

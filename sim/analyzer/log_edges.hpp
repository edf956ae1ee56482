#pragma once

#include <memory>

#include "sim/analyzer/construction.hpp"
#include "sim/analyzer/open_trace.hpp"

// A log of events as whole edges: each window's program activity graph, as construction.hpp or
// st2_construction.hpp builds it. What reaches from one window into another is cut at the bound between them;
// larger windows cut less. Windows of an ST2 log are its epochs, whatever length is asked for, and may
// overlap.

namespace weir::analyzer {

// `log` must outlive what is made of it, which knows windows of `options.window_ns` alone.
std::unique_ptr<EdgeSource> edges_of_log(LogSource& log, const ConstructionOptions& options);
std::unique_ptr<EdgeSource> edges_of_log(St2Source& log, const St2Options& options);

// Of any trace; `made` keeps what had to be made for it.
EdgeSource& edges_of(OpenTrace& trace, const ConstructionOptions& options, std::unique_ptr<EdgeSource>& made);

}  // namespace weir::analyzer

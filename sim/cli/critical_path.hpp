#pragma once

#include <string>

#include "sim/analyzer/construction.hpp"
#include "sim/analyzer/open_trace.hpp"

// weir analyze --critical-path: the one path through a whole trace.

namespace weir {

enum class CriticalPathForm { text, json, csv };

// Prints it; as CSV piece by piece, as it is found. `trace`: opened from `path`, and opened again if it has
// to be read twice, which standard input cannot be: TraceError, as for what cannot be read.
void tell_critical_path(analyzer::OpenTrace trace, const std::string& path,
                        const analyzer::OpenOptions& opening, const analyzer::ConstructionOptions& options,
                        CriticalPathForm form);

}  // namespace weir

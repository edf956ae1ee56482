#pragma once

#include <string>

#include "sim/analyzer/construction.hpp"
#include "sim/analyzer/ctf_map.hpp"

// weir analyze --critical-path: the one path through a whole trace.

namespace weir {

enum class CriticalPathForm { text, json, csv };

// Prints it; as CSV piece by piece, as it is found. Standard input cannot be read twice: TraceError, as for
// what cannot be read.
void tell_critical_path(const std::string& path, const analyzer::CtfMap& map,
                        const analyzer::ConstructionOptions& options, CriticalPathForm form);

}  // namespace weir

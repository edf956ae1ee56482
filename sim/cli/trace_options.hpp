#pragma once

#include <optional>

#include "sim/cli/options.hpp"
#include "sim/record/pag_trace.hpp"

// --trace and what goes with it.

namespace weir {

void add_trace_options(Options& options);
// None: not traced.
std::optional<PagTrace::Settings> trace_settings(const Options& options, Errors& errors);

}  // namespace weir

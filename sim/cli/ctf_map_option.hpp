#pragma once

#include "sim/analyzer/ctf_map.hpp"
#include "sim/cli/options.hpp"

// --map FILE: what the events of a CTF trace mean (docs/export.md).

namespace weir {

void add_ctf_map_option(Options& options);
// The default one, with what the file says about events in front of it.
analyzer::CtfMap chosen_ctf_map(const Options& options, Errors& errors);

}  // namespace weir

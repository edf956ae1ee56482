#pragma once

#include <filesystem>
#include <string>

#include "sim/cli/command.hpp"
#include "sim/cli/options.hpp"

// `weir run manifest.json`: the same run again, and whether it came out the same.

namespace weir {

// Whether the file is a manifest; false when it cannot be read or is no JSON (whoever reads it says why).
bool is_manifest_file(const std::filesystem::path& file);

ExitCode repeat_run(const CommandContext& context, const Options& options, const std::filesystem::path& file);

}  // namespace weir

#pragma once

#include <string>
#include <vector>

#include "sim/cli/command.hpp"

namespace weir {

// Runs plots/NAME.py of a figure that comes with weir, with its own arguments. UsageError when there is no
// such figure, or none can be drawn here.
ExitCode draw_figure(const std::string& name, const std::string& output,
                     const std::vector<std::string>& arguments);

}  // namespace weir

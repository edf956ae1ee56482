#include "sim/cli/version_text.hpp"

#include <fmt/format.h>

#include "version.hpp"

namespace weir {

std::string version_line() {
  return fmt::format("weir {} (commit {}{})", version, std::string(version_commit).substr(0, 12),
                     version_dirty ? ", with changes" : "");
}

std::string version_text() {
  return fmt::format("{}\ncompiler {}, {} build\nSimGrid {}\n", version_line(), version_compiler,
                     version_build_type, version_simgrid);
}

}  // namespace weir

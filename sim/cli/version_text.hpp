#pragma once

#include <string>

namespace weir {

std::string version_line();  // `weir 0.1.0 (commit 0123456789ab, with changes)`
std::string version_text();  // and compiler, kind of build, SimGrid

}  // namespace weir

#include <fmt/format.h>

#include <stdexcept>

#include "sim/cluster/platform.hpp"

// Platform files in SimGrid's XML.

namespace weir {

void Platform::load(const ClusterSpec&, const std::string& file) {
  throw std::runtime_error(fmt::format("{}: SimGrid platform files cannot be read yet", file));
}

}  // namespace weir

#pragma once

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace weir::test {

// The path of recorded data for tests, which is not part of weir; empty, and said, when it is not here.
inline std::string recorded(const std::string& name) {
  const char* folder = std::getenv("WEIR_TRACES");
  const std::string path =
      (folder != nullptr ? std::string(folder) : WEIR_SOURCE_DIR "/../shared/traces") + "/" + name;
  if (std::filesystem::exists(path)) return path;
  WARN("skipped: " << path << " is not here (set WEIR_TRACES)");
  return {};
}

}  // namespace weir::test

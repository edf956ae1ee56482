#include "sim/record/hdf5.hpp"

#include <fmt/format.h>

namespace weir::hdf5 {

namespace {

herr_t keep_innermost(unsigned, const H5E_error2_t* error, void* text) {
  if (error->desc != nullptr && error->desc[0] != '\0') *static_cast<std::string*>(text) = error->desc;
  return 0;
}

// "…, errno = 28, error message = 'No space left on device', buf = 0x…" -> "No space left on device"
std::string plain_reason(const std::string& description) {
  const std::string key = "error message = '";
  const auto begin = description.find(key);
  if (begin == std::string::npos) return description;
  const auto end = description.find('\'', begin + key.size());
  return description.substr(begin + key.size(), end - begin - key.size());
}

}  // namespace

void quiet() {
  static const bool once = [] {
    H5dont_atexit();
    H5open();
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    return true;
  }();
  static_cast<void>(once);
}

void fail(const std::string& path, const std::string& operation) {
  std::string innermost;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, keep_innermost, &innermost);
  std::string reason = plain_reason(innermost);
  if (reason.empty()) reason = "HDF5 gives no reason";
  if (innermost.find("lock") != std::string::npos)
    reason += " (on a file system without locks set HDF5_USE_FILE_LOCKING=FALSE in the environment)";
  throw RecordError(fmt::format("{}: cannot {}: {}", path, operation, reason));
}

}  // namespace weir::hdf5

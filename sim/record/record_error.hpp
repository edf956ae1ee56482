#pragma once

#include <stdexcept>

namespace weir {

// A result could not be written (disk full, no permission, wrong directory) or a recorded file could not be
// read. The message names the file, the operation and the system's reason.
class RecordError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace weir

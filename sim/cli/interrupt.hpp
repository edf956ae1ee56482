#pragma once

#include <atomic>

// Ctrl-C. The first SIGINT or SIGTERM asks the run to stop at its next instant; the second ends the process
// as usual.

namespace weir {

class Interrupts {
 public:
  Interrupts();
  const std::atomic<bool>& asked() const;
};

}  // namespace weir

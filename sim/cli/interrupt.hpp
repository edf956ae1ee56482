#pragma once

#include <atomic>

// Ctrl-C. The first SIGINT or SIGTERM asks the run to stop at its next instant; the second ends the process
// as usual.

namespace weir {

class Interrupts {
 public:
  Interrupts();
  // SimGrid puts its own handler of SIGINT, which exits at once, over ours when its engine is made: to be
  // called when it has been.
  void catch_again();
  const std::atomic<bool>& asked() const;

 private:
  bool ignored_[2];  // before we came: nohup, or a job in the background of a script. Stays so.
};

}  // namespace weir

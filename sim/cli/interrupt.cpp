#include "sim/cli/interrupt.hpp"

#include <signal.h>

namespace weir {

namespace {

constexpr int numbers[] = {SIGINT, SIGTERM};
std::atomic<bool> asked_to_stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only use lock-free atomics");

extern "C" void ask_to_stop(int) {
  asked_to_stop.store(true);
  for (const int number : numbers) ::signal(number, SIG_DFL);
}

}  // namespace

Interrupts::Interrupts() {
  for (const int number : numbers) {
    struct sigaction before {};
    // nohup, or a job in the background of a script: stays so.
    if (::sigaction(number, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) continue;
    struct sigaction action {};
    action.sa_handler = ask_to_stop;
    action.sa_flags = SA_RESTART;
    ::sigaction(number, &action, nullptr);
  }
}

const std::atomic<bool>& Interrupts::asked() const {
  return asked_to_stop;
}

}  // namespace weir

#include "sim/kernel/assert.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace weir {

// Thrown, not aborted: the command line turns it into exit code 1 with the replay command, and what was
// recorded so far stays readable.
void assertion_failed(const char* condition, const char* message, const char* file, int line) {
  throw std::logic_error(fmt::format("{}:{}: {} ({})", file, line, message, condition));
}

}  // namespace weir

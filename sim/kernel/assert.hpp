#pragma once

// Assertions of weir's own invariants. They stay on in release builds: a simulator that goes on after a
// broken invariant prints numbers that somebody will publish. Wrong *input* is never an assertion.

namespace weir {

[[noreturn]] void assertion_failed(const char* condition, const char* message, const char* file, int line);

}  // namespace weir

#define WEIR_ASSERT(condition, message) \
  ((condition) ? static_cast<void>(0) : ::weir::assertion_failed(#condition, message, __FILE__, __LINE__))

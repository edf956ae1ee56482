#pragma once

#include <cstdint>

#include "sim/kernel/philox.hpp"

// One word of the blocks of consecutive counters, several at a time.

namespace weir {

// out[i] = philox4x32_10({n, n >> 32, stream, 0}, key)[word], n = first + i, for i = 0 … count - 1. The same
// numbers on every machine, by whatever instructions it has.
void philox_words(std::uint64_t first, int count, std::uint32_t stream, PhiloxKey key, int word,
                  std::uint32_t* out);

}  // namespace weir

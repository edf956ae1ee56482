#pragma once

#include <array>
#include <cstdint>

// Philox4x32-10 of Salmon, Moraes, Dror, Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11,
// section 3.3: a function of a 128-bit counter and a 64-bit key whose values are random numbers (it passes
// BigCrush). There is no state to seed and none to share: draw n of stream k is philox(n, k).

namespace weir {

using PhiloxBlock = std::array<std::uint32_t, 4>;
using PhiloxKey = std::array<std::uint32_t, 2>;

constexpr PhiloxBlock philox4x32_10(PhiloxBlock counter, PhiloxKey key) {
  for (int round = 0; round < 10; ++round) {
    const std::uint64_t product_0 = 0xD2511F53ull * counter[0];
    const std::uint64_t product_2 = 0xCD9E8D57ull * counter[2];
    counter = {static_cast<std::uint32_t>(product_2 >> 32) ^ counter[1] ^ key[0],
               static_cast<std::uint32_t>(product_2),
               static_cast<std::uint32_t>(product_0 >> 32) ^ counter[3] ^ key[1],
               static_cast<std::uint32_t>(product_0)};
    key[0] += 0x9E3779B9u;  // the golden ratio
    key[1] += 0xBB67AE85u;  // sqrt(3) - 1
  }
  return counter;
}

}  // namespace weir

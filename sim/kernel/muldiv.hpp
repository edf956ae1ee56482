#pragma once

#include <cstdint>

namespace weir {

// a * b / c, truncated, without overflow in between. The result must fit.
inline std::int64_t muldiv(std::int64_t a, std::int64_t b, std::int64_t c) {
  // A division of 128 bits takes ten times as long as one of 64, and is hardly ever needed.
  std::int64_t product = 0;
  if (!__builtin_mul_overflow(a, b, &product)) return product / c;
  __extension__ using Wide = __int128;
  return static_cast<std::int64_t>(static_cast<Wide>(a) * b / c);
}

}  // namespace weir

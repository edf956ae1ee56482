#pragma once

#include <cstdint>

namespace weir {

// a * b / c, truncated, without overflow in between. The result must fit.
inline std::int64_t muldiv(std::int64_t a, std::int64_t b, std::int64_t c) {
  __extension__ using Wide = __int128;
  return static_cast<std::int64_t>(static_cast<Wide>(a) * b / c);
}

}  // namespace weir

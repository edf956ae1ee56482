#include "sim/scenario/utf8.hpp"

#include <cstddef>
#include <cstdint>

namespace weir {

bool is_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    std::size_t more = 0;
    std::uint32_t code = lead;
    if (lead >= 0x80) {
      if ((lead & 0xe0) == 0xc0) {
        more = 1;
        code = lead & 0x1fu;
      } else if ((lead & 0xf0) == 0xe0) {
        more = 2;
        code = lead & 0x0fu;
      } else if ((lead & 0xf8) == 0xf0) {
        more = 3;
        code = lead & 0x07u;
      } else {
        return false;
      }
    }
    if (more >= text.size() - i) return false;
    for (std::size_t k = 1; k <= more; ++k) {
      const auto byte = static_cast<unsigned char>(text[i + k]);
      if ((byte & 0xc0) != 0x80) return false;
      code = (code << 6) | (byte & 0x3fu);
    }
    constexpr std::uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    if (code < smallest[more] || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return false;
    i += more + 1;
  }
  return true;
}

}  // namespace weir

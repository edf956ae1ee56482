#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace weir {

// Length of the longest prefix of `text` that has at most `bytes` bytes and does not cut a UTF-8 character.
constexpr std::size_t utf8_prefix_bytes(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return text.size();
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xC0u) == 0x80u) --bytes;
  return bytes;
}

// Text in a field of `Bytes` bytes, padded with zeros: rows of one size, so that a table of them can be
// followed while it is written. Longer text loses its end and gets an ellipsis.
template <std::size_t Bytes>
class FixedText {
 public:
  static_assert(Bytes >= 4, "no room for the ellipsis");
  static constexpr std::size_t size_bytes = Bytes;

  constexpr FixedText() = default;
  constexpr FixedText(std::string_view text) {
    constexpr std::string_view ellipsis = "…";
    const bool fits = text.size() <= Bytes;
    const std::size_t kept = fits ? text.size() : utf8_prefix_bytes(text, Bytes - ellipsis.size());
    for (std::size_t i = 0; i < kept; ++i) bytes_[i] = text[i];
    if (fits) return;
    for (std::size_t i = 0; i < ellipsis.size(); ++i) bytes_[kept + i] = ellipsis[i];
  }
  constexpr FixedText(const char* text) : FixedText(std::string_view(text)) {}
  template <class String>
  requires requires(const String& s) { std::string_view(s); }
  constexpr FixedText(const String& text) : FixedText(std::string_view(text)) {}

  constexpr std::string_view view() const {
    std::size_t length = 0;
    while (length < Bytes && bytes_[length] != '\0') ++length;
    return {bytes_.data(), length};
  }
  constexpr const std::array<char, Bytes>& bytes() const { return bytes_; }
  friend constexpr bool operator==(const FixedText&, const FixedText&) = default;

 private:
  std::array<char, Bytes> bytes_{};
};

}  // namespace weir

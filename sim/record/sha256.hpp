#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "sim/record/record_error.hpp"

// SHA-256 (FIPS 180-4), for the manifest: which scenario, which input files. Not for secrets.

namespace weir {

class Sha256 {
 public:
  void update(std::string_view bytes);
  // The digest in hexadecimal. The object is spent then.
  std::string finish_hex();

 private:
  void compress(const unsigned char* block);

  std::array<std::uint32_t, 8> state_{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  std::array<unsigned char, 64> block_{};
  std::size_t used_bytes_ = 0;  // of block_
  std::uint64_t total_bytes_ = 0;
};

std::string sha256_hex(std::string_view bytes);
std::string sha256_of_file(const std::filesystem::path& path);  // RecordError if it cannot be read

}  // namespace weir

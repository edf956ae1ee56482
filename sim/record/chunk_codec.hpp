#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

// A chunk of a column as HDF5's filters "shuffle" and "deflate" would store it, at less cost: bytes that are
// the same in all values (small numbers in wide columns) are found before anything is moved, and libdeflate
// compresses two to three times as fast as zlib. Any reader of HDF5 reads what comes out.

namespace weir {

class ChunkCodec {
 public:
  explicit ChunkCodec(int deflate_level);
  ChunkCodec(const ChunkCodec&) = delete;
  ChunkCodec& operator=(const ChunkCodec&) = delete;
  ~ChunkCodec();

  // `values`: of `value_bytes` each. What is returned holds until the next call.
  std::span<const std::byte> encode(std::span<const std::byte> values, std::size_t value_bytes);

 private:
  struct Deflate;
  std::unique_ptr<Deflate> deflate_;
  std::vector<std::byte> shuffled_;
  std::vector<std::byte> encoded_;
};

// HDF5's shuffle: the first bytes of all values, then the second bytes, …
void shuffle_bytes(std::span<const std::byte> values, std::size_t value_bytes, std::byte* out);

}  // namespace weir

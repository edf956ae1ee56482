#include "sim/record/chunk_codec.hpp"

#include <libdeflate.h>

#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "sim/kernel/assert.hpp"

namespace weir {

struct ChunkCodec::Deflate {
  libdeflate_compressor* compressor;
  explicit Deflate(int level) : compressor(libdeflate_alloc_compressor(level)) {
    if (compressor == nullptr) throw std::bad_alloc();
  }
  Deflate(const Deflate&) = delete;
  Deflate& operator=(const Deflate&) = delete;
  ~Deflate() { libdeflate_free_compressor(compressor); }
};

ChunkCodec::ChunkCodec(int deflate_level) : deflate_(std::make_unique<Deflate>(deflate_level)) {}
ChunkCodec::~ChunkCodec() = default;

namespace {

template <class Word>
void shuffle_words(const std::byte* values, std::size_t count, std::byte* out) {
  const auto word_at = [values](std::size_t i) {
    Word word;
    std::memcpy(&word, values + i * sizeof(Word), sizeof(Word));
    return word;
  };
  Word any = 0, all = static_cast<Word>(~Word{0});
  for (std::size_t i = 0; i < count; ++i) {
    any |= word_at(i);
    all &= word_at(i);
  }
  for (std::size_t plane = 0; plane < sizeof(Word); ++plane, out += count) {
    const auto shift = static_cast<int>(8 * plane);
    const auto same = static_cast<std::uint8_t>(all >> shift);
    if (static_cast<std::uint8_t>(any >> shift) == same) {
      std::memset(out, same, count);
      continue;
    }
    for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::byte>(word_at(i) >> shift);
  }
}

}  // namespace

void shuffle_bytes(std::span<const std::byte> values, std::size_t value_bytes, std::byte* out) {
  WEIR_ASSERT(value_bytes > 0 && values.size() % value_bytes == 0, "whole values are shuffled");
  const std::size_t count = values.size() / value_bytes;
  if (value_bytes == 8) return shuffle_words<std::uint64_t>(values.data(), count, out);
  if (value_bytes == 4) return shuffle_words<std::uint32_t>(values.data(), count, out);
  for (std::size_t plane = 0; plane < value_bytes; ++plane) {
    for (std::size_t i = 0; i < count; ++i) *out++ = values[i * value_bytes + plane];
  }
}

std::span<const std::byte> ChunkCodec::encode(std::span<const std::byte> values, std::size_t value_bytes) {
  shuffled_.resize(values.size());
  shuffle_bytes(values, value_bytes, shuffled_.data());
  encoded_.resize(libdeflate_zlib_compress_bound(deflate_->compressor, values.size()));
  const std::size_t bytes = libdeflate_zlib_compress(deflate_->compressor, shuffled_.data(), shuffled_.size(),
                                                     encoded_.data(), encoded_.size());
  WEIR_ASSERT(bytes > 0, "the bound of the compressed size was too small");
  return {encoded_.data(), bytes};
}

}  // namespace weir

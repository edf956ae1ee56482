#include "sim/record/chunk_codec.hpp"

#include <libdeflate.h>

#include <array>
#include <catch2/catch.hpp>
#include <vector>

#include "tests/support/dice.hpp"

using namespace weir;

namespace {

// Values of which some bytes are the same in all.
std::vector<std::byte> some_values(test::Dice& dice, std::size_t count, std::size_t value_bytes) {
  std::vector<std::byte> values(count * value_bytes);
  for (std::size_t byte = 0; byte < value_bytes; ++byte) {
    const int kind = dice.below(3);
    const int same = dice.below(256);
    for (std::size_t i = 0; i < count; ++i)
      values[i * value_bytes + byte] = static_cast<std::byte>(kind == 0 ? dice.below(256) : same);
  }
  return values;
}

}  // namespace

TEST_CASE("a chunk is encoded as HDF5's shuffle and deflate would", "[record]") {
  const std::uint64_t seed = test::test_seed();
  INFO("WEIR_SEED=" << seed);
  test::Dice dice(seed);
  libdeflate_decompressor* inflate = libdeflate_alloc_decompressor();
  ChunkCodec codec(1);
  for (int i = 0; i < 300; ++i) {
    const std::size_t value_bytes = std::array<std::size_t, 5>{1, 2, 4, 8, 12}[dice.below(5)];
    const auto count = static_cast<std::size_t>(1 + dice.below(3000));
    const std::vector<std::byte> values = some_values(dice, count, value_bytes);
    const auto encoded = codec.encode(values, value_bytes);
    std::vector<std::byte> shuffled(values.size() + 1);
    std::size_t got = 0;
    REQUIRE(libdeflate_zlib_decompress(inflate, encoded.data(), encoded.size(), shuffled.data(),
                                       shuffled.size(), &got) == LIBDEFLATE_SUCCESS);
    REQUIRE(got == values.size());
    bool same = true;
    for (std::size_t v = 0; v < count; ++v) {
      for (std::size_t byte = 0; byte < value_bytes; ++byte)
        same = same && shuffled[byte * count + v] == values[v * value_bytes + byte];
    }
    REQUIRE(same);
  }
  libdeflate_free_decompressor(inflate);
}

#include "sim/record/chunk_codec.hpp"

#include <libdeflate.h>

#include <array>
#include <catch2/catch.hpp>
#include <vector>

#include "sim/record/background_codec.hpp"
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

TEST_CASE("chunks that are encoded in the background come back in order, and are the same", "[record]") {
  const std::uint64_t seed = test::test_seed();
  INFO("WEIR_SEED=" << seed);
  test::Dice dice(seed);
  for (int round = 0; round < 20; ++round) {
    ChunkCodec here(4);
    BackgroundCodec there(4);
    CHECK_FALSE(there.take(true));
    std::vector<std::vector<std::byte>> expected;
    std::size_t taken = 0;
    const auto check = [&](const BackgroundCodec::Chunk& chunk) {
      REQUIRE(chunk.first_row == taken);
      REQUIRE(chunk.bytes == expected[taken++]);
    };
    const int chunks = dice.below(30);
    for (int i = 0; i < chunks; ++i) {
      const std::vector<std::byte> values = some_values(dice, 1 + dice.below(5000), 8);
      const auto encoded = here.encode(values, 8);
      expected.emplace_back(encoded.begin(), encoded.end());
      there.put({0, expected.size() - 1, values.size() / 8, 8, values});
      if (dice.below(3) == 0) {
        while (const auto chunk = there.take(dice.below(2) == 0)) check(*chunk);
      }
      CHECK(there.under_way() == expected.size() - taken);
    }
    // Every other round, what is under way is thrown away with the codec.
    while (round % 2 == 0) {
      const auto chunk = there.take(true);
      if (!chunk) break;
      check(*chunk);
    }
    if (round % 2 == 0) CHECK(taken == expected.size());
  }
}

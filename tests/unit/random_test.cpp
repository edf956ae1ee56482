#include "sim/kernel/random.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <unordered_set>
#include <vector>

#include "sim/kernel/fingerprint.hpp"
#include "sim/kernel/philox.hpp"
#include "sim/kernel/philox_words.hpp"
#include "tests/support/statistics.hpp"

using namespace weir;
using namespace weir::test;

namespace {

constexpr int samples = 100'000;

// The pairs (a, b) fall evenly into a 32 x 32 grid.
template <class DrawA, class DrawB>
bool pairs_are_independent(int count, const DrawA& draw_a, const DrawB& draw_b) {
  std::vector<std::int64_t> observed(1024, 0);
  for (int i = 0; i < count; ++i) {
    const auto row = static_cast<std::size_t>(32 * draw_a(i));
    const auto column = static_cast<std::size_t>(32 * draw_b(i));
    ++observed[row * 32 + column];
  }
  return chi_square_fits(observed, std::vector<double>(1024, count / 1024.0));
}

}  // namespace

TEST_CASE("Philox4x32-10 gives its published values", "[random]") {
  // Random123, tests/kat_vectors: counter and key all zeros, all ones, and digits of pi.
  CHECK(philox4x32_10({0, 0, 0, 0}, {0, 0}) == PhiloxBlock{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox4x32_10({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        PhiloxBlock{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32_10({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        PhiloxBlock{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("words that are drawn many at a time are those of Philox", "[random]") {
  RandomStream dice(11, "words", "test");
  for (int run = 0; run < 400; ++run) {
    const int count = static_cast<int>(dice.below(40));
    // Some ranges go over 2^32, where the counter's second word changes.
    const std::uint64_t first =
        run % 2 == 0 ? (std::uint64_t{1 + dice.below(1000)} << 32) - dice.below(40) : dice.next_u64() >> 1;
    const PhiloxKey key = {static_cast<std::uint32_t>(dice.next_u64()),
                           static_cast<std::uint32_t>(dice.next_u64())};
    const auto stream = static_cast<std::uint32_t>(dice.next_u64());
    const int word = static_cast<int>(dice.below(4));
    std::vector<std::uint32_t> words(static_cast<std::size_t>(count) + 1, 0xabcdu);
    philox_words(first, count, stream, key, word, words.data());
    INFO("run " << run << " from " << first << ", " << count << " of word " << word);
    for (int i = 0; i < count; ++i) {
      const std::uint64_t n = first + static_cast<std::uint64_t>(i);
      const PhiloxBlock block =
          philox4x32_10({static_cast<std::uint32_t>(n), static_cast<std::uint32_t>(n >> 32), stream, 0}, key);
      CHECK(words[static_cast<std::size_t>(i)] == block[static_cast<std::size_t>(word)]);
    }
    CHECK(words.back() == 0xabcdu);
  }
}

TEST_CASE("a stream is a function of seed, entity and purpose alone", "[random]") {
  RandomStream stream(7, "map[3]", "service");
  RandomStream again(7, "map[3]", "service");
  for (int i = 0; i < 100; ++i) CHECK(stream.next_u64() == again.next_u64());
  CHECK(stream.drawn() == 100);
  RandomStream copy = stream;
  CHECK(copy.exponential(1) == stream.exponential(1));

  // Every one of these is another stream, and no draw of one is a draw of another.
  std::unordered_set<std::uint64_t> seen;
  std::size_t drawn = 0;
  const auto add = [&](std::uint64_t seed, const std::string& entity, const std::string& purpose) {
    RandomStream other(seed, entity, purpose);
    for (int i = 0; i < 20; ++i) seen.insert(other.next_u64());
    drawn += 20;
  };
  for (std::uint64_t seed = 0; seed < 50; ++seed) add(seed, "map[3]", "service");
  for (int i = 0; i < 2000; ++i) add(7, "reduce[" + std::to_string(i) + "]", "service");
  for (const char* const purpose : {"arrivals", "keys", "servicf", "service ", ""}) add(7, "map[3]", purpose);
  add(7, "map[3]s", "ervice");
  add(7, "", "map[3]service");
  add(7, "map[3]service", "");
  add(7, std::string(16, 'a'), std::string(16, 'b'));
  add(7, "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb", "");
  add(7, std::string(15, 'a'), "");
  add(7, std::string("aaaaaaaaaaaaaaa\0", 16), "");
  CHECK(seen.size() == drawn);
}

TEST_CASE("uniform draws are even, open at both ends, and serially independent", "[random]") {
  RandomStream stream(1, "test", "uniform");
  std::vector<std::int64_t> observed(1000, 0);
  std::array<int, 64> ones{};
  for (int i = 0; i < samples; ++i) {
    const double u = stream.uniform01();
    CHECK_FALSE((u <= 0 || u >= 1));
    ++observed[static_cast<std::size_t>(u * 1000)];
    const std::uint64_t bits = stream.next_u64();
    for (int bit = 0; bit < 64; ++bit) ones[bit] += static_cast<int>(bits >> bit & 1);
  }
  CHECK(chi_square_fits(observed, std::vector<double>(1000, samples / 1000.0)));
  // Each bit is set half the time: 5.7 standard deviations, one in a million for 64 bits.
  for (const int count : ones) CHECK(std::abs(count - samples / 2) < 5.7 * std::sqrt(samples / 4.0));
  for (const int lag : {1, 2, 3, 4, 5, 8}) {
    RandomStream ahead = stream;
    for (int i = 0; i < lag; ++i) ahead.next_u64();
    CHECK(pairs_are_independent(
        samples, [&](int) { return stream.uniform01(); }, [&](int) { return ahead.uniform01(); }));
  }
}

TEST_CASE("streams of neighbouring entities, seeds and purposes are independent", "[random]") {
  const auto name = [](int i) { return "map[" + std::to_string(i) + "]"; };
  for (int i = 0; i < 4; ++i) {
    RandomStream one(1, name(i), "service");
    RandomStream next(1, name(i + 1), "service");
    RandomStream purpose(1, name(i), "keys");
    RandomStream seed(2, name(i), "service");
    const auto draw_of = [](RandomStream& stream) { return [&stream](int) { return stream.uniform01(); }; };
    RandomStream same = one;
    CHECK(pairs_are_independent(samples, draw_of(one), draw_of(next)));
    one = same;
    CHECK(pairs_are_independent(samples, draw_of(one), draw_of(purpose)));
    one = same;
    CHECK(pairs_are_independent(samples, draw_of(one), draw_of(seed)));
  }
  // Across streams: the first draws of neighbours are as good a sequence as the draws of one.
  const auto first = [&](int i) { return RandomStream(1, name(i), "service").uniform01(); };
  CHECK(pairs_are_independent(samples, first, [&](int i) { return first(i + 1); }));
  const auto by_seed = [](int i) {
    return RandomStream(static_cast<std::uint64_t>(i), "map", "service").uniform01();
  };
  CHECK(pairs_are_independent(samples, by_seed, [&](int i) { return by_seed(i + 1); }));
}

TEST_CASE("bounded integers are even, for bounds that do not divide 2^64 too", "[random]") {
  RandomStream stream(1, "test", "below");
  for (const std::uint64_t bound : {1ull, 2ull, 7ull, 1000ull}) {
    std::vector<std::int64_t> observed(bound, 0);
    for (int i = 0; i < samples; ++i) ++observed[stream.below(bound)];
    CHECK(chi_square_fits(observed, std::vector<double>(bound, samples / static_cast<double>(bound))));
  }
  // With 2^64 modulo bound as large as a third of the range, a biased method fails at once.
  std::vector<std::int64_t> thirds(3, 0);
  for (int i = 0; i < samples; ++i) ++thirds[stream.below(3ull << 62) >> 62];
  CHECK(chi_square_fits(thirds, std::vector<double>(3, samples / 3.0)));
}

TEST_CASE("all draws give the same bits everywhere", "[random]") {
  // Pinned: a change here is a change of every trajectory.
  RandomStream stream(20240613, "op", "pin");
  Fingerprint fingerprint;
  const auto add = [&](double value) {
    fingerprint.add(stream.drawn(), std::bit_cast<std::uint64_t>(value));
  };
  for (int i = 0; i < 5000; ++i) {
    add(stream.uniform01());
    add(static_cast<double>(stream.below(1000)));
    add(stream.exponential(2));
    add(stream.normal());
    add(stream.gamma(0.3, 1));
    add(stream.gamma(40, 1));
    add(stream.lognormal(1, 0.5));
    add(static_cast<double>(stream.poisson(4)));
    add(static_cast<double>(stream.poisson(5000)));
    add(static_cast<double>(stream.binomial(30, 0.2)));
    add(static_cast<double>(stream.binomial(5000, 0.7)));
  }
  CHECK(fingerprint.value() == 0xec7cd5ae4b09c86eull);
}

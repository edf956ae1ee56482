#include "sim/control/give_way.hpp"

#include <catch2/catch.hpp>
#include <cstdint>

#include "tests/support/dice.hpp"

using namespace weir;

namespace {

std::vector<int> one_at_a_time(std::vector<int> wanted, const std::vector<int>& before, int excess) {
  while (excess-- > 0) {
    int largest = -1;
    for (int i = 0; i < static_cast<int>(wanted.size()); ++i) {
      const int growth = wanted[i] - before[i];
      if (growth > 0 && (largest < 0 || growth > wanted[largest] - before[largest])) largest = i;
    }
    if (largest < 0) break;
    --wanted[largest];
  }
  return wanted;
}

}  // namespace

TEST_CASE("what gives way is what would give way one at a time", "[control]") {
  const std::uint64_t seed = test::test_seed();
  INFO("WEIR_SEED=" << seed);
  test::Dice dice(seed);
  for (int round = 0; round < 2000; ++round) {
    std::vector<int> before, wanted;
    const int operators = 1 + dice.below(6);
    for (int i = 0; i < operators; ++i) {
      before.push_back(1 + dice.below(10));
      wanted.push_back(1 + dice.below(20));
    }
    const int excess = 1 + dice.below(60);
    std::vector<int> cut = wanted;
    give_way(cut, before, excess);
    CAPTURE(before, wanted, excess);
    REQUIRE(cut == one_at_a_time(wanted, before, excess));
  }
}

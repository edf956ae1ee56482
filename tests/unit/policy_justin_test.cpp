#include <catch2/catch.hpp>

#include "policies/justin/decide.hpp"

// Justin's decision function, branch by branch, as its fork of Flink's autoscaler has it.

using namespace weir::justin;

namespace {

const Options options;
constexpr Seen well{.hit_rate = 0.9, .state_latency_ns = 50'000, .throughput_per_s = 1000};
constexpr Seen missing{.hit_rate = 0.6, .state_latency_ns = 50'000, .throughput_per_s = 1000};
constexpr Seen slow{.hit_rate = 0.9, .state_latency_ns = 200'000, .throughput_per_s = 1000};

Configuration after(const Configuration& last, const Seen& before, int wanted, const Seen& now,
                    const Options& o = options) {
  return decide(wanted, now, Previous{last, before}, o);
}

}  // namespace

TEST_CASE("justin tries memory first where state is slow, instances elsewhere", "[policy][justin]") {
  CHECK(decide(4, {}, std::nullopt, options) == Configuration{4, no_memory_level, false});
  CHECK(decide(4, well, std::nullopt, options) == Configuration{4, 0, false});
  CHECK(decide(4, missing, std::nullopt, options) == Configuration{1, 1, true});
  CHECK(decide(4, slow, std::nullopt, options) == Configuration{1, 1, true});
  CHECK(decide(1, slow, std::nullopt, options) == Configuration{1, 0, false});
}

TEST_CASE("justin keeps what is as wide as Flink's autoscaler wants it", "[policy][justin]") {
  for (const Configuration last : {Configuration{4, 0, false}, Configuration{4, 1, true}})
    CHECK(after(last, well, 4, missing) == last);
  CHECK(after({4, 1, true}, well, 4, {}) == Configuration{4, no_memory_level, false});
}

TEST_CASE("justin widens, or adds memory, after it widened", "[policy][justin]") {
  CHECK(after({4, 0, false}, well, 6, well) == Configuration{6, 0, false});
  CHECK(after({4, 0, false}, well, 6, missing) == Configuration{4, 1, true});
  CHECK(after({4, 0, false}, well, 6, slow) == Configuration{4, 1, true});
  CHECK(after({4, 1, false}, well, 6, missing) == Configuration{6, 1, false});  // no level above
}

TEST_CASE("justin judges by what memory brought", "[policy][justin]") {
  const Configuration last{2, 1, true};
  // Nothing: back by a level.
  CHECK(after(last, missing, 6, {0.64, 50'000, 1000}) == Configuration{6, 0, false});
  // Better, by hits or by latency: kept.
  CHECK(after(last, missing, 6, {0.66, 50'000, 1000}) == Configuration{6, 1, false});
  CHECK(after(last, missing, 6, {0.6, 49'999, 1000}) == Configuration{6, 1, false});
  // Better and faster: a level more, where there is one and the cache still misses.
  Options three = options;
  three.levels = 3;
  CHECK(after(last, missing, 6, {0.9, 50'000, 1051}, three) == Configuration{2, 2, true});
  CHECK(after(last, missing, 6, {0.9, 50'000, 1050}, three) == Configuration{6, 1, false});
  CHECK(after(last, missing, 6, {0.95, 50'000, 1051}, three) == Configuration{6, 1, false});
  CHECK(after(last, missing, 6, {0.9, 50'000, 1051}) == Configuration{6, 1, false});
}

TEST_CASE("justin's levels of memory double", "[policy][justin]") {
  CHECK(managed_memory_mb(no_memory_level, false) == 0);
  CHECK(managed_memory_mb(0, false) == 158);
  CHECK(managed_memory_mb(1, false) == 316);
  CHECK(managed_memory_mb(0, true) == 343);
  CHECK(managed_memory_mb(1, true) == 686);
}

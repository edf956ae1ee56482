#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdint>
#include <vector>

#include "models/engines/flink/key_groups.hpp"

// Vectors and tables that were computed with Java 17 and with Flink's own formulas.

using namespace weir;
using namespace weir::flink;

namespace {

double imbalance(const std::vector<double>& shares) {
  return *std::max_element(shares.begin(), shares.end()) * static_cast<double>(shares.size());
}

double imbalance_of_keys(std::int64_t keys, int parallelism) {
  KeySpec spec;
  spec.law = KeyLaw::uniform;
  spec.count = keys;
  return imbalance(key_group_shares(spec, 1000, parallelism, default_max_parallelism(parallelism)));
}

}  // namespace

TEST_CASE("Flink's hash of hash codes", "[flink]") {
  struct Vector {
    std::int32_t code, hash;
    int group;
  };
  for (const Vector& v : {Vector{0, 593689054, 94},
                          {1, 68075478, 86},
                          {2, 1085422463, 127},
                          {3, 847579505, 113},
                          {42, 1134849565, 29},
                          {100, 616682048, 64},
                          {1000, 3506311, 7},
                          {1001, 2131111877, 69},
                          {12345, 638799361, 1},
                          {-1, 1982413648, 80},
                          {2147483647, 1653689534, 62}}) {
    INFO(v.code);
    CHECK(murmur_hash(v.code) == v.hash);
    CHECK(key_group(v.code, 128) == v.group);
  }
  // The hash codes of the strings apple, hello, Google, key-17.
  CHECK(key_group(93029210, 128) == 100);
  CHECK(key_group(99162322, 128) == 35);
  CHECK(key_group(2138589785, 128) == 10);
  CHECK(key_group(-1134722988, 128) == 96);
}

TEST_CASE("The hash code of a long folds its halves", "[flink]") {
  CHECK(long_hash_code(1000) == 1000);
  CHECK(long_hash_code(-1) == 0);
  CHECK(long_hash_code(std::int64_t{1} << 32) == 1);
  CHECK(long_hash_code((std::int64_t{5} << 32) | 3) == 6);
}

TEST_CASE("The default of the maximum parallelism", "[flink]") {
  for (const auto& [parallelism, max] : {std::pair{1, 128},
                                         {85, 128},
                                         {86, 256},
                                         {128, 256},
                                         {171, 256},
                                         {172, 512},
                                         {20000, 32768},
                                         {32768, 32768}}) {
    INFO(parallelism);
    CHECK(default_max_parallelism(parallelism) == max);
  }
}

TEST_CASE("Ranges of key groups are what the assignment gives", "[flink]") {
  for (const int max : {1, 7, 24, 128, 720}) {
    for (int p = 1; p <= max; ++p) {
      std::vector<int> first(static_cast<std::size_t>(p), max), last(static_cast<std::size_t>(p), -1);
      for (int group = 0; group < max; ++group) {
        const auto subtask = static_cast<std::size_t>(subtask_of(group, p, max));
        REQUIRE(subtask < first.size());
        first[subtask] = std::min(first[subtask], group);
        last[subtask] = std::max(last[subtask], group);
      }
      for (int subtask = 0; subtask < p; ++subtask) {
        const KeyGroupRange range = key_groups_of(subtask, p, max);
        REQUIRE(range.first == first[static_cast<std::size_t>(subtask)]);
        REQUIRE(range.last == last[static_cast<std::size_t>(subtask)]);
      }
    }
  }
}

TEST_CASE("Imbalance by key groups alone", "[flink]") {
  KeySpec even;
  even.law = KeyLaw::even;
  for (const auto& [p, expected] : {std::pair{4, 1.0},
                                    {8, 1.0},
                                    {10, 1.016},
                                    {12, 1.031},
                                    {14, 1.094},
                                    {16, 1.0},
                                    {20, 1.094},
                                    {24, 1.125},
                                    {30, 1.172},
                                    {32, 1.0},
                                    {40, 1.25},
                                    {48, 1.125},
                                    {64, 1.0},
                                    {85, 1.328},
                                    {96, 1.125},
                                    {100, 1.172},
                                    {127, 1.488},
                                    {128, 1.0}}) {
    INFO(p);
    CHECK(imbalance(key_group_shares(even, 0, p, default_max_parallelism(p))) ==
          Approx(expected).margin(0.0005));
  }
}

TEST_CASE("Imbalance of few keys", "[flink]") {
  struct Row {
    std::int64_t keys;
    double at_8, at_16, at_32, at_64;
  };
  for (const Row& row : {Row{100, 1.20, 1.60, 2.56, 2.56}, {1000, 1.11, 1.22, 1.44, 1.60}}) {
    INFO(row.keys);
    CHECK(imbalance_of_keys(row.keys, 8) == Approx(row.at_8).margin(0.005));
    CHECK(imbalance_of_keys(row.keys, 16) == Approx(row.at_16).margin(0.005));
    CHECK(imbalance_of_keys(row.keys, 32) == Approx(row.at_32).margin(0.005));
    CHECK(imbalance_of_keys(row.keys, 64) == Approx(row.at_64).margin(0.005));
  }
  CHECK(imbalance_of_keys(10000, 8) == Approx(1.02).margin(0.005));
  CHECK(imbalance_of_keys(10000, 16) == Approx(1.07).margin(0.005));
  CHECK(imbalance_of_keys(10000, 32) == Approx(1.09).margin(0.005));
  CHECK(imbalance_of_keys(10000, 64) == Approx(1.19).margin(0.005));
}

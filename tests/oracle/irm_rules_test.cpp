// HarmonicIO's Intelligent Resource Manager against values computed from its published code.

#include <catch2/catch.hpp>
#include <vector>

#include "policies/irm/packing.hpp"
#include "policies/irm/rules.hpp"

using namespace weir::irm;

namespace {

WorkerBins packed(const std::vector<double>& sizes) {
  WorkerBins bins;
  for (std::size_t i = 0; i < sizes.size(); ++i) bins.put({static_cast<int>(i), sizes[i]});
  return bins;
}

std::vector<int> counts(const WorkerBins& bins) {
  std::vector<int> counts;
  for (int b = 0; b < bins.count(); ++b) counts.push_back(static_cast<int>(bins.bin(b).items.size()));
  return counts;
}

}  // namespace

TEST_CASE("irm packs forty equal containers as its code does", "[oracle][irm][packing]") {
  const auto forty = [](double size) { return counts(packed(std::vector<double>(40, size))); };
  using Counts = std::vector<int>;
  CHECK(forty(0.125) == Counts{7, 7, 7, 7, 7, 5});
  CHECK(forty(0.12) == Counts{8, 8, 8, 8, 8});
  CHECK(forty(0.1249) == Counts{8, 8, 8, 8, 8});
  CHECK(forty(0.5) == Counts(40, 1));
  Counts of_quarters(13, 3);
  of_quarters.push_back(1);
  CHECK(forty(0.25) == of_quarters);
  CHECK(forty(0.1) == Counts{10, 10, 10, 10});
  CHECK(forty(0.02) == Counts{40});
}

TEST_CASE("irm packs a mixed sequence as its code does", "[oracle][irm][packing]") {
  const WorkerBins bins = packed({0.5, 0.7, 0.5, 0.2, 0.4, 0.2, 0.5, 0.1, 0.6});
  const std::vector<std::vector<double>> expected = {{0.5, 0.2, 0.2}, {0.7, 0.1}, {0.5, 0.4}, {0.5}, {0.6}};
  std::vector<std::vector<double>> sizes;
  for (int b = 0; b < bins.count(); ++b) {
    sizes.emplace_back();
    for (const auto& item : bins.bin(b).items) sizes.back().push_back(item.size);
  }
  CHECK(sizes == expected);
}

TEST_CASE("irm loses what is as large as a worker, and keeps the bin for the target",
          "[oracle][irm][packing]") {
  WorkerBins bins;
  CHECK(bins.put({0, 0.3}) == 0);
  CHECK(bins.put({1, 1.0}) == -1);
  CHECK(bins.count() == 2);
  CHECK(bins.target_workers() == 3);
  bins.remove_empty();
  CHECK(bins.count() == 1);
  CHECK(bins.target_workers() == 2);
}

TEST_CASE("irm removes empty bins from the end only, and clips what is free", "[oracle][irm][packing]") {
  WorkerBins bins = packed({0.6, 0.6, 0.6});
  CHECK(bins.remove(1, 1));
  CHECK_FALSE(bins.remove(1, 1));
  CHECK_FALSE(bins.remove(7, 1));
  bins.remove_empty();
  CHECK(bins.count() == 3);
  CHECK(bins.bin(1).free == 1.0);
  CHECK(bins.remove(2, 2));
  bins.remove_empty();
  CHECK(bins.count() == 1);
  // Larger than its worker, once profiled: nothing is free, and all of it when it goes.
  CHECK(bins.resize(0, 0, 1.5));
  CHECK_FALSE(bins.resize(0, 9, 0.5));
  CHECK(bins.bin(0).free == 0.0);
  CHECK(bins.put({9, 0.01}) == 1);
  CHECK(bins.remove(0, 0));
  CHECK(bins.bin(0).free == 1.0);
}

TEST_CASE("irm's space margin is what a worker keeps free", "[oracle][irm][packing]") {
  // A container of 1/8 needs more than 3/8: there are five until 3/8 is left.
  WorkerBins bins(0.25);
  for (int i = 0; i < 12; ++i) CHECK(bins.put({i, 0.125}) == i / 5);
  CHECK(counts(bins) == std::vector<int>{5, 5, 2});
  // What fits no empty worker but for the margin is lost.
  CHECK(bins.put({12, 0.75}) == -1);
  CHECK(bins.put({13, 0.7499}) == 3);
}

TEST_CASE("irm passes over workers that may not have a container, and fills those that have some",
          "[oracle][irm][packing]") {
  WorkerBins bins;
  const auto from_two = [](int bin) { return bin >= 2; };
  CHECK(bins.put({0, 0.4}, from_two) == 2);
  CHECK(bins.put({1, 0.4}) == 0);
  CHECK(bins.put({2, 0.4}, from_two) == 2);
  CHECK(bins.put({3, 0.4}, from_two) == 3);
  CHECK(counts(bins) == std::vector<int>{1, 0, 2, 1});
  // Lost: that a worker may have it makes it no larger.
  CHECK(bins.put({4, 1.0}, [](int bin) { return bin >= 5; }) == -1);
  CHECK(bins.count() == 6);
  bins.remove_empty();
  // As many as there are, whether they fit or not.
  for (int i = 5; i < 9; ++i) bins.put_at(5, {i, 0.3});
  CHECK(counts(bins) == std::vector<int>{1, 0, 2, 1, 0, 4});
  CHECK(bins.bin(5).free == 0.0);
  CHECK(bins.put({9, 0.1}) == 0);
}

TEST_CASE("irm's idle workers grow with the logarithm", "[oracle][irm]") {
  for (int n = 0; n <= 9; ++n) CHECK(overhead_workers(n) == 1);
  for (const int n : {10, 20, 50, 54}) CHECK(overhead_workers(n) == 2);
  for (const int n : {55, 99}) CHECK(overhead_workers(n) == 3);
  for (const int n : {100, 148}) CHECK(overhead_workers(n) == 4);
  CHECK(overhead_workers(149) == 5);
  for (const int n : {500, 1000}) CHECK(overhead_workers(n) == 6);
}

TEST_CASE("irm tries a container once more than its time to live", "[oracle][irm]") {
  const auto attempts = [](int ttl) {
    RequestTtl left;
    int tried = 0;
    while (enqueue(left, ttl)) ++tried;  // each is taken out, and its start fails
    return tried;
  };
  CHECK(attempts(0) == 1);
  CHECK(attempts(documented.container_request_ttl) == 2);
  CHECK(attempts(configured.container_request_ttl) == 51);
}

TEST_CASE("irm's load predictor follows its four rules in their order", "[oracle][irm]") {
  // A step from `before` to `queue`; the first one long ago, so that nothing waits. The first may ask.
  const auto asked = [](const Parameters& p, std::int64_t before, std::int64_t queue) {
    LoadPredictor predictor(p);
    predictor.step(before, 0);
    return predictor.step(queue, 1000);
  };
  const Parameters& d = documented;  // step 1 s, limits 2 and 5 per s, slowdown -2 per s, queue 10
  CHECK(asked(d, 0, 6) == 2);        // 1: 6 > 5
  CHECK(asked(d, 0, 5) == 1);        // 3: 5 > 2, and not above 5
  CHECK(asked(d, 0, 3) == 1);        // 3
  CHECK(asked(d, 0, 2) == 0);        // 2 is not above 2
  CHECK(asked(d, 10, 10) == 0);      // 10 is not above 10
  CHECK(asked(d, 11, 11) == 2);      // 2: a long queue that stays
  CHECK(asked(d, 12, 11) == 2);      // 2: -1 > -2
  CHECK(asked(d, 13, 11) == 1);      // 4: -2 is not above -2
  CHECK(asked(d, 50, 11) == 1);      // 4
  CHECK(asked(d, 50, 10) == 0);
  const Parameters& c = configured;  // step 2 s, limits 5 and 10 per s, slowdown -10 per s, queue 100
  CHECK(asked(c, 0, 22) == 4);       // 1: 11 > 10
  CHECK(asked(c, 0, 21) == 1);       // 10.5 is cut to 10: 3
  CHECK(asked(c, 0, 11) == 0);       // 5.5 is cut to 5
  CHECK(asked(c, 0, 12) == 1);       // 3
  CHECK(asked(c, 120, 101) == 4);    // 2: -9.5 is cut to -9, towards zero
  CHECK(asked(c, 121, 101) == 1);    // 4: -10
  CHECK(asked(c, 120, 100) == 0);
}

TEST_CASE("irm's load predictor waits between two requests", "[oracle][irm]") {
  LoadPredictor predictor(documented);
  CHECK(predictor.step(6, 0.9) == 2);     // the queue was empty before: 6 per s; asked in second 0
  CHECK(predictor.step(100, 10.9) == 0);  // 10 s are not more than 10 s
  CHECK(predictor.step(100, 11.0) == 2);
  CHECK(predictor.step(0, 22) == 0);  // nothing to ask for, and no wait begins
  CHECK(predictor.step(6, 23) == 2);
}

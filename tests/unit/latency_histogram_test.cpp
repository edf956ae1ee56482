#include "sim/kernel/latency_histogram.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>
#include <vector>

#include "sim/kernel/random.hpp"

using namespace weir;

namespace {

constexpr double shares[] = {0, 0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1};

// The quantile lies within half a bucket of one of the values that close to its rank.
void check_quantiles(const LatencyHistogram& histogram, std::vector<double> values, double rank_error) {
  std::sort(values.begin(), values.end());
  const double n = static_cast<double>(values.size());
  REQUIRE(histogram.count() == static_cast<std::int64_t>(values.size()));
  for (const double q : shares) {
    const double rank = std::max(1.0, std::ceil(q * n));
    const double low = values[static_cast<std::size_t>(std::max(1.0, rank - rank_error)) - 1];
    const double high = values[static_cast<std::size_t>(std::min(n, rank + rank_error)) - 1];
    const auto got = static_cast<double>(histogram.quantile_ns(q));
    INFO("q " << q << ": " << got << ", expected " << low << " ... " << high);
    CHECK(got >= low * (1 - 1.0 / 512) - 1);
    CHECK(got <= high * (1 + 1.0 / 512) + 1);
  }
}

Nanos any_latency(RandomStream& stream) {
  return static_cast<Nanos>(math_exp(stream.uniform(0, 30)));
}

struct Group {
  Nanos first, last;
  std::int64_t count;
};

void expand(const Group& group, std::vector<double>& values) {
  for (std::int64_t i = 0; i < group.count; ++i) {
    const double part =
        group.count == 1 ? 0.5 : static_cast<double>(i) / static_cast<double>(group.count - 1);
    values.push_back(static_cast<double>(group.first) + part * static_cast<double>(group.last - group.first));
  }
}

}  // namespace

TEST_CASE("buckets tile all latencies without a gap, none wider than 1/256 of its value", "[histogram]") {
  LatencyHistogram histogram;
  RandomStream stream(1, "test", "buckets");
  std::vector<Nanos> values = {0, 1, 255, 256, 511, 512, 513, 1023, 1024, never};
  for (int i = 0; i < 63; ++i) {
    values.push_back((Nanos{1} << i) - 1);
    values.push_back(Nanos{1} << i);
    values.push_back(static_cast<Nanos>(stream.next_u64() >> 1 >> i));
  }
  for (const Nanos value : values) {
    histogram.reset();
    histogram.add(value, 3);
    int visited = 0;
    histogram.for_each_bucket([&](Nanos low, Nanos high, std::int64_t count) {
      ++visited;
      INFO(value);
      CHECK(low <= value);
      CHECK(value <= high);
      CHECK(count == 3);
      CHECK((high == low || static_cast<double>(high - low + 1) <= static_cast<double>(low) / 256));
    });
    CHECK(visited == 1);
    CHECK(histogram.quantile_ns(0.5) == value);  // all alike: exact
  }
}

TEST_CASE("an empty histogram answers 0", "[histogram]") {
  LatencyHistogram histogram;
  histogram.add(5, 0);
  histogram.add_interval(5, 10, 0);
  CHECK(histogram.count() == 0);
  CHECK(histogram.mean_ns() == 0);
  CHECK(histogram.min_ns() == 0);
  CHECK(histogram.max_ns() == 0);
  CHECK(histogram.quantile_ns(0.99) == 0);
}

TEST_CASE("single latencies give the quantiles of the sorted list", "[histogram]") {
  RandomStream stream(1, "test", "single");
  LatencyHistogram histogram;
  std::vector<double> values;
  double sum = 0;
  for (int i = 0; i < 20'000; ++i) {
    const Nanos value = any_latency(stream);
    const auto count = static_cast<std::int64_t>(1 + stream.below(3));
    histogram.add(value, count);
    values.insert(values.end(), static_cast<std::size_t>(count), static_cast<double>(value));
    sum += static_cast<double>(value) * static_cast<double>(count);
  }
  check_quantiles(histogram, values, 0);
  CHECK(histogram.mean_ns() == Approx(sum / static_cast<double>(values.size())).epsilon(1e-12));
  CHECK(static_cast<double>(histogram.min_ns()) == *std::min_element(values.begin(), values.end()));
  CHECK(static_cast<double>(histogram.max_ns()) == *std::max_element(values.begin(), values.end()));
}

TEST_CASE("intervals of up to 32 records are as exact as single latencies", "[histogram]") {
  RandomStream stream(1, "test", "narrow");
  LatencyHistogram histogram;
  std::vector<double> values;
  for (int i = 0; i < 3000; ++i) {
    const Nanos first = any_latency(stream), last = any_latency(stream);
    const Group group{first, last, static_cast<std::int64_t>(1 + stream.below(32))};
    histogram.add_interval(group.first, group.last, group.count);
    expand(group, values);
  }
  check_quantiles(histogram, values, 0);
}

TEST_CASE("a wide interval misplaces one record by itself, and four with all others", "[histogram]") {
  RandomStream stream(1, "test", "wide");
  const Group groups[] = {{0, 1'000'000'000, 100'000},   {10'000'000, 110'000'000, 1000},
                          {110'000'000, 10'000'000, 33}, {5, 900, 5000},
                          {1'000'000, 1'000'001, 12345}, {700, 700, 77},
                          {1, Nanos{1} << 40, 200'000},  {1'000'000'000, 1'003'000'000, 50}};
  for (const Group& group : groups) {
    LatencyHistogram histogram;
    std::vector<double> values;
    histogram.add_interval(group.first, group.last, group.count);
    expand(group, values);
    INFO(group.first << " ... " << group.last << ", " << group.count);
    check_quantiles(histogram, values, 5);
    const double middle = 0.5 * (static_cast<double>(group.first) + static_cast<double>(group.last));
    CHECK(histogram.mean_ns() == middle);
  }
  LatencyHistogram all;
  std::vector<double> values;
  int wide = 0;
  for (int i = 0; i < 300; ++i) {
    const Nanos first = any_latency(stream), last = any_latency(stream);
    const Group group{first, last, static_cast<std::int64_t>(1 + stream.below(1000))};
    all.add_interval(group.first, group.last, group.count);
    expand(group, values);
    wide += group.count > 32;
  }
  check_quantiles(all, values, wide + 4);
  std::int64_t total = 0;
  all.for_each_bucket([&](Nanos, Nanos, std::int64_t count) {
    CHECK(count > 0);
    total += count;
  });
  CHECK(total == all.count());
}

TEST_CASE("in practice the errors of many wide intervals cancel", "[histogram]") {
  RandomStream stream(1, "test", "practice");
  LatencyHistogram histogram;
  std::vector<double> values;
  for (int i = 0; i < 500; ++i) {
    // Batches that waited for a buffer: 20 ms of spread on a latency of some milliseconds.
    const auto least = static_cast<Nanos>(2e6 + stream.exponential(5e6));
    const Group group{least + 20'000'000, least, static_cast<std::int64_t>(100 + stream.below(400))};
    histogram.add_interval(group.first, group.last, group.count);
    expand(group, values);
  }
  check_quantiles(histogram, values, 20);  // of some 150 000
}

TEST_CASE("merging is exact, in any order", "[histogram]") {
  RandomStream stream(1, "test", "merge");
  LatencyHistogram parts[3], whole;
  for (int i = 0; i < 300; ++i) {
    const Nanos first = any_latency(stream), last = any_latency(stream);
    const auto count = static_cast<std::int64_t>(1 + stream.below(500));
    parts[i % 3].add_interval(first, last, count);
    whole.add_interval(first, last, count);
  }
  LatencyHistogram forth, back;
  for (const int part : {0, 1, 2}) forth.merge(parts[part]);
  for (const int part : {2, 1, 0}) back.merge(parts[part]);
  for (const LatencyHistogram* const merged : {&forth, &back}) {
    CHECK(merged->count() == whole.count());
    CHECK(merged->mean_ns() == whole.mean_ns());
    CHECK(merged->min_ns() == whole.min_ns());
    CHECK(merged->max_ns() == whole.max_ns());
    for (const double q : shares) CHECK(merged->quantile_ns(q) == whole.quantile_ns(q));
  }
  whole.reset();
  CHECK(whole.count() == 0);
  CHECK(whole.quantile_ns(0.5) == 0);
  whole.merge(forth);
  CHECK(whole.quantile_ns(0.5) == back.quantile_ns(0.5));
}

TEST_CASE("the mean is exact where doubles are not", "[histogram]") {
  LatencyHistogram histogram;
  histogram.add(never - 1, 1'000'000'000'000);
  histogram.add(1, 1'000'000'000'000);
  CHECK(histogram.mean_ns() == 0x1p62);
  histogram.reset();
  histogram.add_interval(1, 2, 1'000'001);
  CHECK(histogram.mean_ns() == 1.5);
}

#include <atomic>
#include <catch2/catch.hpp>

#include "sim/allocation/plan_index.hpp"
#include "tests/support/allocation.hpp"

// Random networks: what is looked up is a plan, and (nearly) as good as the linear program's; no index point
// dominates another.

using namespace weir::allocation;
using namespace weir::test;

namespace {

constexpr int networks = 600;  // of which one in sixteen has five applications
constexpr int points_each = 12;

// Within the region or somewhat beyond it; now and then with a rate of zero.
Rates random_rates(Dice& dice, const Region& region) {
  Rates rates;
  for (int q = 0; q < region.applications(); ++q)
    rates.push_back(dice.below(6) == 0 ? 0 : dice.between(0.01, 1));
  rates[static_cast<std::size_t>(dice.below(region.applications()))] += 0.1;
  const double most = region.along(Rates(rates.size(), 0), rates)->t;
  const double part = most * dice.between(0, 1.2);
  for (double& rate : rates) rate *= part;
  return rates;
}

double largest_rate(const Region& region) {
  double most = 0;
  for (int q = 0; q < region.applications(); ++q) most = std::max(most, region.rate_max(q));
  return most;
}

// That of the documented numbers.
bool is_usual(std::uint64_t seed) {
  return seed == 20260101;
}

// As dominates(), by which the searches drop points, but said again: nowhere less, somewhere clearly more.
bool is_beaten(const Rates& point, const Rates& other, double scale) {
  bool more = false;
  for (std::size_t q = 0; q < point.size(); ++q) {
    if (other[q] < point[q]) return false;
    more |= other[q] > point[q] + 1e-7 * scale;
  }
  return more;
}

void check_index(const Region& region, const IndexPoints& index, double scale) {
  REQUIRE_FALSE(index.points.empty());
  for (const PlannedPoint& point : index.points) {
    CHECK(violation(region.network(), point.plan, point.rates) < 1e-8 * std::max(1.0, scale));
    for (const PlannedPoint& other : index.points) CHECK_FALSE(is_beaten(point.rates, other.rates, scale));
  }
}

struct Shortfall {
  double most = 0, sum = 0;
  int looked_up = 0, by_program = 0;
};

void check_answer(const Region& region, const PlanIndex& plans, const Rates& p, double scale,
                  Shortfall& missed) {
  const PlanIndex::Answer answer = plans.at(p);
  // The plan is one for what it says, within the capacities.
  CHECK(violation(region.network(), answer.plan, answer.rates) < 1e-8 * std::max(1.0, scale));
  const double best = region.headroom(p);
  CHECK(answer.headroom <= best + 1e-8 * scale);
  for (std::size_t q = 0; q < p.size(); ++q) CHECK(answer.rates[q] >= p[q] + answer.headroom - 1e-9 * scale);
  const double short_of = (best - answer.headroom) / scale;
  missed.most = std::max(missed.most, short_of);
  missed.sum += short_of;
  ++missed.looked_up;
  missed.by_program += answer.way == PlanIndex::Way::program;
}

}  // namespace

TEST_CASE("random networks: plans of the exact search are the linear program's optimum", "[property]") {
  const std::uint64_t seed = test_seed();
  Shortfall missed;
  for (int i = 0; i < networks; ++i) {
    CAPTURE(seed, i);
    Dice dice(seed + static_cast<std::uint64_t>(i) * 1'000'003);
    const Region region(random_network(dice));
    const double scale = largest_rate(region);
    const PlanIndex plans(exact_index_points(region));
    check_index(region, plans.index(), scale);
    for (int k = 0; k < points_each; ++k)
      check_answer(region, plans, random_rates(dice, region), scale, missed);
  }
  INFO("seed " << seed << ", by program " << missed.by_program << " of " << missed.looked_up);
  CHECK(missed.most < 1e-7);
  // docs/decisions/barre.md: 23 %.
  const double by_program = static_cast<double>(missed.by_program) / missed.looked_up;
  CHECK(by_program == Approx(0.23).margin(is_usual(seed) ? 0.005 : 0.05));
}

TEST_CASE("a search ends at its bound of sides, or when it is asked to", "[property]") {
  const std::uint64_t seed = test_seed();
  CAPTURE(seed);
  const std::atomic<bool> stop{true};
  int bounded = 0;
  for (int i = 0; i < 40; ++i) {
    Dice dice(seed + static_cast<std::uint64_t>(i) * 1'000'003);
    const Region region(random_network(dice));
    const double tolerance = 0.001 * largest_rate(region);
    CHECK_THROWS_AS(exact_index_points(region, {.interrupted = &stop}), SearchInterrupted);
    CHECK_THROWS_AS(midpoint_index_points(region, tolerance, 0, {.interrupted = &stop}), SearchInterrupted);
    const std::size_t sides = exact_index_points(region).sides.size();
    CHECK_NOTHROW(exact_index_points(region, {.sides_max = 100 * sides}));
    CHECK_THROWS_AS(exact_index_points(region, {.sides_max = 1}), Unsolvable);
    const std::size_t found = midpoint_index_points(region, 0.02 * largest_rate(region)).sides.size();
    if (found < 4) continue;
    ++bounded;
    CHECK_THROWS_AS(midpoint_index_points(region, 0.02 * largest_rate(region), 0, {.sides_max = found / 2}),
                    Unsolvable);
  }
  CHECK(bounded > 0);
}

TEST_CASE("random networks: plans of the published search fall short of the optimum by little",
          "[property]") {
  const std::uint64_t seed = test_seed();
  Shortfall missed;
  for (int i = 0; i < networks; ++i) {
    CAPTURE(seed, i);
    Dice dice(seed + static_cast<std::uint64_t>(i) * 1'000'003);
    const Region region(random_network(dice));
    const double scale = largest_rate(region);
    const PlanIndex plans(midpoint_index_points(region, 0.02 * scale));
    check_index(region, plans.index(), scale);
    for (int k = 0; k < points_each; ++k)
      check_answer(region, plans, random_rates(dice, region), scale, missed);
  }
  INFO("seed " << seed << ", mean " << missed.sum / missed.looked_up << ", most " << missed.most
               << ", by program " << missed.by_program << " of " << missed.looked_up);
  // Of the greatest rate, as documented; where points were dropped the published search has gaps.
  const double mean = missed.sum / missed.looked_up;
  CHECK(mean == Approx(0.021).margin(is_usual(seed) ? 0.0005 : 0.006));
  if (is_usual(seed)) CHECK(missed.most == Approx(0.33).margin(0.005));
  CHECK(missed.most < 0.6);
}

#include <catch2/catch.hpp>
#include <cmath>

#include "sim/allocation/plan_index.hpp"
#include "sim/allocation/polygon.hpp"
#include "tests/support/allocation.hpp"

// The worked example of the talk on BARRE, of which exact rational arithmetic knows every number.

using namespace weir::allocation;
using weir::test::worked_example;

namespace {

constexpr double exactly = 1e-9;

void check_rates(const std::vector<double>& got, const std::vector<double>& wanted, double within = exactly) {
  REQUIRE(got.size() >= wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    CAPTURE(i);
    CHECK(got[i] == Approx(wanted[i]).margin(within));
  }
}

// By the first rate.
std::vector<PlannedPoint> in_order(const IndexPoints& index) {
  std::vector<PlannedPoint> points = index.points;
  std::sort(points.begin(), points.end(), [](const auto& a, const auto& b) { return a.rates < b.rates; });
  return points;
}

void check_polygon(const Polygon& polygon, const Polygon& wanted) {
  REQUIRE(polygon.size() == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    CAPTURE(i);
    CHECK(polygon[i].first == Approx(wanted[i].first).margin(exactly));
    CHECK(polygon[i].second == Approx(wanted[i].second).margin(exactly));
  }
}

// t of the ray (1, 1), and how far each application can go alone.
void check_headroom(const Rates& p, double together, double alone_1, double alone_2) {
  const Region region(worked_example());
  CAPTURE(p[0], p[1]);
  CHECK(region.along(p, {1, 1})->t == Approx(together).margin(exactly));
  CHECK(region.along(p, {1, 0})->t == Approx(alone_1).margin(exactly));
  CHECK(region.along(p, {0, 1})->t == Approx(alone_2).margin(exactly));
}

PlanIndex::Answer look_up(const Rates& p) {
  const Region region(worked_example());
  return PlanIndex(exact_index_points(region)).at(p);
}

}  // namespace

TEST_CASE("the worked example: region, index points and plans of the exact search", "[oracle]") {
  const Region region(worked_example());
  CHECK(region.rate_max(0) == Approx(0.25).margin(exactly));
  CHECK(region.rate_max(1) == Approx(0.2).margin(exactly));
  CHECK(region.unlimited_applications().empty());

  const IndexPoints index = exact_index_points(region);
  const std::vector<PlannedPoint> points = in_order(index);
  REQUIRE(points.size() == 2);
  check_rates(points[0].rates, {0.1, 0.2});
  check_rates(points[1].rates, {0.25, 0.1});
  check_rates(points[0].plan, {0.1, 0.1, 0, 0.1, 0.1, 0.2});
  check_rates(points[1].plan, {0.25, 0, 0, 0.1, 0.25, 0.1});
  for (const PlannedPoint& point : points) {
    const auto used = utilization(region.network(), point.plan);
    CHECK(used[0][0] == Approx(1).margin(exactly));
    CHECK(used[1][0] == Approx(1).margin(exactly));
  }

  const Polygon polygon = region_below(index);
  check_polygon(polygon, {{0, 0}, {0.25, 0}, {0.25, 0.1}, {0.1, 0.2}, {0, 0.2}});
  CHECK(area(polygon) == Approx(0.0425).margin(exactly));
}

TEST_CASE("the worked example: without the destinations, the chain of nodes A and B", "[oracle]") {
  Network network = worked_example();
  network.components[4].use = {1e-3};
  network.components[5].use = {1e-3};
  const Polygon polygon = region_below(exact_index_points(Region(network)));
  check_polygon(polygon, {{0, 0}, {1067.0 / 2668, 0}, {0.25, 0.1}, {0, 4.0 / 15}});
}

TEST_CASE("the worked example: index points of the published search", "[oracle]") {
  const Region region(worked_example());
  for (const double tolerance : {0.003, 0.01, 0.02}) {
    CAPTURE(tolerance);
    const IndexPoints index = midpoint_index_points(region, tolerance);
    const std::vector<PlannedPoint> points = in_order(index);
    REQUIRE(points.size() == 3);
    check_rates(points[0].rates, {25789.0 / 285200, 0.2});
    check_rates(points[1].rates, {31.0 / 184, 71.0 / 460});
    check_rates(points[2].rates, {0.25, 25789.0 / 261280});
    CHECK(index.sides.size() == 2);
    CHECK(area(region_below(index)) / 0.0425 == Approx(0.99361).margin(5e-6));
  }
  CHECK(midpoint_index_points(region, 0.07).points.size() == 2);  // no middle moves: the greatest rates alone
  CHECK(midpoint_index_points(region, 0.002).points.size() == 6);
  CHECK(midpoint_index_points(region, 0.001).points.size() == 6);
  CHECK(midpoint_index_points(region, 1e-4).points.size() == 15);
}

TEST_CASE("the worked example: headrooms", "[oracle]") {
  check_headroom({0, 0}, 4.0 / 25, 0.25, 0.2);
  check_headroom({0.1, 0.05}, 0.09, 0.15, 0.15);
  check_headroom({0.05, 0.15}, 0.05, 0.125, 0.05);
  check_headroom({0.2, 0.02}, 0.05, 0.05, 0.34 / 3);
  check_headroom({0.15, 0.1}, 0.04, 0.1, 0.2 / 3);
  check_headroom({0.1, 0.1}, 0.06, 0.15, 0.1);
  check_headroom({0.2, 0.1}, 0.02, 0.05, 0.1 / 3);
  check_headroom({0.125, 0.1}, 0.05, 0.125, 0.25 / 3);
  check_headroom({0.01, 0.19}, 0.01, 0.105, 0.01);
}

TEST_CASE("the worked example: what the published search leaves of the headrooms", "[oracle]") {
  const Region region(worked_example());
  const PlanIndex plans(midpoint_index_points(region, 0.01));
  const std::vector<std::pair<Rates, double>> wanted{{{0, 0}, 0.159562},       {{0.1, 0.05}, 0.089796},
                                                     {{0.05, 0.15}, 0.046466}, {{0.2, 0.02}, 0.05},
                                                     {{0.15, 0.1}, 0.039796},  {{0.1, 0.1}, 0.059562}};
  for (const auto& [p, headroom] : wanted) {
    CAPTURE(p[0], p[1]);
    CHECK(plans.at(p).headroom == Approx(headroom).margin(5e-7));
  }
}

TEST_CASE("the worked example: plans that are looked up", "[oracle]") {
  for (const Rates& p : {Rates{0.1, 0.05}, Rates{0.15, 0.1}}) {
    const PlanIndex::Answer answer = look_up(p);
    check_rates(answer.rates, {0.19, 0.14});
    check_rates(answer.plan, {0.19, 0.04, 0, 0.1});
    REQUIRE(answer.weights.size() == 2);
    for (const auto& [point, weight] : answer.weights)
      CHECK((weight == Approx(0.6).margin(exactly) || weight == Approx(0.4).margin(exactly)));
    const auto used = utilization(worked_example(), answer.plan);
    CHECK(used[0][0] == Approx(1).margin(exactly));
    CHECK(used[1][0] == Approx(1).margin(exactly));
    CHECK(used[2][0] == Approx(0.76).margin(exactly));
    CHECK(used[3][0] == Approx(0.7).margin(exactly));
    CHECK(answer.way == PlanIndex::Way::side);
  }
  check_rates(look_up({0, 0}).rates, {0.16, 0.16});
  check_rates(look_up({0, 0}).plan, {4.0 / 25, 3.0 / 50, 0, 0.1});
  check_rates(look_up({0.05, 0.15}).rates, {0.1, 0.2});
  // Beyond the ends of the side: the points that dominate.
  check_rates(look_up({0.2, 0.02}).rates, {0.25, 0.1});
  CHECK(look_up({0.2, 0.02}).headroom == Approx(0.05).margin(exactly));
  check_rates(look_up({0.01, 0.19}).rates, {0.1, 0.2});
  // A point of the index, and one that is too much.
  CHECK(look_up({0.25, 0.1}).headroom == Approx(0).margin(exactly));
  CHECK(look_up({0.2, 0.18}).headroom == Approx(-0.028).margin(exactly));
}

TEST_CASE("the worked example: projections", "[oracle]") {
  const auto along_plane = [](const Rates& p) {
    const Rates u = projection(p);
    CHECK(u[0] + u[1] == Approx(0).margin(1e-15));
    return (u[0] - u[1]) / std::sqrt(2.0);
  };
  CHECK(along_plane({0.25, 0.1}) == Approx(0.15 / std::sqrt(2.0)).margin(exactly));
  CHECK(along_plane({0.1, 0.2}) == Approx(-0.1 / std::sqrt(2.0)).margin(exactly));
  CHECK(along_plane({31.0 / 184, 71.0 / 460}) == Approx(0.009992).margin(5e-7));
}

TEST_CASE("the worked example: a static reservation of 20 % scales the region", "[oracle]") {
  const Region region(scaled(worked_example(), 0.8));
  check_polygon(region_below(exact_index_points(region)),
                {{0, 0}, {0.2, 0}, {0.2, 0.08}, {0.08, 0.16}, {0, 0.16}});
  CHECK(region.rate_max(0) == Approx(0.2).margin(exactly));
  CHECK(region.rate_max(1) == Approx(0.16).margin(exactly));
}

TEST_CASE("the worked example: an 80 % burst of both applications has a plan", "[oracle]") {
  const PlanIndex::Answer answer = look_up({4.0 / 45, 4.0 / 45});
  CHECK(answer.headroom / (4.0 / 45) == Approx(0.8).margin(exactly));
  // Each on a node of its own: application 2 finds room for 12.5 % more.
  const std::vector<double> apart{1, 0, 0, 1, 1, 1};
  const auto used =
      utilization(worked_example(), rates_of_shares(worked_example(), apart, Rates{4.0 / 45, 4.0 / 45}));
  CHECK(used[0][0] == Approx(16.0 / 45).margin(exactly));
  CHECK(used[1][0] == Approx(1 / 1.125).margin(exactly));
}

TEST_CASE("an application that no resource limits is told", "[oracle]") {
  Network network = worked_example();
  network.components[2].use = {0};
  network.components[4].use = {0};
  CHECK(Region(network).unlimited_applications() == std::vector<int>{0});
}

#include <catch2/catch.hpp>
#include <vector>

#include "policies/dhalion/formulas.hpp"

using namespace weir::dhalion;

namespace {

struct Step {
  int from, to, low, high;  // ms/s in backpressure, both included
};

// The six steps of DS2's figure 6 and the interval of each (facts on Dhalion and Heron, 2.6).
const std::vector<Step> figure_6 = {{1, 2, 1, 500}, {1, 5, 751, 1000},  {2, 6, 601, 666},
                                    {5, 6, 1, 166}, {6, 30, 794, 1000}, {6, 22, 715, 727}};

// In integers: ceil(n * (1 + min(4, t / (1000 - t)))), t at most 999.
int exactly(int n, int t) {
  if (t > 999) t = 999;
  if (t >= 4 * (1000 - t)) return 5 * n;
  return (n * 1000 + (1000 - t) - 1) / (1000 - t);
}

}  // namespace

TEST_CASE("Heron's scale-up gives each step of figure 6 on exactly its interval", "[policy][dhalion]") {
  for (const Step& step : figure_6)
    for (int t = 0; t <= 1000; ++t) {
      INFO(step.from << " -> " << step.to << " at " << t << " ms/s");
      CHECK((scaled_up(step.from, t, heron_rule) == step.to) == (t >= step.low && t <= step.high));
    }
}

TEST_CASE("the scale-up agrees with integer arithmetic everywhere", "[policy][dhalion]") {
  for (int n = 1; n <= 64; ++n)
    for (int t = 0; t <= 2000; ++t) {
      INFO(n << " at " << t << " ms/s");
      REQUIRE(scaled_up(n, t, heron_rule) == exactly(n, t));
      REQUIRE(scaled_up(n, t, dhalion_rule) == exactly(n, t));
    }
}

TEST_CASE("the scale-up factor is capped, and need not be", "[policy][dhalion]") {
  CHECK(scale_up_factor(0, heron_rule) == 1);
  CHECK(scale_up_factor(500, heron_rule) == 2);
  CHECK(scale_up_factor(800, heron_rule) == Approx(5));
  CHECK(scale_up_factor(5000, heron_rule) == 5);
  const ScaleUpRule unlimited{999, std::numeric_limits<double>::infinity()};
  CHECK(scale_up_factor(900, unlimited) == Approx(10));
  CHECK(scale_up_factor(1000, unlimited) == Approx(1000));
}

TEST_CASE("a slope is the one of least squares", "[policy][dhalion]") {
  CHECK(slope(std::vector<double>{0, 60, 120}, std::vector<double>{5, 65, 125}) == Approx(1));
  CHECK(slope(std::vector<double>{0, 60, 120}, std::vector<double>{7, 7, 7}) == 0);
  CHECK(slope(std::vector<double>{0, 1, 2, 3}, std::vector<double>{0, 2, 1, 3}) == Approx(0.8));
  CHECK(slope(std::vector<double>{4}, std::vector<double>{9}) == 0);
}

TEST_CASE("an outlier is far from the median in units of MAD", "[policy][dhalion]") {
  const std::vector<double> values = {10, 11, 9, 10, 12, 50};
  CHECK(outlier_sign(values, 50, 3.5) == 1);
  CHECK(outlier_sign(values, -50, 3.5) == -1);
  CHECK(outlier_sign(values, 12, 3.5) == 0);
}

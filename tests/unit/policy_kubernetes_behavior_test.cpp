#include <catch2/catch.hpp>
#include <vector>

#include "policies/kubernetes/autoscaler.hpp"
#include "policies/kubernetes/behavior.hpp"

// Numbers of upstream's own tests: kubernetes/kubernetes, pkg/controller/podautoscaler/horizontal_test.go,
// TestScalingWithRules and the one of stabilizeRecommendationWithBehaviors.

using namespace weir;
using namespace weir::kubernetes;

namespace {

constexpr Nanos now_ns = to_nanos(100'000.0);

Nanos ago(double seconds) {
  return now_ns - to_nanos(seconds);
}

// As upstream's tests have them: rules of a direction with a policy of pods, one of percent, or both.
ScalingRules rules(int pods, double pods_s, int percent, double percent_s) {
  ScalingRules rules;
  if (pods != 0) rules.policies.push_back({RateUnit::pods, pods, pods_s});
  if (percent != 0) rules.policies.push_back({RateUnit::percent, percent, percent_s});
  return rules;
}

// Changes in the middle of equal parts of the last `period_s`.
std::vector<Change> spread(const std::vector<int>& by, double period_s) {
  std::vector<Change> changes;
  const double part_s = period_s / static_cast<double>(by.size());
  for (std::size_t i = 0; i < by.size(); ++i)
    changes.push_back({ago(period_s - part_s * (static_cast<double>(i) + 0.5)), by[i]});
  return changes;
}

struct Case {
  int present, desired;
  Limits limits;
  int expected;
  Limit by = Limit::none;
};

void check_up(const ScalingRules& up, const std::vector<Change>& changes, const Case& c) {
  const Limited result = limited(c.present, c.desired, c.limits, changes, {up, default_scale_down()}, now_ns);
  INFO(c.present << " -> " << c.desired);
  CHECK(result.replicas == c.expected);
  CHECK(result.by == c.by);
}

void check_down(const ScalingRules& down, const std::vector<Change>& changes, const Case& c) {
  const Limited result = limited(c.present, c.desired, c.limits, changes, {default_scale_up(), down}, now_ns);
  INFO(c.present << " -> " << c.desired);
  CHECK(result.replicas == c.expected);
  CHECK(result.by == c.by);
}

Behavior windows(double up_s, double down_s) {
  Behavior behavior;
  behavior.up.stabilization_s = up_s;
  behavior.down.stabilization_s = down_s;
  return behavior;
}

}  // namespace

TEST_CASE("hpa behaviour: limits without a history, as upstream's tests", "[policy][hpa]") {
  const ScalingRules up = default_scale_up(), down = default_scale_down();
  check_up(up, {}, {5, 7, {3, 8}, 7});
  check_down(down, {}, {3, 1, {2, 8}, 2, Limit::bounds});
  check_up(up, {}, {100, 1000, {100, 150}, 150, Limit::bounds});
  check_up(rules(0, 0, 1, 60), {}, {3, 1000, {1, 2000}, 4, Limit::rate});
  check_down(rules(20, 60, 0, 0), {}, {1000, 3, {3, 2000}, 980, Limit::rate});
  check_up(up, {}, {10, 50, {1, 1000}, 20, Limit::rate});
  check_up(rules(100, 60, 100, 60), {}, {10, 500, {1, 1000}, 110, Limit::rate});
  check_up(rules(2, 60, 100, 60), {}, {10, 500, {1, 1000}, 20, Limit::rate});
  check_up(rules(100, 60, 0, 0), {}, {10, 50, {1, 1000}, 50});
  check_up(rules(30, 60, 0, 0), {}, {10, 50, {1, 1000}, 40, Limit::rate});
  check_up(rules(0, 0, 200, 60), {}, {10, 50, {1, 1000}, 30, Limit::rate});
  check_down(rules(20, 60, 1, 60), {}, {100, 2, {1, 1000}, 80, Limit::rate});
  check_down(rules(2, 60, 1, 60), {}, {100, 2, {1, 1000}, 98, Limit::rate});
  check_down(rules(100, 60, 0, 0), {}, {10, 0, {1, 1000}, 1, Limit::bounds});
  check_down(rules(0, 0, 100, 60), {}, {10, 2, {5, 1000}, 5, Limit::bounds});
  check_down(rules(5, 60, 0, 0), {}, {10, 2, {1, 1000}, 5, Limit::rate});
  check_down(rules(0, 0, 50, 60), {}, {10, 5, {1, 1000}, 5});
}

TEST_CASE("hpa behaviour: limits after earlier changes, as upstream's tests", "[policy][hpa]") {
  const auto ups = spread({1, 5, 9}, 120), downs = spread({-1, -5, -9}, 120);
  check_up(rules(300, 60, 0, 0), ups, {100, 500, {1, 200}, 200, Limit::bounds});
  check_up(rules(5, 120, 0, 0), ups, {100, 500, {1, 1000}, 100, Limit::rate});  // 100 - 15 + 5
  check_up(rules(150, 120, 0, 0), ups, {100, 500, {1, 1000}, 235, Limit::rate});
  check_up(rules(0, 0, 200, 120), ups, {100, 500, {1, 1000}, 255, Limit::rate});
  check_up(rules(0, 0, 300, 300), spread({4, -2}, 120), {6, 24, {1, 1000}, 16, Limit::rate});
  check_down(default_scale_down(), downs, {10, 5, {1, 1000}, 5});
  check_down(rules(115, 120, 0, 0), downs, {100, 0, {1, 1000}, 1, Limit::bounds});
  check_down(rules(0, 0, 100, 120), downs, {100, 2, {5, 1000}, 5, Limit::bounds});
  check_down(rules(5, 120, 0, 0), downs, {100, 2, {1, 1000}, 100, Limit::rate});  // 100 + 15 - 5
  check_down(rules(0, 0, 50, 120), spread({-2, -4, -6}, 120), {100, 0, {1, 1000}, 56, Limit::rate});
  check_down(rules(0, 0, 50, 180), spread({2, -4}, 120), {10, 1, {1, 1000}, 6, Limit::rate});
  check_down(rules(0, 0, 10, 120), spread({-10, -10, -10}, 120), {100, 0, {1, 1000}, 100, Limit::rate});
  check_down(rules(0, 0, 1000, 120), spread({-10, -10, -10}, 120), {10, 5, {1, 1000}, 5});
}

TEST_CASE("hpa behaviour: the default grows by four pods or by as many as there are", "[policy][hpa]") {
  const ScalingRules up = default_scale_up();
  CHECK(scale_up_limit(1, {}, up, now_ns) == 5);
  CHECK(scale_up_limit(3, {}, up, now_ns) == 7);
  CHECK(scale_up_limit(4, {}, up, now_ns) == 8);  // both
  CHECK(scale_up_limit(5, {}, up, now_ns) == 10);
  // 5 now, of them 4 added within 15 s: from 1, so no more. A change of exactly 15 s ago is over.
  CHECK(scale_up_limit(5, std::vector<Change>{{ago(14.9), 4}}, up, now_ns) == 5);
  CHECK(scale_up_limit(5, std::vector<Change>{{ago(15), 4}}, up, now_ns) == 10);
  CHECK(scale_down_limit(10, {}, default_scale_down(), now_ns) == 0);
}

TEST_CASE("hpa behaviour: the policy that changes least, or none", "[policy][hpa]") {
  ScalingRules up = rules(4, 60, 100, 60), down = rules(2, 60, 50, 60);
  CHECK(scale_up_limit(10, {}, up, now_ns) == 20);
  CHECK(scale_down_limit(10, {}, down, now_ns) == 5);
  up.select = down.select = Select::min;
  CHECK(scale_up_limit(10, {}, up, now_ns) == 14);
  CHECK(scale_down_limit(10, {}, down, now_ns) == 8);
  up.select = down.select = Select::disabled;
  CHECK(scale_up_limit(10, {}, up, now_ns) == 10);
  CHECK(scale_down_limit(10, {}, down, now_ns) == 10);
  // Upstream's test: of 5, two pods or half of them: 3 or 2, and two pods are the smaller change.
  ScalingRules five = rules(2, 60, 50, 60);
  five.select = Select::min;
  CHECK(scale_down_limit(5, {}, five, now_ns) == 3);
}

TEST_CASE("hpa behaviour: stabilization, as upstream's tests", "[policy][hpa]") {
  const auto at = [](std::initializer_list<std::pair<int, double>> minutes_ago) {
    std::vector<Recommendation> earlier;
    for (const auto& [replicas, minutes] : minutes_ago) earlier.push_back({ago(60 * minutes), replicas});
    return earlier;
  };
  CHECK(stabilized(100, 5, {}, windows(0, 0), now_ns) == 5);
  CHECK(stabilized(100, 3, at({{4, 2}, {5, 1}}), windows(0, 180), now_ns) == 5);
  CHECK(stabilized(1, 7, at({{4, 2}, {5, 1}}), windows(300, 0), now_ns) == 4);
  CHECK(stabilized(100, 3, at({{1, 2}, {2, 1}}), windows(300, 0), now_ns) == 3);
  CHECK(stabilized(1, 3, at({{4, 2}, {5, 1}}), windows(0, 300), now_ns) == 3);
  CHECK(stabilized(100, 3, at({{10, 10}, {9, 9}}), windows(0, 0), now_ns) == 3);
  CHECK(stabilized(1, 100, at({{10, 10}, {9, 9}}), windows(0, 0), now_ns) == 100);
  CHECK(stabilized(100, 3, at({{10, 10}, {4, 1}, {5, 2}, {9, 9}}), windows(0, 180), now_ns) == 5);
  CHECK(stabilized(1, 100, at({{10, 100}, {6, 1}, {5, 2}, {9, 3}}), windows(300, 0), now_ns) == 5);
  CHECK(stabilized(2, 1, at({{2, 100}, {3, 3}}), windows(300, 300), now_ns) == 2);
  CHECK(stabilized(2, 3, at({{2, 100}, {1, 3}}), windows(300, 300), now_ns) == 2);
  // A window ends where it is as long as that is ago.
  CHECK(stabilized(9, 3, at({{8, 5}}), windows(0, 300), now_ns) == 3);
  CHECK(stabilized(9, 3, at({{8, 4.99}}), windows(0, 300), now_ns) == 8);
}

TEST_CASE("hpa: an autoscaler remembers, and says what became of a recommendation", "[policy][hpa]") {
  Autoscaler scaler({}, {1, 10});
  const auto sync = [&](double t_s, int present, std::optional<int> desired) {
    return scaler.sync(to_nanos(t_s), to_nanos(t_s - 10), present, desired);
  };
  // What it began with is a recommendation: nothing shrinks in the first 300 s.
  CHECK(sync(0, 4, 2).verdict == Verdict::stabilized);
  CHECK(sync(285, 4, 2).replicas == 4);
  const Outcome down = sync(300, 4, 2);
  CHECK(down.replicas == 2);
  CHECK(down.verdict == Verdict::followed);
  CHECK(sync(315, 2, std::nullopt).verdict == Verdict::no_metric);
  CHECK(sync(330, 2, 2).verdict == Verdict::wanted_none);
  const Outcome up = sync(345, 2, 9);
  CHECK(up.replicas == 6);
  CHECK(up.verdict == Verdict::limited);
  CHECK(up.by == Limit::rate);
  // 6 now, 4 of them for 10 s: of what was 2 there may be 6.
  CHECK(sync(352, 6, 9).verdict == Verdict::at_limit);
  CHECK(sync(360, 6, 12).replicas == 10);
  CHECK(sync(375, 10, 12).verdict == Verdict::at_limit);
  // Out of its range it does not look at metrics.
  CHECK(sync(390, 12, 12).replicas == 10);
  CHECK(sync(405, 0, std::nullopt).replicas == 1);
  CHECK(scaler.tally().syncs == 11);
  CHECK(describe(scaler.tally()) ==
        "1 time the metric asked for what ran, 2 times an earlier recommendation held it, 2 times a rate "
        "policy or the least or largest number allowed no change, 1 time there was no metric, 5 times the "
        "operators' own limits left what ran");
}

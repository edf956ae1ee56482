#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "policies/flink_autoscaler/alignment.hpp"
#include "policies/flink_autoscaler/vertex_scaler.hpp"
#include "tests/support/dice.hpp"

// The parts of Flink's autoscaler by themselves, with numbers of the operator's own unit tests
// (ScalingMetricEvaluatorTest, JobVertexScalerTest) and against plain definitions.

using namespace weir;
using namespace weir::flink_autoscaler;
using namespace weir::test;

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

Options of_test() {
  Params p;
  p.utilization_target = 0.8;
  p.utilization_max = 0.9;
  p.utilization_min = 0.7;
  p.catch_up_s = 0;
  p.restart_s = 1;
  return options(p);
}

Rates rates(double target_per_s, double catch_up_per_s, double true_per_s = 0) {
  return {.target_per_s = target_per_s, .catch_up_per_s = catch_up_per_s, .true_per_s = true_per_s};
}

void check_thresholds(const Rates& r, const Options& o, bool backlog, double restart_s, double up,
                      double down) {
  const Thresholds t = thresholds(r, o, backlog, restart_s);
  CHECK(t.scale_up_below_per_s == up);
  CHECK(t.scale_down_above_per_s == down);
}

}  // namespace

TEST_CASE("flink-autoscaler has upstream's thresholds", "[policy][flink-autoscaler]") {
  Options o = of_test();
  check_thresholds(rates(700, 0), o, false, 1, 778, 1000);
  o.catch_up_s = 2;
  check_thresholds(rates(700, 350), o, false, 1, 1128, 1700);
  check_thresholds(rates(700, 0), o, false, 1, 778, 1350);
  check_thresholds(rates(700, 350), o, true, 1, 1050, infinite);
  check_thresholds(rates(700, 0), o, true, 1, 700, infinite);
  o.catch_up_s = 60;
  check_thresholds(rates(700, 350), o, false, 300, 1128, 4850);
  check_thresholds(rates(700, 0), o, false, 300, 778, 4500);
}

TEST_CASE("flink-autoscaler aligns parallelism as upstream does", "[policy][flink-autoscaler]") {
  const Aligned up{.groups = 128, .current = 16, .wanted = 24, .least = 1, .most = 128};
  CHECK(align(up, Alignment::balanced, Unaligned::keep_target) == 26);
  CHECK(align(up, Alignment::maximize_utilisation, Unaligned::walk_down) == 26);
  CHECK(align(up, Alignment::evenly_spread, Unaligned::keep_target) == 32);
  CHECK(align(up, Alignment::evenly_spread, Unaligned::walk_down) == 32);
  CHECK(align(up, Alignment::off, Unaligned::walk_down) == 24);
  const Aligned blocked{.groups = 35, .current = 22, .wanted = 25, .least = 20, .most = 30};
  for (const Alignment mode : {Alignment::evenly_spread, Alignment::maximize_utilisation}) {
    CHECK(align(blocked, mode, Unaligned::keep_target) == 25);
    CHECK(align(blocked, mode, Unaligned::walk_down) == 22);
  }
  const Aligned capped{.groups = 12, .current = 5, .wanted = 7, .least = 1, .most = 8};
  CHECK(align(capped, Alignment::evenly_spread, Unaligned::keep_target) == 7);
  CHECK(align(capped, Alignment::evenly_spread, Unaligned::walk_down) == 6);
  // Until 1.9 a divisor was looked for up to half the key groups, above what ran, too.
  CHECK(align({.groups = 128, .current = 20, .wanted = 17, .least = 1, .most = 200},
              Alignment::divisor_up_to_half, Unaligned::keep_target) == 32);
  CHECK(align({.groups = 128, .current = 20, .wanted = 65, .least = 1, .most = 200},
              Alignment::divisor_up_to_half, Unaligned::keep_target) == 65);
}

// Every parallelism is tried, and taken by what it means, not by a walk.
TEST_CASE("flink-autoscaler's alignment is the best of all, by brute force", "[policy][flink-autoscaler]") {
  Dice dice(test_seed());
  for (int round = 0; round < 20000; ++round) {
    Aligned a;
    a.groups = 1 + dice.below(200);
    a.most = 1 + dice.below(200);
    a.current = 1 + dice.below(a.most);
    a.wanted = 1 + dice.below(a.most);
    a.least = 1 + dice.below(std::min(a.current, a.wanted));
    INFO("WEIR_SEED=" << test_seed() << ": " << a.groups << " groups, " << a.current << " -> " << a.wanted
                      << " of " << a.least << " to " << a.most);
    const bool grows = a.wanted > a.current;
    const auto largest_share = [&](int p) { return a.groups / p; };
    int even = 0, fewer = 0, same = 0;
    for (int p = std::min(a.groups, grows ? a.most : std::min(a.most, a.current)); p >= a.wanted; --p) {
      if (a.groups % p == 0) even = p;
      if (a.groups % p == 0 || largest_share(p) < largest_share(a.wanted)) fewer = p;
    }
    for (int p = a.wanted; p >= 1 && largest_share(p) == largest_share(a.wanted); --p) same = p;
    // A divisor just below is the last that spreads as evenly.
    if (same > 1 && a.groups % (same - 1) == 0) --same;
    same = std::max(same, a.least);
    const int walked = (grows ? same > a.current : same < a.current) ? same : a.current;
    if (a.wanted == a.current) {
      CHECK(align(a, Alignment::balanced, Unaligned::walk_down) == a.current);
      continue;
    }
    CHECK(align(a, Alignment::evenly_spread, Unaligned::keep_target) == (even > 0 ? even : a.wanted));
    CHECK(align(a, Alignment::balanced, Unaligned::keep_target) == (fewer > 0 ? fewer : a.wanted));
    CHECK(align(a, Alignment::evenly_spread, Unaligned::walk_down) == (even > 0 ? even : walked));
    CHECK(align(a, Alignment::maximize_utilisation, Unaligned::walk_down) == (fewer > 0 ? fewer : walked));
  }
}

TEST_CASE("flink-autoscaler learns how an operator scales", "[policy][flink-autoscaler]") {
  Params p;
  p.observed_scalability = true;
  p.catch_up_s = 0;
  p.utilization_target = 0.5;
  p.alignment = Alignment::off;
  const Options o = options(p);
  ChangeHistory history;
  const Vertex vertex{.parallelism = 2, .least = 1, .most = 720, .groups = 720, .max_parallelism = 720};
  const auto target = [&] {
    return target_parallelism(vertex, rates(100, 0, 40), o, 0, history.scalability(o));
  };
  CHECK(target() == 10);
  for (const auto& [parallelism, true_per_s] : {std::pair{4, 160.0}, {2, 96.0}, {8, 240.0}})
    history.add({.time_ns = 0, .from = parallelism, .to = 2, .true_per_s = true_per_s});
  CHECK(history.scalability(o) == Approx(0.69));
  CHECK(target() == 15);
  // Never more than linear, never less than the least.
  ChangeHistory super, sub;
  for (const int parallelism : {1, 2, 4}) {
    super.add({.from = parallelism, .to = 1, .true_per_s = 10.0 * parallelism * parallelism});
    sub.add({.from = parallelism, .to = 1, .true_per_s = 10});
  }
  CHECK(super.scalability(o) == 1);
  CHECK(sub.scalability(o) == 0.5);
}

TEST_CASE("flink-autoscaler keeps the highest of an interval before it shrinks an operator",
          "[policy][flink-autoscaler]") {
  Dice dice(test_seed());
  INFO("WEIR_SEED=" << test_seed());
  for (int round = 0; round < 200; ++round) {
    DelayedScaleDown delayed;
    const Nanos interval = 1 + dice.below(50);
    std::vector<std::pair<Nanos, int>> all;
    for (Nanos now = dice.below(5); all.size() < 100; now += 1 + dice.below(10)) {
      all.emplace_back(now, 1 + dice.below(20));
      const auto result = delayed.recommend(now, interval, {all.back().second, true});
      int most = 0;
      for (const auto& [time, parallelism] : all)
        if (time >= now - interval) most = std::max(most, parallelism);
      REQUIRE(result.has_value() == (now - all.front().first >= interval));
      if (result) REQUIRE(result->parallelism == most);
    }
    delayed.clear();
    CHECK_FALSE(delayed.pending());
    CHECK_FALSE(delayed.recommend(1000, interval, {3, true}));
  }
}

TEST_CASE("flink-autoscaler plans for the longest restart that it saw", "[policy][flink-autoscaler]") {
  Params p;
  p.track_restart = true;
  const Options tracks = options(p);
  p.track_restart = false;
  const Options plain = options(p);
  RestartTracking restarts;
  const std::vector<int> two{1, 2}, three{1, 3};
  CHECK(restarts.restart_s(tracks) == 300);
  restarts.requested(to_nanos(100), {{1, 2}});
  restarts.running(to_nanos(50), two);  // still the old start
  CHECK(restarts.restart_s(tracks) == 300);
  restarts.running(to_nanos(130), three);  // something else than was asked for
  CHECK(restarts.restart_s(tracks) == 300);
  restarts.running(to_nanos(130), two);
  CHECK(restarts.restart_s(tracks) == Approx(30));
  restarts.requested(to_nanos(200), {{1, 3}});
  restarts.running(to_nanos(210), three);
  CHECK(restarts.restart_s(tracks) == Approx(30));
  CHECK(restarts.restart_s(plain) == 300);
  restarts.requested(to_nanos(300), {{1, 2}});
  restarts.running(to_nanos(5000), two);
  CHECK(restarts.restart_s(tracks) == 900);  // tracked_restart_max_s
  restarts.trim(to_nanos(300 + 86401), tracks);
  CHECK(restarts.restart_s(tracks) == 900);  // the last one is kept
}

TEST_CASE("flink-autoscaler has the defaults of three versions", "[policy][flink-autoscaler]") {
  Params p;
  p.preset = Preset::v1_4;
  const Options old = options(p);
  CHECK(old.metrics_window_s == 300);
  CHECK(old.utilization_max == Approx(0.8));
  CHECK(old.catch_up_s == 600);
  CHECK(old.restart_s == 300);
  CHECK(old.effectiveness_detection);
  CHECK_FALSE(old.observed_rate);
  CHECK(old.scale_up_grace_period_s == 600);
  CHECK(old.scale_down_interval_s == 0);
  CHECK(old.backlog_lag_threshold_s == infinite);
  p.preset = Preset::v1_6;
  const Options middle = options(p);
  CHECK(middle.metrics_window_s == 600);
  CHECK(middle.utilization_min == Approx(0.3));
  CHECK(middle.catch_up_s == 300);
  CHECK(middle.restart_s == 180);
  CHECK_FALSE(middle.effectiveness_detection);
  p.preset = Preset::v1_7;
  p.catch_up_s = 60;
  p.effectiveness_detection = Switch::on;
  const Options recent = options(p);
  CHECK(recent.metrics_window_s == 900);
  CHECK(recent.utilization_max == Approx(1));
  CHECK(recent.utilization_min == Approx(0.4));
  CHECK(recent.catch_up_s == 60);
  CHECK(recent.effectiveness_detection);
  CHECK(recent.scale_down_interval_s == 3600);
  CHECK(recent.max_parallelism == 200);
  CHECK(recent.history_max_count == 3);
}

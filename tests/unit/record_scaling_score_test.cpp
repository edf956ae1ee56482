#include "sim/record/scaling_score.hpp"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/support/scaling_by_definition.hpp"

using namespace weir;

namespace {

ScoredAction action(std::int64_t id, int op, int from, int to, double requested_s, double ended_s) {
  return {id, op, from, to, requested_s, ended_s, true};
}

// One operator, 1 -> 5 at 60..70 s, -> 4 at 120..130 s; the optimum is 4.
ScalingInput overshoot() {
  ScalingInput in;
  in.end_s = 1000;
  in.quiet_s = 300;
  in.operators = {{"map", 1, {{0, 4}}}};
  in.actions = {action(0, 0, 1, 5, 60, 70), action(1, 0, 5, 4, 120, 130)};
  return in;
}

std::uint64_t splitmix(std::uint64_t& state) {
  std::uint64_t z = state += 0x9e3779b97f4a7c15u;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

int below(std::uint64_t& state, int n) {
  return static_cast<int>(splitmix(state) % static_cast<std::uint64_t>(n));
}

}  // namespace

TEST_CASE("the score of an overshoot that is taken back", "[record][scaling]") {
  const ScalingScore score = score_scaling(overshoot());
  CHECK(score.steps == 2);
  CHECK(score.converged);
  CHECK(score.convergence_time_s.value() == 130);
  CHECK(score.oscillations == 1);
  CHECK(score.unexplained_oscillations == 1);
  CHECK(score.slot_seconds == 70 * 1 + 60 * 5 + 870 * 4);
  CHECK(score.over_provisioned_slot_s.value() == 60);
  CHECK(score.under_provisioned_slot_s.value() == 70 * 3);
  CHECK(score.final_over_slots.value() == 0);
  CHECK(score.final_under_slots.value() == 0);
  REQUIRE(score.phases.size() == 1);
  CHECK(score.phases[0].settling_s.value() == 130);
}

TEST_CASE("a run without actions has converged at once, well or badly", "[record][scaling]") {
  ScalingInput in = overshoot();
  in.actions.clear();
  const ScalingScore score = score_scaling(in);
  CHECK(score.steps == 0);
  CHECK(score.converged);
  CHECK(score.convergence_time_s.value() == 0);
  CHECK(score.final_under_slots.value() == 3);
  CHECK(score.under_provisioned_slot_s.value() == 3000);
  CHECK(!score.phases.at(0).settling_s);
}

TEST_CASE("operators that change together are one step", "[record][scaling]") {
  ScalingInput in;
  in.end_s = 1000;
  in.operators = {{"flat map", 1, {{0, 10}}}, {"count", 1, {{0, 20}}}};
  in.actions = {action(7, 0, 1, 10, 60, 90), action(7, 1, 1, 20, 60, 90)};
  const ScalingScore score = score_scaling(in);
  CHECK(score.steps == 1);
  CHECK(score.oscillations == 0);
  CHECK(score.over_provisioned_slot_s.value() == 0);
  CHECK(score.under_provisioned_slot_s.value() == 90 * (9 + 19));
}

// Dhalion's word count on Heron as DS2 (OSDI '18, figure 6b) shows it: six steps of one operator each.
TEST_CASE("six single steps up, too far", "[record][scaling]") {
  ScalingInput in;
  in.end_s = 3000;
  in.quiet_s = 600;
  in.operators = {{"flat map", 1, {{0, 10}}}, {"count", 1, {{0, 20}}}};
  const int ops[] = {0, 1, 0, 1, 1, 0};
  const int to[] = {2, 5, 6, 6, 30, 22};
  int now[] = {1, 1};
  for (int i = 0; i < 6; ++i) {
    in.actions.push_back(action(i, ops[i], now[ops[i]], to[i], 300 * i + 100, 300 * i + 150));
    now[ops[i]] = to[i];
  }
  const ScalingScore score = score_scaling(in);
  CHECK(score.steps == 6);
  CHECK(score.oscillations == 0);
  CHECK(score.converged);
  CHECK(score.convergence_time_s.value() == 1650);
  CHECK(score.final_over_slots.value() == 52 - 30);
}

TEST_CASE("what keeps a run from having converged", "[record][scaling]") {
  ScalingInput in = overshoot();
  SECTION("a step in the last quiet_s") {
    in.actions.push_back(action(2, 0, 4, 5, 690, 701));
  }
  SECTION("an action still under way") {
    in.actions.push_back({2, 0, 4, 5, 200, {}, true});
  }
  SECTION("a policy that keeps asking and is refused") {
    in.actions.push_back({2, 0, 4, 5, 990, 990, false});
  }
  const ScalingScore score = score_scaling(in);
  CHECK(!score.converged);
  CHECK(!score.convergence_time_s);
  CHECK(score.steps >= 2);
}

TEST_CASE("refused and failed actions change nothing and are no steps", "[record][scaling]") {
  ScalingInput in = overshoot();
  const ScalingScore before = score_scaling(in);
  in.actions.push_back({2, 0, 4, 50, 300, 310, false});
  const ScalingScore after = score_scaling(in);
  CHECK(after.steps == before.steps);
  CHECK(after.slot_seconds == before.slot_seconds);
  CHECK(after.converged);
  CHECK(after.convergence_time_s == before.convergence_time_s);
}

TEST_CASE("a reversal that follows the load is explained", "[record][scaling]") {
  ScalingInput in;
  in.end_s = 1000;
  in.operators = {{"map", 1, {{0, 4}, {500, 2}}}};
  in.actions = {action(0, 0, 1, 4, 60, 70), action(1, 0, 4, 2, 520, 530)};
  const ScalingScore score = score_scaling(in);
  CHECK(score.oscillations == 1);
  CHECK(score.unexplained_oscillations == 0);
  REQUIRE(score.phases.size() == 2);
  CHECK(score.phases[0].settling_s.value() == 70);
  CHECK(score.phases[1].start_s == 500);
  CHECK(score.phases[1].settling_s.value() == 30);
}

TEST_CASE("without an optimum only what needs none is known", "[record][scaling]") {
  ScalingInput in = overshoot();
  in.operators.push_back({"sink", 1, {}});
  const ScalingScore score = score_scaling(in);
  CHECK(score.slot_seconds == 70 * 1 + 60 * 5 + 870 * 4 + 1000);
  CHECK(!score.over_provisioned_slot_s);
  CHECK(!score.final_over_slots);
  CHECK(score.phases.empty());
  CHECK(score.oscillations == 1);
}

TEST_CASE("slots within the tolerance count as settled", "[record][scaling]") {
  ScalingInput in = overshoot();
  in.tolerance_slots = 1;
  CHECK(score_scaling(in).phases.at(0).settling_s.value() == 70);
}

// Everything happens at whole seconds, so that adding up second by second is exact.
TEST_CASE("integrals agree with adding up every second", "[record][scaling]") {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CAPTURE(seed);
    std::uint64_t state = seed;
    ScalingInput in;
    in.start_s = below(state, 20);
    in.end_s = in.start_s + 50 + below(state, 200);
    std::int64_t id = 0;
    for (int op = 0; op < 1 + below(state, 3); ++op) {
      ScoredOperator scored{"op", 1 + below(state, 5), {{0, 1 + below(state, 8)}}};
      for (double t = below(state, 60); t < in.end_s + 20; t += 1 + below(state, 60))
        scored.optimum.push_back({t, 1 + below(state, 8)});
      in.operators.push_back(scored);
      int now = scored.initial_parallelism;
      for (double t = in.start_s + below(state, 40); t < in.end_s; t += 1 + below(state, 40)) {
        const int to = 1 + below(state, 8);
        const bool done = below(state, 4) != 0;
        in.actions.push_back({id++, op, now, to, t, t + 1, done});
        if (done) now = to;
      }
    }
    double slots = 0, over = 0, under = 0;
    for (double t = in.start_s; t < in.end_s; ++t) {
      for (int op = 0; op < static_cast<int>(in.operators.size()); ++op) {
        int p = in.operators[op].initial_parallelism;
        for (const ScoredAction& a : in.actions)
          if (a.operator_id == op && a.done && *a.ended_s <= t) p = a.to;
        int best = in.operators[op].optimum.front().value;
        for (const SlotStep& step : in.operators[op].optimum)
          if (step.time_s <= t) best = step.value;
        slots += p;
        over += std::max(0, p - best);
        under += std::max(0, best - p);
      }
    }
    const ScalingScore score = score_scaling(in);
    REQUIRE(score.slot_seconds == slots);
    REQUIRE(score.over_provisioned_slot_s.value() == over);
    REQUIRE(score.under_provisioned_slot_s.value() == under);
  }
}

// Actions that overlap, end at one instant, outlive the run or never end; an optimum that changes at any
// time, at the start, at the end.
TEST_CASE("the fold over a run's events agrees with the definitions", "[record][scaling]") {
  for (std::uint64_t seed = 1; seed <= 2000; ++seed) {
    CAPTURE(seed);
    std::uint64_t state = seed * 77;
    ScalingInput in;
    in.start_s = below(state, 3) == 0 ? below(state, 20) : 0;
    in.end_s = in.start_s + 1 + below(state, 120);
    in.quiet_s = below(state, 30);
    in.tolerance_slots = below(state, 2);
    const int values = 2 + below(state, 4);
    std::int64_t id = 0;
    for (int op = 0; op < 1 + below(state, 3); ++op) {
      ScoredOperator scored{"op", 1 + below(state, values), {{in.start_s, 1 + below(state, values)}}};
      double t = in.start_s;
      while (below(state, 8) != 0 && (t += 1 + below(state, 25)) <= in.end_s) {
        const int next = 1 + below(state, values);
        if (next != scored.optimum.back().value) scored.optimum.push_back({t, next});
      }
      if (below(state, 20) == 0) scored.optimum.clear();
      in.operators.push_back(scored);
    }
    for (int action = 0; action < below(state, 12); ++action, ++id) {
      const double from_s = in.start_s + below(state, static_cast<int>(in.end_s - in.start_s) + 2);
      std::optional<double> to_s = from_s + below(state, 30);
      if (below(state, 12) == 0) to_s.reset();
      const bool done = below(state, 4) != 0;
      for (int op = 0; op < static_cast<int>(in.operators.size()); ++op)
        if (below(state, 2) == 0)
          in.actions.push_back(
              {id, op, 1 + below(state, values), 1 + below(state, values), from_s, to_s, done});
    }
    const ScalingScore fold = score_scaling(in);
    const ScalingScore definition = test::score_by_definition(in);
    REQUIRE(fold.steps == definition.steps);
    REQUIRE(fold.converged == definition.converged);
    REQUIRE(fold.convergence_time_s == definition.convergence_time_s);
    REQUIRE(fold.oscillations == definition.oscillations);
    REQUIRE(fold.unexplained_oscillations == definition.unexplained_oscillations);
    REQUIRE(fold.slot_seconds == definition.slot_seconds);
    REQUIRE(fold.over_provisioned_slot_s == definition.over_provisioned_slot_s);
    REQUIRE(fold.under_provisioned_slot_s == definition.under_provisioned_slot_s);
    REQUIRE(fold.final_over_slots == definition.final_over_slots);
    REQUIRE(fold.final_under_slots == definition.final_under_slots);
    REQUIRE(fold.phase_count == definition.phase_count);
    REQUIRE(fold.phases_settled == definition.phases_settled);
    REQUIRE(fold.phases.size() == definition.phases.size());
    for (std::size_t p = 0; p < fold.phases.size(); ++p) {
      REQUIRE(fold.phases[p].start_s == definition.phases[p].start_s);
      REQUIRE(fold.phases[p].settling_s == definition.phases[p].settling_s);
    }
  }
}

TEST_CASE("more phases than are listed are counted", "[record][scaling]") {
  ScalingInput in;
  in.end_s = 1000;
  in.operators = {{"map", 1, {}}};
  for (int i = 0; i < 201; ++i) in.operators[0].optimum.push_back({2.0 * i, 1 + i % 2});
  const ScalingScore score = score_scaling(in);
  CHECK(score.phase_count == 201);
  CHECK(score.phases_settled == 101);  // where the optimum is the one that it has
  CHECK(score.phases.empty());
}

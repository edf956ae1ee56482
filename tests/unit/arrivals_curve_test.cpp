#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <memory>
#include <vector>

#include "models/arrivals/grown_curve.hpp"
#include "models/arrivals/markov_chain.hpp"
#include "models/arrivals/rate_curve.hpp"
#include "models/arrivals/trace_curve.hpp"
#include "tests/support/dice.hpp"

using namespace weir;
using weir::test::Dice;
using weir::test::test_seed;

namespace {

// Midpoint rule, in pieces of the given edges so that jumps are not smeared.
double integral(const RateCurve& curve, const std::vector<double>& edges_s) {
  double sum = 0;
  for (std::size_t i = 0; i + 1 < edges_s.size(); ++i) {
    constexpr int steps = 20000;
    const double step_s = (edges_s[i + 1] - edges_s[i]) / steps;
    for (int k = 0; k < steps; ++k) sum += curve.rate_per_s(edges_s[i] + (k + 0.5) * step_s) * step_s;
  }
  return sum;
}

// The count is the integral of the rate, and time_of its inverse.
void check_curve(const RateCurve& curve, const std::vector<double>& edges_s) {
  for (std::size_t upto = 1; upto < edges_s.size(); ++upto) {
    const std::vector<double> part(edges_s.begin(), edges_s.begin() + static_cast<std::ptrdiff_t>(upto) + 1);
    CHECK(curve.count(to_nanos(edges_s[upto])) == Approx(integral(curve, part)).epsilon(1e-6).margin(1e-6));
  }
  const double total = curve.count(to_nanos(edges_s.back()));
  Nanos last_ns = 0;
  for (int k = 1; k <= 997; ++k) {
    const double n = total * k / 997;
    const Nanos time_ns = curve.time_of(n);
    REQUIRE(time_ns <= to_nanos(edges_s.back()) + 1);
    REQUIRE(time_ns >= last_ns);
    last_ns = time_ns;
    const double rate =
        std::max(1.0, curve.max_rate_per_s(to_seconds(time_ns) - 1e-6, to_seconds(time_ns) + 1e-6));
    REQUIRE(std::abs(curve.count(time_ns) - n) <= 2e-9 * rate + 2 * count_slack(n));
  }
}

}  // namespace

TEST_CASE("a constant curve counts exactly for years", "[arrivals]") {
  const auto curve = CurveBuilder().then_constant(3);
  CHECK(curve->time_of(1) == 333'333'333);
  CHECK(curve->time_of(2) == 666'666'667);
  for (const std::int64_t days : {1, 60, 10000}) {
    const std::int64_t seconds = days * 86400;
    CHECK(curve->time_of(static_cast<double>(3 * seconds)) == seconds * nanos_per_second);
    CHECK(curve->time_of(static_cast<double>(3 * seconds + 1)) == seconds * nanos_per_second + 333'333'333);
  }
  CHECK(curve->max_rate_per_s(0, 1e6) == 3);
  CHECK(curve->rate_per_s(-1) == 0);
  CHECK(CurveBuilder().then_constant(1e-300)->time_of(1) == never);
  CHECK(CurveBuilder().then_constant(0)->time_of(1) == never);
}

TEST_CASE("steps count what their rates add up to", "[arrivals]") {
  CurveBuilder builder;
  for (const double rate : {0.1, 0.7, 0.0, 0.2}) builder.step(to_nanos(10), rate);
  const auto curve = builder.then_constant(0);
  check_curve(*curve, {0, 10, 20, 30, 40});
  CHECK(curve->time_of(1) == to_nanos(10));
  CHECK(curve->time_of(8) == to_nanos(20));
  CHECK(curve->time_of(9) == to_nanos(35));
  CHECK(curve->time_of(10) == to_nanos(40));  // 0.1 + 0.7 + 0.2 are one record a second, in doubles too
  CHECK(curve->time_of(11) == never);
  CHECK(curve->rate_per_s(25) == 0);
  CHECK(curve->max_rate_per_s(21, 31) == Approx(0.2));
  CHECK(curve->max_rate_per_s(0, 100) == Approx(0.7));
  CHECK(curve->max_rate_per_s(40, 1e9) == 0);
}

TEST_CASE("a ramp, a plateau and an exponential decay", "[arrivals]") {
  CurveBuilder builder;
  builder.step(to_nanos(10), 5);
  builder.line(to_nanos(4), 5, 105);
  builder.step(to_nanos(2), 105);
  const auto curve = builder.then({RateForm::Kind::decay, 5, 100, 3, 0});
  check_curve(*curve, {0, 10, 14, 16, 20, 60});
  CHECK(curve->rate_per_s(12) == Approx(55));
  CHECK(curve->max_rate_per_s(0, 13) == Approx(80));
  CHECK(curve->max_rate_per_s(15, 1e6) == Approx(105));
  // Without a base the decay ends with a whole number of records.
  CurveBuilder dying;
  const auto tail = dying.then({RateForm::Kind::decay, 0, 100, 3, 0});
  CHECK(tail->time_of(299) == to_nanos(-3 * std::log(1 - 299.0 / 300)));
  CHECK(tail->time_of(301) == never);
}

TEST_CASE("a wave repeats without drifting", "[arrivals]") {
  constexpr double two_pi = 6.283185307179586;
  CurveBuilder builder;
  builder.form(to_nanos(20), {RateForm::Kind::wave, 100, 100, two_pi / 20, 0});
  const auto curve = builder.then_repeat();
  check_curve(*curve, {0, 5, 15, 20, 33, 60});
  CHECK(curve->max_rate_per_s(0, 3) == Approx(100 + 100 * std::sin(two_pi * 3 / 20)));
  CHECK(curve->max_rate_per_s(0, 6) == Approx(200));
  CHECK(curve->max_rate_per_s(6, 14) == Approx(100 + 100 * std::sin(two_pi * 6 / 20)));
  CHECK(curve->max_rate_per_s(6, 1e9) == Approx(200));
  for (const std::int64_t cycles : {1, 1000, 10'000'000}) {
    CHECK(curve->count(to_nanos(20) * cycles) == Approx(2000.0 * static_cast<double>(cycles)).epsilon(1e-14));
    // The rate is not 0 there: the last record of a period is due at its end.
    CHECK(std::abs(curve->time_of(2000.0 * static_cast<double>(cycles)) - to_nanos(20) * cycles) <= 1);
  }
}

TEST_CASE("a repeated list of steps", "[arrivals]") {
  CurveBuilder builder;
  builder.step(to_nanos(1), 0);
  builder.step(to_nanos(0.3), 10);
  const auto curve = builder.then_repeat();
  check_curve(*curve, {0, 1, 1.3, 2.3, 2.6, 3.6, 3.9});
  CHECK(curve->time_of(3) == 1'300'000'000);
  CHECK(curve->time_of(4) == 2'400'000'000);
  CHECK(curve->time_of(3e9) == 1'300'000'000 * Nanos{1'000'000'000});
  CHECK(curve->max_rate_per_s(1.5, 1.6) == 0);
  CHECK(curve->max_rate_per_s(1.5, 2.5) == Approx(10));

  CurveBuilder silent;
  silent.step(to_nanos(1), 0);
  CHECK(silent.then_repeat()->time_of(1) == never);
}

TEST_CASE("ten million recorded rates add up as well as one", "[arrivals]") {
  CurveBuilder builder;
  constexpr int n = 3'000'000;
  builder.reserve(n);
  for (int i = 0; i < n; ++i) builder.step(to_nanos(1), 0.1);
  const auto curve = builder.then_constant(0);
  CHECK(curve->count(to_nanos(n)) == Approx(n / 10.0).epsilon(1e-15));
  CHECK(curve->time_of(n / 10) == to_nanos(n));
}

TEST_CASE("a curve that is made up as it goes is the same however it is asked", "[arrivals]") {
  struct Saw {  // 1, 2, 3 … records/s, a second each
    double rate = 0;
    RateStep next() {
      rate += 1;
      return {nanos_per_second, rate, rate + (rate == 7 ? 2 : 0)};
    }
  };
  const auto forward = grown_curve(Saw{});
  const auto jumping = grown_curve(Saw{});
  check_curve(*forward, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  CHECK(jumping->rate_per_s(5000.5) == 5001);
  CHECK(jumping->rate_per_s(0.5) == 1);
  CHECK(jumping->rate_per_s(2000.5) == 2001);
  for (int t = 0; t < 5100; t += 3) {
    REQUIRE(forward->count(to_nanos(t + 0.25)) == jumping->count(to_nanos(t + 0.25)));
    REQUIRE(jumping->count(to_nanos(t)) == t * (t + 1) / 2 + (t >= 7 ? 1 : 0));
    if (t > 0) REQUIRE(jumping->time_of(t * (t + 1) / 2 + (t >= 7 ? 1 : 0)) == to_nanos(t));
  }
}

TEST_CASE("stationary distributions", "[arrivals]") {
  // Two states: shares are proportional to the mean times.
  const auto two = stationary_distribution({{0, 1 / 30.0}, {1 / 10.0, 0}});
  CHECK(two[0] == Approx(0.75));
  CHECK(two[1] == Approx(0.25));
  // A queue M/M/1/3 with load 1/2: 8, 4, 2, 1 fifteenths.
  const auto queue = stationary_distribution({{0, 1, 0, 0}, {2, 0, 1, 0}, {0, 2, 0, 1}, {0, 0, 2, 0}});
  for (int i = 0; i < 4; ++i) CHECK(queue[static_cast<std::size_t>(i)] == Approx((8 >> i) / 15.0));
  CHECK_FALSE(is_irreducible({{0, 1}, {0, 0}}));
}

TEST_CASE("the peak of recorded events is that of a whole second", "[arrivals]") {
  const std::uint64_t seed = test_seed();
  INFO("seed " << seed);
  Dice dice(seed);
  // Bursts of events a microsecond apart.
  std::vector<Nanos> times_ns = {0};
  while (times_ns.back() < 30 * nanos_per_second) {
    const auto burst = 1 + dice.below(200);
    for (int i = 0; i < burst; ++i) times_ns.push_back(times_ns.back() + 1 + dice.below(2'000));
    times_ns.push_back(times_ns.back() + 1 + dice.below(100'000'000));
  }
  Trace trace;
  trace.value = TraceValue::event;
  for (const Nanos time_ns : times_ns) trace.rows.push_back({time_ns, 1});
  std::string problem;
  const auto curve = make_trace_curve(trace, {}, &problem);
  REQUIRE(curve != nullptr);
  std::vector<int> in_second(40, 0);
  for (const Nanos time_ns : times_ns) ++in_second[static_cast<std::size_t>(time_ns / nanos_per_second)];
  for (int from_s = 0; from_s < 30; ++from_s) {
    CHECK(std::abs(curve->told_rate_per_s(from_s + 0.4) - in_second[static_cast<std::size_t>(from_s)]) <= 2);
    for (const int length_s : {1, 3, 10}) {
      int most = 0;
      for (int s = from_s; s < from_s + length_s; ++s)
        most = std::max(most, in_second[static_cast<std::size_t>(s)]);
      // An event counts evenly since the one before it.
      CHECK(std::abs(curve->max_rate_per_s(from_s, from_s + length_s) - most) <= 2);
    }
  }
}

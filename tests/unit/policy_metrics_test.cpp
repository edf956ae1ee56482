#include <catch2/catch.hpp>
#include <limits>

#include "sim/control/metrics.hpp"
#include "sim/control/policy.hpp"
#include "sim/control/snapping_ceil.hpp"
#include "sim/control/truth.hpp"

using namespace weir;

TEST_CASE("a third of a rate three times is one", "[policy][snapping]") {
  const double rate = 0.1;
  CHECK(snapping_ceil(rate / 3 * 3 / rate) == 1);
  CHECK(snapping_ceil(3.0000000000000004) == 3);
  CHECK(snapping_ceil(2.9999999999) == 3);
  CHECK(snapping_ceil(3 * (1 + 0.9e-9)) == 3);
  CHECK(snapping_ceil(3 * (1 + 1.1e-9)) == 4);
  CHECK(snapping_ceil(0.0) == 0);
  CHECK(snapping_ceil(1e-12) == 1);
  CHECK(snapping_ceil(1e300) == std::numeric_limits<int>::max());
  CHECK(snapping_ceil(std::numeric_limits<double>::infinity()) == std::numeric_limits<int>::max());
  CHECK_THROWS(snapping_ceil(std::numeric_limits<double>::quiet_NaN()));
  CHECK(snapping_floor((1 - 0.1) * 10) == 9);
  CHECK(snapping_floor(2.9999999999999996) == 3);
  CHECK(snapping_floor(2.9) == 2);
}

TEST_CASE("true rates are per useful second and summed over the instances", "[policy][metrics]") {
  OperatorMetrics op;
  op.instances.resize(2);
  op.instances[0] = {.records_in = 100, .records_out = 400, .useful_s = 2};
  op.instances[1] = {.records_in = 300, .records_out = 300, .useful_s = 3};
  CHECK(op.true_processing_rate_per_s() == Approx(150));
  CHECK(op.true_output_rate_per_s() == Approx(300));
  CHECK(op.selectivity() == Approx(2));
  CHECK(op.observed_processing_rate_per_s(10) == Approx(40));
  CHECK(op.utilization(10) == Approx(0.25));
  CHECK(op.has_true_rate());
}

TEST_CASE("an instance that got nothing counts as the mean of the others", "[policy][metrics]") {
  OperatorMetrics op;
  op.instances.resize(2);
  CHECK_FALSE(op.has_true_rate());
  CHECK(op.true_processing_rate_per_s() == 0);
  op.instances[0] = {.records_in = 100, .records_out = 100, .useful_s = 2};
  CHECK(op.has_true_rate());
  CHECK(op.true_processing_rate_per_s() == Approx(100));
}

TEST_CASE("merged windows add counters and keep the last gauges", "[policy][metrics]") {
  MetricWindow a, b;
  a.start_ns = 0, a.end_ns = to_nanos(10), b.start_ns = to_nanos(20), b.end_ns = to_nanos(50);
  for (MetricWindow* w : {&a, &b}) w->operators.resize(1), w->operators[0].instances.resize(1);
  a.operators[0].instances[0] = {.records_in = 5, .records_out = 1, .useful_s = 1, .queue_records = 9};
  b.operators[0].instances[0] = {.records_in = 7, .records_out = 2, .useful_s = 2, .queue_records = 3};
  a.operators[0].offered_per_s = 100, b.operators[0].offered_per_s = 200;
  const MetricWindow whole = merge_windows({&a, &b});
  CHECK(whole.duration_s() == Approx(40));
  CHECK(whole.operators[0].records_in() == 12);
  CHECK(whole.operators[0].queue_records() == 3);
  CHECK(whole.operators[0].offered_per_s == Approx(175));
  CHECK(whole.operators[0].target_per_s() == Approx(175));
  b.deployment = 1;
  CHECK_THROWS(merge_windows({&a, &b}));
}

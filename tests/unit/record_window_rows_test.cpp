#include "sim/record/window_rows.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace weir;

TEST_CASE("a metric window becomes rows", "[record]") {
  MetricWindow window;
  window.start_ns = 10 * nanos_per_second;
  window.end_ns = 20 * nanos_per_second;
  window.deployment = 3;
  window.operators.resize(2);
  window.operators[0].offered_per_s = 100;
  window.operators[0].backlog_records = 5;
  window.operators[0].instances = {{0, 800, 4, -1, 6, 0, 0, 0, 0, 0, 0}};
  window.operators[1].instances = {{300, 30, 3, -1, 7, 0, 0, 1, 10, 1000, 20},
                                   {500, 50, 5, -1, 4, 0.5, 0.5, 0, 1, 100, 2}};

  const OperatorWindowRow source = operator_window_row(window, 0, 10, true);
  CHECK(source.offered_per_s == 100);
  CHECK(source.backlog_records == 5);
  const OperatorWindowRow row = operator_window_row(window, 1, 11, false);
  CHECK(row.start_s == 10);
  CHECK(row.end_s == 20);
  CHECK(row.operator_id == 11);
  CHECK(row.deployment == 3);
  CHECK(row.parallelism == 2);
  CHECK(row.records_in == 800);
  CHECK(row.useful_s + row.waiting_s + row.blocked_s + row.overhead_s == 20);
  CHECK(row.true_processing_rate_per_s == Approx(200));
  CHECK(row.observed_processing_rate_per_s == Approx(80));
  CHECK(row.queue_records == 11);
  CHECK(row.queue_records_max == 22);
  CHECK(std::isnan(row.offered_per_s));

  const InstanceWindowRow instance = instance_window_row(window, 1, 1, 11, 42);
  CHECK(instance.instance_id == 42);
  CHECK(instance.records_in == 500);
  CHECK(instance.blocked_s == 0.5);

  const JobWindowRow job = job_window_row(window, 0, {true, false});
  CHECK(job.offered_per_s == 100);
  CHECK(job.achieved_per_s == 80);
  CHECK(std::isnan(job.latency_p99_s));
}

TEST_CASE("a window without work has no true rates", "[record]") {
  MetricWindow window;
  window.end_ns = nanos_per_second;
  window.operators.resize(1);
  window.operators[0].instances.resize(1);
  CHECK(std::isnan(operator_window_row(window, 0, 0, false).true_processing_rate_per_s));
}

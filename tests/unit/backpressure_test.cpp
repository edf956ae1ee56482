#include "sim/control/backpressure.hpp"

#include <catch2/catch.hpp>

#include "tests/support/scripted_metrics.hpp"

// Who holds a job in backpressure, of windows that tell who is held back.

using namespace weir;
using namespace weir::test;

namespace {

struct Times {
  double waiting_s, blocked_s;
};

OperatorMetrics op(const std::vector<Times>& instances) {
  OperatorMetrics metrics;
  for (const Times& times : instances) {
    InstanceMetrics instance;
    instance.waiting_s = times.waiting_s;
    instance.blocked_s = times.blocked_s;
    instance.useful_s = 10 - times.waiting_s - times.blocked_s;
    metrics.instances.push_back(instance);
  }
  return metrics;
}

MetricWindow window(std::vector<OperatorMetrics> operators) {
  MetricWindow w;
  w.end_ns = 10'000'000'000;
  w.operators = std::move(operators);
  return w;
}

const JobView job = chain({"source", "map", "count"});

std::vector<double> held_by(const MetricWindow& w, std::size_t op) {
  std::vector<double> held;
  for (const InstanceMetrics& instance : w.operators[op].instances) held.push_back(instance.backpressure_s);
  return held;
}

}  // namespace

TEST_CASE("who is busy while those before it are held back holds up the job", "[control][backpressure]") {
  // The count is always busy; the map waits for it as long as the source does, but for its own work.
  MetricWindow w = window({op({{0, 6.5}}), op({{0, 6}}), op({{0, 0}})});
  BackpressureAttribution().complete(job.operators, w);
  CHECK(held_by(w, 0) == std::vector<double>{0});
  CHECK(held_by(w, 1) == std::vector<double>{0});
  CHECK(held_by(w, 2) == std::vector<double>{6});
}

TEST_CASE("what an operator holds is shared among its full instances", "[control][backpressure]") {
  // The longest of those before it counts: all wait for the fullest at some time.
  MetricWindow even = window({op({{0, 2}, {0, 4}}), op({{0, 0}, {0, 0}}), op({{9, 0}})});
  BackpressureAttribution().complete(job.operators, even);
  CHECK(held_by(even, 1) == std::vector<double>{2, 2});
  // 9 s of waiting and 7 s of work overlap by 6 s at least, 9 and 10 by 9, 9 and 1 perhaps not at all.
  MetricWindow skewed = window({op({{0, 9}}), op({{3, 0}, {0, 0}, {9, 0}}), op({{9, 0}})});
  BackpressureAttribution().complete(job.operators, skewed);
  CHECK(held_by(skewed, 1)[0] == Approx(9 * 6 / 15.0));
  CHECK(held_by(skewed, 1)[1] == Approx(9 * 9 / 15.0));
  CHECK(held_by(skewed, 1)[2] == 0);
}

TEST_CASE("a moment without room is no backpressure, nor is rounding", "[control][backpressure]") {
  MetricWindow brief = window({op({{0, 1}}), op({{5, 0}}), op({{9, 0}})});
  BackpressureAttribution().complete(job.operators, brief);
  CHECK(held_by(brief, 1) == std::vector<double>{0});
  MetricWindow dust = window({op({{0, 5}}), op({{0, 5 - 1e-9}}), op({{9, 0}})});
  BackpressureAttribution().complete(job.operators, dust);
  CHECK(held_by(dust, 1) == std::vector<double>{0});
}

TEST_CASE("an engine that names who holds the job up is believed", "[control][backpressure]") {
  BackpressureAttribution attribution;
  MetricWindow named = window({op({{0, 6}}), op({{0, 0}}), op({{0, 0}})});
  named.operators[2].instances[0].backpressure_s = 1;
  attribution.complete(job.operators, named);
  CHECK(held_by(named, 1) == std::vector<double>{0});
  CHECK(held_by(named, 2) == std::vector<double>{1});
  // Also where sources are still stopped and nobody is to blame any more.
  MetricWindow later = window({op({{0, 6}}), op({{0, 0}}), op({{0, 0}})});
  attribution.complete(job.operators, later);
  CHECK(held_by(later, 1) == std::vector<double>{0});
}

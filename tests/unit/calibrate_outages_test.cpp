// The rule of outages, and where capacity is seen, on recordings that are made up.

#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>
#include <vector>

#include "sim/calibrate/catch_up.hpp"
#include "sim/calibrate/instrument.hpp"
#include "sim/calibrate/job_model.hpp"
#include "sim/calibrate/meter_window.hpp"
#include "sim/calibrate/outages.hpp"
#include "sim/kernel/random.hpp"

using namespace weir;
using namespace weir::calibrate;

namespace {

JobSeries wave(std::size_t rows, double step_s = 1, double mean = 1000, double amplitude = 500) {
  JobSeries series;
  series.step_s = step_s;
  for (std::size_t i = 0; i < rows; ++i)
    series.offered_per_s.push_back(mean +
                                   amplitude * std::sin(2 * std::numbers::pi * series.time_s(i) / 3600));
  series.workers.assign(rows, 4);
  return series;
}

// What the job's meters would have told.
void record(JobSeries& series, const std::vector<Outage>& outages, std::size_t window,
            const JobModel& model) {
  const JobPrediction truth = JobQueue(series, outages, window).predict(model, series.size());
  series.achieved_per_s = truth.achieved_per_s;
  series.latency_s = truth.latency_s;
}

const JobModel roomy{.rate_per_s = 600, .sigma = 0, .imbalance = 0, .replay_s = 0, .floor_s = 0.5};

}  // namespace

TEST_CASE("outages are found where they were, by meters of any window", "[calibrate]") {
  const std::vector<Outage> truth = {{700, 760}, {1500, 1530}, {2500, 2700}};
  for (const std::size_t window : {1, 5, 30, 60, 90}) {
    INFO("window " << window);
    JobSeries series = wave(3600);
    record(series, truth, window, roomy);
    const Outages found = find_outages(series, window, {});
    REQUIRE(found.found.size() == truth.size());
    CHECK(found.slow == 0);
    for (std::size_t i = 0; i < truth.size(); ++i) {
      INFO("outage " << i << ": " << found.found[i].start_s << " to " << found.found[i].end_s);
      // The load changes a little while the meters fall: some seconds at long windows.
      const double tolerance_s = 1.5 + 0.06 * static_cast<double>(window);
      CHECK(found.found[i].start_s == Approx(truth[i].start_s).margin(tolerance_s));
      CHECK(found.found[i].end_s == Approx(truth[i].end_s).margin(tolerance_s));
    }
  }
}

TEST_CASE("what is no outage is not found", "[calibrate]") {
  SECTION("a job that keeps up, under noise") {
    JobSeries series = wave(3600);
    RandomStream random(11, "test", "noise");
    record(series, {}, 10, roomy);
    for (double& rate : series.achieved_per_s) rate *= 1 + 0.03 * random.normal();
    CHECK(find_outages(series, 10, {}).found.empty());
  }
  SECTION("a job that cannot keep up") {
    JobSeries series = wave(7200);
    record(series, {}, 30, {.rate_per_s = 230, .sigma = 0, .imbalance = 0, .replay_s = 0, .floor_s = 0.5});
    CHECK(find_outages(series, 30, {}).found.empty());
  }
  SECTION("a load that falls") {
    JobSeries series = wave(3600);
    for (std::size_t i = 1800; i < 2400; ++i) series.offered_per_s[i] = 100;
    record(series, {}, 30, roomy);
    CHECK(find_outages(series, 30, {}).found.empty());
  }
  SECTION("a job at half its speed for ten minutes is slower, not still") {
    JobSeries series = wave(3600);
    record(series, {}, 30, roomy);
    for (std::size_t i = 1000; i < 1600; ++i) series.achieved_per_s[i] *= 0.5;
    const Outages found = find_outages(series, 30, {});
    CHECK(found.found.empty());
    CHECK(found.slow == 1);
  }
  SECTION("hardly any load") {
    JobSeries series = wave(3600);
    for (std::size_t i = 1000; i < 2000; ++i) series.offered_per_s[i] = 5;
    record(series, {{1500, 1560}}, 30, roomy);
    CHECK(find_outages(series, 30, {}).found.empty());
  }
  SECTION("rows without a value") {
    JobSeries series = wave(3600);
    record(series, {}, 30, roomy);
    for (std::size_t i = 1000; i < 1100; ++i) series.achieved_per_s[i] = NAN;
    CHECK(find_outages(series, 30, {}).found.empty());
  }
}

TEST_CASE("the window of the meters is found", "[calibrate]") {
  for (const std::size_t window : {1, 15, 60, 90}) {
    INFO("window " << window);
    JobSeries series = wave(3600);
    RandomStream random(12, "test", "load");
    for (double& rate : series.offered_per_s) rate *= 1 + 0.05 * random.normal();
    record(series, {{700, 760}}, window,
           {.rate_per_s = 400, .sigma = 0, .imbalance = 0, .replay_s = 0, .floor_s = 0});
    const std::size_t found = find_window(series, {}, std::nullopt, series.size(), 180).rows;
    CHECK(static_cast<double>(found) == Approx(static_cast<double>(window)).epsilon(0.12).margin(0.5));
  }
}

TEST_CASE("capacity is seen while something waits", "[calibrate]") {
  const std::vector<Outage> outages = {{700, 760}};
  for (const bool with_latency : {true, false}) {
    INFO("with latencies: " << with_latency);
    JobSeries series = wave(3600);
    record(series, outages, 10,
           {.rate_per_s = 400, .sigma = 0, .imbalance = 0, .replay_s = 0, .floor_s = 0.5});
    if (!with_latency) series.latency_s.clear();
    const Seen seen = find_catch_up(series, outages, 10, series.size());
    // 60 s of about 1470/s waited; capacity is 1600, and the load falls to 1500 and below from 900 s on.
    REQUIRE(seen.catch_up.size() == 1);
    CHECK(series.time_s(seen.catch_up[0].from) == Approx(770).margin(1));
    CHECK(series.time_s(seen.catch_up[0].rows()) > 300);
    CHECK(seen.calm_achieved_per_s > 1400);  // before the outage
    CHECK(seen.calm_achieved_per_s < 1600);
    if (with_latency) CHECK(seen.calm_latency_s == Approx(0.5));
    CHECK(seen.windows_before(500) == 0);
    CHECK(seen.rows_before(seen.catch_up[0].from + 7) == 7);
  }
  JobSeries calm = wave(3600);
  record(calm, {}, 10, roomy);
  CHECK(find_catch_up(calm, {}, 10, calm.size()).catch_up.empty());
}

TEST_CASE("trailing means", "[calibrate]") {
  const std::vector<double> values = {1, 2, 3, 4};
  CHECK(trailing_mean(values, 1) == values);
  CHECK(trailing_mean(values, 2) == std::vector<double>{1, 1.5, 2.5, 3.5});
  CHECK(trailing_mean(values, 9) == std::vector<double>{1, 1.5, 2, 2.5});
}

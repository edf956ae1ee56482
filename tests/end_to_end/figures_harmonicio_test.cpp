// The figures of HarmonicIO: drawn, with the numbers that docs/figures.md has.

#include <fmt/format.h>
#include <catch2/catch.hpp>
#include <string>

#include "tests/support/figures.hpp"

using namespace weir::test;

TEST_CASE("HarmonicIO's workers: each is full before the next is used", "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = draw(folder, "harmonicio-workers");
  check_picture(folder.path() / "harmonicio-workers", "harmonicio-workers",
                {"published,stated,", "weir,predicted,worker-0,first_work_s,"});
  const std::string data = read_file(folder.path() / "harmonicio-workers/harmonicio-workers.csv");
  for (int worker = 0; worker < 8; ++worker) {
    const std::string row = fmt::format("| worker-{} |", worker);
    CHECK(documented(row) == told(outcome, row));
  }
  const auto value = [&](int worker, const char* measure) {
    return value_of(data, fmt::format("weir,predicted,worker-{},{},", worker, measure));
  };
  for (int worker = 0; worker < 4; ++worker) {
    INFO("worker " << worker);
    CHECK(value(worker, "first_at_90_percent_s") < value(worker + 1, "first_work_s"));
    CHECK(value(worker, "most_cpu_share") > 0.95);
  }
  for (int worker = 5; worker < 8; ++worker) CHECK(value(worker, "most_cpu_share") == 0);
}

TEST_CASE("CellProfiler on HarmonicIO: no faster than 40 cores can, and worker 0 first",
          "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = draw(folder, "harmonicio-cellprofiler");
  check_picture(folder.path() / "harmonicio-cellprofiler", "harmonicio-cellprofiler",
                {"published,measured,spark,,last_work_s,636.6", "weir,calibrated,any,,core_s_of_an_image,",
                 "weir,predicted,documented,,last_work_s,"});
  for (const char* row : {"| documented set (2020) |", "| configured set (2018) |"})
    CHECK(documented(row) == told(outcome, row));
  const std::string data = read_file(folder.path() / "harmonicio-cellprofiler/harmonicio-cellprofiler.csv");
  for (const char* preset : {"documented", "configured"})
    CHECK(value_of(data, fmt::format("weir,predicted,{},,last_work_s,", preset)) > 767 * 31.3 / 40);
  const auto value = [&](int worker, const char* measure) {
    return value_of(data, fmt::format("weir,predicted,documented,worker-{},{},", worker, measure));
  };
  for (int worker = 0; worker < 5; ++worker) CHECK(value(worker, "most_cpu_share") > 0.95);
  for (int worker = 0; worker < 4; ++worker)
    CHECK(value(worker, "first_at_90_percent_s") <= value(worker + 1, "first_work_s"));
}

TEST_CASE("HarmonicIO as it grows: more workers, more containers, an earlier end", "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = draw(folder, "harmonicio-scaling");
  check_picture(folder.path() / "harmonicio-scaling", "harmonicio-scaling",
                {"weir,predicted,1,backlog_max,"});
  const std::string data = read_file(folder.path() / "harmonicio-scaling/harmonicio-scaling.csv");
  double containers = 0, last_s = 1e9;
  for (const int workers : {1, 2, 5, 10}) {
    const std::string row = fmt::format("| {} |", workers);
    CAPTURE(workers);
    CHECK(documented(row) == told(outcome, row));
    const auto value = [&](const char* measure) {
      return value_of(data, fmt::format("weir,predicted,{},{},", workers, measure));
    };
    CHECK(value("containers_max") > containers);
    CHECK(value("last_work_s") < last_s);
    CHECK(value("last_work_s") >= value("least_s"));
    containers = value("containers_max");
    last_s = value("last_work_s");
  }
}

TEST_CASE("CellProfiler on Spark and on HarmonicIO, side by side", "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  const Outcome outcome = draw(folder, "cellprofiler");
  check_picture(folder.path() / "cellprofiler", "cellprofiler",
                {"published,measured,Spark Streaming,last_work_s,636.6", "weir,predicted,Spark Streaming,",
                 "weir,predicted,HarmonicIO with IRM,"});
  for (const char* row : {"| Spark Streaming |", "| HarmonicIO with IRM |"})
    CHECK(documented(row) == told(outcome, row));
  const std::string data = read_file(folder.path() / "cellprofiler/cellprofiler.csv");
  // The same work on the same cores: a share of them for longer, never below 600 s.
  const auto value = [&](const char* system, const char* measure) {
    return value_of(data, fmt::format("weir,predicted,{},{},", system, measure));
  };
  for (const char* system : {"Spark Streaming", "HarmonicIO with IRM"}) {
    CHECK(value(system, "last_work_s") >= 767 * 31.3 / 40);
    CHECK(value(system, "mean_cpu_share_24_to_600_s") > 0.8);
  }
  CHECK(value("Spark Streaming", "all_workers_at_90_percent_s") < 15);
}

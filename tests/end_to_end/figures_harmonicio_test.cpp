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

TEST_CASE("HarmonicIO's throughput domain: cores, link and master limit it, each where it should",
          "[cli][figure][paper]") {
  if (!can_draw()) return;
  const TemporaryFolder folder;
  draw(folder, "harmonicio-domain", {"--sizes", "100,10000000", "--costs", "0,0.5"});
  check_picture(folder.path() / "harmonicio-domain", "harmonicio-domain",
                {"weir,predicted,100,0,master,500,"});
  const std::string data = read_file(folder.path() / "harmonicio-domain/harmonicio-domain.csv");
  const auto highest = [&](const char* cell) {
    return value_of(data, fmt::format("weir,predicted,{},", cell));
  };
  // Found by search, against what theory allows: 1 / (2 x 1 ms), 1.3 Gbit/s / 10 MB, 40 / 0.5 s.
  CHECK(highest("100,0,master,500") == Approx(500).epsilon(0.03));
  CHECK(highest("10000000,0,network,16.25") == Approx(16.25).epsilon(0.03));
  CHECK(highest("100,0.5,cpu,80") == Approx(80).epsilon(0.03));
  CHECK(highest("10000000,0.5,network,16.25") == Approx(16.25).epsilon(0.03));
}

#include "models/engines/flink/debloater.hpp"

#include <catch2/catch.hpp>

#include "tests/support/flink_scenario.hpp"

using namespace weir::test;
using weir::flink::Debloater;
using weir::flink::DebloatParams;

TEST_CASE("A debloated buffer is smoothed, bounded, and announced when it changed enough", "[flink]") {
  // 20 looks: alpha = 2/21. 3.2 MB/s for a second in 1000 buffers: 3200 bytes each.
  Debloater debloater({.enabled = true}, 32768);
  double size = 32768;
  int announced = 0;
  for (int look = 0; look < 100; ++look) {
    const double before = static_cast<double>(debloater.announced_bytes());
    const bool told = debloater.look(640'000, 0.2, 1000);
    size += 2.0 / 21 * (3200 - size);
    CHECK(told == (std::abs(size - before) >= 0.25 * before));
    if (told) CHECK(debloater.announced_bytes() == static_cast<std::int64_t>(size));
    announced += told ? 1 : 0;
  }
  CHECK(announced >= 4);
  CHECK(debloater.announced_bytes() < 4288);  // 3200 and a third

  // Never more than twice what was announced, nor beyond a segment; the ends are announced always.
  Debloater grows({.enabled = true, .samples = 1}, 32768);
  CHECK(grows.look(10, 1, 1000));
  CHECK(grows.announced_bytes() == 256);
  for (const int bytes : {512, 1024, 2048, 4096, 8192, 16384, 32768}) {
    CHECK(grows.look(1e9, 1, 1));
    CHECK(grows.announced_bytes() == bytes);
  }
  CHECK_FALSE(grows.look(1e9, 1, 1));
  // Nothing consumed: the throughput is what it was.
  CHECK_FALSE(grows.look(0, 0, 1));
}

TEST_CASE("Debloating brings what is under way to its target", "[oracle][flink]") {
  // Four senders to one task, which serves 10,000 records of 100 bytes a second: a megabyte. Their channels
  // hold up to 40 buffers of 32 KiB.
  ScenarioText s = flink_scenario(120);
  s.all["fidelity"] = {{"batch_records", 1000}, {"batch_span_ms", 10}};
  s.source("s", ScenarioText::constant(40'000))["parallelism"] = 4;
  s.dataflow()["sources"][0]["when_blocked"] = "skip";
  s.op("t", "sink", ScenarioText::deterministic(100));
  s.edge("s", "t");
  const double bloated_s = mean_latency_s(flink_result(s, true), 60);
  s.engine()["network"]["debloat"] = {{"enabled", true}, {"target_s", 0.2}};
  const nlohmann::json debloated = flink_result(s, true);
  CHECK(bloated_s > 1.1);
  CHECK(mean_latency_s(debloated, 60) == Approx(0.2).margin(0.08));
  CHECK(mean_rate_per_s(debloated, 1, "records_in", 60) == Approx(10'000).epsilon(0.001));
}

#include <catch2/catch.hpp>

#include "tests/support/flink_scenario.hpp"
#include "tests/support/traced.hpp"

// What a trace says of operators that share a thread.

using namespace weir;
using namespace weir::test;
using nlohmann::json;

TEST_CASE("in a trace an operator whose thread works for another is no fault tolerance", "[trace][flink]") {
  // 400 us of each record in one operator of the chain, 600 us in the other.
  constexpr double until_s = 4, rate_per_s = 500;
  ScenarioText s = flink_scenario(until_s);
  s.source("s", ScenarioText::constant(rate_per_s));
  s.op("a", "map", ScenarioText::deterministic(400));
  s.op("b", "map", ScenarioText::deterministic(600));
  s.op("t", "sink", ScenarioText::deterministic(1));
  s.edge("s", "a", "forward");
  s.edge("a", "b", "forward");
  s.edge("b", "t");
  const json result = traced(s);
  INFO(result.dump(1));
  const auto seconds = [&](const char* worker, const char* activity) {
    return result["seconds"][worker].value(activity, 0.0);
  };
  const double a_s = 400e-6 * rate_per_s * until_s, b_s = 600e-6 * rate_per_s * until_s;
  CHECK(seconds("a[0]", "processing") == Approx(a_s).epsilon(0.01));
  CHECK(seconds("b[0]", "processing") == Approx(b_s).epsilon(0.01));
  CHECK(seconds("a[0]", "busy-waiting") == Approx(b_s).epsilon(0.01));
  CHECK(seconds("b[0]", "busy-waiting") == Approx(a_s).epsilon(0.01));
  CHECK(seconds("s[0]", "busy-waiting") == Approx(a_s + b_s).epsilon(0.01));
  for (const char* worker : {"s[0]", "a[0]", "b[0]", "t[0]"}) CHECK(seconds(worker, "fault-tolerance") == 0);
  CHECK(result["without_path"].empty());
}

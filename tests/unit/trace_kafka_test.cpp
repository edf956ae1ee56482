#include <catch2/catch.hpp>

#include "tests/support/kafka_scenario.hpp"
#include "tests/support/traced.hpp"

// What a trace says of who writes to a topic.

using namespace weir;
using namespace weir::test;
using nlohmann::json;

TEST_CASE("in a trace a sink goes on by what it sent, and windows have a path", "[trace][kafka]") {
  // The source only sends into the job, whose sink waits for the acknowledgement of each record: longer than
  // until the next one comes, so that the source is held up as well.
  ScenarioText s = behind_kafka(4, ScenarioText::constant(1000));
  s.job().erase("reads");
  s.job()["writes"] = json::array({{{"sink", "out"}, {"topic", "t"}}});
  s.engine()["channel_capacity_records"] = 2;
  system_of(s)["producer"] = {{"linger_ms", 0}, {"buffer_bytes", 1}};
  const json result = traced(s);
  INFO(result.dump(1));
  CHECK(result["seconds"]["out[0]"]["blocked"].get<double>() > 3);
  CHECK(result["windows"] == 4);
  // What nobody has acknowledged yet at the end is not told.
  for (const json& window : result["without_path"]) CHECK(window == 3);
}

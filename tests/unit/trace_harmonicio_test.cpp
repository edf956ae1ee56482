#include <catch2/catch.hpp>

#include "tests/support/traced.hpp"

// What a trace says of containers: a place without one does nothing, and who sends a message to whoever is
// free, or to the backlog, is held up by that alone.

using namespace weir;
using namespace weir::test;
using nlohmann::json;

namespace {

// One source, eight places for containers on two workers; a master that takes 1 ms for a request.
ScenarioText containers(double until_s, double rate_per_s, double service_us) {
  ScenarioText s(until_s);
  s.all["cluster"] = {
      {"hosts",
       json::array(
           {{{"name", "master"}, {"cores", 8}, {"slots", 0}, {"nic_gbit_per_s", 1.3}},
            {{"name", "source"}, {"cores", 1}, {"slots", 1}, {"nic_gbit_per_s", 1.3}},
            {{"name", "worker"}, {"count", 2}, {"cores", 8}, {"slots", 4}, {"nic_gbit_per_s", 1.3}}})},
      {"network", {{"latency_us", 250}}}};
  s.source("in", ScenarioText::constant(rate_per_s));
  s.op("work", "sink", ScenarioText::deterministic(service_us), 8);
  s.edge("in", "work");
  s.job()["engine"] = {{"type", "harmonicio"}, {"master_host", "master"}, {"request_ms", 1}};
  s.job()["placement"] = "packed";
  return s;
}

}  // namespace

TEST_CASE("in a trace, a place without a container waits", "[trace][harmonicio]") {
  constexpr double until_s = 5;
  ScenarioText s = containers(until_s, 20, 100'000);
  s.job()["engine"]["initial_containers"] = 3;
  const json result = traced(s);
  INFO(result.dump(1));
  int working = 0;
  for (int place = 0; place < 8; ++place) {
    const json& of = result["seconds"]["work[" + std::to_string(place) + "]"];
    CHECK(!of.contains("fault-tolerance"));
    const double works_s = of.value("processing", 0.0), waits_s = of.value("waiting", 0.0);
    CHECK(works_s + waits_s == Approx(until_s));
    working += works_s > 0 ? 1 : 0;
  }
  CHECK(working == 3);
  CHECK(result["without_path"].empty());
}

TEST_CASE("in a trace of containers every window has a path, the last one too", "[trace][harmonicio]") {
  // As few as a request of the master allows at a time, nearly as many, and three times as many.
  for (const double rate_per_s : {100., 300., 1000.}) {
    for (const int batch_records : {1, 64}) {
      INFO(rate_per_s << " " << batch_records);
      ScenarioText s = containers(4, rate_per_s, 100);
      s.all["fidelity"] = {{"batch_records", batch_records}, {"batch_span_ms", batch_records == 1 ? 0 : 50}};
      const json result = traced(s);
      CHECK(result["windows"] == 4);
      CHECK(result["without_path"].empty());
    }
  }
}

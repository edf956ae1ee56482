#include <catch2/catch.hpp>
#include <cstdlib>

#include "tests/reference/random_scenario.hpp"
#include "tests/support/simulate.hpp"

// The engine flink on random dataflows: buffers of a few records, all pools and timeouts, checkpoints of both
// kinds, every way to rescale, shared cores and contended links.

using namespace weir::test;

namespace {

using json = nlohmann::json;

int many(int usual) {
  return std::getenv("WEIR_LONG") != nullptr ? 20 * usual : usual;
}

std::int64_t number(const json& summary, const char* what) {
  return summary["conservation"][what].get<std::int64_t>();
}

ScenarioText random_flink(Dice& dice, bool rescale) {
  ScenarioText s = random_scenario(dice, {.rescale = rescale, .hosts = false});
  s.hosts()[0]["count"] = 1 + dice.below(3);
  s.hosts()[0]["nic_gbit_per_s"] = 10;
  if (dice.coin()) make_batches(s, dice);
  if (dice.coin()) crowd_cores(s, dice);
  if (dice.coin()) contend_links(s, dice);
  s.engine() = {
      {"type", "flink"},
      {"metrics_interval_s", 0.1},
      {"network",
       {{"segment_bytes", 256 << dice.below(8)},
        {"exclusive_per_channel", 1 + dice.below(3)},
        {"floating_per_gate", dice.below(9)},
        {"max_per_channel", 2 + dice.below(10)},
        {"buffer_timeout_ms", std::vector<int>{0, 1, 7, 100}[static_cast<std::size_t>(dice.below(4))]}}},
      {"slot_sharing", dice.coin()},
      {"operator_chaining", dice.below(4) > 0},
      {"cancel_s", 0.01 * dice.below(3)},
      {"deploy_s", 0.01 * dice.below(3)}};
  if (dice.coin())
    s.engine()["state_backend"] = {{"type", "rocksdb"},
                                   {"write_buffer_mb", dice.coin() ? 64 : 0.001},
                                   {"background_threads", 1 + dice.below(3)},
                                   {"background_us_per_record", 1000}};
  const bool checkpoints = dice.coin();
  if (checkpoints)
    s.engine()["checkpoints"] = {{"interval_s", dice.between(0.05, 0.5)},
                                 {"unaligned", dice.coin()},
                                 {"timeout_s", dice.coin() ? 600 : dice.between(0.01, 0.5)},
                                 {"min_pause_s", dice.coin() ? 0 : 0.1}};
  // State over the network of the job, to a host of the job or to one beside it.
  if (dice.coin()) {
    s.hosts().push_back({{"name", "storage"}, {"cores", 1}, {"slots", 0}, {"nic_gbit_per_s", 0.01}});
    s.engine()["checkpoints"]["storage_host"] = "storage";
  }
  s.engine()["rescale"] = !checkpoints
                              ? "stop-with-savepoint"
                              : std::vector<const char*>{"stop-with-savepoint", "in-place",
                                                         "reactive"}[static_cast<std::size_t>(dice.below(3))];
  for (json& op : s.dataflow()["operators"])
    if (dice.coin()) op["state"] = {{"keys", dice.below(1000)}, {"bytes_per_key", dice.below(10000)}};
  return s;
}

void check(const json& result) {
  if (result.contains("error")) FAIL(result["error"].get<std::string>());
  const json& summary = result["summary"];
  INFO(summary["failed_checks"].dump());
  INFO(summary["conservation"].dump());
  REQUIRE(summary["conservation"]["ok"].get<bool>());
  for (const char* what : {"emitted", "delivered", "filtered", "dropped", "replayed", "in_flight"})
    REQUIRE(number(summary, what) >= 0);
}

}  // namespace

TEST_CASE("Flink's books balance, whatever is set", "[property][flink]") {
  std::vector<Run> runs;
  for (int i = 0; i < many(250); ++i) {
    const std::uint64_t seed = test_seed() + 70000 + static_cast<std::uint64_t>(i);
    Dice dice(seed);
    runs.push_back({.scenario = random_flink(dice, true).text(), .seed = seed});
  }
  const std::vector<json> results = run_all(runs);
  std::int64_t replayed = 0;
  double checkpoints = 0, rescaled = 0;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    INFO("seed " << runs[i].seed << "\n" << runs[i].scenario);
    check(results[i]);
    const json& summary = results[i]["summary"];
    replayed += number(summary, "replayed");
    checkpoints += summary.value("/engine_figures/checkpoints_completed"_json_pointer, 0.0);
    rescaled += static_cast<double>(summary["scaling"]["actions"].size());
  }
  CHECK(replayed > 1000);
  CHECK(checkpoints > 100);
  CHECK(rescaled > 50);
}

TEST_CASE("Flink gives the same run whatever way time is advanced, traced or not", "[property][flink]") {
  std::vector<Run> runs;
  for (int i = 0; i < many(40); ++i) {
    const std::uint64_t seed = test_seed() + 71000 + static_cast<std::uint64_t>(i);
    Dice dice(seed);
    const std::string text = random_flink(dice, true).text();
    runs.push_back({.scenario = text, .seed = seed});
    runs.push_back({.scenario = text, .seed = seed, .lookahead = false});
    runs.push_back({.scenario = text, .seed = seed, .trace = true});
  }
  const std::vector<json> results = run_all(runs);
  for (std::size_t i = 0; i < runs.size(); i += 3) {
    INFO("seed " << runs[i].seed << "\n" << runs[i].scenario);
    for (std::size_t k = 0; k < 3; ++k) check(results[i + k]);
    REQUIRE(results[i]["summary"]["fingerprint"] == results[i + 1]["summary"]["fingerprint"]);
    REQUIRE(results[i]["summary"]["fingerprint"] == results[i + 2]["summary"]["fingerprint"]);
    // Busy, idle and backpressured: the trace has the same times as the accounts.
    REQUIRE(results[i + 2]["trace"]["left_out"] == 0);
  }
}

TEST_CASE("On Flink everything that is emitted comes out", "[property][flink]") {
  std::vector<Run> runs;
  for (int i = 0; i < many(60); ++i) {
    const std::uint64_t seed = test_seed() + 72000 + static_cast<std::uint64_t>(i);
    Dice dice(seed);
    ScenarioText s = random_flink(dice, true);
    s.all["until_s"] = 300;
    for (json& source : s.dataflow()["sources"])
      source["arrivals"] = {
          {"type", "phases"},
          {"phases", {{{"duration_s", 1}, {"rate_per_s", source["arrivals"]["rate_per_s"]}}}},
          {"after", "stop"}};
    runs.push_back({.scenario = s.text(), .seed = seed});
  }
  const std::vector<json> results = run_all(runs);
  for (std::size_t i = 0; i < runs.size(); ++i) {
    INFO("seed " << runs[i].seed << "\n" << runs[i].scenario);
    check(results[i]);
    const json& summary = results[i]["summary"];
    REQUIRE(number(summary, "in_flight") == 0);
    // Exactly so in conservation.ok; here each is rounded to records.
    REQUIRE(std::abs(number(summary, "emitted") + number(summary, "replayed") - number(summary, "delivered") -
                     number(summary, "filtered") - number(summary, "dropped")) <= 2);
    // Stopped with a savepoint, nothing is lost and nothing comes twice; else what was lost comes again.
    const json engine = json::parse(runs[i].scenario)["jobs"][0]["engine"];
    if (engine["rescale"] == "stop-with-savepoint") {
      REQUIRE(number(summary, "dropped") == 0);
      REQUIRE(number(summary, "replayed") == 0);
    } else {
      REQUIRE(number(summary, "replayed") >= number(summary, "dropped"));
    }
  }
}

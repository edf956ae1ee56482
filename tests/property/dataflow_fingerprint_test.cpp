#include <catch2/catch.hpp>
#include <cstdlib>

#include "tests/reference/random_scenario.hpp"
#include "tests/support/program.hpp"
#include "tests/support/simulate.hpp"

// The same scenario and seed give the same trajectory, whatever way time is advanced and whatever is written;
// another seed gives another.

using namespace weir::test;

namespace {

using json = nlohmann::json;

struct Sample {
  ScenarioText text;
  std::uint64_t seed;
};

// Shared cores, contended links, batches: everything that SimGrid has a part in.
std::vector<Sample> samples(int count, std::uint64_t first_seed, double until_s) {
  std::vector<Sample> result;
  for (int i = 0; i < count; ++i) {
    const std::uint64_t seed = first_seed + static_cast<std::uint64_t>(i);
    Dice dice(seed);
    ScenarioText s = random_scenario(dice, {.hosts = false, .pull = i % 3 == 0, .until_s = until_s});
    if (dice.coin()) crowd_cores(s, dice);
    if (dice.coin()) contend_links(s, dice);
    if (dice.coin()) make_batches(s, dice);
    result.push_back({s, seed});
  }
  return result;
}

int many(int usual) {
  return std::getenv("WEIR_LONG") != nullptr ? 20 * usual : usual;
}

std::string problem(const json& result) {
  if (result.contains("error")) return result["error"];
  if (!result["summary"]["conservation"]["ok"]) return result["summary"]["failed_checks"].dump();
  return {};
}

}  // namespace

TEST_CASE("Running ahead of SimGrid's clock changes nothing", "[property][dataflow]") {
  std::vector<Run> runs;
  for (const Sample& sample : samples(many(60), test_seed(), 2)) {
    for (const bool lookahead : {true, false}) {
      runs.push_back({.scenario = sample.text.text(), .seed = sample.seed, .lookahead = lookahead});
    }
  }
  const std::vector<json> results = run_all(runs);
  for (std::size_t i = 0; i < runs.size(); i += 2) {
    INFO("seed " << runs[i].seed << "\n" << runs[i].scenario);
    REQUIRE(problem(results[i]).empty());
    REQUIRE(problem(results[i + 1]).empty());
    REQUIRE(results[i]["summary"]["fingerprint"] == results[i + 1]["summary"]["fingerprint"]);
    REQUIRE(results[i]["instances"] == results[i + 1]["instances"]);
    REQUIRE(results[i]["latency"] == results[i + 1]["latency"]);
  }
}

TEST_CASE("The same seed gives the same run, another seed another", "[property][dataflow]") {
  std::vector<Run> runs;
  for (Sample& sample : samples(many(20), test_seed() + 500, 2)) {
    sample.text.dataflow()["sources"][0]["arrivals"] = ScenarioText::poisson(200);
    for (const std::uint64_t seed : {sample.seed, sample.seed, sample.seed + 1}) {
      // Windows told or not: looking changes nothing.
      runs.push_back({.scenario = sample.text.text(), .seed = seed, .windows = runs.size() % 3 == 1});
    }
  }
  const std::vector<json> results = run_all(runs);
  for (std::size_t i = 0; i < runs.size(); i += 3) {
    INFO("seed " << runs[i].seed << "\n" << runs[i].scenario);
    REQUIRE(problem(results[i]).empty());
    CHECK(results[i]["summary"]["fingerprint"] == results[i + 1]["summary"]["fingerprint"]);
    CHECK(results[i]["summary"]["fingerprint"] != results[i + 2]["summary"]["fingerprint"]);
  }
}

TEST_CASE("What is written changes nothing", "[property][dataflow]") {
  const TemporaryFolder folder;
  Dice dice(test_seed());
  const ScenarioText s = random_scenario(dice, {.rescale = false, .until_s = 2});
  folder.write("s.json", s.text());
  const std::vector<std::vector<std::string>> settings = {
      {},
      {"--set", "record.instance_windows_max_instances=0"},
      {"--trace", "off"},
      {"--lookahead", "off"},
      {"--quiet"}};
  std::string first;
  for (const std::vector<std::string>& setting : settings) {
    std::vector<std::string> words = {"run", "s.json", "--json", "--seed", "7", "-o", "out"};
    words.insert(words.end(), setting.begin(), setting.end());
    const Outcome outcome = run_weir(words, {.folder = folder.path()});
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    const json summary = json::parse(outcome.out);
    if (first.empty()) first = summary["fingerprint"];
    CHECK(summary["fingerprint"] == first);
  }
  // From inside, with nothing written at all.
  CHECK(run({.scenario = s.text(), .seed = 7})["summary"]["fingerprint"] == first);
}

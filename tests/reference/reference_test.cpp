#include "tests/reference/reference.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <set>

#include "sim/kernel/latency_histogram.hpp"
#include "sim/scenario/errors.hpp"
#include "sim/simulation/scenario.hpp"
#include "tests/reference/random_scenario.hpp"
#include "tests/support/simulate.hpp"

// weir against the reference simulator on random small scenarios, at batches of one record: every count,
// every nanosecond of every instance, every delivery. Nothing is allowed to differ. Scenario i of a test has
// the seed "first seed + i"; the first seeds follow from WEIR_SEED.

using namespace weir;
using namespace weir::test;

namespace {

using json = nlohmann::json;

ReferenceSetup setup_of(const ScenarioText& s, std::uint64_t seed) {
  Errors errors;
  ScenarioOverrides overrides;
  overrides.seed = seed;
  const auto loaded =
      load_scenario_text(s.text(), "test", std::filesystem::current_path(), overrides, errors);
  if (!loaded) FAIL(errors.text() << s.text());
  ReferenceSetup r;
  WorkloadContext workload;
  r.graph = resolve(loaded->scenario.jobs[0].workload.build(workload)->dataflow());
  r.job = loaded->scenario.jobs[0].name;
  r.seed = seed;
  r.until_ns = to_nanos(loaded->scenario.until_s);
  r.hosts = s.all["cluster"]["hosts"][0]["count"];
  if (s.all["cluster"].contains("network")) {
    r.latency_ns = to_nanos(s.all["cluster"]["network"]["latency_us"].get<double>() * 1e-6);
  }
  const json& engine = s.all["jobs"][0]["engine"];
  r.restart_s = engine["restart_s"];
  r.restart_per_instance_s = engine["restart_per_instance_s"];
  if (engine["type"] == "heron") {
    const auto bytes = [&](const char* mib) {
      return static_cast<std::int64_t>(engine[mib].get<double>() * 1048576);
    };
    const auto nanos = [&](const char* ms) { return to_nanos(engine[ms].get<double>() * 1e-3); };
    r.heron = true;
    r.instances_per_container = engine["instances_per_container"];
    r.drain_ns = nanos("drain_ms");
    r.high_mark_bytes = bytes("high_water_mib");
    r.low_mark_bytes = bytes("low_water_mib");
    r.sightings = engine["backpressure_sightings"];
    r.backpressure_delay_ns = nanos("backpressure_delay_ms");
    r.restart_cv = engine["restart_cv"];
  } else {
    r.channel_capacity = engine["channel_capacity_records"];
    r.drop = engine["on_stop"] == "drop";
    r.savepoint_s = engine["savepoint_s"];
  }
  if (s.all["jobs"][0].contains("policy")) {
    const json& policy = s.all["jobs"][0]["policy"];
    r.policy_interval_ns = to_nanos(policy["interval_s"].get<double>());
    for (const json& step : policy["steps"]) {
      r.steps.push_back({to_nanos(step["time_s"].get<double>()), step["operator_id"], step["parallelism"]});
    }
  }
  return r;
}

// What differs, in words; empty when nothing does.
std::string difference(const json& weir, const json& plain) {
  std::string text;
  const auto differ = [&](const std::string& where, const json& a, const json& b) {
    if (a != b) text += where + ": weir " + a.dump() + ", reference " + b.dump() + "\n";
  };
  for (std::size_t op = 0; op < plain["instances"].size(); ++op) {
    differ("instances of " + std::to_string(op), weir["instances"][op].size(), plain["instances"][op].size());
    for (std::size_t i = 0; i < std::min(weir["instances"][op].size(), plain["instances"][op].size()); ++i) {
      differ("instance " + std::to_string(op) + "/" + std::to_string(i), weir["instances"][op][i],
             plain["instances"][op][i]);
    }
  }
  LatencyHistogram histogram;
  std::size_t next = 0;
  // Of a window that ends with a restart, it is not said on which side deliveries of its last instant are;
  // the run may end there, too.
  const json& all_actions = weir["summary"]["scaling"]["actions"];
  const auto restart_ends = [&](Nanos time_ns) {
    return std::any_of(all_actions.begin(), all_actions.end(), [&](const json& action) {
      return !action["ended_s"].is_null() && to_nanos(action["ended_s"].get<double>()) == time_ns;
    });
  };
  std::int64_t delivered = 0;
  const json& windows = weir["windows"];
  for (std::size_t w = 0; w < windows.size(); ++w) {
    const json& window = windows[w];
    for (; next < plain["latencies"].size(); ++next) {
      if (plain["latencies"][next][0].get<Nanos>() > window["end_ns"].get<Nanos>()) break;
      histogram.add(plain["latencies"][next][1].get<Nanos>());
    }
    delivered += window["delivered"].get<std::int64_t>();
    const bool last = w + 1 == windows.size();
    if (last ? restart_ends(window["end_ns"]) : windows[w + 1]["deployment"] != window["deployment"])
      continue;
    differ("deliveries until " + window["end_ns"].dump(), delivered, next);
  }
  differ("deliveries", weir["latency"]["count"], plain["latencies"].size());
  differ("shortest latency", weir["latency"]["min_ns"], histogram.min_ns());
  differ("longest latency", weir["latency"]["max_ns"], histogram.max_ns());
  differ("mean latency", weir["latency"]["mean_ns"], histogram.mean_ns());
  json buckets = json::array();
  histogram.for_each_bucket([&](std::int64_t from_ns, std::int64_t, std::int64_t n) {
    buckets.push_back({from_ns, n});
  });
  if (buckets != weir["latency"]["buckets"]) text += "the latencies are spread differently\n";
  differ("origins", weir["summary"]["conservation"]["origins"], plain["origins"]);
  json lost =
      json::array();  // in each restart that ended; an action is listed for every operator that it changes
  std::set<std::int64_t> actions;
  for (const json& action : weir["summary"]["scaling"]["actions"]) {
    if (action["ended_s"].is_null() || action["status"] == "refused") continue;
    if (actions.insert(action["action_id"].get<std::int64_t>()).second)
      lost.push_back(action["records_lost"]);
  }
  json plainly = plain["lost"];
  if (plainly.size() == lost.size() + 1) plainly.erase(lost.size());  // not over when the run was
  differ("records lost by restarts", lost, plainly);
  differ("records emitted", weir["summary"]["conservation"]["emitted"], plain["emitted"]);
  return text;
}

Nanos backpressure_ns(const json& plain) {
  Nanos sum = 0;
  for (const json& of_operator : plain["instances"]) {
    for (const json& instance : of_operator) sum += instance["backpressure_ns"].get<Nanos>();
  }
  return sum;
}

std::int64_t lost(const json& plain) {
  std::int64_t sum = 0;
  for (const json& records : plain["lost"]) sum += records.get<std::int64_t>();
  return sum;
}

struct Outcome {
  int failed = 0;
  std::int64_t deliveries = 0;
  int with_backpressure = 0;
  int with_losses = 0;
  std::string text;
};

void compare_some(int scenarios, std::uint64_t first_seed, const RandomKind& kind, Outcome& outcome) {
  std::vector<Run> runs;
  std::vector<ScenarioText> texts;
  for (int i = 0; i < scenarios; ++i) {
    const std::uint64_t seed = first_seed + static_cast<std::uint64_t>(i);
    Dice dice(seed);
    texts.push_back(random_scenario(dice, kind));
    if (dice.coin()) convert_records(texts.back(), dice);
    texts.back().all["fidelity"]["origins"] = "exact";
    runs.push_back({.scenario = texts.back().text(), .seed = seed, .windows = true});
  }
  const std::vector<json> results = run_all(runs);
  for (int i = 0; i < scenarios; ++i) {
    const json& result = results[i];
    std::string what;
    if (result.contains("error")) {
      what = result["error"];
    } else {
      if (!result["summary"]["conservation"]["ok"]) what = result["summary"]["failed_checks"].dump() + "\n";
      const json plain = reference(setup_of(texts[i], runs[i].seed));
      what += difference(result, plain);
      outcome.with_backpressure += backpressure_ns(plain) > 0 ? 1 : 0;
      outcome.with_losses += lost(plain) > 0 ? 1 : 0;
      outcome.deliveries += result["latency"]["count"].get<std::int64_t>();
    }
    if (what.empty() || ++outcome.failed > 3) continue;
    outcome.text += "seed " + std::to_string(runs[i].seed) + "\n" + what + runs[i].scenario + "\n";
  }
}

void compare(int scenarios, std::uint64_t first_seed, const RandomKind& kind) {
  Outcome outcome;
  for (int done = 0; done < scenarios; done += 50) {
    compare_some(std::min(50, scenarios - done), first_seed + static_cast<std::uint64_t>(done), kind,
                 outcome);
  }
  INFO(scenarios << " scenarios from seed " << first_seed << ", " << outcome.deliveries << " deliveries\n"
                 << outcome.with_backpressure << " with backpressure, " << outcome.with_losses
                 << " with losses\n"
                 << outcome.text);
  CHECK(outcome.failed == 0);
  CHECK(outcome.deliveries > 100 * scenarios);
  if (kind.heron) {
    CHECK(3 * outcome.with_backpressure > scenarios);
    CHECK((!kind.rescale || 3 * outcome.with_losses > scenarios));
  }
}

int many(int usual) {
  return std::getenv("WEIR_LONG") != nullptr ? 20 * usual : usual;
}

}  // namespace

TEST_CASE("weir equals the reference simulator: one host, no rescaling", "[reference]") {
  compare(many(100), test_seed(), {.rescale = false, .hosts = false, .random_laws = false});
}
TEST_CASE("weir equals the reference simulator: one host, no rescaling, random laws", "[reference]") {
  compare(many(100), test_seed() + 1000000, {.rescale = false, .hosts = false});
}
TEST_CASE("weir equals the reference simulator: latency between hosts", "[reference]") {
  compare(many(100), test_seed() + 2000000, {.rescale = false});
}
TEST_CASE("weir equals the reference simulator: queues that several instances take from", "[reference]") {
  compare(many(100), test_seed() + 6000000, {.rescale = false, .hosts = false, .pull = true});
  compare(many(100), test_seed() + 7000000, {.pull = true});
}
TEST_CASE("weir equals the reference simulator: forks and joins", "[reference]") {
  compare(many(100), test_seed() + 8000000, {.rescale = false, .hosts = false, .pull = true, .join = true});
  compare(many(200), test_seed() + 9000000, {.pull = true, .join = true});
}
TEST_CASE("weir equals the reference simulator: deliveries at the instant of a restart", "[reference]") {
  // A restart that ends with a metric window: they belong to the next one.
  compare(1, 5003000099, {.hosts = false});
  compare(1, 5004000034, {});
  // One that ends with the run.
  compare(1, 27260764, {.pull = true});
}
TEST_CASE("weir equals the reference simulator: Heron, no rescaling", "[reference][heron]") {
  compare(many(100), test_seed() + 10000000, {.rescale = false, .hosts = false, .heron = true});
}
TEST_CASE("weir equals the reference simulator: Heron, rescaling over several hosts", "[reference][heron]") {
  compare(many(200), test_seed() + 11000000, {.heron = true});
}
TEST_CASE("weir equals the reference simulator: rescaling", "[reference]") {
  compare(many(150), test_seed() + 3000000, {.hosts = false});
}
TEST_CASE("weir equals the reference simulator: rescaling over several hosts", "[reference]") {
  compare(many(150), test_seed() + 4000000, {});
}

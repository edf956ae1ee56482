#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <vector>

#include "models/engines/spark/distinct_keys.hpp"
#include "models/engines/spark/formulas.hpp"
#include "models/engines/spark/window.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/spark_scenario.hpp"

// Windows over micro-batches: what they count against brute force, what they read and merge against the
// formulas, what they cost against a sum by hand.

using namespace weir;
using namespace weir::test;

namespace {

using json = nlohmann::json;
using weir::spark::DistinctKeys;
using weir::spark::Window;

KeySpec keys_of(KeyLaw law, std::int64_t count) {
  KeySpec keys;
  keys.law = law;
  keys.count = count;
  return keys;
}

}  // namespace

TEST_CASE("The number of different keys is what drawing them gives in the mean", "[oracle][spark]") {
  const std::uint64_t seed = test_seed();
  INFO("WEIR_SEED=" << seed);
  Dice dice(seed);
  constexpr int partitions = 3, repeats = 300;
  for (const KeyLaw law : {KeyLaw::uniform, KeyLaw::zipf, KeyLaw::hot}) {
    const KeySpec spec = keys_of(law, 200);
    std::vector<std::vector<std::int64_t>> keys(partitions);
    for (std::int64_t key = 0; key < spec.count; ++key)
      keys[static_cast<std::size_t>(key_receiver(key, partitions))].push_back(key);
    const DistinctKeys distinct(spec, partitions);
    for (int p = 0; p < partitions; ++p) {
      const auto& mine = keys[static_cast<std::size_t>(p)];
      CHECK(distinct.keys(p) == static_cast<std::int64_t>(mine.size()));
      double total = 0;
      for (const std::int64_t key : mine) total += key_weight(spec, key);
      for (const int records : {1, 2, 10, 100, 1000}) {
        double sum = 0;
        for (int i = 0; i < repeats; ++i) {
          std::set<std::int64_t> seen;
          for (int r = 0; r < records; ++r) {
            double at = dice.between(0, total);
            std::size_t k = 0;
            while (k + 1 < mine.size() && (at -= key_weight(spec, mine[k])) > 0) ++k;
            seen.insert(mine[k]);
          }
          sum += static_cast<double>(seen.size());
        }
        // The variance of the number is below its mean: five deviations of the mean of the repeats, and the
        // rounding.
        const double mean = sum / repeats;
        INFO("law " << static_cast<int>(law) << ", " << records << " records");
        CHECK(static_cast<double>(distinct.among(records, p)) ==
              Approx(mean).margin(0.51 + 5 * std::sqrt(mean / repeats)));
      }
    }
  }
  // Of keys that are alike, K (1 - (1 - 1/K)^n) by hand.
  const DistinctKeys even(keys_of(KeyLaw::even, 100), 1);
  CHECK(even.among(0, 0) == 0);
  CHECK(even.among(1, 0) == 1);
  CHECK(even.among(100, 0) == 63);  // 100 (1 - 0.99^100) = 63.4
  CHECK(even.among(100'000, 0) == 100);
  // More partitions than keys.
  const DistinctKeys few(keys_of(KeyLaw::even, 2), 4);
  CHECK(few.keys(0) + few.keys(1) + few.keys(2) + few.keys(3) == 2);
}

TEST_CASE("A window counts what brute force counts, with the inverse function and without",
          "[oracle][spark]") {
  const std::uint64_t seed = test_seed();
  INFO("WEIR_SEED=" << seed);
  Dice dice(seed);
  for (int run = 0; run < 200; ++run) {
    const int slide = 1 + dice.below(6), length = slide + dice.below(12), partitions = 1 + dice.below(4);
    INFO("a window of " << length << " batches every " << slide << ", " << partitions << " partitions");
    const DistinctKeys keys(keys_of(KeyLaw::even, 1 + dice.below(50)), partitions);
    spark::WindowParams params;
    params.length_s = length;
    params.slide_s = slide;
    Window whole(params, 0, keys, partitions, nanos_per_second, 20);
    params.inverse = true;
    Window inverse(params, 0, keys, partitions, nanos_per_second, 20);
    std::vector<std::vector<std::int64_t>> all;
    for (int job = 0; job < 20; ++job) {
      std::vector<std::vector<std::int64_t>> entered;
      for (int b = 0; b < slide; ++b) {
        auto& batch = entered.emplace_back();
        for (int p = 0; p < partitions; ++p) batch.push_back(dice.coin() ? dice.below(40) : 0);
      }
      all.insert(all.end(), entered.begin(), entered.end());
      whole.enter(entered);
      inverse.enter(entered);
      const std::size_t begin = all.size() - std::min<std::size_t>(all.size(), length);
      std::int64_t whole_entries = 0, inverse_entries = 0;
      for (int p = 0; p < partitions; ++p) {
        std::int64_t counted = 0;
        for (std::size_t b = begin; b < all.size(); ++b) {
          counted += all[b][static_cast<std::size_t>(p)];
          whole_entries += keys.among(all[b][static_cast<std::size_t>(p)], p);
        }
        REQUIRE(whole.result(p).records == counted);
        REQUIRE(inverse.result(p).records == counted);
        REQUIRE(inverse.result(p).keys == whole.result(p).keys);
        // The result before, what has left, what entered.
        const std::size_t before_end = all.size() - static_cast<std::size_t>(slide);
        const std::size_t before_begin = before_end - std::min<std::size_t>(before_end, length);
        std::int64_t before = 0;
        for (std::size_t b = before_begin; b < before_end; ++b) {
          before += all[b][static_cast<std::size_t>(p)];
          if (b < begin) inverse_entries += keys.among(all[b][static_cast<std::size_t>(p)], p);
        }
        inverse_entries += keys.among(before, p);
        for (std::size_t b = before_end; b < all.size(); ++b)
          inverse_entries += keys.among(all[b][static_cast<std::size_t>(p)], p);
        whole.made(p, 0, 0, {});
        inverse.made(p, 0, 0, {});
      }
      REQUIRE(whole.merged_records() == whole_entries);
      REQUIRE(inverse.merged_records() == inverse_entries);
    }
    // Once it is full: as many as the formulas say.
    CHECK(whole.reads() == spark::window_batches(length, 1));
    CHECK(inverse.reads() == spark::inverse_window_batches(slide, 1));
  }
}

namespace {

// Words of a thousand a second, over 6 s every 2 s, batches of a second, on four cores.
ScenarioText words(bool inverse) {
  ScenarioText s = spark_scenario(30.5, 4);
  s.source("in", ScenarioText::constant(1000));
  s.op("words", "map", ScenarioText::deterministic(10), 4);
  s.op("count", "keyed-count", ScenarioText::deterministic(20), 4);
  s.edge("in", "words");
  s.edge("words", "count", "key")["keys"] = {{"law", "even"}, {"count", 200}, {"random", false}};
  s.engine()["direct"] = {{"partitions", 4}};
  s.engine()["checkpoint"] = {{"interval_s", 1000}};
  s.engine()["windows"] = {{"count",
                            {{"length_s", 6},
                             {"slide_s", 2},
                             {"inverse", inverse},
                             {"merge_per_key_us", 100},
                             {"combine", false}}}};
  return s;
}

std::int64_t records_in(const json& result, int op) {
  std::int64_t records = 0;
  for (const json& instance : result["instances"][static_cast<std::size_t>(op)])
    records += instance["records_in"].get<std::int64_t>();
  return records;
}

}  // namespace

TEST_CASE("A job with a window is one of all batches since the last, and merges what the formula says",
          "[oracle][spark]") {
  for (const bool inverse : {false, true}) {
    INFO((inverse ? "with" : "without") << " the inverse function");
    const json result = spark_result(words(inverse));
    // Windows at 2 s, 4 s, … 30 s, each of two batches' four tasks, and four of the shuffle.
    CHECK(spark_figure(result, "batches") == 15);
    CHECK(spark_figure(result, "windows") == 15);
    CHECK(spark_figure(result, "tasks") == 15 * (2 * 4 + 4));
    CHECK(spark_figure(result, "window_reads_max") == (inverse ? 1 + 2 + 2 : 6));
    CHECK(spark_figure(result, "window_records_last") == 6000);
    CHECK(spark_figure(result, "window_records_sum") == 2000 + 4000 + 13 * 6000);
    // Each record once, whatever is read again.
    CHECK(records_in(result, 1) == 30'000);
    CHECK(records_in(result, 2) == 30'000);
    CHECK(result["summary"]["conservation"]["delivered"] == 30'000);
    // 250 records of 50 keys in a partition of a batch: 50 (1 - 0.98^250) = 49.7; all 50 in a window of more.
    const double merged =
        inverse ? (2 * 50) + (2 * 50 + 50) * 2 + 12 * (50 + 4 * 50) : (2 * 50) + (4 * 50) + 13 * (6 * 50);
    CHECK(spark_figure(result, "window_merged_sum") == 4 * merged);
    // Records, and the merging, on four cores at once.
    const double work_s = 30'000 * 30e-6 + 4 * merged * 100e-6;
    CHECK(spark_figure(result, "task_core_s") == Approx(work_s).epsilon(1e-6));
    const double last_s = 2000 * 30e-6 / 4 + (inverse ? 250 : 300) * 100e-6;
    CHECK(spark_figure(result, "processing_time_max_s") == Approx(last_s).epsilon(1e-6));
  }
}

TEST_CASE("A window counts arrivals of any rate, whatever batches they come in", "[oracle][spark]") {
  // 300 records/s until 7 s, 900 until 13 s, none after: by hand, of the last five seconds.
  ScenarioText s = words(true);
  s.dataflow()["sources"][0]["arrivals"] = {
      {"type", "phases"},
      {"phases", {{{"duration_s", 7}, {"rate_per_s", 300}}, {{"duration_s", 6}, {"rate_per_s", 900}}}},
      {"after", "stop"}};
  s.engine()["windows"]["count"]["length_s"] = 5;
  const auto arrived = [](double until_s) {
    return 300 * std::min(until_s, 7.0) + 900 * std::clamp(until_s - 7, 0.0, 6.0);
  };
  double sum = 0, most = 0;
  for (int t = 2; t <= 30; t += 2) {
    const double counted = arrived(t) - arrived(std::max(0, t - 5));
    sum += counted;
    most = std::max(most, counted);
  }
  for (const bool inverse : {false, true}) {
    for (const bool combine : {false, true}) {
      for (const int batch_records : {1, 64}) {
        s.engine()["windows"]["count"]["inverse"] = inverse;
        s.engine()["windows"]["count"]["combine"] = combine;
        s.all["fidelity"] = {{"batch_records", batch_records}, {"batch_span_ms", batch_records > 1 ? 20 : 0}};
        const json result = spark_result(s);
        INFO("inverse " << inverse << ", combine " << combine << ", " << batch_records << " a batch");
        // With batches, some of a second's last records come with the next.
        const double margin = batch_records > 1 ? 0.01 : 1e-4;
        CHECK(spark_figure(result, "window_records_sum") == Approx(sum).epsilon(margin));
        CHECK(spark_figure(result, "window_records_max") == Approx(most).epsilon(margin));
        CHECK(spark_figure(result, "window_records_last") == 0);
        CHECK(spark_figure(result, "window_keys_last") == 0);
      }
    }
  }
}

TEST_CASE("What is joined by key before it is written is read as so many records", "[oracle][spark]") {
  ScenarioText s = words(true);
  s.engine()["windows"]["count"]["combine"] = true;
  // One core, so that no two tasks take turns in dealing records to partitions; time for the last window.
  s.all["until_s"] = 31.9;
  for (json& op : s.dataflow()["operators"]) op["parallelism"] = 1;
  s.engine()["shuffle_partitions"] = 4;
  s.engine()["direct"] = {{"partitions", 1}};
  s.dataflow()["edges"][1]["keys"]["count"] = 2000;
  const json result = spark_result(s, true);
  CHECK(result["trace"]["without_path"] == 0);
  // A task has 250 records for each partition, of 500 keys: 500 (1 - 0.998^250) = 196.9.
  CHECK(records_in(result, 1) == 30'000);
  CHECK(records_in(result, 2) == 30 * 4 * 197);
  CHECK(spark_figure(result, "window_records_last") == 6000);
  // Every word was delivered, in a record of its key.
  CHECK(result["summary"]["conservation"]["delivered"] == 30'000);
}

TEST_CASE("A window is read from where its parts were made", "[oracle][spark]") {
  const DistinctKeys keys(keys_of(KeyLaw::even, 10), 1);
  spark::WindowParams params;
  params.length_s = 3;
  params.slide_s = 1;
  params.inverse = true;
  Window window(params, 0, keys, 1, nanos_per_second, 20);
  const auto bytes_of = [&](int slot) {
    double bytes = 0;
    window.for_each_kept(0, [&](int from, double of_part) { bytes += from == slot ? of_part : 0; });
    return bytes;
  };
  CHECK(window.home(0) == -1);
  for (int job = 0; job < 4; ++job) {
    window.enter({{1000}});
    if (job < 3) window.made(0, job, 0, {});
  }
  // The result before, of slot 2, and the batch that leaves, of slot 0: ten keys each.
  CHECK(window.home(0) == 2);
  CHECK(bytes_of(2) == 200);
  CHECK(bytes_of(0) == 200);
  CHECK(bytes_of(1) == 0);
}

TEST_CASE("Windows that cannot be made are told", "[oracle][spark]") {
  const auto error_of = [](const json& windows, int concurrent_jobs = 1) {
    ScenarioText s = words(false);
    s.op("out", "sink", ScenarioText::deterministic(1), 4);
    s.edge("count", "out", "forward");
    s.engine()["windows"] = windows;
    s.engine()["concurrent_jobs"] = concurrent_jobs;
    return run({.scenario = s.text()}).value("error", std::string("none"));
  };
  const json good = {{"length_s", 6}, {"slide_s", 2}};
  CHECK(error_of({{"count", good}}) == "none");
  const auto contains = [](const std::string& text, const char* what) {
    INFO(text);
    return text.find(what) != std::string::npos;
  };
  CHECK(contains(error_of({{"count", {{"length_s", 1}, {"slide_s", 2}}}}),
                 "windows.count.length_s: 1 s is shorter than slide_s, 2 s (slide_s at least"));
  CHECK(contains(error_of({{"count", {{"length_s", 3}, {"slide_s", 1e-12}}}}),
                 "is no multiple of batch_interval_s, 1 s"));
  CHECK(contains(error_of({{"count", {{"length_s", 3}, {"slide_s", 1.5}}}}),
                 "windows.count.slide_s: 1.5 s is no multiple of batch_interval_s, 1 s"));
  CHECK(contains(error_of({{"count", {{"length_s", 3.5}, {"slide_s", 1}}}}),
                 "windows.count.length_s: 3.5 s is no multiple of batch_interval_s, 1 s"));
  for (const char* const name : {"out", "words"})
    CHECK(contains(error_of({{name, good}}),
                   fmt::format("engine.windows.{}: \"{}\" does not get what one shuffle by key brings from a "
                               "stage that reads sources alone (an operator whose only input is an edge by "
                               "key, first of its stage)",
                               name, name)
                       .c_str()));
  CHECK(contains(error_of({{"count", good}, {"out", good}}),
                 "engine.windows: 2 windows, 0 states (one at most)"));
  CHECK(contains(error_of({{"count", good}}, 2),
                 "2 jobs at a time, but a window or a state needs those before"));
}

// What `weir explain` predicts, held against runs: events within the factor that it states, channels exactly,
// memory within a third. And what it warns of.

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>

#include "tests/support/program.hpp"

using namespace weir::test;
using nlohmann::json;
namespace fs = std::filesystem;

namespace {

// 1.23 k, 4.5 M
double number(const std::string& text) {
  std::size_t end = 0;
  const double value = std::stod(text, &end);
  const auto unit = std::string("kMGT").find(end + 1 < text.size() ? text[end + 1] : ' ');
  double factor = 1;
  for (std::size_t i = 0; unit != std::string::npos && i <= unit; ++i) factor *= 1000;
  return value * factor;
}

double found(const std::string& text, const char* pattern) {
  std::smatch match;
  INFO(pattern << "\n" << text);
  REQUIRE(std::regex_search(text, match, std::regex(pattern)));
  return number(match[1]);
}

// Of `weir explain`: one number, or from when the policy leaves the job as it begins to when it serves all.
struct Predicted {
  double least = 0, most = 0;
};

Predicted predicted_events(const std::vector<std::string>& scenario, const TemporaryFolder& folder) {
  std::vector<std::string> words = {"explain"};
  words.insert(words.end(), scenario.begin(), scenario.end());
  const Outcome explained = run_weir(words, {folder.path()});
  INFO(explained.err);
  REQUIRE(explained.code == 0);
  const double most = found(explained.out, "about (?:[0-9.]+ ?[kMG]? to )?([0-9.]+ ?[kMG]?) events in all");
  if (explained.out.find("if it serves the mean load from the start") == std::string::npos)
    return {most, most};
  return {found(explained.out, "about ([0-9.]+ ?[kMG]?) to [0-9.]+ ?[kMG]? events in all"), most};
}

double actual_events(const std::vector<std::string>& scenario, const TemporaryFolder& folder) {
  std::vector<std::string> words = {"run", "-o", "out", "--json"};
  words.insert(words.end(), scenario.begin(), scenario.end());
  const Outcome run = run_weir(words, {folder.path()});
  REQUIRE(run.code == 0);
  fs::remove_all(folder.path() / "out");
  return json::parse(run.out)["events"];
}

// Whose policy, if it has one, soon serves all of the load.
void check_events(const std::string& scenario, const TemporaryFolder& folder) {
  INFO(scenario);
  const double predicted = predicted_events({scenario}, folder).most;
  const double actual = actual_events({scenario}, folder);
  INFO("predicted " << predicted << ", actual " << actual);
  CHECK(predicted <= 2 * actual);
  CHECK(actual <= 2 * predicted);
}

void check_events_between(const std::string& scenario, const TemporaryFolder& folder) {
  INFO(scenario);
  const Predicted predicted = predicted_events({scenario}, folder);
  const double actual = actual_events({scenario}, folder);
  INFO("predicted " << predicted.least << " to " << predicted.most << ", actual " << actual);
  CHECK(predicted.least <= 2 * actual);
  CHECK(actual <= 2 * predicted.most);
}

json fan(double rate_per_s, const json& edge, int receivers, int hosts) {
  json to = edge;
  to["from"] = "a";
  to["to"] = "b";
  const auto op = [](const char* name, int parallelism) {
    return json(
        {{"name", name}, {"logic", "map"}, {"parallelism", parallelism}, {"cost", {{"per_record_us", 1}}}});
  };
  const json workload = {
      {"type", "dataflow"},
      {"sources", {{{"name", "in"}, {"arrivals", {{"type", "constant"}, {"rate_per_s", rate_per_s}}}}}},
      {"operators", {op("a", 1), op("b", receivers)}},
      {"edges", {{{"from", "in"}, {"to", "a"}}, to}}};
  return {{"weir", 1},
          {"until_s", 5},
          {"cluster", {{"hosts", {{{"name", "h"}, {"count", hosts}, {"cores", 100}}}}}},
          {"jobs", {{{"workload", workload}}}}};
}

}  // namespace

TEST_CASE("events of the shipped scenarios are predicted within a factor of 2", "[cli][prediction]") {
  const TemporaryFolder folder;
  const fs::path scenarios = fs::path(WEIR_SOURCE_DIR) / "scenarios";
  int checked = 0;
  for (const auto& entry : fs::recursive_directory_iterator(scenarios)) {
    if (entry.path().extension() != ".json") continue;
    const json scenario = json::parse(read_file(entry.path()));
    if (!scenario.contains("jobs")) continue;
    if (scenario.dump().find("shared/traces") != std::string::npos &&
        !fs::exists(scenarios / "../../shared/traces")) {
      WARN("skipped: the recorded load of " << entry.path() << " is not there");
      continue;
    }
    // Nexmark's keys move and its windows fire in bursts, of which the optimum for the mean load knows
    // nothing; and under skew DS2 never serves the load. Where a policy goes lies between the two numbers.
    if (entry.path().parent_path().filename() == "nexmark" ||
        entry.path().filename().string().starts_with("skew-")) {
      check_events_between(entry.path().string(), folder);
    } else {
      check_events(entry.path().string(), folder);
    }
    ++checked;
  }
  CHECK(checked >= 6);
}

TEST_CASE("events are predicted whatever the policy, and whether it has the time to act",
          "[cli][prediction]") {
  const TemporaryFolder folder;
  for (const char* scenario : {"word-count", "quickstart", "bursty-wordcount"}) {
    const std::string file = (fs::path(WEIR_SOURCE_DIR) / "scenarios" / scenario).string() + ".json";
    for (const char* policy : {"static", "threshold", "dhalion", "ds2", "oracle"}) {
      for (const char* until_s : {"5", "20", "600"}) {
        INFO(scenario << " " << policy << " " << until_s);
        const std::vector<std::string> words = {file, "--policy", policy, "--until", until_s};
        const Predicted predicted = predicted_events(words, folder);
        const double actual = actual_events(words, folder);
        INFO("predicted " << predicted.least << " to " << predicted.most << ", actual " << actual);
        CHECK(predicted.least <= 2 * actual);
        CHECK(actual <= 2 * predicted.most);
        // Nothing of it is left open where nobody acts.
        const bool acts = std::string(policy) != "static" && std::string(until_s) != "5";
        if (!acts) CHECK(predicted.least == predicted.most);
      }
    }
  }
}

TEST_CASE("events of containers that get more than they can serve are predicted", "[cli][prediction]") {
  // Eight containers of 10 messages a second or 1.25, or that are fast; a source that the master's answers
  // let send 362 a second.
  const TemporaryFolder folder;
  for (const double rate_per_s : {100., 1000.}) {
    for (const double service_us : {100., 8e5}) {
      for (const int batch_records : {1, 64}) {
        INFO(rate_per_s << " " << service_us << " " << batch_records);
        json hosts = json::array({{{"name", "source"}, {"cores", 1}, {"slots", 1}},
                                  {{"name", "worker"}, {"count", 2}, {"cores", 8}, {"slots", 4}},
                                  {{"name", "master"}, {"cores", 8}, {"slots", 0}}});
        json scenario = fan(rate_per_s, {{"partitioning", "rebalance"}}, 1, 1);
        scenario["cluster"] = {{"hosts", hosts}, {"network", {{"latency_us", 250}}}};
        scenario["fidelity"] = {{"batch_records", batch_records},
                                {"batch_span_ms", batch_records == 1 ? 0 : 50}};
        json& job = scenario["jobs"][0];
        job["workload"]["operators"] = {{{"name", "work"},
                                         {"logic", "sink"},
                                         {"parallelism", 8},
                                         {"cost", {{"per_record_us", service_us}}}}};
        job["workload"]["edges"] = {{{"from", "in"}, {"to", "work"}}};
        job["engine"] = {{"type", "harmonicio"}, {"master_host", "master"}, {"request_ms", 1}};
        job["placement"] = "packed";
        folder.write("s.json", scenario.dump());
        check_events("s.json", folder);
      }
    }
  }
}

TEST_CASE("events of a topic that gets more than is read are predicted", "[cli][prediction]") {
  const TemporaryFolder folder;
  const std::string note = "more is offered than it can serve";
  for (const double service_us : {100., 1e4, 1e5}) {
    for (const int batch_records : {1, 1024}) {
      INFO(service_us << " " << batch_records);
      json scenario = fan(5000, {{"partitioning", "rebalance"}}, 1, 1);
      scenario["until_s"] = 20;
      scenario["cluster"]["hosts"] = {{{"name", "w"}, {"count", 2}, {"cores", 8}},
                                      {{"name", "b"}, {"count", 2}, {"cores", 8}, {"slots", 0}},
                                      {{"name", "p"}, {"cores", 8}, {"slots", 0}}};
      scenario["fidelity"] = {{"batch_records", batch_records},
                              {"batch_span_ms", batch_records == 1 ? 0 : 50}};
      scenario["brokers"] = {{{"name", "log"},
                              {"system",
                               {{"type", "kafka"},
                                {"hosts", {"b-0", "b-1"}},
                                {"producer", {{"host", "p"}}},
                                {"topics", {{{"name", "t"}, {"partitions", 4}}}}}}}};
      json& job = scenario["jobs"][0];
      job["workload"]["operators"] = {{{"name", "work"},
                                       {"logic", "sink"},
                                       {"parallelism", 4},
                                       {"cost", {{"per_record_us", service_us}}}}};
      job["workload"]["edges"] = {{{"from", "in"}, {"to", "work"}}};
      job["reads"] = {{{"source", "in"}, {"topic", "t"}}};
      for (const char* engine : {"generic", "flink"}) {
        INFO(engine);
        job["engine"] = engine;
        folder.write("s.json", scenario.dump());
        check_events("s.json", folder);
        const Outcome explained = run_weir({"explain", "s.json"}, {folder.path()});
        CHECK((explained.out.find(note) != std::string::npos) == (service_us > 1e3));
      }
    }
  }
}

TEST_CASE("events of batches that are divided among receivers are predicted", "[cli][prediction]") {
  const TemporaryFolder folder;
  const std::vector<json> edges = {
      {{"partitioning", "shuffle"}},
      {{"partitioning", "rebalance"}},
      {{"partitioning", "broadcast"}},
      {{"partitioning", "key"}, {"keys", {{"law", "zipf"}, {"count", 10000}, {"exponent", 1}}}},
      {{"partitioning", "key"}, {"keys", {{"law", "hot"}, {"count", 1000}, {"hot_share", 0.7}}}}};
  for (const json& edge : edges) {
    for (const double rate_per_s : {1e3, 1e4, 3e5}) {
      for (const int hosts : {1, 2}) {
        folder.write("s.json", fan(rate_per_s, edge, 64, hosts).dump());
        check_events("s.json", folder);
      }
    }
  }
}

TEST_CASE("events of Spark's jobs are predicted", "[cli][prediction][spark]") {
  const TemporaryFolder folder;
  const auto host = [](const char* name, int count, int cores, int slots) {
    return json({{"name", name}, {"count", count}, {"cores", cores}, {"slots", slots}});
  };
  const auto scenario = [&](int hosts, int cores, double rate_per_s, const json& said) {
    const auto op = [&](const char* name, const char* logic) {
      return json({{"name", name},
                   {"logic", logic},
                   {"parallelism", hosts * cores},
                   {"cost", {{"per_record_us", 20}}}});
    };
    const json key = {{"from", "words"},
                      {"to", "count"},
                      {"partitioning", "key"},
                      {"keys", {{"law", "uniform"}, {"count", 500}}}};
    json engine = {{"type", "spark"}, {"input", "direct"}, {"executor_cores", cores}};
    engine.merge_patch(said);
    return json({{"weir", 1},
                 {"until_s", 60},
                 {"cluster", {{"hosts", {host("w", hosts, cores, cores), host("x", 1, 1, 0)}}}},
                 {"jobs",
                  {{{"placement", "packed"},
                    {"engine", engine},
                    {"workload",
                     {{"type", "dataflow"},
                      {"sources",
                       {{{"name", "in"}, {"arrivals", {{"type", "constant"}, {"rate_per_s", rate_per_s}}}}}},
                      {"operators", {op("words", "map"), op("count", "keyed-count")}},
                      {"edges", {{{"from", "in"}, {"to", "words"}}, key}}}}}}}});
  };
  // A window of all, half a minute of each, and one whose last job has no time to end.
  const auto window = [](double length_s, double slide_s, bool inverse) {
    return json(
        {{"windows", {{"count", {{"length_s", length_s}, {"slide_s", slide_s}, {"inverse", inverse}}}}}});
  };
  const json few_keys = {{"shuffle_partitions", 1000}, {"driver", {{"task_ms", 0.1}, {"stage_ms", 1}}}};
  const json slow_driver = {{"driver", {{"task_ms", 20}}}};
  const std::vector<json> said = {
      json::object(),
      {{"batches_max", 1}},
      {{"batches_max", 3}, {"first_batch_s", 7}},
      {{"batch_interval_s", 0.2}, {"concurrent_jobs", 3}},
      {{"shuffle_partitions", 100}, {"driver", {{"task_ms", 0.5}}}},
      few_keys,
      slow_driver,
      {{"batch_interval_s", 0.001}, {"driver", {{"task_ms", 1000}}}},
      window(30, 10, false),
      window(30, 10, true),
      window(30, 30, false),
      {{"states", {{"count", json::object()}}}, {"checkpoint", {{"host", "x"}}}},
      {{"joins", {{"count", {{"cached", false}, {"host", "x"}}}}}, {"combine", {"count"}}},
      {{"group", {{"batches", 20}}}},
      {{"batch_interval_s", 0.02}, {"group", {{"batches", 20}}}},
      {{"direct", {{"partitions", 32}, {"host", "x"}}}},
      {{"input", "receiver"}},
      {{"input", "receiver"}, {"receiver", {{"host", "x"}, {"block_interval_ms", 50}}}},
      {{"input", "file"}, {"file", {{"host", "x"}, {"listing_per_file_ms", 0.01}}}}};
  for (const json& engine : said) {
    for (const auto& [hosts, rate_per_s] : {std::pair{1, 20.0}, {3, 1000.0}}) {
      // A file is a task: a thousand each second are more than any driver launches.
      const bool files = engine.value("input", "") == "file";
      json all = scenario(hosts, 4, files ? 20.0 : rate_per_s, engine);
      folder.write("s.json", all.dump());
      INFO(engine.dump() << " on " << hosts << " hosts");
      check_events("s.json", folder);
      if (engine.value("input", "direct") != "direct" || engine.contains("direct")) continue;
      all["brokers"] = {
          {{"name", "log"},
           {"system",
            {{"type", "kafka"}, {"hosts", {"x"}}, {"topics", {{{"name", "t"}, {"partitions", 6}}}}}}}};
      all["jobs"][0]["reads"] = {{{"source", "in"}, {"topic", "t"}}};
      folder.write("s.json", all.dump());
      INFO("from a topic");
      check_events("s.json", folder);
    }
  }
}

TEST_CASE("channels are counted, and their memory is near what a run takes", "[cli][prediction]") {
  const TemporaryFolder folder;
  json scenario = fan(1000, {{"partitioning", "rebalance"}}, 1500, 1);
  scenario["until_s"] = 0.01;
  scenario["cluster"]["hosts"][0]["slots"] = 10000;
  scenario["jobs"][0]["workload"]["operators"][0]["parallelism"] = 1500;
  folder.write("s.json", scenario.dump());
  const Outcome explained = run_weir({"explain", "s.json"}, {folder.path()});
  // 1 x 1500 and 1500 x 1500.
  CHECK(found(explained.out, "([0-9.]+ M) channels") == Approx(2'251'500).epsilon(0.005));
  const double predicted_mib = found(explained.out, "about ([0-9.]+) MiB");
  const Outcome run = run_weir({"run", "s.json", "-o", "out", "--json"}, {folder.path()});
  REQUIRE(run.code == 0);
  const double actual_mib = json::parse(run.out)["peak_rss_mib"];
  INFO("predicted " << predicted_mib << ", actual " << actual_mib);
  CHECK(predicted_mib <= 4.0 / 3 * actual_mib);
  CHECK(actual_mib <= 4.0 / 3 * predicted_mib);
}

TEST_CASE("more memory than there is, and loops that grow, are warned of", "[cli][prediction]") {
  const TemporaryFolder folder;
  json scenario = fan(1000, {{"partitioning", "rebalance"}}, 1, 1);
  CHECK(run_weir({"validate", (folder.write("good.json", scenario.dump()), "good.json")}, {folder.path()})
            .err == "");
  // 60 shuffles between 16,384 instances are terabytes.
  json& workload = scenario["jobs"][0]["workload"];
  scenario["cluster"]["hosts"][0]["count"] = 100;
  scenario["cluster"]["hosts"][0]["slots"] = 100000;
  workload = {{"type", "chain"}, {"length", 60}, {"stage", {{"parallelism", 16384}}}};
  folder.write("large.json", scenario.dump());
  const Outcome large = run_weir({"validate", "large.json"}, {folder.path()});
  CHECK(large.code == 0);
  CHECK_THAT(large.err,
             Catch::Contains("warning: large.json: about ") && Catch::Contains(" GiB for 15.8 G channels"));

  scenario = fan(100, {{"partitioning", "rebalance"}}, 1, 1);
  scenario["jobs"][0]["workload"]["edges"].push_back({{"from", "b"}, {"to", "a"}, {"feedback", true}});
  scenario["until_s"] = 0.1;
  folder.write("loop.json", scenario.dump());
  for (const char* command : {"validate", "run", "explain"}) {
    INFO(command);
    const Outcome loop = run_weir({command, "loop.json"}, {folder.path()});
    INFO(loop.out << loop.err);
    CHECK(loop.code == 0);
    CHECK_THAT(loop.err, Catch::Contains("as many records as go round by b -> a come back"));
    const std::regex not_a_number("\\b-?(nan|inf)\\b", std::regex::icase);
    CHECK_FALSE(std::regex_search(loop.out + loop.err, not_a_number));
  }
}

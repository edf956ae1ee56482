#include <catch2/catch.hpp>
#include <map>
#include <nlohmann/json.hpp>

#include "tests/support/program.hpp"
#include "tests/support/pyramid.hpp"
#include "tests/support/snailtrail_bytes.hpp"
#include "tests/support/spark_log.hpp"
#include "tests/support/st2_log.hpp"

using namespace weir::test;
using nlohmann::json;

TEST_CASE("weir analyze tells k-hop, metrics and invariants of every kind of trace", "[cli][analyzer]") {
  const TemporaryFolder folder;
  folder.write("st2", st2_bytes(small_st2_log()));
  folder.write("spark", small_spark_log());
  folder.write("snailtrail",
               snailtrail_bytes(Pyramid{.workers = 4, .phases = 30, .phase_ns = 100'000'000}.records()));
  REQUIRE(run_weir({"run", "quickstart", "--until", "2", "--trace", "pag", "--trace-loads", "-o", "run"},
                   {folder.path()})
              .code == 0);
  for (const std::string trace : {"st2", "spark", "snailtrail", "run"}) {
    INFO(trace);
    const bool records = trace == "st2" || trace == "run";
    const Outcome outcome = run_weir({"analyze", trace, "--k-hop", "2", "--metrics", "--invariants",
                                      "some-progress,max-operator=1e-9,max-message=1e-9", "--json"},
                                     {folder.path()});
    INFO(outcome.err);
    REQUIRE(outcome.code == 0);
    const json report = json::parse(outcome.out);
    CHECK(!report["k_hop"].empty());
    CHECK(!report["invariants"].empty());
    REQUIRE(!report["metrics"].empty());
    double edges = 0;
    for (const json& row : report["metrics"]) {
      edges += row["activities"].get<double>();
      CHECK(row["records"].is_number() == records);
    }
    double all = 0;
    for (const json& window : report["windows"]) all += window["edges"].get<double>();
    CHECK(edges == all);
    const Outcome text = run_weir(
        {"analyze", trace, "--k-hop", "1", "--metrics", "--invariants", "max-message=1e-9"}, {folder.path()});
    CHECK(text.code == 0);
    CHECK_THAT(text.out, Catch::Contains("1 hop back from waiting"));
    CHECK_THAT(text.out, Catch::Contains("max-message: does not hold, "));
  }
}

TEST_CASE("records of activities that windows divide count once", "[cli][analyzer]") {
  const TemporaryFolder folder;
  const Outcome run = run_weir(
      {"run", "quickstart", "--until", "5", "--trace", "pag", "--trace-loads", "--json", "-o", "run"},
      {folder.path()});
  REQUIRE(run.code == 0);
  const Outcome outcome =
      run_weir({"analyze", "run", "--metrics", "--json", "--window", "0.7"}, {folder.path()});
  REQUIRE(outcome.code == 0);
  // Windows divide activities; each one's records count once, where it ends.
  const Outcome whole =
      run_weir({"analyze", "run", "--metrics", "--json", "--window", "100"}, {folder.path()});
  const auto processed = [](const Outcome& of) {
    std::map<std::string, std::int64_t> records;
    const json report = json::parse(of.out);
    for (const json& row : report["metrics"]) {
      if (row["activity"] == "processing") records[row["from"]] += row["records"].get<std::int64_t>();
    }
    return records;
  };
  CHECK(processed(outcome) == processed(whole));
  CHECK(processed(whole).size() >= 2);
  CHECK(processed(whole).at("source[0]") > 0);
}

TEST_CASE("Activities count the records that operators took in", "[cli][analyzer]") {
  struct Case {
    const char* name;
    std::vector<std::string> sets;
    bool exact;  // in batches, what an instance served last may have no time of its own
  };
  const std::string heron = "jobs[0].engine={\"type\":\"heron\"}";
  const std::vector<std::string> parts = {"jobs[0].workload.split.cost.deserialization_per_record_us=20",
                                          "jobs[0].workload.split.cost.serialization_per_record_us=5",
                                          "jobs[0].workload.split.cost.per_batch_us=10"};
  const auto with = [](std::vector<std::string> sets, const std::vector<std::string>& more) {
    sets.insert(sets.end(), more.begin(), more.end());
    return sets;
  };
  for (const Case& how : std::vector<Case>{
           {"batch by batch", {}, false},
           {"record by record", {"fidelity.batch_records=1"}, true},
           {"with conversions", parts, false},
           {"with conversions, record by record", with(parts, {"fidelity.batch_records=1"}), true},
           {"Heron", {heron}, false},
           {"Heron, with conversions", with(parts, {heron}), false},
           {"Heron, record by record", {heron, "fidelity.batch_records=1"}, true},
           {"a source at no cost", {"jobs[0].workload.source_cost.per_record_us=0"}, true}}) {
    INFO(how.name);
    const TemporaryFolder folder;
    std::vector<std::string> words = {"run", "quickstart",    "--until", "6",  "--trace",
                                      "pag", "--trace-loads", "--json",  "-o", "run"};
    for (const std::string& set : how.sets) words.insert(words.end(), {"--set", set});
    const Outcome run = run_weir(words, {folder.path()});
    INFO(run.err);
    REQUIRE(run.code == 0);
    const Outcome outcome = run_weir({"analyze", "run", "--metrics", "--json"}, {folder.path()});
    REQUIRE(outcome.code == 0);
    std::map<std::string, std::int64_t> served;  // by operator and activity
    const json report = json::parse(outcome.out);
    for (const json& row : report["metrics"]) {
      const std::string worker = row["from"];
      served[worker.substr(0, worker.find('[')) + " " + row["activity"].get<std::string>()] +=
          row["records"].get<std::int64_t>();
    }
    const json operators = json::parse(run.out)["operators"];
    const auto records_in = [&](const char* name) {
      return operators[name]["records_in"].get<std::int64_t>();
    };
    const auto check = [&](const std::string& what, std::int64_t expected) {
      INFO(what << " " << served[what] << ", records in " << expected);
      CHECK(expected > 1000);
      CHECK(served[what] <= expected);
      CHECK(served[what] >= expected - (how.exact ? 0 : 1250));
    };
    const bool idle_source = std::string(how.name) == "a source at no cost";
    check(idle_source ? "source input" : "source processing", records_in("source"));
    check("split processing", records_in("split"));
    check("count processing", records_in("count"));
    if (std::string(how.name).find("conversions") == std::string::npos) continue;
    for (const char* part : {"split deserialization", "split serialization", "split buffer"})
      check(part, records_in("split"));
  }
}

TEST_CASE("weir analyze prints ST2's tables as CSV", "[cli][analyzer]") {
  const TemporaryFolder folder;
  folder.write("log", st2_bytes(small_st2_log()));
  const auto csv = [&](const std::vector<std::string>& options) {
    std::vector<std::string> words = {"analyze", "log", "--csv"};
    words.insert(words.end(), options.begin(), options.end());
    const Outcome outcome = run_weir(words, {folder.path()});
    CHECK(outcome.code == 0);
    return outcome.out;
  };
  CHECK_THAT(csv({"--metrics"}),
             Catch::StartsWith("window,from,to,activity,activities,duration_s,records\n"));
  CHECK_THAT(csv({"--metrics"}), Catch::Contains("\n1,0,1,data-message,1,2.5e-08,3\n"));
  CHECK_THAT(csv({"--k-hop", "2"}), Catch::Contains("\n1,data-message,0,1.0,2.5e-08\n"));
  CHECK(csv({"--invariants", "max-message=2e-8"}) ==
        "invariant,window,worker,to,activity,operator,begin_s,end_s,duration_s,count,peers\n"
        "max-message,1,0,1,data-message,,2e-08,4.5e-08,2.5e-08,3,\n");
  const Outcome piped =
      run_weir({"analyze", "-", "--metrics", "--csv"}, {.folder = folder.path(), .input = "log"});
  CHECK(piped.out == csv({"--metrics"}));
}

TEST_CASE("weir analyze says which patterns and options do not fit", "[cli][analyzer]") {
  const TemporaryFolder folder;
  folder.write("log", st2_bytes(small_st2_log()));
  folder.write("spark", small_spark_log());
  struct Case {
    std::vector<std::string> words;
    std::string says;
  };
  for (const Case& wrong : std::vector<Case>{
           {{"log", "--k-hop", "0"}, "--k-hop 0"},
           {{"log", "--k-hop", "33"}, "1 to 32"},
           {{"log", "--invariants", "max-mesage=1"}, "max-mesage=1"},
           {{"log", "--invariants", "max-message"}, "max-message=S"},
           {{"log", "--invariants", "max-message=nan"}, "seconds from 1e-9 to 1e9"},
           {{"log", "--invariants", "max-message=0.1,max-operator=x"}, "seconds from 1e-9 to 1e9"},
           {{"log", "--invariants", ""}, "invariants"},
           {{"log", "--window", "1"}, "--window is for other traces"},
           {{"log", "--gap-threshold", "1"}, "--gap-threshold is for other traces"},
           {{"log", "--csv", "--metrics", "--k-hop", "2"}, "one table"},
           {{"spark", "--wait-before-sends"}, "--wait-before-sends is for logs of ST2"},
           {{"spark", "--invariants", "max-epoch=1"}, "max-epoch is for logs of ST2"}}) {
    std::vector<std::string> words = {"analyze"};
    words.insert(words.end(), wrong.words.begin(), wrong.words.end());
    const Outcome outcome = run_weir(words, {folder.path()});
    INFO(wrong.says << "\n" << outcome.err);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, Catch::Contains(wrong.says));
  }
}

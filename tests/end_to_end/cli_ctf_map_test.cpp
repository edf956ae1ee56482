#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/program.hpp"
#include "tests/support/pyramid.hpp"
#include "tests/support/snailtrail_bytes.hpp"

// weir analyze --map: what the events of a CTF trace mean.

using namespace weir::test;
using nlohmann::json;

namespace {

void export_calls(const TemporaryFolder& folder) {
  folder.write("calls.msgpack",
               snailtrail_bytes(Pyramid{.workers = 3, .phases = 20, .phase_ns = 100'000'000}.records()));
  REQUIRE(run_weir({"export", "calls.msgpack", "-f", "ctf", "-o", "calls"}, {folder.path()}).code == 0);
}

}  // namespace

TEST_CASE("A map says what events mean, in which fields, and who is a worker", "[cli][ctf]") {
  const TemporaryFolder folder;
  export_calls(folder);
  // Everything is barrier for one operator; messages are as they are, with their fields under other keys.
  folder.write("map.json", R"({
    "worker": "worker",
    "events": {
      "weir:activity_start": {"event": "start", "activity": "barrier", "operator": "all"},
      "weir:activity_end": {"event": "end", "activity": "barrier", "operator": "all"},
      "weir:message_sent": {"event": "sent", "activity_field": "activity", "correlator_field": "correlator", "remote_worker_field": "remote_worker"},
      "weir:message_received": {"event": "received", "activity_field": "activity", "correlator_field": "correlator", "remote_worker_field": "remote_worker"}
    }
  })");
  const Outcome plain = run_weir({"analyze", "calls", "--json"}, {folder.path()});
  const Outcome mapped = run_weir({"analyze", "calls", "--map", "map.json", "--json"}, {folder.path()});
  INFO(mapped.err);
  REQUIRE(plain.code == 0);
  REQUIRE(mapped.code == 0);
  const json before = json::parse(plain.out), after = json::parse(mapped.out);
  CHECK(before["records"] == after["records"]);
  CHECK(before["straggler"].size() == after["straggler"].size());
  const auto has = [](const json& report, const std::string& activity) {
    for (const json& row : report["activity"])
      if (row["activity"] == activity) return true;
    return false;
  };
  CHECK(has(before, "processing"));
  CHECK_FALSE(has(before, "barrier"));
  CHECK(has(after, "barrier"));
  CHECK_FALSE(has(after, "processing"));

  // Without a field that names workers, each stream is one.
  folder.write("streams.json", R"({"worker": "nothing"})");
  REQUIRE(run_weir({"export", "calls", "-f", "csv", "--map", "streams.json", "-o", "streams.csv"},
                   {folder.path()})
              .code == 0);
  CHECK_THAT(read_file(folder.path() / "streams.csv"),
             Catch::Contains(",stream 0,") && Catch::Contains(",stream 2,"));
}

TEST_CASE("What is wrong with a map is said with its line", "[cli][ctf]") {
  const TemporaryFolder folder;
  export_calls(folder);
  struct Case {
    std::string text, says;
  };
  for (const Case& wrong : std::vector<Case>{
           {"{\"events\":\n 3}", "map.json:2: events: is 3 (an object"},
           {"{\n\"evnts\": {}}", "map.json:2: evnts: unknown member \"evnts\" (did you mean \"events\""},
           {"{\"worker\": 3}", "map.json:1: worker: is 3"},
           {"[]", "map.json:1: $"},
           {"{\"events\": {\"a:b\": {\"event\": \"begin\", \"activity\": \"waiting\"}}}",
            "start, end, sent, received"},
           {"{\"events\": {\"a:b\": {\"event\": \"start\", \"activity\": \"wating\"}}}",
            "did you mean \"waiting\""},
           {"{\"events\": {\"a:b\": {\"event\": \"start\"}}}", "one of activity and activity_field"},
           {"{\"events\": {\"a:b\": {\"event\": \"start\", \"activity\": \"data-message\"}}}",
            "does not go with the event"},
           {"{\"events\": {\"a:b\": {\"event\": \"sent\", \"activity\": \"data-message\"}}}",
            "without correlator_field"},
           {"{", "map.json:1"}}) {
    folder.write("map.json", wrong.text);
    const Outcome outcome = run_weir({"analyze", "calls", "--map", "map.json"}, {folder.path()});
    INFO(wrong.text << "\n" << outcome.err);
    CHECK(outcome.code == 2);
    CHECK(outcome.out.empty());
    CHECK_THAT(outcome.err, Catch::Contains(wrong.says));
  }
  const Outcome missing = run_weir({"analyze", "calls", "--map", "nowhere.json"}, {folder.path()});
  CHECK(missing.code == 2);
  // A trace of which nothing is known says so, and what its events are called.
  folder.write("map.json", R"({"events": {}})");
  folder.write("empty/metadata", "/* CTF 1.8 */\n");
  const Outcome empty = run_weir({"analyze", "empty"}, {folder.path()});
  CHECK(empty.code == 2);
  CHECK_THAT(empty.err, Catch::Contains("empty"));
}

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/lttng.hpp"
#include "tests/support/program.hpp"

// Real traces, recorded here and now from a program with three threads of which one is slow.

using namespace weir::test;
using nlohmann::json;

namespace {

#ifdef WEIR_TRACED_PROGRAM
std::string traced_pipeline(int items, int parse_us, int others_us) {
  return std::string(WEIR_TRACED_PROGRAM) + " " + std::to_string(items) + " " + std::to_string(parse_us) +
         " " + std::to_string(others_us);
}
#endif

double share_of(const json& rows, const std::string& key, const std::string& name) {
  for (const json& row : rows) {
    if (row[key].get<std::string>().starts_with(name)) return row["cp"];
  }
  return 0;
}

}  // namespace

TEST_CASE("The critical path of a program traced by LTTng leads through its slow thread",
          "[lttng][analyzer]") {
#ifndef WEIR_TRACED_PROGRAM
  WARN("skipped: built without LTTng (liblttng-ust-dev)");
#else
  const TemporaryFolder folder;
  constexpr int items = 1200;
  if (!record_with_lttng(folder.path(), traced_pipeline(items, 3000, 300))) return;
  const Outcome outcome =
      run_weir({"analyze", "recorded", "--no-insert-waiting", "--waiting-message", "0.001", "--json"},
               {folder.path()});
  INFO(outcome.out << outcome.err);
  REQUIRE(outcome.code == 0);
  const json report = json::parse(outcome.out);
  CHECK(report["windows_without_path"] == 0);
  // Parsing takes ten times as long as each other stage, and these work meanwhile. (The first and the last
  // window are not full: who is critical in what is left of them is by chance. An operator's share is a mean
  // over all workers.)
  const double parser = share_of(report["straggler"], "worker", "parser");
  const double parse = share_of(report["operator"], "operator", "parse");
  CHECK(parser > 0.5);
  for (const char* other : {"reader", "writer"})
    CHECK(2 * share_of(report["straggler"], "worker", other) < parser);
  for (const char* other : {"read", "write"})
    CHECK(3 * share_of(report["operator"], "operator", other) < parse);
  // For each item 6 events of processing and 8 of messages, but for those that the first places spare; and
  // two for each time that somebody waited. Nothing is left out but the event that means nothing, and
  // messages without an end in their window.
  const int waiting = report["records"].get<int>() - (items * 14 - 2 * 4);
  CHECK(waiting >= items);
  CHECK(waiting <= items * 8);
  CHECK(waiting % 2 == 0);
  CHECK(report["left_out"]["events weir:progress, of which nothing is known (--map)"] == items / 10);
  for (const auto& [what, count] : report["left_out"].items()) {
    INFO(what << ": " << count);
    CHECK((what.find("weir:progress") != std::string::npos || what.find("messages") != std::string::npos));
  }

  // Read back, an export of it says the same.
  REQUIRE(run_weir({"export", "recorded", "-f", "ctf", "-o", "again"}, {folder.path()}).code == 0);
  const Outcome again = run_weir(
      {"analyze", "again", "--no-insert-waiting", "--waiting-message", "0.001", "--json"}, {folder.path()});
  REQUIRE(again.code == 0);
  const json same = json::parse(again.out);
  CHECK(same["activity"] == report["activity"]);
  CHECK(same["records"] == report["records"]);

  // As a load: each of its events arrives at the job that follows it.
  const std::string arrivals =
      R"({"type": "ctf-trace", "path": ")" + (folder.path() / "recorded").string() + R"("})";
  const Outcome followed = run_weir({"run", "lttng-trace-analysis", "--until", "60", "--set",
                                     "jobs[0].workload.arrivals=" + arrivals, "--policy", "static", "--json"},
                                    {folder.path()});
  INFO(followed.err);
  REQUIRE(followed.code == 0);
  const int events = report["records"].get<int>() + items / 10;
  CHECK(json::parse(followed.out)["conservation"]["emitted"] == events);
#endif
}

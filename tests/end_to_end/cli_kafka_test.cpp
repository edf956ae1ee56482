// What can be wrong with brokers and topics, and what a run says of them.

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/support/program.hpp"

using namespace weir::test;

namespace {

// Lines are numbered: errors name them.
constexpr const char* lines[] = {
    R"({"weir": 1, "until_s": 10,)",                                                                  // 1
    R"( "cluster": {"hosts": [{"name": "w", "cores": 4}, {"name": "k", "cores": 2, "slots": 0}]},)",  // 2
    R"( "brokers": [{"name": "log", "system": {"type": "kafka", "hosts": ["k"],)",                    // 3
    R"(   "topics": [{"name": "t", "partitions": 2}]}}],)",                                           // 4
    R"( "jobs": [{"name": "j",)",                                                                     // 5
    R"(   "workload": {"type": "dataflow",)",                                                         // 6
    R"(     "sources": [{"name": "in", "arrivals": {"type": "constant", "rate_per_s": 100}}],)",      // 7
    R"(     "operators": [{"name": "map", "logic": "map"}, {"name": "out", "logic": "sink"}],)",      // 8
    R"(     "edges": [{"from": "in", "to": "map"}, {"from": "map", "to": "out"}]},)",                 // 9
    R"(   "reads": [{"source": "in", "topic": "t"}],)",                                               // 10
    R"(   "writes": []}]})"};                                                                         // 11

Outcome validate(int line, const std::string& instead, const std::string& command = "validate") {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 1; i <= 11; ++i) text += (i == line ? instead : std::string(lines[i - 1])) + "\n";
  folder.write("s.json", text);
  return run_weir({command, "s.json"}, {folder.path()});
}

}  // namespace

TEST_CASE("what is wrong with brokers and topics is said where it is", "[cli][kafka]") {
  CHECK(validate(0, "").code == 0);
  const struct {
    int line;
    const char* instead;
    const char* at;
    const char* what;
    const char* allowed;
  } cases[] = {
      {10, R"("reads": [{"source": "in", "topic": "tt"}],)",
       "10: jobs[0].reads[0].topic: ", "no broker has a topic \"tt\"", "t"},
      {10, R"("reads": [{"source": "inn", "topic": "t"}],)",
       "10: jobs[0].reads[0].source: ", "no source \"inn\"", "in"},
      {10, R"("reads": [{"source": "map", "topic": "t"}],)",
       "10: jobs[0].reads[0].source: ", "no source \"map\"", "in"},
      {10, R"("reads": [{"source": "in"}],)", "10: jobs[0].reads[0].topic: ", "missing", ""},
      {10, R"("reads": [{"source": "in", "topic": "t", "partition": 1}],)",
       "10: jobs[0].reads[0].partition: ", "unknown", "source, topic"},
      {10, R"("reads": [{"source": "in", "topic": "t"}, {"source": "in", "topic": "t"}],)",
       "10: jobs[0].reads[1]: ", "second time", "one topic"},
      {10, R"("reads": "t",)", "10: jobs[0].reads: ", "\"t\"", ""},
      {11, R"("writes": [{"sink": "map", "topic": "t"}]}]})",
       "11: jobs[0].writes[0].sink: ", "no sink \"map\"", "out"},
      {11, R"("writes": [{"sink": "out", "topic": "u"}]}]})",
       "11: jobs[0].writes[0].topic: ", "no broker has a topic \"u\"", "t"},
      {7,
       R"("sources": [{"name": "in", "arrivals": {"type": "constant", "rate_per_s": 1}, "record_bytes": 2e6}],)",
       "10: jobs[0].reads[0].topic: ", "records of 2e+06 B", "message_bytes_max"},
      {7,
       R"("sources": [{"name": "in", "arrivals": {"type": "constant", "rate_per_s": 1}, "when_blocked": "skip"}],)",
       "10: jobs[0].reads[0].source: ", "skips records", "queue"},
      {3, R"("brokers": [{"name": "log", "system": {"type": "kafka", "hosts": ["x"],)",
       "3: brokers[0].system.hosts: ", "no host \"x\"", "w"},
      {3, R"("brokers": [{"name": "log", "system": {"type": "kafka", "hosts": ["k", "k"],)",
       "3: brokers[0].system.hosts: ", "a host twice", ""},
      {3, R"("brokers": [{"name": "log", "system": {"type": "kafka", "hosts": [],)",
       "3: brokers[0].system.hosts: ", "no hosts", ""},
      {3, R"("brokers": [{"name": "log", "system": {"type": "kafak", "hosts": ["k"],)",
       "3: brokers[0].system.type: ", "kafak", "kafka"},
      {3,
       R"("brokers": [{"name": "log", "system": {"type": "kafka", "hosts": ["k"], "producer": {"host": "p"},)",
       "3: brokers[0].system.producer.host: ", "no host \"p\"", "w"},
      {3,
       R"("brokers": [{"name": "log", "system": {"type": "kafka", "hosts": ["k"], "producer": {"acks": "two"},)",
       "3: brokers[0].system.producer.acks: ", "two", "all"},
      {3, R"("brokers": [{"name": "log", "system": {"type": "kafka", "hosts": ["k"], "io_threads": 0,)",
       "3: brokers[0].system.io_threads: ", "0", "1 to 1024"},
      {4, R"("topics": []}}],)", "4: brokers[0].system.topics: ", "", ""},
      {4, R"("topics": [{"name": "t", "replication": 2}]}}],)",
       "4: brokers[0].system.topics[0].replication: ", "more replicas than brokers", "1"},
      {4, R"("topics": [{"name": "t", "partitions": 1e12}]}}],)",
       "4: brokers[0].system.topics[0].partitions: ", "", "10000"},
      {4, R"("topics": [{"name": "t"}, {"name": "t"}]}}],)",
       "4: brokers[0].system.topics: ", "second topic \"t\"", "unique"},
  };
  for (const auto& one : cases) {
    const Outcome outcome = validate(one.line, one.instead);
    INFO(one.instead << "\n" << outcome.err);
    CHECK(outcome.code == 2);
    CHECK(outcome.err.find(one.at) != std::string::npos);
    CHECK(outcome.err.find(one.what) != std::string::npos);
    CHECK(outcome.err.find(one.allowed) != std::string::npos);
  }
}

TEST_CASE("brokers are listed, explained, and summed up", "[cli][kafka]") {
  const TemporaryFolder folder;
  const Outcome list = run_weir({"list", "brokers"}, {folder.path()});
  CHECK(list.code == 0);
  CHECK(list.out.find("kafka") != std::string::npos);
  const Outcome explained = validate(0, "", "explain");
  INFO(explained.out << explained.err);
  CHECK(explained.code == 0);
  CHECK(explained.out.find("topic t: 2 partitions, 1 replicas") != std::string::npos);
  std::string text;
  for (const char* line : lines) text += std::string(line) + "\n";
  folder.write("s.json", text);
  const Outcome run = run_weir({"run", "s.json", "--json", "-o", "out"}, {folder.path()});
  INFO(run.out << run.err);
  REQUIRE(run.code == 0);
  const auto summary = nlohmann::json::parse(run.out);
  CHECK(summary["brokers"]["log"]["system"] == "kafka");
  CHECK(summary["brokers"]["log"]["figures"]["t.written_records"].get<double>() > 990);
  CHECK(summary["brokers"]["log"]["figures"]["t.read_records"].get<double>() > 980);
}

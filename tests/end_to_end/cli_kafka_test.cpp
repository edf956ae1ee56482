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
    const char* says;
  } cases[] = {
      {10, R"("reads": [{"source": "in", "topic": "tt"}],)",
       R"(s.json:10: jobs[0].reads[0].topic: no broker has a topic "tt" (did you mean "t"? allowed: t))"},
      {10, R"("reads": [{"source": "inn", "topic": "t"}],)",
       R"(s.json:10: jobs[0].reads[0].source: the job has no source "inn" (did you mean "in"? allowed: in))"},
      {10, R"("reads": [{"source": "map", "topic": "t"}],)",
       R"(s.json:10: jobs[0].reads[0].source: the job has no source "map" (allowed: in))"},
      {10, R"("reads": [{"source": "in"}],)",
       R"(s.json:10: jobs[0].reads[0].topic: missing in topic that is read (a text in double quotes))"},
      {10, R"("reads": [{"source": "in", "topic": "t", "partition": 1}],)",
       R"(s.json:10: jobs[0].reads[0].partition: unknown parameter of topic that is read (allowed: source, topic))"},
      {10, R"("reads": [{"source": "in", "topic": "t"}, {"source": "in", "topic": "t"}],)",
       R"(s.json:10: jobs[0].reads[1]: "in" a second time (one topic for each))"},
      {10, R"("reads": "t",)",
       R"(s.json:10: jobs[0].reads: "t" is not an array (an array, each an object: topic that is read))"},
      {11, R"("writes": [{"sink": "map", "topic": "t"}]}]})",
       R"(s.json:11: jobs[0].writes[0].sink: the job has no sink "map" (allowed: out))"},
      {11, R"("writes": [{"sink": "out", "topic": "u"}]}]})",
       R"(s.json:11: jobs[0].writes[0].topic: no broker has a topic "u" (did you mean "t"? allowed: t))"},
      {7,
       R"("sources": [{"name": "in", "arrivals": {"type": "constant", "rate_per_s": 1}, "record_bytes": 2e6}],)",
       R"(s.json:10: jobs[0].reads[0].topic: records of 2e+06 B, which the broker of "t" refuses (at most its message_bytes_max, 1.04859e+06 B))"},
      {7,
       R"("sources": [{"name": "in", "arrivals": {"type": "constant", "rate_per_s": 1}, "when_blocked": "skip"}],)",
       R"(s.json:10: jobs[0].reads[0].source: "in" skips records while it is blocked; those of a topic wait (a source with "when_blocked": "queue"))"},
      {3, R"("brokers": [{"name": "log", "system": {"type": "kafka", "hosts": ["x"],)",
       R"(s.json:3: brokers[0].system.hosts[0]: there is no host "x" (a host of the cluster, with slots or without: did you mean "w"? allowed: w, k))"},
      {3, R"("brokers": [{"name": "log", "system": {"type": "kafka", "hosts": ["k", "k"],)",
       R"(s.json:3: brokers[0].system.hosts[1]: the host "k" a second time (a host for each broker))"},
      {3, R"("brokers": [{"name": "log", "system": {"type": "kafka", "hosts": [],)",
       R"(s.json:3: brokers[0].system.hosts: no hosts (one for each broker))"},
      {3, R"("brokers": [{"name": "log", "system": {"type": "kafak", "hosts": ["k"],)",
       R"(s.json:3: brokers[0].system.type: unknown broker "kafak" (did you mean "kafka"? allowed: kafka))"},
      {3,
       R"("brokers": [{"name": "log", "system": {"type": "kafka", "hosts": ["k"], "producer": {"host": "p"},)",
       R"(s.json:3: brokers[0].system.producer.host: there is no host "p" (a host of the cluster, with slots or without: did you mean "w"? allowed: w, k))"},
      {3,
       R"("brokers": [{"name": "log", "system": {"type": "kafka", "hosts": ["k"], "producer": {"acks": "two"},)",
       R"(s.json:3: brokers[0].system.producer.acks: unknown choice "two" (allowed: none, leader, all))"},
      {3, R"("brokers": [{"name": "log", "system": {"type": "kafka", "hosts": ["k"], "io_threads": 0,)",
       R"(s.json:3: brokers[0].system.io_threads: 0 is out of range (an integer from 1 to 1024, threads))"},
      {4, R"("topics": []}}],)",
       R"(s.json:4: brokers[0].system.topics: an array of 0 is too short (an array of at least 1, each an object: kafka topic))"},
      {4, R"("topics": [{"name": "t", "replication": 2}]}}],)",
       R"(s.json:4: brokers[0].system.topics[0].replication: more replicas than brokers (at most 1))"},
      {4, R"("topics": [{"name": "t", "partitions": 1e12}]}}],)",
       R"(s.json:4: brokers[0].system.topics[0].partitions: 1e12 is out of range (an integer from 1 to 10000, partitions))"},
      {4, R"("topics": [{"name": "t"}, {"name": "t"}]}}],)",
       R"(s.json:4: brokers[0].system.topics: a second topic "t" (unique topic names))"},
      {7, R"("sources": [{"name": "in", "arrivals": "none"}],)",
       R"(s.json:10: jobs[0].reads[0].topic: nobody writes topic "t" (a topic that a job `writes`, or arrivals other than "none"))"},
      {4, R"("topics": [{"name": ""}]}}],)",
       R"(s.json:4: brokers[0].system.topics[0].name: an empty name (a name))"},
      {3, R"("brokers": [{"name": "", "system": {"type": "kafka", "hosts": ["k"],)",
       R"(s.json:3: brokers[0].name: an empty name (a name))"},
  };
  for (const auto& one : cases) {
    const Outcome outcome = validate(one.line, one.instead);
    INFO(one.instead << "\n" << outcome.err);
    CHECK(outcome.code == 2);
    CHECK(outcome.err.starts_with(std::string(one.says) + "\n"));
  }
}

TEST_CASE("all that is wrong with the hosts of brokers is said at once", "[cli][kafka]") {
  constexpr const char* several =
      R"("brokers": [{"name": "a", "system": {"type": "kafka", "hosts": ["x", "k", "y"], "io_threads": 0,
 "producer": {"host": "p"}, "topics": [{"name": "u", "replication": 9}]}},
 {"name": "log", "system": {"type": "kafka", "hosts": ["k", "z", "z", "k"],)";
  const Outcome outcome = validate(3, several);
  INFO(outcome.err);
  CHECK(outcome.code == 2);
  const std::string no_host = " (a host of the cluster, with slots or without: ";
  CHECK(outcome.err ==
        "s.json:3: brokers[0].system.io_threads: 0 is out of range (an integer from 1 to 1024, threads)\n"
        "s.json:3: brokers[0].system.hosts[0]: there is no host \"x\"" +
            no_host +
            "did you mean \"w\"? allowed: w, k)\n"
            "s.json:3: brokers[0].system.hosts[2]: there is no host \"y\"" +
            no_host +
            "did you mean \"w\"? allowed: w, k)\n"
            "s.json:4: brokers[0].system.topics[0].replication: more replicas than brokers (at most 3)\n"
            "s.json:4: brokers[0].system.producer.host: there is no host \"p\"" +
            no_host +
            "did you mean \"w\"? allowed: w, k)\n"
            "s.json:5: brokers[1].system.hosts[2]: the host \"z\" a second time (a host for each broker)\n"
            "s.json:5: brokers[1].system.hosts[3]: the host \"k\" a second time (a host for each broker)\n"
            "s.json:5: brokers[1].system.hosts[1]: there is no host \"z\"" +
            no_host + "did you mean \"w\"? allowed: w, k)\n");
}

TEST_CASE("brokers are listed, explained, and summed up", "[cli][kafka]") {
  const TemporaryFolder folder;
  const Outcome list = run_weir({"list", "brokers"}, {folder.path()});
  CHECK(list.code == 0);
  CHECK(list.out.find("kafka") != std::string::npos);
  const Outcome explained = validate(0, "", "explain");
  INFO(explained.out << explained.err);
  CHECK(explained.code == 0);
  CHECK(explained.out.find("topic t: 2 partitions, 1 replica") != std::string::npos);
  std::string text;
  for (const char* line : lines) text += std::string(line) + "\n";
  folder.write("s.json", text);
  const Outcome run = run_weir({"run", "s.json", "--json", "-o", "out"}, {folder.path()});
  INFO(run.out << run.err);
  REQUIRE(run.code == 0);
  const auto summary = nlohmann::json::parse(run.out);
  CHECK(summary["brokers"]["log"]["system"] == "kafka");
  CHECK(summary["brokers"]["log"]["figures"]["t.written_records"].get<double>() > 990);
  CHECK(summary["brokers"]["log"]["figures"]["t.j.in.read_records"].get<double>() > 980);
}

TEST_CASE("jobs that topics join are explained, and rings of them are told", "[cli][kafka]") {
  const TemporaryFolder folder;
  const HowToRun in_folder{folder.path(), {std::string("WEIR_HOME=") + WEIR_SOURCE_DIR}};
  const Outcome two = run_weir({"explain", "two-jobs-one-topic"}, in_folder);
  INFO(two.out << two.err);
  REQUIRE(two.code == 0);
  CHECK_THAT(two.out, Catch::Contains("cleaned: what it will be offered is not known: job cleaning writes "
                                      "topic cleaned"));
  CHECK_THAT(two.out, Catch::Contains("events: not known before, like what its topics will hold"));
  CHECK_THAT(two.out, !Catch::Contains("without end"));
  const Outcome idle = run_weir(
      {"explain", "two-jobs-one-topic", "--set", "brokers[0].system.topics[0].partitions=1"}, in_folder);
  CHECK_THAT(idle.out,
             Catch::Contains("clicks: 2 of its 3 instances have nothing to read: topic clicks has 1 "
                             "partition\n"));
  const Outcome ring = run_weir(
      {"validate", "two-jobs-one-topic", "--set", R"(jobs[1].writes=[{"sink": "count", "topic": "clicks"}])"},
      in_folder);
  INFO(ring.err);
  CHECK(ring.code == 0);
  CHECK_THAT(ring.err,
             Catch::Contains("cleaning -> counting -> cleaning: what they deliver comes back to them"));
}

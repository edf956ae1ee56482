#include <catch2/catch.hpp>
#include <memory>
#include <string>

#include "sim/dataflow/operator.hpp"
#include "sim/kernel/random.hpp"
#include "sim/scenario/parse.hpp"
#include "tests/support/program.hpp"

using namespace weir;
using namespace weir::test;

namespace {

std::unique_ptr<OperatorLogic> driver(int tasks, int stages) {
  Errors errors;
  const auto document = parse_document("{\"type\": \"driver\", \"tasks\": " + std::to_string(tasks) +
                                           ", \"stages\": " + std::to_string(stages) + "}",
                                       "test", errors);
  OperatorRegistry::Choice choice;
  choice.read(document->root(), errors);
  INFO(errors.text());
  REQUIRE(errors.empty());
  return choice.build(OperatorContext{1, "job/driver/0"});
}

// A batch of data, or the report of one of its tasks.
Batch of(std::int64_t number, std::int64_t weight) {
  Batch batch;
  batch.count = 1;
  batch.source = 0;
  batch.sequence_first = batch.sequence_last = number;
  batch.weight = weight;
  return batch;
}

// The weight that goes on, as the core books it.
std::int64_t weight_out(const Produced& produced, const Batch& input) {
  return (produced.consumed == 0 ? 0 : input.weight) - produced.kept_weight;
}

}  // namespace

TEST_CASE("A driver hands out a stage when all reports of the one before are in", "[operators][driver]") {
  const auto op = driver(3, 2);
  CHECK(op->process(of(0, 900)).count == 3);
  CHECK(op->process(of(0, 100)).count == 0);
  CHECK(op->process(of(0, 100)).count == 0);
  CHECK(op->kept().count == 2);
  CHECK(op->kept().weight == 200);
  const Produced second = op->process(of(0, 100));
  CHECK(second.count == 3);
  CHECK(weight_out(second, of(0, 100)) == 300);
  CHECK(op->kept().count == 0);
  for (int report = 0; report < 3; ++report) {
    const Produced last = op->process(of(0, 50));
    CHECK(last.count == 0);
    CHECK(last.consumed == 0);  // the batch is done: nothing lives on
  }
  CHECK(op->kept().weight == 0);
}

TEST_CASE("A driver keeps batches apart, and loses no weight, in any order of reports",
          "[operators][driver]") {
  const std::uint64_t seed = 20261121;
  INFO("seed " << seed);
  RandomStream random(seed, "test", "driver");
  for (int round = 0; round < 200; ++round) {
    const int tasks = 1 + static_cast<int>(random.below(5)), stages = 1 + static_cast<int>(random.below(4));
    const auto op = driver(tasks, stages);
    std::vector<std::int64_t> under_way, launched(4, 0);  // reports to come, by batch
    std::int64_t kept = 0;
    for (std::int64_t batch = 0; batch < 4; ++batch) {
      REQUIRE(op->would_send(of(batch, 1000)) == tasks);
      REQUIRE(op->process(of(batch, 1000)).count == tasks);
      ++launched[batch];
      under_way.insert(under_way.end(), tasks, batch);
    }
    while (!under_way.empty()) {
      const auto at = static_cast<std::ptrdiff_t>(random.below(under_way.size()));
      const std::int64_t batch = under_way[at];
      under_way.erase(under_way.begin() + at);
      const Batch report = of(batch, 7);
      const std::int64_t would_send = op->would_send(report);
      const Produced produced = op->process(report);
      REQUIRE(produced.count == would_send);
      kept += produced.kept_weight;
      REQUIRE(op->kept().weight == kept);
      REQUIRE(weight_out(produced, report) >= 0);
      if (produced.count == 0) continue;
      REQUIRE(produced.count == tasks);
      REQUIRE(weight_out(produced, report) == 7 * tasks);
      ++launched[batch];
      under_way.insert(under_way.end(), tasks, batch);
    }
    for (const std::int64_t stages_launched : launched) CHECK(stages_launched == stages);
    CHECK(op->kept().count == 0);
  }
}

TEST_CASE("What a driver forgets is what it kept", "[operators][driver]") {
  const auto op = driver(4, 3);
  for (const std::int64_t batch : {0, 1}) op->process(of(batch, 1000));
  for (const std::int64_t batch : {0, 1, 1}) op->process(of(batch, 10));
  const auto lost = op->forget();
  REQUIRE(lost.size() == 2);
  CHECK(lost[0].weight + lost[1].weight == 30);
  CHECK(lost[1].count == 2);
  CHECK(op->kept().weight == 0);
}

TEST_CASE("A driver in a wrong place is an error", "[operators][driver][cli]") {
  const auto validated = [](const std::string& driver, const std::string& edges, int batch_records) {
    const TemporaryFolder folder;
    folder.write("s.json", R"({"weir": 1, "cluster": {"hosts": [{}]},
      "fidelity": {"batch_span_ms": 0, "batch_records": )" +
                               std::to_string(batch_records) + R"(},
      "jobs": [{"workload": {"type": "dataflow", "sources": [{"name": "in", "arrivals": "constant"}],
        "operators": [{"name": "driver", "logic": "driver", "cost": {"per_record_us": 1})" +
                               driver + R"(},
                      {"name": "work", "logic": "map"}, {"name": "out", "logic": "sink"}],
        "edges": [{"from": "in", "to": "driver"}, {"from": "driver", "to": "work"}, {"from": "work", "to": "out"})" +
                               edges + "]}}]}");
    const Outcome outcome = run_weir({"validate", "s.json"}, {folder.path()});
    return std::to_string(outcome.code) + " " + outcome.err;
  };
  const std::string one = ", \"scalable\": false",
                    back = R"(, {"from": "work", "to": "driver", "feedback": true})";
  CHECK(validated(one, back, 1) == "0 ");
  CHECK_THAT(validated("", back, 1), Catch::Contains("2 ") && Catch::Contains("must come to one instance"));
  CHECK_THAT(validated(one, "", 1), Catch::Contains("0 with \"feedback\""));
  CHECK_THAT(validated(one, back, 64), Catch::Contains("takes their reports one by one"));
}

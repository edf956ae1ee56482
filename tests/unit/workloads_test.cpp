#include <algorithm>
#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "sim/dataflow/workload.hpp"
#include "sim/scenario/parse.hpp"

using namespace weir;

namespace {

WorkloadRegistry::Choice choice(const std::string& json, Errors& errors) {
  const auto document = parse_document(json, "test", errors);
  REQUIRE(document);
  WorkloadRegistry::Choice out;
  out.read(document->root(), errors);
  return out;
}

DataflowSpec dataflow(const std::string& json) {
  Errors errors;
  const auto chosen = choice(json, errors);
  INFO(errors.text());
  REQUIRE(errors.empty());
  return chosen.build(WorkloadContext{})->dataflow();
}

// Whether dataflow_table(), which reads what users write, accepts it.
std::string complaints(const DataflowSpec& spec) {
  Errors errors;
  const auto document = parse_document(dataflow_table().write(spec).dump(), "written", errors);
  DataflowSpec read;
  dataflow_table().read(document->root(), read, errors);
  return errors.text();
}

std::string edges(const DataflowSpec& spec) {
  std::string text;
  for (const EdgeSpec& edge : spec.edges) text += edge.from + ">" + edge.to + " ";
  return text;
}

}  // namespace

TEST_CASE("every workload says what it is, and where each default comes from", "[workloads]") {
  for (const Component* component : WorkloadRegistry::list()) {
    INFO(component->info.name);
    CHECK_FALSE(component->info.help.empty());
    CHECK_FALSE(component->info.source.empty());
    for (const Param& param : component->table->params()) {
      INFO(param.name);
      CHECK_FALSE(param.text.help.empty());
    }
  }
  for (const Component* component : OperatorRegistry::list()) {
    INFO(component->info.name);
    CHECK_FALSE(component->info.help.empty());
    CHECK_FALSE(component->info.source.empty());
  }
}

TEST_CASE("with its defaults every workload makes a dataflow that is right", "[workloads]") {
  for (const std::string& name : WorkloadRegistry::names()) {
    if (name == "dataflow") continue;
    const Component* component = WorkloadRegistry::core().find(name);
    if (component->table->has_required()) continue;
    INFO(name);
    CHECK(complaints(dataflow("\"" + name + "\"")).empty());
  }
}

TEST_CASE("word count splits sentences and counts by key", "[workloads]") {
  const auto d = dataflow(R"({"type": "word-count", "arrivals": {"type": "constant", "rate_per_s": 16667},
      "sentence_bytes": 200, "words_per_sentence": 20, "word_bytes": 28,
      "source_parallelism": 2, "when_blocked": "skip", "partitioning": "shuffle",
      "keys": {"law": "hot", "hot_share": 0.02},
      "split": {"parallelism": 10, "max_parallelism": 36, "cost": {"per_record_us": 600, "law": "exponential"}},
      "count": {"parallelism": 5, "cost": {"per_record_us": 60}, "contention": {"sigma": 0.03}}})");
  CHECK(complaints(d).empty());
  CHECK(edges(d) == "source>split split>count ");
  CHECK(d.sources[0].parallelism == 2);
  CHECK(d.sources[0].record_bytes == 200);
  CHECK(d.sources[0].when_blocked == WhenBlocked::skip);
  CHECK(d.sources[0].arrivals.name() == "constant");
  CHECK(d.operators[0].parallelism == 10);
  CHECK(d.operators[0].max_parallelism == 36);
  CHECK(d.operators[0].output_bytes == 28);
  CHECK(d.operators[0].cost.law == CostLaw::exponential);
  CHECK(d.operators[0].logic.build(OperatorContext{1, "x"})->mean_selectivity() == 20);
  CHECK(d.operators[1].contention.sigma == 0.03);
  CHECK(d.edges[0].partitioning == Partitioning::shuffle);
  CHECK(d.edges[1].partitioning == Partitioning::key);
  CHECK(d.edges[1].keys.law == KeyLaw::hot);
}

TEST_CASE("shapes have the edges that their names say", "[workloads]") {
  CHECK(edges(dataflow(R"({"type": "chain", "length": 3})")) ==
        "source>stage-1 stage-1>stage-2 stage-2>stage-3 ");
  CHECK(edges(dataflow(R"("diamond")")) == "source>fork fork>left fork>right left>join right>join ");
  CHECK(edges(dataflow(R"({"type": "fan-in", "sources": 2})")) == "source-1>merge source-2>merge ");
  CHECK(edges(dataflow(R"({"type": "fan-out", "branches": 2})")) == "source>branch-1 source>branch-2 ");
  CHECK(dataflow(R"({"type": "fan-in", "sources": 4})").sources.size() == 4);
}

TEST_CASE("a chain of forward edges needs one parallelism", "[workloads]") {
  Errors errors;
  choice(R"({"type": "chain", "partitioning": "forward", "source_parallelism": 2})", errors);
  CHECK(errors.text() ==
        "test:1: partitioning: a forward edge between parallelism 2 and 1 "
        "(source_parallelism equal to stage.parallelism, or another partitioning)\n");
  CHECK(
      complaints(
          dataflow(
              R"({"type": "chain", "partitioning": "forward", "source_parallelism": 2, "stage": {"parallelism": 2}})"))
          .empty());
}

TEST_CASE("limits of parallelism are checked in every stage", "[workloads]") {
  Errors errors;
  choice(
      "{\"type\": \"word-count\",\n \"split\": {\"parallelism\": 9, \"max_parallelism\": 8},\n"
      " \"count\": {\"min_parallelism\": 3, \"max_parallelism\": 2}}",
      errors);
  CHECK(errors.text() ==
        "test:2: split.parallelism: 9 is not between its limits (1 to 8)\n"
        "test:3: count.min_parallelism: min_parallelism is above max_parallelism (at most 2)\n");
}

TEST_CASE("the workload dataflow is what the scenario writes", "[workloads]") {
  const auto d = dataflow(R"({"type": "dataflow",
      "sources": [{"name": "in", "arrivals": "poisson"}],
      "operators": [{"name": "a", "logic": "map"}, {"name": "b", "logic": "sink"}],
      "edges": [{"from": "in", "to": "a"}, {"from": "a", "to": "b", "partitioning": "key"}]})");
  CHECK(edges(d) == "in>a a>b ");
  Errors errors;
  choice(R"({"type": "dataflow", "sources": [], "operators": [], "edges": []})", errors);
  CHECK(errors.count() == 2);
}

#include <catch2/catch.hpp>

#include "models/engines/spark/formulas.hpp"
#include "models/engines/spark/stages.hpp"

// Spark's formulas, number by number.

using namespace weir;
using namespace weir::spark;

namespace {
constexpr Nanos second = nanos_per_second;
}

TEST_CASE("state is checkpointed at the first multiple of the slide from ten seconds on", "[spark]") {
  // DStream.scala: slideDuration * ceil(10 s / slideDuration).
  for (const auto& [slide_s, interval_s] :
       {std::pair{1, 10}, {2, 10}, {3, 12}, {5, 10}, {10, 10}, {15, 15}}) {
    INFO(slide_s);
    CHECK(checkpoint_interval_ns(slide_s * second) == interval_s * second);
  }
  CHECK(checkpoint_interval_ns(300'000'000) == 10'200'000'000);
}

TEST_CASE("a window by an inverse function reduces what leaves and what enters", "[spark]") {
  // 30 s every 10 s, of batches of 1 s: 30 of them, or the window before and 10 + 10.
  CHECK(window_batches(30 * second, second) == 30);
  CHECK(inverse_window_batches(10 * second, second) == 21);
  // It pays where the slide is less than half of the window.
  CHECK(inverse_window_batches(15 * second, second) > window_batches(30 * second, second));
}

TEST_CASE("the PID of backpressure", "[spark]") {
  // Batches of 1 s. The first tells the rate, and nothing else: 1000 in 500 ms is 2000/s.
  PidRate rate(PidGains{}, 1000);
  CHECK(!rate.completed(1000, 1000, 500, 0).has_value());
  CHECK(rate.latest_rate_per_s() == 2000);
  // 2000 in 2 s: the error is 2000 - 1000.
  CHECK(rate.completed(2000, 2000, 2000, 0) == 1000.0);
  // No error, but a second of delay: 0.2 * 1000.
  CHECK(rate.completed(3000, 1000, 1000, 1000) == 800.0);
  // What tells nothing changes nothing.
  CHECK(!rate.completed(4000, 0, 1000, 0).has_value());
  CHECK(!rate.completed(4000, 1000, 0, 0).has_value());
  CHECK(!rate.completed(3000, 1000, 1000, 0).has_value());
  CHECK(rate.latest_rate_per_s() == 800);
  // Never below the least: 10 in 1 s would make 10/s.
  CHECK(rate.completed(5000, 10, 1000, 0) == 100.0);
}

TEST_CASE("the derivative of the PID is by seconds since the last batch", "[spark]") {
  PidRate rate({.proportional = 0, .integral = 0, .derivative = 0.5, .min_rate_per_s = 1}, 1000);
  CHECK(!rate.completed(1000, 1000, 1000, 0).has_value());
  // The error rises from 0 to 1000 - 500 in 2 s: 0.5 * 250 less.
  CHECK(rate.completed(3000, 500, 1000, 0) == Approx(875));
  // From 500 to 875 - 875 in 1 s: 0.5 * 500 more.
  CHECK(rate.completed(4000, 875, 1000, 0) == Approx(1125));
}

namespace {

LogicalGraph graph_of(const std::vector<std::string>& operators,
                      const std::vector<std::tuple<std::string, std::string, Partitioning>>& edges) {
  DataflowSpec spec;
  SourceSpec source;
  source.name = "in";
  spec.sources = {source};
  for (const std::string& name : operators) {
    OperatorSpec op;
    op.name = name;
    spec.operators.push_back(op);
  }
  for (const auto& [from, to, partitioning] : edges) {
    EdgeSpec edge;
    edge.from = from;
    edge.to = to;
    edge.partitioning = partitioning;
    spec.edges.push_back(edge);
  }
  return resolve(spec);
}

}  // namespace

TEST_CASE("stages end at shuffles", "[spark]") {
  const LogicalGraph graph = graph_of({"a", "b", "c", "d"}, {{"in", "a", Partitioning::rebalance},
                                                             {"a", "b", Partitioning::forward},
                                                             {"b", "c", Partitioning::key},
                                                             {"c", "d", Partitioning::forward}});
  CHECK(graph_problems(graph).empty());
  const Stages stages = stages_of(graph);
  REQUIRE(stages.list.size() == 2);
  CHECK(stages.list[0].operators == std::vector<int>{graph.find("a"), graph.find("b")});
  CHECK(stages.list[0].inputs.size() == 1);
  CHECK(stages.list[0].children == std::vector<int>{1});
  CHECK(stages.list[1].operators == std::vector<int>{graph.find("c"), graph.find("d")});
  CHECK(stages.list[1].parents == std::vector<int>{0});
  CHECK(stages.of_operator[static_cast<std::size_t>(graph.find("in"))] == -1);
}

TEST_CASE("a union is one stage, and a stage may wait for two", "[spark]") {
  const LogicalGraph graph = graph_of({"a", "b", "c", "d", "e"}, {{"in", "a", Partitioning::rebalance},
                                                                  {"in", "b", Partitioning::rebalance},
                                                                  {"in", "c", Partitioning::rebalance},
                                                                  {"a", "d", Partitioning::key},
                                                                  {"b", "d", Partitioning::key},
                                                                  {"c", "e", Partitioning::forward},
                                                                  {"d", "e", Partitioning::forward}});
  const Stages stages = stages_of(graph);
  REQUIRE(stages.list.size() == 3);
  const Stage& last = stages.list[2];
  CHECK(last.operators == std::vector<int>{graph.find("c"), graph.find("d"), graph.find("e")});
  CHECK(last.parents.size() == 2);
  CHECK(last.inputs.size() == 1);
  // The source is three streams; and e would be one task on two threads.
  const std::vector<std::string> wrong = graph_problems(graph);
  REQUIRE(wrong.size() == 2);
  CHECK(wrong[0].find("in has 3 outgoing edges") != std::string::npos);
  CHECK(wrong[1].find("e has 2 inputs from operators") != std::string::npos);
}

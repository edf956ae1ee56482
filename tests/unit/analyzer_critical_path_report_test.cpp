#include <catch2/catch.hpp>
#include <sstream>

#include "sim/analyzer/critical_path_report.hpp"
#include "sim/analyzer/edge_list.hpp"
#include "tests/support/pyramid.hpp"
#include "tests/support/snailtrail_bytes.hpp"

// A source that is busy until 4 s, sends to a worker that waits until 5 s, is busy until 9 s, and sends back;
// the path is known by looking at it.

namespace {

using namespace weir;
using namespace weir::analyzer;

constexpr Nanos second = nanos_per_second;

std::unique_ptr<EdgeSource> two_workers() {
  auto trace = std::make_unique<EdgeList>();
  const int a = trace->add_worker("source[0]");
  const int b = trace->add_worker("map, \"hot\"");
  const int map = trace->add_operator("map");
  trace->add_activity(a, 0, 4 * second, Activity::input);
  trace->add_activity(a, 4 * second, 10 * second, Activity::waiting);
  trace->add_activity(a, 10 * second, 12 * second, Activity::processing);
  trace->add_activity(b, 0, 5 * second, Activity::waiting);
  trace->add_activity(b, 5 * second, 9 * second, Activity::processing, map);
  trace->add_activity(b, 9 * second, 12 * second, Activity::waiting);
  trace->add_message(a, 4 * second, b, 5 * second, Activity::data_message);
  trace->add_message(b, 9 * second, a, 10 * second, Activity::control_message);
  return trace;
}

ConstructionOptions windows_of(Nanos window_ns) {
  ConstructionOptions options;
  options.window_ns = window_ns;
  return options;
}

}  // namespace

TEST_CASE("the critical path of a trace is told by kind, worker, message and time", "[analyzer]") {
  const Nanos window_ns = GENERATE(second / 3, second, 5 * second, 60 * second);
  std::vector<PathPiece> pieces;
  const auto summary = critical_path_of_edges(two_workers, windows_of(window_ns),
                                              [&](const PathPiece& piece) { pieces.push_back(piece); });
  CHECK(summary.begin_ns == 0);
  CHECK(summary.end_ns == 12 * second);
  REQUIRE(pieces.size() == 5);
  CHECK(summary.pieces == 5);
  CHECK(summary.by_kind.at({Activity::processing, 0}).duration_ns == 4 * second);
  CHECK(summary.by_kind.at({Activity::processing, no_operator}).duration_ns == 2 * second);
  CHECK(summary.by_worker.at(0).duration_ns == 6 * second);
  CHECK(summary.by_worker.at(1).duration_ns == 4 * second);
  CHECK(summary.by_messages.at({1, 0}).duration_ns == second);
  // 12 s in twenty parts of 0.6 s; the seventh is from 3.6 s to 4.2 s.
  CHECK(summary.by_spell[6].at({Activity::input, no_operator}) == 400'000'000);
  CHECK(summary.by_spell[6].at({Activity::data_message, no_operator}) == 200'000'000);
  Nanos all_ns = 0;
  for (const auto& spell : summary.by_spell) {
    for (const auto& [kind, duration_ns] : spell) all_ns += duration_ns;
  }
  CHECK(all_ns == 12 * second);
  REQUIRE(summary.longest.size() == 5);
  CHECK(summary.longest[0].activity == Activity::input);

  const auto source = two_workers();
  const std::string text = critical_path_text(summary, *source);
  CHECK_THAT(text, Catch::Contains("from 0 s to 12 s, 5 pieces"));
  CHECK_THAT(text, Catch::Contains("67 % input, 33 % data-message"));
  CHECK_THAT(text, Catch::Contains("map processing"));
  const auto json = critical_path_json(summary, *source);
  CHECK(json["pieces"] == 5);
  CHECK(json["kinds"][0]["activity"] == "input");
  CHECK(json["kinds"][0]["share"].get<double>() == Approx(1.0 / 3));
  CHECK(json["spells"].size() == CriticalPathSummary::spells);
  CHECK(critical_path_csv_line(pieces[1], *source) == "4,5,source[0],\"map, \"\"hot\"\"\",data-message,\n");
}

TEST_CASE("waiting on the path is told, and so is that there is no path", "[analyzer]") {
  const auto unexplained = [] {
    auto trace = std::make_unique<EdgeList>();
    const int a = trace->add_worker("a");
    trace->add_activity(a, 0, 4 * second, Activity::waiting);
    trace->add_activity(a, 4 * second, 5 * second, Activity::processing);
    return std::unique_ptr<EdgeSource>(std::move(trace));
  };
  const auto summary = critical_path_of_edges(unexplained, windows_of(second), {});
  CHECK(summary.begin_ns == 0);
  CHECK(summary.waiting_ns == 4 * second);
  CHECK_THAT(critical_path_text(summary, *unexplained()),
             Catch::Contains("80 % of it is waiting of which the trace"));
  const auto nothing = [] {
    auto trace = std::make_unique<EdgeList>();
    trace->add_activity(trace->add_worker("a"), 0, 4 * second, Activity::waiting);
    return std::unique_ptr<EdgeSource>(std::move(trace));
  };
  const auto none = critical_path_of_edges(nothing, windows_of(second), {});
  CHECK(none.end_ns < none.begin_ns);
  const auto json = critical_path_json(none, *nothing());
  CHECK(json["begin_s"].is_null());
  CHECK(json["kinds"].empty());
  CHECK(json["spells"].empty());
  CHECK_THAT(critical_path_text(none, *nothing()), Catch::Contains("No critical path"));
}

TEST_CASE("the critical path of calls within calls goes down to the last and back", "[analyzer]") {
  test::Pyramid pyramid;
  pyramid.workers = 5;
  pyramid.infix = Activity::waiting;
  std::istringstream log(test::snailtrail_bytes(pyramid.records()));
  const auto source = read_snailtrail_log(log, "pyramid");
  std::vector<std::int64_t> workers;
  ConstructionOptions options;
  options.gap_threshold_ns = 1000;
  const auto summary = critical_path_of_log(*source, options, [&](const PathPiece& piece) {
    if (piece.to_worker < 0) workers.push_back(piece.worker);
  });
  CHECK(workers == std::vector<std::int64_t>{0, 1, 2, 3, 4, 3, 2, 1, 0});
  CHECK(summary.begin_ns == static_cast<Nanos>(test::Pyramid::start_ns));
  CHECK(summary.end_ns == Approx(test::Pyramid::start_ns + 10'000'000).epsilon(1e-12));
}

#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "sim/analyzer/construction.hpp"
#include "sim/analyzer/participation.hpp"
#include "tests/support/pyramid.hpp"

// The nine tests that SnailTrail's own repository has for the construction of graphs and for path counts
// (pag-construction/run_test.py), in its own configuration: windows of a second, gaps of 1,000 ns.

namespace {

using namespace weir;
using namespace weir::analyzer;
using weir::test::Pyramid;

struct Counted {
  // Sum of the paths along the edges, by (activity, operator).
  std::map<std::pair<Activity, int>, double> paths_along;
  double paths = 0;
};

// By window, from 0.
std::map<std::int64_t, Counted> counted(const Pyramid& pyramid, Nanos lead_ns = 1) {
  ConstructionOptions options;
  options.gap_threshold_ns = 1000;
  options.lead_ns = lead_ns;
  options.waiting_message_ns = 0;
  std::map<std::int64_t, std::vector<LogRecord>> windows;
  for (const LogRecord& record : pyramid.records()) {
    windows[static_cast<std::int64_t>(record.time_ns / 1'000'000'000)].push_back(record);
  }
  std::map<std::int64_t, Counted> result;
  Construction construction(options);
  Participation participation;
  Pag pag;
  for (auto& [epoch, records] : windows) {
    construction.build(epoch, records, pag);
    REQUIRE(pag.defect() == nullptr);
    REQUIRE(construction.left_out().total() == 0);
    participation.count(pag);
    Counted& window = result[epoch - static_cast<std::int64_t>(Pyramid::start_ns / 1'000'000'000)];
    window.paths = participation.paths().value();
    if (!participation.has_path()) continue;
    for (std::size_t c = 0; c < pag.chains(); ++c) {
      for (std::uint32_t v = pag.chain_first[c]; v + 1 < pag.chain_first[c + 1]; ++v) {
        window.paths_along[{pag.local[v].activity, pag.local[v].operator_id}] +=
            participation.local_share(v) * window.paths;
      }
    }
  }
  return result;
}

double along(const Counted& window, Activity activity, int operator_id) {
  const auto found = window.paths_along.find({activity, operator_id});
  return found == window.paths_along.end() ? 0 : found->second;
}

constexpr Nanos second = 1'000'000'000;

}  // namespace

TEST_CASE("SnailTrail's vectors: a call and its answer (bc_simple)", "[analyzer]") {
  const Counted window = counted({.workers = 2, .phase_ns = second, .infix = Activity::barrier}).at(0);
  CHECK(along(window, Activity::processing, 1) == Approx(1));
  CHECK(along(window, Activity::barrier, 0) == Approx(1));
  CHECK(along(window, Activity::processing, 0) == Approx(4));
  CHECK(window.paths == 2);
}

TEST_CASE("SnailTrail's vectors: who only waits is on no path (lowest_activity_bc)", "[analyzer]") {
  const Counted window =
      counted({.workers = 5, .phase_ns = 998'000'000, .calls = false, .answers = false}).at(0);
  CHECK(along(window, Activity::processing, 0) == Approx(3));
  for (int worker = 1; worker < 5; ++worker) CHECK(along(window, Activity::processing, worker) == 0);
}

TEST_CASE("SnailTrail's vectors: a gap that ends in a receive is waiting (wsa_terminating_in_recv)",
          "[analyzer]") {
  const Counted window = counted({.workers = 4,
                                  .phases = 2,
                                  .phase_ns = second / 2,
                                  .suffix = Activity::processing,
                                  .answers = false})
                             .at(0);
  for (const auto& [key, paths] : window.paths_along) CHECK(key.first != Activity::unknown);
}

TEST_CASE("SnailTrail's vectors: other gaps are unknown (wsa_fill_unknown)", "[analyzer]") {
  const Counted window =
      counted({.workers = 2, .phase_ns = second, .infix = std::nullopt, .calls = false, .answers = false})
          .at(0);
  CHECK(along(window, Activity::processing, 0) == Approx(2));
  CHECK(along(window, Activity::unknown, no_operator) == Approx(1));
}

TEST_CASE("SnailTrail's vectors: who waits for its answer leaves one path (wsa_single_path)", "[analyzer]") {
  const Counted window = counted({.workers = 5, .phase_ns = second, .infix = Activity::waiting}).at(0);
  CHECK(window.paths == 1);
  CHECK(along(window, Activity::processing, 4) == Approx(1));
  for (int worker = 0; worker < 4; ++worker) CHECK(along(window, Activity::processing, worker) == Approx(2));
}

TEST_CASE("SnailTrail's vectors: a path for every depth of calls (tree)", "[analyzer]") {
  const Counted window = counted({.workers = 5, .phase_ns = second, .infix = Activity::buffer}).at(0);
  CHECK(window.paths == 5);
  CHECK(along(window, Activity::processing, 4) == Approx(1));
  for (int worker = 0; worker < 4; ++worker) {
    CHECK(along(window, Activity::processing, worker) == Approx(2 * (5 - worker)));
    CHECK(along(window, Activity::buffer, worker) == Approx(1));
  }
}

TEST_CASE("SnailTrail's vectors: paths multiply from phase to phase (forest)", "[analyzer]") {
  const int phases = GENERATE(1, 2);
  const auto windows =
      counted({.workers = 5, .phases = 10 * phases, .phase_ns = second / phases, .infix = Activity::buffer});
  REQUIRE(windows.size() == 10);
  for (const auto& [number, window] : windows) {
    CHECK(along(window, Activity::processing, 0) == Approx(phases == 1 ? 10 : 100));
  }
}

TEST_CASE("SnailTrail's vectors: the way in is as often taken as the way out (bc_inout)", "[analyzer]") {
  const Counted window = counted({.workers = 10,
                                  .phase_ns = second,
                                  .prefix = Activity::serialization,
                                  .infix = Activity::buffer,
                                  .suffix = Activity::deserialization})
                             .at(0);
  for (int worker = 1; worker < 10; ++worker) {
    CHECK(along(window, Activity::serialization, worker) > 0);
    CHECK(along(window, Activity::serialization, worker) ==
          Approx(along(window, Activity::deserialization, worker)));
  }
}

TEST_CASE("SnailTrail's vectors: cut at windows, first and last mirror each other (bc_inout_cut)",
          "[analyzer]") {
  const auto windows = counted({.workers = 10,
                                .phase_ns = 3 * second,
                                .prefix = Activity::serialization,
                                .infix = Activity::buffer,
                                .suffix = Activity::deserialization});
  int compared = 0;
  for (const auto& [key, paths] : windows.at(2).paths_along) {
    const auto& [activity, worker] = key;
    if (activity == Activity::deserialization) {
      CHECK(along(windows.at(0), Activity::serialization, worker) == Approx(paths));
      ++compared;
    }
    if (activity == Activity::processing && worker > 0) {
      CHECK(along(windows.at(0), Activity::processing, worker) == Approx(paths));
      ++compared;
    }
  }
  CHECK(compared > 5);
}

// 2,000 calls in one window, each of which can be answered at five depths: 5^2000 is about 8.7e1397, far
// beyond the range of doubles.
TEST_CASE("paths are counted beyond the range of doubles", "[analyzer]") {
  constexpr int calls = 2000;
  const Pyramid pyramid{.workers = 5, .phases = calls, .phase_ns = second / calls, .infix = Activity::buffer};
  ConstructionOptions options;
  options.gap_threshold_ns = 1000;
  options.waiting_message_ns = 0;
  std::vector<LogRecord> records = pyramid.records();
  Pag pag;
  Construction(options).build(static_cast<std::int64_t>(Pyramid::start_ns / second), records, pag);
  REQUIRE(pag.defect() == nullptr);
  Participation participation;
  participation.count(pag);
  CHECK(std::isinf(participation.paths().value()));
  CHECK(participation.paths().log10() == Approx(calls * std::log10(5.0)).epsilon(1e-12));
  // Of the five ways through a call, one buffers at worker 0; of the other four, one at worker 1, ...: each
  // worker's buffering takes part in a fifth. So precise must a share be after thousands of sums.
  int buffers = 0;
  for (std::size_t c = 0; c + 1 < pag.chains(); ++c) {
    for (std::uint32_t v = pag.chain_first[c]; v + 1 < pag.chain_first[c + 1]; ++v) {
      if (pag.local[v].activity != Activity::buffer) continue;
      REQUIRE(participation.local_share(v) == Approx(0.2).epsilon(1e-11));
      ++buffers;
    }
  }
  CHECK(buffers == 4 * calls);
}

#include <catch2/catch.hpp>

#include "sim/analyzer/edge_window.hpp"
#include "sim/analyzer/participation.hpp"
#include "sim/analyzer/summaries.hpp"

// The numbers that SnailTrail's paper (NSDI 2018) gives for the examples in its figures 2 and 3.
//
// The drawings themselves were not at hand. These graphs are reconstructed: they have everything that the
// paper says of them in numbers (the number of paths, the duration of the window, the participation or the
// centrality of the edges that it names), they obey its rules (every wait ends with a message, no path waits,
// all paths are as long as the window), and nothing more of them is known to be in the drawings: neither how
// many workers there are, nor any other edge. What follows from the paper alone: the edge (g', h') has a
// participation of 0.2 = 6/30, so that paths along it times its duration are 6; those of (d', i') are 2;
// those of figure 3 are as in the test.

namespace {

using namespace weir;
using namespace weir::analyzer;

struct Solved {
  Pag pag;
  Participation participation;
  explicit Solved(const EdgeWindow& window) {
    EdgeConstruction(0).build(window, pag);
    REQUIRE(pag.defect() == nullptr);
    participation.count(pag);
  }
  Solved(const Solved&) = delete;

  // The local edge of a worker that begins at an instant.
  std::uint32_t edge(std::size_t worker, Nanos begin_ns) const {
    for (std::uint32_t v = pag.chain_first[worker]; v + 1 < pag.chain_first[worker + 1]; ++v) {
      if (pag.time_ns[v] == begin_ns) return v;
    }
    FAIL("no edge begins there");
    return 0;
  }
  double cp(std::size_t worker, Nanos begin_ns) const {
    const std::uint32_t v = edge(worker, begin_ns);
    const auto duration = static_cast<double>(pag.time_ns[v + 1] - pag.time_ns[v]);
    return participation.local_share(v) * duration / static_cast<double>(pag.duration_ns());
  }
  // Paths along it.
  double centrality(std::size_t worker, Nanos begin_ns) const {
    return participation.local_share(edge(worker, begin_ns)) * participation.paths().value();
  }
  double cp_sum() const {
    return Summaries().add(pag, participation, RandomStream(1, "figure", "single path")).cp_sum;
  }
};

// Activities of one worker, from 0 on; then it does the next.
struct Act {
  Nanos until_ns;
  Activity activity;
};

EdgeWindow window_of(Nanos end_ns, const std::vector<std::vector<Act>>& workers,
                     const std::vector<EdgeWindow::Message>& messages) {
  EdgeWindow window;
  window.end_ns = end_ns;
  for (std::size_t w = 0; w < workers.size(); ++w) {
    window.workers.push_back({static_cast<std::int64_t>(w), static_cast<std::uint32_t>(window.spans.size())});
    Nanos at_ns = 0;
    for (const Act& act : workers[w]) {
      window.spans.push_back({at_ns, act.until_ns, act.activity});
      at_ns = act.until_ns;
    }
  }
  window.messages = messages;
  return window;
}

constexpr Activity works = Activity::processing;
constexpr Activity waits = Activity::waiting;

}  // namespace

// Three ways lead to g', two lead on from h': six paths.
//
//             0    1    2    3    4    5
//   worker 0  ●━━━━━━━━━g'━━━h'━━━━━━━━●
//                    ╱╱        ╲
//   worker 1  ●━━━━●╱─────waits─────●━━●
//                  ╱
//   worker 2  d'━━━i'────────waits────────●
TEST_CASE("SnailTrail's figure 2: critical participation of 1/15 and 0.2 (reconstructed)", "[analyzer]") {
  const Solved solved(
      window_of(5, {{{5, works}}, {{1, works}, {4, waits}, {5, works}}, {{1, works}, {5, waits}}},
                {{.from = 1, .to = 0, .sent_ns = 1, .received_ns = 2},
                 {.from = 2, .to = 0, .sent_ns = 1, .received_ns = 2},
                 {.from = 0, .to = 1, .sent_ns = 3, .received_ns = 4}}));
  CHECK(solved.pag.duration_ns() == 5);
  CHECK(solved.participation.paths().value() == 6);
  CHECK(solved.cp(2, 0) == Approx(1.0 / 15).epsilon(1e-14));  // (d', i')
  CHECK(solved.cp(0, 2) == Approx(0.2).epsilon(1e-14));       // (g', h')
  CHECK(solved.cp(1, 1) == 0);
  CHECK(solved.cp(2, 1) == 0);
  CHECK(solved.cp_sum() == Approx(1).epsilon(1e-14));
}

//             0    1    2    3    4    5    6    7
//   worker 0  ●━━━━━━━━━x━━━━u━━━━v━━━━z━━━━━━━━━●
//                    ╱    ╱    ╲    ╲
//   worker 1  ●━━━━a────────waits───────────b━━━━●
//   worker 2  ●━━━━━━━━━c────waits─────d━━━━━━━━━●
TEST_CASE("SnailTrail's figure 3: centralities of 6, 9 and 6, and of 0 for who waits (reconstructed)",
          "[analyzer]") {
  const Solved solved(
      window_of(7, {{{7, works}}, {{1, works}, {6, waits}, {7, works}}, {{2, works}, {5, waits}, {7, works}}},
                {{.from = 1, .to = 0, .sent_ns = 1, .received_ns = 2},
                 {.from = 2, .to = 0, .sent_ns = 2, .received_ns = 3},
                 {.from = 0, .to = 2, .sent_ns = 4, .received_ns = 5},
                 {.from = 0, .to = 1, .sent_ns = 5, .received_ns = 6}}));
  CHECK(solved.centrality(0, 2) == Approx(6).epsilon(1e-14));  // (x, u)
  CHECK(solved.centrality(0, 3) == Approx(9).epsilon(1e-14));  // (u, v)
  CHECK(solved.centrality(0, 4) == Approx(6).epsilon(1e-14));  // (v, z)
  CHECK(solved.centrality(1, 1) == 0);                         // (a, b)
  CHECK(solved.centrality(2, 2) == 0);                         // (c, d)
  CHECK(solved.cp_sum() == Approx(1).epsilon(1e-14));
}

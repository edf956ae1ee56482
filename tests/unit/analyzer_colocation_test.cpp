#include <catch2/catch.hpp>

#include "sim/analyzer/colocation.hpp"
#include "sim/analyzer/edge_window.hpp"

using namespace weir;
using namespace weir::analyzer;

namespace {

EdgeWindow::Message message(std::uint32_t from, std::uint32_t to, Nanos sent_ns, Nanos received_ns) {
  return {.from = from, .to = to, .sent_ns = sent_ns, .received_ns = received_ns};
}

Summaries summed(const EdgeWindow& window) {
  Pag pag;
  EdgeConstruction(0).build(window, pag);
  REQUIRE(pag.defect() == nullptr);
  Participation participation;
  participation.count(pag);
  Summaries summaries;
  summaries.add(pag, participation, RandomStream(1, "window", "single path"));
  return summaries;
}

// Three workers that work from 0 to 100 ns.
EdgeWindow three_workers() {
  EdgeWindow window;
  window.end_ns = 100;
  for (std::uint32_t w = 0; w < 3; ++w) {
    window.workers.push_back({.id = 10 + w, .first_span = w});
    window.spans.push_back({.begin_ns = 0, .end_ns = 100, .activity = Activity::processing});
  }
  return window;
}

}  // namespace

TEST_CASE("Workers with the most critical messages between them are to be placed together", "[analyzer]") {
  EdgeWindow window = three_workers();
  window.messages = {message(1, 0, 60, 80), message(0, 1, 10, 20), message(2, 1, 90, 95)};
  const auto pairs = colocations(summed(window));
  REQUIRE(pairs.size() == 2);
  CHECK(pairs[0].first == 10);
  CHECK(pairs[0].second == 11);
  CHECK(pairs[0].messages.edges == 2);
  CHECK(pairs[1].first == 11);
  CHECK(pairs[1].second == 12);
  CHECK(pairs[0].share + pairs[1].share == Approx(1));
  // Enumerated: the paths through 0 -> 1 end in 1, or go on over 1 -> 0; one leads to 1 from 2, one to 0
  // from 1. Durations times paths: 10 * 2 + 20 * 2 against 5 * 1.
  CHECK(pairs[0].share == Approx(60.0 / 65));
}

TEST_CASE("Without a critical message, nobody is to be placed together", "[analyzer]") {
  EdgeWindow window = three_workers();
  CHECK(colocations(summed(window)).empty());
  window.spans[1].activity = Activity::waiting;  // all the time: what it is sent leads nowhere
  window.messages = {message(0, 1, 10, 20)};
  CHECK(colocations(summed(window)).empty());
}

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <tuple>

#include "sim/analyzer/edge_window.hpp"
#include "sim/analyzer/participation.hpp"
#include "tests/support/dice.hpp"

// Random small windows of edges. What each worker does in each nanosecond, and where messages touch it, is
// known from the input: the graph is compared with that, edge by edge.

namespace {

using namespace weir;
using namespace weir::analyzer;
using weir::test::Dice;

using Edge = std::tuple<std::int64_t, Nanos, std::int64_t, Nanos, Activity, std::int32_t, bool>;

constexpr Nanos start_ns = 1000;
constexpr Nanos end_ns = 1050;

EdgeWindow random_window(Dice& dice) {
  static constexpr Activity some[] = {Activity::processing, Activity::waiting,    Activity::blocked,
                                      Activity::input,      Activity::processing, Activity::processing};
  EdgeWindow window;
  window.start_ns = start_ns;
  window.end_ns = end_ns;
  const int workers = 1 + dice.below(4);
  for (int w = 0; w < workers; ++w) {
    window.workers.push_back({10 + 3 * w, static_cast<std::uint32_t>(window.spans.size())});
    Nanos at = start_ns - 10 + dice.below(14);
    const int spans = dice.below(9);
    for (int i = 0; i < spans && at < end_ns; ++i) {
      if (dice.below(9) == 0) at += dice.below(8);
      const Nanos to = at + dice.below(20);
      if (to > start_ns && at < end_ns)
        window.spans.push_back({at, to, some[dice.below(6)], dice.below(3) - 1});
      at = to;
    }
  }
  const int messages = dice.below(4 * workers);
  for (int m = 0; m < messages; ++m) {
    const Nanos sent = start_ns - 20 + dice.below(69);
    const Nanos received = std::max<Nanos>(sent + dice.below(40) - 2, start_ns);
    window.messages.push_back(
        {static_cast<std::uint32_t>(dice.below(workers)), static_cast<std::uint32_t>(dice.below(workers)),
         sent, received, dice.coin() ? Activity::data_message : Activity::control_message, dice.below(2)});
  }
  return window;
}

std::multiset<Edge> naive(const EdgeWindow& window, Nanos waiting_message_ns) {
  std::multiset<Edge> edges;
  const auto does = [&](std::size_t w, Nanos at) -> std::pair<Activity, std::int32_t> {
    const std::size_t last =
        w + 1 < window.workers.size() ? window.workers[w + 1].first_span : window.spans.size();
    for (std::size_t s = window.workers[w].first_span; s < last; ++s) {
      const auto& span = window.spans[s];
      if (span.begin_ns <= at && at < span.end_ns) return {span.activity, span.operator_id};
    }
    return {Activity::waiting, no_operator};
  };
  for (std::size_t w = 0; w < window.workers.size(); ++w) {
    std::set<Nanos> cuts = {start_ns, end_ns};
    const std::size_t last =
        w + 1 < window.workers.size() ? window.workers[w + 1].first_span : window.spans.size();
    for (std::size_t s = window.workers[w].first_span; s < last; ++s) {
      cuts.insert(std::clamp(window.spans[s].begin_ns, start_ns, end_ns));
      cuts.insert(std::clamp(window.spans[s].end_ns, start_ns, end_ns));
    }
    for (const auto& message : window.messages) {
      if (message.received_ns < message.sent_ns) continue;
      if (message.from == w) cuts.insert(std::max(message.sent_ns, start_ns));
      if (message.to == w) cuts.insert(std::min(message.received_ns, end_ns));
    }
    for (auto cut = cuts.begin(); std::next(cut) != cuts.end(); ++cut) {
      const auto [activity, operator_id] = does(w, *cut);
      edges.insert(
          {window.workers[w].id, *cut, window.workers[w].id, *std::next(cut), activity, operator_id, false});
    }
  }
  for (const auto& message : window.messages) {
    const Nanos from = std::max(message.sent_ns, start_ns);
    const Nanos to = std::min(message.received_ns, end_ns);
    if (message.received_ns < message.sent_ns || (message.from == message.to && from == to)) continue;
    const bool waited_for = to > start_ns && is_waiting(does(message.to, to - 1).first);
    edges.insert({window.workers[message.from].id, from, window.workers[message.to].id, to, message.activity,
                  message.operator_id,
                  waiting_message_ns > 0 && !waited_for &&
                      message.received_ns - message.sent_ns > waiting_message_ns});
  }
  return edges;
}

}  // namespace

TEST_CASE("graphs of whole edges equal brute force, edge by edge", "[analyzer]") {
  const std::uint64_t seed = test::test_seed();
  INFO("WEIR_SEED=" << seed);
  Dice dice(seed);
  int with_path = 0;
  for (int round = 0; round < 3000; ++round) {
    INFO("window " << round);
    const EdgeWindow window = random_window(dice);
    const Nanos waiting_message_ns = dice.below(3) * 10;
    EdgeConstruction construction(waiting_message_ns);
    Pag pag;
    construction.build(window, pag);
    REQUIRE(pag.defect() == nullptr);
    std::multiset<Edge> built;
    for (std::size_t c = 0; c < pag.chains(); ++c) {
      for (std::uint32_t v = pag.chain_first[c]; v + 1 < pag.chain_first[c + 1]; ++v) {
        built.insert({pag.worker[c], pag.time_ns[v], pag.worker[c], pag.time_ns[v + 1], pag.local[v].activity,
                      pag.local[v].operator_id, false});
      }
      for (std::uint32_t m = pag.first_message[pag.chain_first[c]];
           m < pag.first_message[pag.chain_first[c + 1]]; ++m) {
        const Pag::Message& message = pag.messages[m];
        built.insert({pag.worker[message.from_chain], pag.time_ns[message.from], pag.worker[c],
                      pag.time_ns[message.to], message.activity, message.operator_id, message.blocked});
      }
    }
    REQUIRE(built == naive(window, waiting_message_ns));
    Participation participation;
    participation.count(pag);
    with_path += participation.has_path() ? 1 : 0;
  }
  CHECK(with_path > 200);
}

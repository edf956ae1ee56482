#include <catch2/catch.hpp>
#include <map>

#include "sim/analyzer/edge_window.hpp"
#include "sim/analyzer/k_hop.hpp"
#include "tests/support/dice.hpp"
#include "tests/support/edge_trace.hpp"

// k-hop sums by walking every way on its own.

namespace {

using namespace weir;
using namespace weir::analyzer;
using weir::test::Dice;

struct Edge {
  std::uint32_t from;
  std::uint32_t to;
  Activity activity;
  std::int64_t worker;  // at its begin
  Nanos duration_ns;
};

struct Edges {
  std::vector<Edge> all;
  std::multimap<std::uint32_t, std::size_t> ending_at;
  // Of the local edge that ends there, and of the one that ends at its begin.
  std::map<std::uint32_t, Activity> before, before_that;

  explicit Edges(const Pag& pag) {
    for (std::size_t c = 0; c < pag.chains(); ++c) {
      for (std::uint32_t v = pag.chain_first[c]; v + 1 < pag.chain_first[c + 1]; ++v) {
        add({v, v + 1, pag.local[v].activity, pag.worker[c], pag.time_ns[v + 1] - pag.time_ns[v]});
        before[v + 1] = pag.local[v].activity;
        if (v > pag.chain_first[c]) before_that[v + 1] = pag.local[v - 1].activity;
      }
    }
    for (const Pag::Message& m : pag.messages)
      add({m.from, m.to, m.activity, pag.worker[m.from_chain], pag.time_ns[m.to] - pag.time_ns[m.from]});
  }
  void add(const Edge& edge) {
    ending_at.emplace(edge.to, all.size());
    all.push_back(edge);
  }
};

void walk(const Edges& edges, const Edge& edge, int hops,
          std::map<KHopKey, std::pair<double, double>>& sums) {
  auto& [count, duration_ns] = sums[{edge.activity, edge.worker}];
  count += 1;
  duration_ns += static_cast<double>(edge.duration_ns);
  if (hops == 1) return;
  const auto [first, last] = edges.ending_at.equal_range(edge.from);
  for (auto i = first; i != last; ++i) walk(edges, edges.all[i->second], hops - 1, sums);
}

}  // namespace

TEST_CASE("k-hop equals walking every way back from waiting", "[analyzer]") {
  const std::uint64_t seed = test::test_seed();
  INFO("WEIR_SEED=" << seed);
  Dice dice(seed);
  double most = 0;
  for (int round = 0; round < 200; ++round) {
    const int workers = 2 + dice.below(4);
    EdgeWindow window;
    std::vector<std::vector<EdgeWindow::Span>> spans(static_cast<std::size_t>(workers));
    test::synthetic_trace(workers, 20 + dice.below(120), dice.next(), [&](const test::TraceEdge& edge) {
      window.end_ns = std::max(window.end_ns, edge.end_ns);
      if (edge.peer < 0)
        spans[static_cast<std::size_t>(edge.worker)].push_back(
            {edge.begin_ns, edge.end_ns, edge.activity, edge.operator_id});
      else
        window.messages.push_back({static_cast<std::uint32_t>(edge.peer),
                                   static_cast<std::uint32_t>(edge.worker), edge.begin_ns, edge.end_ns,
                                   dice.coin() ? Activity::data_message : Activity::control_message});
    });
    for (int w = 0; w < workers; ++w) {
      window.workers.push_back({w, static_cast<std::uint32_t>(window.spans.size())});
      for (const auto& span : spans[static_cast<std::size_t>(w)]) window.spans.push_back(span);
    }
    // Messages that come while somebody works, too: data messages may end a piece of work that follows
    // waiting.
    for (int extra = dice.below(30); extra > 0; --extra) {
      const auto sent = static_cast<Nanos>(dice.below(static_cast<int>(window.end_ns)));
      const auto received = sent + dice.below(20'000);
      if (received > window.end_ns) continue;
      window.messages.push_back({static_cast<std::uint32_t>(dice.below(workers)),
                                 static_cast<std::uint32_t>(dice.below(workers)), sent, received,
                                 dice.coin() ? Activity::data_message : Activity::control_message});
    }
    Pag pag;
    EdgeConstruction(0).build(window, pag);
    REQUIRE(pag.defect() == nullptr);
    const Edges edges(pag);
    const int hops = 1 + dice.below(9);
    std::map<KHopKey, std::pair<double, double>> expected;
    for (const Edge& edge : edges.all) {
      const auto before = edges.before.find(edge.to);
      if (before == edges.before.end()) continue;
      const auto before_that = edges.before_that.find(edge.to);
      const bool to_waiting = is_waiting(before->second) && !is_waiting(edge.activity);
      const bool to_work = before->second == Activity::processing && before_that != edges.before_that.end() &&
                           is_waiting(before_that->second) && edge.activity == Activity::data_message;
      if (to_waiting || to_work) walk(edges, edge, hops, expected);
    }
    const KHopSums sums = k_hop(pag, hops);
    REQUIRE(sums.size() == expected.size());
    for (const auto& [key, values] : expected) {
      REQUIRE(sums.at(key).edges == values.first);
      REQUIRE(sums.at(key).duration_ns == values.second);
      most = std::max(most, values.first);
    }
  }
  CHECK(most > 100);  // ways, not edges
}

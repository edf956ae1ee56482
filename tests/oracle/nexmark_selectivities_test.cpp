#include <catch2/catch.hpp>
#include <map>

#include "tests/support/nexmark_reference.hpp"

// The published selectivities of Nexmark's queries, which follow from its generator: the events are generated
// and the queries evaluated record by record. The numbers were computed from nexmark-flink's own generator.

using namespace weir::nexmark;
using namespace weir::nexmark::reference;

namespace {

constexpr double within = 0.02;

std::vector<Event> generated(double rate_per_s, double seconds, int generators = 1,
                             std::uint32_t generator = 0) {
  const EventLaw law({}, 1, generator);
  const auto count = static_cast<std::int64_t>(rate_per_s / generators * seconds) + 1;
  return events_of(law, Timeline::steady(rate_per_s, generators), count);
}

double of_kind(const std::vector<Event>& events, EventKind kind) {
  double count = 0;
  for (const Event& event : events) count += event.kind == kind ? 1 : 0;
  return count;
}
double bids_of(const std::vector<Event>& events) {
  return of_kind(events, EventKind::bid);
}

template <class Windows, class Value>
double mean(const Windows& windows, std::size_t from, Value&& value) {
  double sum = 0;
  for (std::size_t i = from; i < windows.size(); ++i) sum += static_cast<double>(value(windows[i]));
  return sum / static_cast<double>(windows.size() - from);
}

}  // namespace

TEST_CASE("nexmark: shares of kinds, query 2, query 14", "[nexmark][oracle]") {
  const auto events = generated(10'000, 1000);
  const auto all = static_cast<double>(events.size());
  CHECK(bids_of(events) / all == Approx(0.92).epsilon(within));
  CHECK(of_kind(events, EventKind::auction) / all == Approx(0.06).epsilon(within));
  CHECK(of_kind(events, EventKind::person) / all == Approx(0.02).epsilon(within));
  double query_2 = 0, query_14 = 0, low = 0, middle = 0;
  for (const Event& event : events) {
    if (event.kind != EventKind::bid) continue;
    const double price = static_cast<double>(price_of(event.bid.price_draw));
    query_2 += event.bid.auction % 123 == 0 ? 1 : 0;
    query_14 += 0.908 * price > 1e6 && 0.908 * price < 5e7 ? 1 : 0;
    low += price < 1e4 ? 1 : 0;
    middle += price >= 1e4 && price < 1e6 ? 1 : 0;
  }
  // Of 6000 hot auctions 49 pass: the chance in query 2 is that of the cold ones and of the hot phases.
  CHECK(query_2 / bids_of(events) == Approx(0.00813).epsilon(within));
  CHECK(query_14 / bids_of(events) == Approx(0.2831).epsilon(within));
  CHECK(low / bids_of(events) == Approx(1.0 / 3).epsilon(within));
  CHECK(middle / bids_of(events) == Approx(1.0 / 3).epsilon(within));
}

TEST_CASE("nexmark: query 3 joins auctions with their sellers", "[nexmark][oracle]") {
  const auto events = generated(10'000, 1500);
  const auto outputs = static_cast<double>(total(query_3(events)));
  // One hot seller in half of the phases has 225 of 300 auctions: the mean needs many of them.
  CHECK(outputs / of_kind(events, EventKind::auction) == Approx(0.099).epsilon(2 * within));
  CHECK(outputs / static_cast<double>(events.size()) == Approx(0.00595).epsilon(2 * within));
}

TEST_CASE("nexmark: queries 4 and 9 join bids with open auctions", "[nexmark][oracle]") {
  struct Row {
    double rate_per_s;
    int generators;
    double matches_per_bid;
  };
  for (const Row& row :
       {Row{10'000, 1, 0.714}, Row{100'000, 1, 0.754}, Row{100'000, 8, 0.713}, Row{1e6, 1, 0.973}}) {
    INFO(row.rate_per_s << "/s by " << row.generators);
    const auto events = generated(row.rate_per_s, 2e6 * row.generators / row.rate_per_s, row.generators);
    const auto matches = static_cast<double>(total(query_4_matches(events)));
    CHECK(matches / bids_of(events) == Approx(row.matches_per_bid).epsilon(within));
    if (row.rate_per_s > 10'000) continue;
    CHECK(matches / of_kind(events, EventKind::auction) == Approx(10.9).epsilon(within));
    CHECK(static_cast<double>(total(query_4_max_updates(events))) / matches == Approx(0.195).epsilon(within));
  }
}

TEST_CASE("nexmark: query 5 counts auctions in sliding windows", "[nexmark][oracle]") {
  const auto events = generated(10'000, 120);
  const auto slices = query_5(events, 2'000, 2'000);
  CHECK(mean(slices, 1, [](const Window& w) { return w.keys; }) == Approx(1282).epsilon(within));
  const auto windows = query_5(events);
  CHECK(mean(windows, 5, [](const Window& w) { return w.keys; }) == Approx(6079).epsilon(within));
  CHECK(mean(windows, 5, [](const Window& w) { return w.top_share; }) == Approx(0.009).epsilon(0.05));
  const double winners = mean(windows, 5, [](const Window& w) { return w.outputs; });
  CHECK((winners >= 1 && winners <= 1.2));
  const auto fast = query_5(generated(100'000, 24));
  CHECK(mean(fast, 5, [](const Window& w) { return w.keys; }) == Approx(60'056).epsilon(within));
  CHECK(mean(fast, 5, [](const Window& w) { return w.top_share; }) == Approx(0.0009).epsilon(0.05));
}

TEST_CASE("nexmark: query 7 finds the highest bid of a window", "[nexmark][oracle]") {
  const auto windows = query_7(generated(10'000, 300));
  REQUIRE(windows.size() >= 29);
  CHECK(mean(windows, 0, [](const Window& w) { return w.outputs; }) == Approx(1).epsilon(0.1));
}

TEST_CASE("nexmark: query 8 joins new people with their auctions", "[nexmark][oracle]") {
  const auto slow = query_8(generated(10'000, 300));
  CHECK(mean(slow, 1, [](const JoinedWindow& w) { return w.persons; }) == Approx(2000).epsilon(within));
  CHECK(mean(slow, 1, [](const JoinedWindow& w) { return w.sellers; }) == Approx(1125).epsilon(within));
  CHECK(mean(slow, 1, [](const JoinedWindow& w) { return w.outputs; }) == Approx(843).epsilon(within));
  const auto fast = query_8(generated(100'000, 50));
  CHECK(mean(fast, 1, [](const JoinedWindow& w) { return w.persons; }) == Approx(20'000).epsilon(within));
  CHECK(mean(fast, 1, [](const JoinedWindow& w) { return w.sellers; }) == Approx(10'665).epsilon(within));
  CHECK(mean(fast, 1, [](const JoinedWindow& w) { return w.outputs; }) == Approx(10'440).epsilon(within));
}

TEST_CASE("nexmark: queries 11 and 12 follow bidders", "[nexmark][oracle]") {
  const auto events = generated(10'000, 300);
  CHECK(static_cast<double>(query_11_ends_ms(events).size()) / bids_of(events) ==
        Approx(0.0217).epsilon(within));
  const auto slow = bidders_in_windows(events);
  CHECK(mean(slow, 1, [](const Window& w) { return w.keys; }) == Approx(2803).epsilon(within));
  CHECK(mean(slow, 1, [](const Window& w) { return w.top_share; }) == Approx(0.038).epsilon(within));
  const auto fast = bidders_in_windows(generated(100'000, 40));
  CHECK(mean(fast, 1, [](const Window& w) { return w.keys; }) == Approx(20'606).epsilon(within));
  CHECK(mean(fast, 1, [](const Window& w) { return w.top_share; }) == Approx(0.0039).epsilon(0.05));
}

TEST_CASE("nexmark: queries 18, 19, 20 and 21 for each bid", "[nexmark][oracle]") {
  for (const double rate_per_s : {10'000.0, 100'000.0}) {
    const auto events = generated(rate_per_s, 2e6 / rate_per_s);
    const double bids = bids_of(events);
    CHECK(static_cast<double>(total(query_18(events))) / bids == Approx(0.319).epsilon(within));
    CHECK(static_cast<double>(total(query_19(events))) / bids == Approx(0.526).epsilon(within));
    const EventLaw law({}, 1, 0);
    double query_21 = 0;
    for (const Event& event : events) {
      if (event.kind == EventKind::bid)
        query_21 += event.bid.channel < hot_channels || law.has_channel_id(event.bid.channel) ? 1 : 0;
    }
    CHECK(query_21 / bids == Approx(0.95).epsilon(within));
  }
  // Whole auctions are in category 10 or not, the hot ones with 767 bids each: the mean needs many of them.
  const auto many = generated(100'000, 80);
  CHECK(static_cast<double>(total(query_20(many))) / bids_of(many) == Approx(0.2).epsilon(3 * within));
}

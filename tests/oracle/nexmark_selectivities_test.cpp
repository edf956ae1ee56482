#include <catch2/catch.hpp>
#include <cmath>
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

namespace {

// Q3 and Q20 join whole groups of records with one draw: 225 of 300 auctions with the state of one hot
// seller, 767 of 1533 bids with the category of one hot auction. A run has as many independent draws as hot
// sellers or auctions, so its mean errs by 0.77 / sqrt(events / 5000) and 1 / sqrt(events / 1667) of it (one
// standard error): 2 % of the mean takes some 50 million events. What event n is follows from n, so the
// partner of a record can be asked for, and nothing need be remembered.
struct LongRun {
  double auctions = 0, bids = 0, query_3 = 0, query_20 = 0;
};

LongRun evaluated(std::int64_t events) {
  const EventLaw law({}, 1, 0);
  const auto person_event = [&](std::int64_t id) { return (id - first_person_id) * 50; };
  const auto auction_event = [&](std::int64_t id) {
    return (id - first_auction_id) / 3 * 50 + 1 + (id - first_auction_id) % 3;
  };
  LongRun sums;
  Position at = law.at(0);
  for (std::int64_t n = 0; n < events; ++n, law.step(at)) {
    const EventKind kind = law.kind(at);
    if (kind == EventKind::auction) {
      sums.auctions += 1;
      const Auction auction = law.auction(at);
      if (auction.category != first_category_id) continue;
      const std::int64_t seller = person_event(auction.seller);  // may come later, but within the run
      if (seller < events && state_of_query_3(law.person(seller).state)) sums.query_3 += 1;
    } else if (kind == EventKind::bid) {
      sums.bids += 1;
      const std::int64_t auction = auction_event(law.auction_of_bid(at));
      if (auction < events && law.auction(auction).category == first_category_id) sums.query_20 += 1;
    }
  }
  return sums;
}

}  // namespace

TEST_CASE("nexmark: queries 3 and 20 join auctions with their sellers, and bids with auctions",
          "[nexmark][oracle]") {
  // The evaluation without memory is the one with: to the record.
  const auto events = generated(10'000, 20);
  const LongRun brief = evaluated(static_cast<std::int64_t>(events.size()));
  CHECK(brief.query_3 == static_cast<double>(total(query_3(events))));
  CHECK(brief.query_20 == static_cast<double>(total(query_20(events))));

  // Neither depends on the rate. Exactly: 1/5 of the categories, 1/2 of the states.
  constexpr double count = 100e6;
  const LongRun sums = evaluated(static_cast<std::int64_t>(count));
  const double error_3 = 0.77 / std::sqrt(count / 5000), error_20 = 1 / std::sqrt(count / 1667);
  CHECK(sums.query_3 / sums.auctions == Approx(0.1).epsilon(3 * error_3));
  CHECK(sums.query_20 / sums.bids == Approx(0.2).epsilon(3 * error_20));
  CHECK(sums.query_3 / sums.auctions == Approx(0.099).epsilon(within));
  CHECK(sums.query_3 / count == Approx(0.00595).epsilon(within));
  CHECK(sums.query_20 / sums.bids == Approx(0.2).epsilon(within));
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

namespace {

double top_share(const Window& window) {
  return window.top_share;
}

// The share that the auction with most bids has, expected, in a window with so many hot auctions. A hot one
// is named by half of the bids of its 100 auctions, which last 33 rounds of 46 bids or, one time in three,
// 34; of the other half by one in 111, as long as it is among the 111 that may be named. The most of so many
// sums of draws is at most x if each is.
double expected_top_share(int hot_auctions) {
  const auto below = [](double x, double bids) {
    const double cold = 1.11 * bids / 2 / 111;
    return 0.5 * std::erfc(-(x + 0.5 - bids / 2 - cold) / std::sqrt(2 * (bids / 4 + cold)));
  };
  double mean = 0;
  for (int x = 0; x < 1200; ++x)
    mean +=
        1 - std::pow(below(x, 33 * 46), hot_auctions * 2 / 3) * std::pow(below(x, 34 * 46), hot_auctions / 3);
  return mean / (hot_auctions * (100.0 / 3) * 46);
}

}  // namespace

TEST_CASE("nexmark: query 5 counts auctions in sliding windows", "[nexmark][oracle]") {
  const auto events = generated(10'000, 120);
  const auto slices = query_5(events, 2'000, 2'000);
  CHECK(mean(slices, 1, [](const Window& w) { return w.keys; }) == Approx(1282).epsilon(within));
  const auto windows = query_5(events);
  CHECK(mean(windows, 5, [](const Window& w) { return w.keys; }) == Approx(6079).epsilon(within));
  CHECK(mean(windows, 5, top_share) == Approx(0.009).epsilon(within));
  CHECK(mean(windows, 5, top_share) == Approx(expected_top_share(60)).epsilon(within));
  const double winners = mean(windows, 5, [](const Window& w) { return w.outputs; });
  CHECK((winners >= 1 && winners <= 1.2));
  const auto fast = query_5(generated(100'000, 24));
  CHECK(mean(fast, 5, [](const Window& w) { return w.keys; }) == Approx(60'056).epsilon(within));
  // Published as 0.09 %, one digit; the expectation is 0.0918 %, and so is what is counted.
  CHECK(expected_top_share(600) == Approx(0.000918).margin(0.0000005));
  CHECK(mean(fast, 5, top_share) == Approx(expected_top_share(600)).epsilon(within));
  CHECK(std::fabs(mean(fast, 5, top_share) - 0.0009) < 0.00005);
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
  CHECK(mean(slow, 1, top_share) == Approx(0.038).epsilon(within));
  const auto fast = bidders_in_windows(generated(100'000, 40));
  CHECK(mean(fast, 1, [](const Window& w) { return w.keys; }) == Approx(20'606).epsilon(within));
  CHECK(mean(fast, 1, top_share) == Approx(0.0039).epsilon(within));
}

TEST_CASE("nexmark: queries 18, 19 and 21 for each bid", "[nexmark][oracle]") {
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
}

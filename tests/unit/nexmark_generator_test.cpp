#include <catch2/catch.hpp>
#include <map>
#include <set>
#include <vector>

#include "models/workloads/nexmark/events.hpp"
#include "models/workloads/nexmark/timeline.hpp"

using namespace weir::nexmark;

TEST_CASE("nexmark: of 50 events one is a person, three are auctions, 46 are bids", "[nexmark]") {
  const EventLaw law({}, 1, 0);
  for (std::int64_t n = 0; n < 200; ++n) {
    INFO("event " << n);
    const std::int64_t rest = n % 50;
    CHECK(law.kind(n) == (rest == 0 ? EventKind::person : rest < 4 ? EventKind::auction : EventKind::bid));
  }
  // Ids count up: one person and three auctions an epoch.
  CHECK(law.person(0).id == 1000);
  CHECK(law.person(50).id == 1001);
  CHECK(law.auction(1).id == 1000);
  CHECK(law.auction(3).id == 1002);
  CHECK(law.auction(51).id == 1003);
  CHECK(law.auction(5'000'003).id == 1000 + 3 * 100'000 + 2);
  // What a bid sees as newest: the auctions of its own epoch.
  CHECK(law.last_auction(4) == 2);
  CHECK(law.last_auction(99) == 5);
  CHECK(law.last_auction(100) == 5);
  CHECK(law.last_auction(101) == 6);
  CHECK(law.last_person(49) == 0);
  CHECK(law.last_person(50) == 1);
  CHECK(law.horizon_events() == 1666);
}

TEST_CASE("nexmark: events of a kind are counted without looking at them", "[nexmark]") {
  for (const std::int64_t first_id : {0, 7, 49}) {
    const EventLaw law({}, 1, 0, first_id);
    std::map<EventKind, std::int64_t> counted;
    for (std::int64_t n = 0; n < 300; ++n) {
      for (const EventKind kind : {EventKind::person, EventKind::auction, EventKind::bid})
        REQUIRE(law.count_before(kind, n) == counted[kind]);
      ++counted[law.kind(n)];
    }
  }
}

TEST_CASE("nexmark: timestamps of nexmark-flink are truncated to milliseconds", "[nexmark]") {
  // By hand: 10 000/s are 100 us apart, 8 generators of 100 000/s 80 us, 3 of 1 000 000/s 3 us.
  const Timeline ten_k = Timeline::steady(10'000, 1);
  const std::vector<std::int64_t> numbers = {0, 9, 10, 19, 20, 12'345};
  const std::vector<std::int64_t> ten_k_ms = {0, 0, 1, 1, 2, 1234};
  for (std::size_t i = 0; i < numbers.size(); ++i) CHECK(ten_k.timestamp_ms(numbers[i]) == ten_k_ms[i]);
  const Timeline shared = Timeline::steady(100'000, 8, 5'000);
  CHECK(shared.timestamp_ms(12) == 5'000);
  CHECK(shared.timestamp_ms(13) == 5'001);
  // The delay is a double: 1e6 / 3e6 us; 2999 events are 999.67 us.
  const Timeline fast = Timeline::steady(3'000'000, 1);
  CHECK(fast.timestamp_ms(2'999) == 0);
  CHECK(fast.timestamp_ms(3'001) == 1);
}

TEST_CASE("nexmark: rate shapes of Beam", "[nexmark]") {
  // 10/s for 300 s, then 20/s for 300 s: delays of 100 and 50 ms.
  const Timeline square = Timeline::shaped(RateShape::square, 10, 20, 600, 1);
  CHECK(square.delays_us() == std::vector<double>{100'000, 50'000});
  CHECK(square.step_s() == 300);
  CHECK(square.timestamp_ms(2'999) == 299'900);
  CHECK(square.timestamp_ms(3'000) == 300'000);
  CHECK(square.timestamp_ms(3'001) == 300'050);
  CHECK(square.timestamp_ms(9'000) == 600'000);
  CHECK(square.timestamp_ms(9'001) == 600'100);
  // 1000/s and 2000/s: rate_i = 1500 - 500 cos(2 pi i / 10), rounded, as delays in whole microseconds.
  const Timeline sine = Timeline::shaped(RateShape::sine, 1000, 2000, 595, 2);
  CHECK(sine.step_s() == 60);
  const std::vector<std::int64_t> rates = {1000, 1095, 1345, 1655, 1905, 2000, 1905, 1655, 1345, 1095};
  REQUIRE(sine.delays_us().size() == rates.size());
  for (std::size_t i = 0; i < rates.size(); ++i)
    CHECK(sine.delays_us()[i] == 2.0 * static_cast<double>((1'000'000 + rates[i] / 2) / rates[i]));
  CHECK(sine.timestamp_ms(30'000) == 60'000);
  // Above 2 M/s a delay rounds to nothing.
  CHECK(Timeline::shaped(RateShape::square, 3'000'000, 3'000'000, 600, 1).timestamp_ms(1'000'000) == 0);
}

TEST_CASE("nexmark: events out of order stay in their groups", "[nexmark]") {
  CHECK(adjusted_event_number(17, 1) == 17);
  // 953 mod 10 is 3.
  const std::vector<std::int64_t> expected = {20, 23, 26, 29, 22, 25, 28, 21, 24, 27};
  for (std::int64_t i = 0; i < 10; ++i) {
    CHECK(adjusted_event_number(20 + i, 10) == expected[static_cast<std::size_t>(i)]);
    CHECK(watermark_event_number(20 + i, 10) == 20);
  }
}

TEST_CASE("nexmark: an event is the same whenever it is asked for, and generators differ", "[nexmark]") {
  const EventLaw law({}, 5, 0), again({}, 5, 0), other_seed({}, 6, 0), other_generator({}, 5, 1);
  int like_other_seed = 0, like_other_generator = 0;
  for (std::int64_t n = 4; n < 50; ++n) {
    const Bid bid = law.bid(n);
    CHECK(bid.price_draw == again.bid(n).price_draw);
    like_other_seed += bid.price_draw == other_seed.bid(n).price_draw ? 1 : 0;
    like_other_generator += bid.price_draw == other_generator.bid(n).price_draw ? 1 : 0;
  }
  CHECK(like_other_seed == 0);
  CHECK(like_other_generator == 0);
}

TEST_CASE("nexmark: whom bids and auctions name lies within the published bounds", "[nexmark]") {
  const EventLaw law({}, 3, 0);
  constexpr std::int64_t events = 500'000;
  std::int64_t bids = 0, hot_auction = 0, hot_bidder = 0, hot_channel = 0, with_id = 0, not_yet = 0;
  std::int64_t auctions = 0, hot_seller = 0, category_10 = 0, people = 0, state_3 = 0;
  for (std::int64_t n = 100'000; n < 100'000 + events; ++n) {
    const std::int64_t last_auction = law.last_auction(n), last_person = law.last_person(n);
    if (law.kind(n) == EventKind::bid) {
      const Bid bid = law.bid(n);
      const std::int64_t auction = bid.auction - 1000, bidder = bid.bidder - 1000;
      const bool hot = auction == last_auction / 100 * 100;
      REQUIRE((hot || (auction >= last_auction - 100 && auction <= last_auction + 10)));
      const bool famous = bidder == last_person / 100 * 100 + 1;
      REQUIRE((famous || (bidder > last_person - 1000 && bidder <= last_person + 10)));
      ++bids;
      hot_auction += hot ? 1 : 0;
      not_yet += auction > last_auction ? 1 : 0;
      hot_bidder += famous ? 1 : 0;
      hot_channel += bid.channel < hot_channels ? 1 : 0;
      with_id += bid.channel >= hot_channels && law.has_channel_id(bid.channel) ? 1 : 0;
    } else if (law.kind(n) == EventKind::auction) {
      const Auction auction = law.auction(n);
      ++auctions;
      hot_seller += auction.seller - 1000 == last_person / 100 * 100 ? 1 : 0;
      category_10 += auction.category == 10 ? 1 : 0;
      REQUIRE((auction.category >= 10 && auction.category < 15));
    } else {
      ++people;
      state_3 += state_of_query_3(law.person(n).state) ? 1 : 0;
    }
  }
  const auto share = [](std::int64_t part, std::int64_t whole) {
    return static_cast<double>(part) / static_cast<double>(whole);
  };
  // The chance of the hot one, and of naming it among the others.
  CHECK(share(hot_auction, bids) == Approx(0.5 + 0.5 / 111).epsilon(0.01));
  CHECK(share(not_yet, bids) == Approx(0.5 * 10 / 111).epsilon(0.02));
  CHECK(share(hot_bidder, bids) == Approx(0.75 + 0.25 / 1010).epsilon(0.01));
  CHECK(share(hot_channel, bids) == Approx(0.5).epsilon(0.01));
  CHECK(share(hot_channel + with_id, bids) == Approx(0.95).epsilon(0.01));
  CHECK(share(hot_seller, auctions) == Approx(0.75 + 0.25 / 1010).epsilon(0.02));
  CHECK(share(category_10, auctions) == Approx(0.2).epsilon(0.03));
  CHECK(share(state_3, people) == Approx(0.5).epsilon(0.03));
}

TEST_CASE("nexmark: prices are log-uniform from 100 to 100 million", "[nexmark]") {
  CHECK(price_of(0) == 100);
  CHECK(price_of(0xFFFFFFFFu) == 100'000'000);
  CHECK(price_of(0x7FFFFFFFu) == 100'000);  // half way: 10^3 times
  CHECK(price_of(price_draw_from(2'500'000)) >= 2'500'000);
  CHECK(price_of(price_draw_from(2'500'000) - 1) < 2'500'000);
  double sum = 0;
  for (std::int64_t i = 0; i < 65'536; ++i)
    sum += static_cast<double>(price_of(static_cast<std::uint32_t>(i << 16)));
  CHECK(sum / 65'536 == Approx(7.24e6).epsilon(0.002));
}

TEST_CASE("nexmark: auctions last up to twice their horizon", "[nexmark]") {
  CHECK(length_ms(0, 166) == 1);
  CHECK(length_ms(0xFFFFFFFFu, 166) == 332);
  CHECK(length_ms(0xFFFFFFFFu, 0) == 1);
}

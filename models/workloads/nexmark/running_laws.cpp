#include <algorithm>
#include <array>
#include <vector>

#include "models/workloads/nexmark/each_event.hpp"
#include "models/workloads/nexmark/laws.hpp"

namespace weir::nexmark {

namespace {

// Queries that keep something of every auction for ever, and update it with each bid.
template <class Kept>
class PerAuctionLaw final : public QueryLaw {
 public:
  PerAuctionLaw(const LawChoice& choice, const EventLaw& events)
      : events_(events), auctions_(auctions_in_use(choice)) {}

  std::int64_t passed(Stream stream, std::int64_t first, std::int64_t count) const override {
    return count_of(events_, stream, EventKind::bid, first, count);
  }
  void evaluate(Stream stream, const Span& span, Tally& tally, WindowLedger*) override {
    each_event(events_, stream, span.first, span.count,
               [&](const Position& at, EventKind kind, std::int64_t) {
                 if (kind != EventKind::bid) return;
                 const Bid bid = events_.bid(at);
                 const int place = Kept::place(bid, tally);
                 tally.record(place);
                 auctions_.at(bid.auction).take(bid, place, tally);
               });
  }

 private:
  EventLaw events_;
  IdRing<Kept> auctions_;
};

// Q17: totals of each auction and day.
struct Totals {
  bool known = false;
  static int place(const Bid& bid, const Tally& tally) { return tally.place(bid.auction); }
  void take(const Bid&, int place, Tally& tally) {
    if (!known) tally.new_key(place);
    known = true;
    tally.output(place, 1);
  }
};

// Q18: the last bid of each bidder on each auction.
struct LastBids {
  std::vector<std::int64_t> bidders;
  static int place(const Bid& bid, const Tally& tally) {
    return tally.place(bid.auction * 1'000'003 + bid.bidder);
  }
  void take(const Bid& bid, int place, Tally& tally) {
    tally.output(place, 1);
    if (std::find(bidders.begin(), bidders.end(), bid.bidder) != bidders.end()) return;
    bidders.push_back(bid.bidder);
    tally.new_key(place);
  }
};

// Q19: the ten highest bids of each auction.
struct TopBids {
  static constexpr std::size_t ranks = 10;
  std::array<std::uint32_t, ranks> best{};  // a heap, the lowest first
  std::size_t known = 0;
  static int place(const Bid& bid, const Tally& tally) { return tally.place(bid.auction); }
  void take(const Bid& bid, int place, Tally& tally) {
    const auto lowest_first = std::greater<std::uint32_t>();
    if (known == ranks) {
      // Of equal prices the earlier stays; draws that give the same price are told apart by it only.
      if (bid.price_draw <= best[0] || price_of(bid.price_draw) == price_of(best[0])) return;
      std::pop_heap(best.begin(), best.end(), lowest_first);
      best[ranks - 1] = bid.price_draw;
    } else {
      best[known++] = bid.price_draw;
      tally.new_key(place);
    }
    std::push_heap(best.begin(), best.begin() + static_cast<std::ptrdiff_t>(known), lowest_first);
    tally.output(place, 1);
  }
};

}  // namespace

std::unique_ptr<QueryLaw> make_auction_totals_law(const LawChoice& choice, const EventLaw& events) {
  return std::make_unique<PerAuctionLaw<Totals>>(choice, events);
}
std::unique_ptr<QueryLaw> make_last_bid_law(const LawChoice& choice, const EventLaw& events) {
  return std::make_unique<PerAuctionLaw<LastBids>>(choice, events);
}
std::unique_ptr<QueryLaw> make_top_bids_law(const LawChoice& choice, const EventLaw& events) {
  return std::make_unique<PerAuctionLaw<TopBids>>(choice, events);
}

}  // namespace weir::nexmark

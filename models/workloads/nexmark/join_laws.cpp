#include <algorithm>
#include <vector>

#include "models/workloads/nexmark/each_event.hpp"
#include "models/workloads/nexmark/laws.hpp"

namespace weir::nexmark {

namespace {

bool of_category_10(const Auction& auction) {
  return auction.category == first_category_id;
}

// Auctions of category 10 with their sellers from three states. SQL keeps both sides; DS2's query keeps an
// auction only until its seller comes, and takes auctions of every category.
class SellerJoinLaw final : public QueryLaw {
 public:
  SellerJoinLaw(const LawChoice& choice, const EventLaw& events, bool keeps_matched)
      : events_(events), sql_(keeps_matched), sellers_(people_in_use(choice)) {}

  std::int64_t passed(Stream stream, std::int64_t first, std::int64_t count) const override {
    std::int64_t passed = 0;
    each_event(events_, stream, first, count,
               [&](const Position& at, EventKind kind, std::int64_t) { passed += takes(at, kind) ? 1 : 0; });
    return passed;
  }

  void evaluate(Stream stream, const Span& span, Tally& tally, WindowLedger*) override {
    each_event(events_, stream, span.first, span.count,
               [&](const Position& at, EventKind kind, std::int64_t) {
                 if (!takes(at, kind)) return;
                 if (kind == EventKind::person) {
                   person(events_.person(at).id, tally);
                 } else {
                   auction(events_.auction(at), tally);
                 }
               });
  }

 private:
  struct Seller {
    bool known = false;
    std::int64_t auctions = 0;
    std::int64_t latest = 0;  // auction
  };

  bool takes(const Position& at, EventKind kind) const {
    if (kind == EventKind::person) return state_of_query_3(events_.person(at).state);
    return kind == EventKind::auction && (!sql_ || of_category_10(events_.auction(at)));
  }
  void person(std::int64_t id, Tally& tally) {
    const int place = tally.place(id);
    Seller& seller = sellers_.at(id);
    tally.record(place);
    tally.output(place, seller.auctions);
    if (!seller.known) tally.new_key(place);
    seller.known = true;
    if (!sql_) {
      tally.new_key(place, -seller.auctions);
      seller.auctions = 0;
    }
  }
  void auction(const Auction& auction, Tally& tally) {
    const int place = tally.place(auction.seller);
    Seller& seller = sellers_.at(auction.seller);
    tally.record(place);
    if (seller.known) tally.output(place, 1);
    if (!sql_ && (seller.known || (seller.auctions > 0 && seller.latest == auction.id))) return;  // not kept
    ++seller.auctions;
    seller.latest = auction.id;
    tally.new_key(place);
  }

  EventLaw events_;
  bool sql_;
  IdRing<Seller> sellers_;
};

// Bids with their auctions, while those are open. Of the results of an auction, some raise its highest price.
class OpenAuctionJoinLaw final : public QueryLaw {
 public:
  OpenAuctionJoinLaw(const LawChoice& choice, const EventLaw& events)
      : events_(events), auctions_(auctions_in_use(choice)) {}

  std::int64_t passed(Stream stream, std::int64_t first, std::int64_t count) const override {
    return count_of(events_, stream, EventKind::bid, first, count) +
           count_of(events_, stream, EventKind::auction, first, count);
  }

  void evaluate(Stream stream, const Span& span, Tally& tally, WindowLedger*) override {
    each_event_drawing(events_, stream, span.first, span.count, EventLaw::auction_word,
                       [&](const Position& at, EventKind kind, std::int64_t i, std::uint32_t bits) {
                         if (kind == EventKind::bid) {
                           bid(events_.auction_of_bid(at, bits), span.ms(i), tally);
                         } else if (kind == EventKind::auction) {
                           const Auction auction = events_.auction(at);
                           const std::int64_t time_ms = span.ms(i);
                           const std::int64_t horizon_ms = span.ms(i + events_.horizon_events()) - time_ms;
                           open(auction.id, time_ms, time_ms + length_ms(auction.length_draw, horizon_ms),
                                tally);
                         }
                       });
  }

 private:
  struct Open {
    bool known = false;
    std::int64_t opens_ms = 0;
    std::int64_t expires_ms = 0;
    // Bids that came before it, of their latest millisecond: in order only those can be in time.
    std::int64_t early_ms = -1;
    std::int64_t early_bids = 0;
    std::vector<std::int64_t> early;  // out of order: when each was
  };

  void bid(std::int64_t id, std::int64_t time_ms, Tally& tally) {
    const int place = tally.place(id);
    Open& auction = auctions_.at(id);
    tally.record(place);
    tally.new_key(place);
    if (!auction.known && !events_.in_order()) {
      auction.early.push_back(time_ms);
    } else if (!auction.known) {
      if (auction.early_ms != time_ms) auction.early_bids = 0;
      auction.early_ms = time_ms;
      ++auction.early_bids;
    } else if (time_ms >= auction.opens_ms && time_ms <= auction.expires_ms) {
      tally.output(place, 1);
    }
  }
  void open(std::int64_t id, std::int64_t time_ms, std::int64_t expires_ms, Tally& tally) {
    const int place = tally.place(id);
    Open& auction = auctions_.at(id);
    tally.record(place);
    tally.new_key(place);
    auction.known = true;
    auction.opens_ms = time_ms;
    auction.expires_ms = expires_ms;
    if (auction.early_ms == time_ms) tally.output(place, auction.early_bids);
    tally.output(place, std::count_if(auction.early.begin(), auction.early.end(), [&](std::int64_t at_ms) {
                   return at_ms >= time_ms && at_ms <= expires_ms;
                 }));
    auction.early.clear();
  }

  EventLaw events_;
  IdRing<Open> auctions_;
};

// Bids with their auctions, if those are of category 10.
class CategoryJoinLaw final : public QueryLaw {
 public:
  CategoryJoinLaw(const LawChoice& choice, const EventLaw& events)
      : events_(events), auctions_(auctions_in_use(choice)) {}

  std::int64_t passed(Stream stream, std::int64_t first, std::int64_t count) const override {
    std::int64_t passed = 0;
    each_event(events_, stream, first, count, [&](const Position& at, EventKind kind, std::int64_t) {
      passed += kind == EventKind::bid || (kind == EventKind::auction && of_category_10(events_.auction(at)))
                    ? 1
                    : 0;
    });
    return passed;
  }

  void evaluate(Stream stream, const Span& span, Tally& tally, WindowLedger*) override {
    each_event_drawing(events_, stream, span.first, span.count, EventLaw::auction_word,
                       [&](const Position& at, EventKind kind, std::int64_t, std::uint32_t bits) {
                         if (kind == EventKind::person) return;
                         std::int64_t id = 0;
                         if (kind == EventKind::auction) {
                           const Auction auction = events_.auction(at);
                           if (!of_category_10(auction)) return;
                           id = auction.id;
                         } else {
                           id = events_.auction_of_bid(at, bits);
                         }
                         const int place = tally.place(id);
                         Side& side = auctions_.at(id);
                         tally.record(place);
                         tally.new_key(place);
                         if (kind == EventKind::bid) {
                           ++side.bids;
                           if (side.known) tally.output(place, 1);
                         } else {
                           side.known = true;
                           tally.output(place, side.bids);
                         }
                       });
  }

 private:
  struct Side {
    bool known = false;
    std::int64_t bids = 0;
  };
  EventLaw events_;
  IdRing<Side> auctions_;
};

}  // namespace

std::unique_ptr<QueryLaw> make_seller_join_law(const LawChoice& choice, const EventLaw& events,
                                               bool keeps_matched) {
  return std::make_unique<SellerJoinLaw>(choice, events, keeps_matched);
}
std::unique_ptr<QueryLaw> make_open_auction_join_law(const LawChoice& choice, const EventLaw& events) {
  return std::make_unique<OpenAuctionJoinLaw>(choice, events);
}
std::unique_ptr<QueryLaw> make_category_join_law(const LawChoice& choice, const EventLaw& events) {
  return std::make_unique<CategoryJoinLaw>(choice, events);
}

}  // namespace weir::nexmark

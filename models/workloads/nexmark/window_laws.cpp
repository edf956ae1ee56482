#include <algorithm>
#include <deque>
#include <iterator>
#include <vector>

#include "models/workloads/nexmark/each_event.hpp"
#include "models/workloads/nexmark/laws.hpp"

namespace weir::nexmark {

namespace {

// Laws that take all bids.
class BidLaw : public QueryLaw {
 public:
  explicit BidLaw(const EventLaw& events) : events_(events) {}
  std::int64_t passed(Stream stream, std::int64_t first, std::int64_t count) const override {
    return count_of(events_, stream, EventKind::bid, first, count);
  }

 protected:
  // visit(position, index, bits of a word that is drawn for each)
  template <class Visit>
  void each_bid(Stream stream, const Span& span, int word, Visit&& visit) const {
    each_event_drawing(events_, stream, span.first, span.count, word,
                       [&](const Position& at, EventKind kind, std::int64_t i, std::uint32_t bits) {
                         if (kind == EventKind::bid) visit(at, i, bits);
                       });
  }
  EventLaw events_;
};

// Windows that a time falls into and an earlier one did not: each counts a key that comes again.
void count_in_windows(std::int64_t window, std::int64_t window_before, int place, WindowLedger& windows) {
  const std::int64_t last = window + windows.windows_of_each() - 1;
  const std::int64_t last_before = window_before + windows.windows_of_each() - 1;
  for (std::int64_t w = std::max(window, last_before + 1); w <= last; ++w) windows.results.add(w, place);
  windows.state.add(last, place);  // one counter for each slice, until no window needs it
}

constexpr std::int64_t long_ago = -1'000'000'000;

// The first window that the times of a span's events fall into. Most spans have one window: it is found once.
class WindowOf {
 public:
  WindowOf(const WindowLedger& windows, const Span& span, int out_of_order_group)
      : windows_(windows), span_(span), window_(at(-out_of_order_group)) {
    one_for_all_ = window_ == at(span.count - 1 + out_of_order_group);
  }
  std::int64_t operator()(std::int64_t i) const { return one_for_all_ ? window_ : at(i); }

 private:
  std::int64_t at(std::int64_t i) const { return windows_.window_of(span_.ms(i)); }

  const WindowLedger& windows_;
  const Span& span_;
  std::int64_t window_;
  bool one_for_all_;
};

// How often each key occurs in sliding windows: one result for each key and window.
template <bool by_bidder>
class CountLaw final : public BidLaw {
 public:
  CountLaw(const EventLaw& events, std::int64_t ids)
      : BidLaw(events), keys_(ids), slices_(events.in_order() ? 1 : ids) {}

  void evaluate(Stream stream, const Span& span, Tally& tally, WindowLedger* windows) override {
    const WindowOf window_of(*windows, span, events_.config().out_of_order_group);
    const int word = by_bidder ? EventLaw::bidder_word : EventLaw::auction_word;
    each_bid(stream, span, word, [&](const Position& at, std::int64_t i, std::uint32_t bits) {
      const std::int64_t id = by_bidder ? events_.bidder(at, bits) : events_.auction_of_bid(at, bits);
      Key& key = keys_.at(id);
      if (key.deployment != deployment_) {
        key.deployment = deployment_;
        key.place = tally.place(id);
      }
      tally.record(key.place);
      const std::int64_t window = window_of(i);
      if (!events_.in_order()) return count_out_of_order(slices_.at(id), window, key.place, *windows);
      if (window <= key.window) return;
      count_in_windows(window, key.window, key.place, *windows);
      key.window = window;
    });
  }
  void moved() override { ++deployment_; }

 private:
  struct Key {
    std::int64_t window = long_ago;  // the first one that its latest bid falls into
    int place = 0;
    int deployment = -1;
  };
  // A slide's length, by the first window that it falls into; those of a key that may still matter, in order.
  using Slices = std::vector<std::int64_t>;

  void count_out_of_order(Slices& seen, std::int64_t slice, int place, WindowLedger& windows) {
    const auto at = std::lower_bound(seen.begin(), seen.end(), slice);
    if (at != seen.end() && *at == slice) return;
    // The key is in a window if one of the window's slices has been seen.
    const std::int64_t each = windows.windows_of_each();
    const std::int64_t earlier = at == seen.begin() ? long_ago : *std::prev(at);
    const std::int64_t later = at == seen.end() ? std::int64_t{1} << 62 : *at;
    for (std::int64_t w = std::max(slice, earlier + each); w < std::min(slice + each, later); ++w)
      windows.results.add(w, place);
    windows.state.add(slice + each - 1, place);
    seen.insert(at, slice);
    // Windows before the ledger's first are over.
    std::erase_if(seen, [&](std::int64_t old) { return old + 2 * each < windows.results.first(); });
  }

  int deployment_ = 0;
  IdRing<Key> keys_;
  IdRing<Slices> slices_;
};

// The bids of each window that have its highest price.
class HighestBidLaw final : public BidLaw {
 public:
  HighestBidLaw(const LawChoice&, const EventLaw& events) : BidLaw(events) {}

  void evaluate(Stream stream, const Span& span, Tally& tally, WindowLedger* windows) override {
    each_bid(stream, span, EventLaw::price_word, [&](const Position&, std::int64_t i, std::uint32_t draw) {
      const std::int64_t window = windows->window_of(span.ms(i));
      const int place = tally.place(key_of(draw));
      tally.record(place);
      windows->state.add(window, place);  // the join keeps bids for a window's length
      WindowLedger::Highest& best = highest_of(window, *windows);
      if (draw < best.draw_from) return;
      if (const std::int64_t price = price_of(draw); price > best.price) {
        if (best.bids > 0) windows->results.add(window, best.place, -best.bids);
        best = {window, price, price_draw_from(static_cast<double>(price)), 0, place};
      }
      ++best.bids;
      windows->results.add(window, best.place);
    });
  }

 private:
  // The place of a price: finer than prices, and as even.
  static std::int64_t key_of(std::uint32_t draw) { return draw; }
  static WindowLedger::Highest& highest_of(std::int64_t window, WindowLedger& windows) {
    for (WindowLedger::Highest& one : windows.highest)
      if (one.window == window) return one;
    windows.highest.push_back({window});
    // Generators are never many windows apart.
    if (windows.highest.size() > 64) windows.highest.pop_front();
    return windows.highest.back();
  }
};

// People who are new in a window and sell in it. SQL joins groups, so a seller is found once a window; DS2's
// query joins each record of a person with each auction.
class NewSellerLaw final : public QueryLaw {
 public:
  NewSellerLaw(const LawChoice& choice, const EventLaw& events)
      : events_(events), people_(people_in_use(choice)) {}

  std::int64_t passed(Stream stream, std::int64_t first, std::int64_t count) const override {
    return count_of(events_, stream, EventKind::person, first, count) +
           count_of(events_, stream, EventKind::auction, first, count);
  }

  void evaluate(Stream stream, const Span& span, Tally& tally, WindowLedger* windows) override {
    const WindowOf window_of(*windows, span, events_.config().out_of_order_group);
    each_event_drawing(events_, stream, span.first, span.count, EventLaw::seller_word,
                       [&](const Position& at, EventKind kind, std::int64_t i, std::uint32_t bits) {
                         if (kind == EventKind::bid) return;
                         const bool sells = kind == EventKind::auction;
                         const std::int64_t id = sells ? events_.seller(at, bits) : events_.new_person(at);
                         take(id, sells, window_of(i), tally, *windows);
                       });
  }

 private:
  struct Sides {
    std::int64_t window = -1;
    std::int64_t persons = 0;
    std::int64_t auctions = 0;
  };
  // Streams may be some windows apart.
  struct Person {
    Sides sides[4];
  };
  void take(std::int64_t id, bool sells, std::int64_t window, Tally& tally, WindowLedger& windows) {
    const int place = tally.place(id);
    tally.record(place);
    Sides& sides = sides_of(id, window);
    std::int64_t& own = sells ? sides.auctions : sides.persons;
    const std::int64_t other = sells ? sides.persons : sides.auctions;
    if (own++ > 0) return;
    if (other > 0) windows.results.add(window, place);
    windows.state.add(window, place);
  }
  Sides& sides_of(std::int64_t id, std::int64_t window) {
    Sides& sides = people_.at(id).sides[window % 4];
    if (sides.window != window) sides = {window};
    return sides;
  }

  EventLaw events_;
  IdRing<Person> people_;
};

// Sessions of bidders: a session ends a gap after its last bid, unless another bid comes before. Ends are
// counted in steps of the ledger's slide.
class SessionLaw final : public BidLaw {
 public:
  SessionLaw(const LawChoice& choice, const EventLaw& events)
      : BidLaw(events), gap_ms_(choice.gap_ms), bidders_(people_in_use(choice)) {}

  void evaluate(Stream stream, const Span& span, Tally& tally, WindowLedger* windows) override {
    each_bid(stream, span, EventLaw::bidder_word,
             [&](const Position& at, std::int64_t i, std::uint32_t bits) {
               const std::int64_t id = events_.bidder(at, bits);
               Bidder& bidder = bidders_.at(id);
               if (bidder.deployment != deployment_) {
                 bidder.deployment = deployment_;
                 bidder.place = tally.place(id);
               }
               tally.record(bidder.place);
               take(bidder, span.ms(i), *windows);
             });
  }
  void moved() override { ++deployment_; }

 private:
  struct Session {
    std::int64_t first_ms = 0;
    std::int64_t last_ms = -1;  // negative: there is none
    std::int64_t end = 0;       // counted there
    bool is() const { return last_ms >= 0; }
  };
  struct Bidder {
    Session latest;
    Session before;  // only a bid out of order can still go there
    int place = 0;
    int deployment = -1;
  };

  void count(Session& session, int place, WindowLedger& windows) {
    session.end = windows.window_of(session.last_ms + gap_ms_ - 1);
    windows.results.add(session.end, place);
    windows.state.add(session.end, place);
  }
  static void uncount(const Session& session, int place, WindowLedger& windows) {
    windows.results.add(session.end, place, -1);
    windows.state.add(session.end, place, -1);
  }
  void prolong(Session& session, std::int64_t last_ms, int place, WindowLedger& windows) {
    if (last_ms <= session.last_ms) return;
    session.last_ms = last_ms;
    if (windows.window_of(last_ms + gap_ms_ - 1) == session.end) return;
    uncount(session, place, windows);
    count(session, place, windows);
  }
  void take(Bidder& bidder, std::int64_t time_ms, WindowLedger& windows) {
    Session& latest = bidder.latest;
    if (latest.is() && time_ms < latest.first_ms) return take_late(bidder, time_ms, windows);
    if (latest.is() && time_ms < latest.last_ms + gap_ms_)
      return prolong(latest, time_ms, bidder.place, windows);
    bidder.before = latest;
    latest = {time_ms, time_ms};
    count(latest, bidder.place, windows);
  }
  // From before the latest session: it may prolong that at its begin, prolong the one before, or join both.
  void take_late(Bidder& bidder, std::int64_t time_ms, WindowLedger& windows) {
    Session &latest = bidder.latest, &before = bidder.before;
    const bool of_latest = latest.first_ms < time_ms + gap_ms_;
    const bool of_before = before.is() && time_ms < before.last_ms + gap_ms_;
    if (of_latest && of_before) {
      uncount(before, bidder.place, windows);
      latest.first_ms = before.first_ms;
      before = {};
    } else if (of_latest) {
      latest.first_ms = time_ms;
    } else if (of_before) {
      prolong(before, time_ms, bidder.place, windows);
    } else {
      before = {time_ms, time_ms};
      count(before, bidder.place, windows);
    }
  }
  std::int64_t gap_ms_;
  int deployment_ = 0;
  IdRing<Bidder> bidders_;
};

}  // namespace

std::unique_ptr<QueryLaw> make_auction_count_law(const LawChoice& choice, const EventLaw& events) {
  return std::make_unique<CountLaw<false>>(events, auctions_in_use(choice));
}
std::unique_ptr<QueryLaw> make_bidder_count_law(const LawChoice& choice, const EventLaw& events) {
  return std::make_unique<CountLaw<true>>(events, people_in_use(choice));
}
std::unique_ptr<QueryLaw> make_highest_bid_law(const LawChoice& choice, const EventLaw& events) {
  return std::make_unique<HighestBidLaw>(choice, events);
}
std::unique_ptr<QueryLaw> make_new_seller_law(const LawChoice& choice, const EventLaw& events) {
  return std::make_unique<NewSellerLaw>(choice, events);
}
std::unique_ptr<QueryLaw> make_bidder_session_law(const LawChoice& choice, const EventLaw& events) {
  return std::make_unique<SessionLaw>(choice, events);
}

}  // namespace weir::nexmark

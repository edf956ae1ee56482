#include "tests/support/nexmark_reference.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <unordered_map>

namespace weir::nexmark::reference {

namespace {

bool of_category_10(const Auction& auction) {
  return auction.category == first_category_id;
}

}  // namespace

std::vector<Event> events_of(const EventLaw& law, const Timeline& timeline, std::int64_t count,
                             std::int64_t out_of_order_group) {
  std::vector<Event> events;
  events.reserve(static_cast<std::size_t>(count));
  for (std::int64_t sent = 0; sent < count; ++sent) {
    const std::int64_t n = adjusted_event_number(sent, out_of_order_group);
    Event event{law.kind(n), timeline.timestamp_ms(n), {}, {}, {}, 0};
    switch (event.kind) {
      case EventKind::person:
        event.person = law.person(n);
        break;
      case EventKind::auction:
        event.auction = law.auction(n);
        event.expires_ms =
            event.time_ms + length_ms(event.auction.length_draw,
                                      timeline.timestamp_ms(n + law.horizon_events()) - event.time_ms);
        break;
      case EventKind::bid:
        event.bid = law.bid(n);
        break;
    }
    events.push_back(event);
  }
  return events;
}

std::int64_t total(const ByEvent& outputs) {
  return std::accumulate(outputs.begin(), outputs.end(), std::int64_t{0});
}

ByEvent query_3(const std::vector<Event>& events) {
  ByEvent outputs;
  std::set<std::int64_t> persons;
  std::unordered_map<std::int64_t, int> auctions_of;
  for (const Event& event : events) {
    int out = 0;
    if (event.kind == EventKind::person && state_of_query_3(event.person.state)) {
      persons.insert(event.person.id);
      out = auctions_of[event.person.id];
    }
    if (event.kind == EventKind::auction && of_category_10(event.auction)) {
      ++auctions_of[event.auction.seller];
      out = persons.count(event.auction.seller) > 0 ? 1 : 0;
    }
    outputs.push_back(out);
  }
  return outputs;
}

namespace {

struct Placed {
  std::int64_t time_ms;
  std::uint32_t price;
};

// Calls met(auction, price, event index) for each bid that meets its auction while that is open, when the
// later of the two comes.
template <class Met>
void join_open(const std::vector<Event>& events, Met&& met) {
  std::unordered_map<std::int64_t, std::vector<Placed>> bids;
  std::unordered_map<std::int64_t, const Event*> auctions;
  for (std::size_t i = 0; i < events.size(); ++i) {
    const Event& event = events[i];
    if (event.kind == EventKind::auction) {
      auctions[event.auction.id] = &event;
      for (const Placed& bid : bids[event.auction.id]) {
        if (bid.time_ms >= event.time_ms && bid.time_ms <= event.expires_ms)
          met(event.auction.id, bid.price, i);
      }
    } else if (event.kind == EventKind::bid) {
      bids[event.bid.auction].push_back({event.time_ms, event.bid.price_draw});
      const auto it = auctions.find(event.bid.auction);
      if (it == auctions.end()) continue;
      if (event.time_ms >= it->second->time_ms && event.time_ms <= it->second->expires_ms)
        met(event.bid.auction, event.bid.price_draw, i);
    }
  }
}

}  // namespace

ByEvent query_4_matches(const std::vector<Event>& events) {
  ByEvent outputs(events.size(), 0);
  join_open(events, [&](std::int64_t, std::uint32_t, std::size_t i) { ++outputs[i]; });
  return outputs;
}

ByEvent query_4_max_updates(const std::vector<Event>& events) {
  ByEvent outputs(events.size(), 0);
  std::unordered_map<std::int64_t, std::int64_t> highest;
  join_open(events, [&](std::int64_t auction, std::uint32_t price, std::size_t i) {
    const auto [it, is_first] = highest.try_emplace(auction, price_of(price));
    if (!is_first && price_of(price) <= it->second) return;
    it->second = price_of(price);
    ++outputs[i];
  });
  return outputs;
}

ByEvent query_18(const std::vector<Event>& events) {
  ByEvent outputs;
  std::set<std::pair<std::int64_t, std::int64_t>> pairs;
  for (const Event& event : events) {
    outputs.push_back(
        event.kind == EventKind::bid && pairs.insert({event.bid.auction, event.bid.bidder}).second ? 1 : 0);
  }
  return outputs;
}

ByEvent query_19(const std::vector<Event>& events) {
  ByEvent outputs;
  std::unordered_map<std::int64_t, std::multiset<std::int64_t>> best;
  for (const Event& event : events) {
    int out = 0;
    if (event.kind == EventKind::bid) {
      std::multiset<std::int64_t>& prices = best[event.bid.auction];
      const std::int64_t price = price_of(event.bid.price_draw);
      if (prices.size() < 10 || price > *prices.begin()) {
        prices.insert(price);
        if (prices.size() > 10) prices.erase(prices.begin());
        out = 1;
      }
    }
    outputs.push_back(out);
  }
  return outputs;
}

ByEvent query_20(const std::vector<Event>& events) {
  ByEvent outputs;
  std::set<std::int64_t> auctions;
  std::unordered_map<std::int64_t, int> bids;
  for (const Event& event : events) {
    int out = 0;
    if (event.kind == EventKind::auction && of_category_10(event.auction)) {
      auctions.insert(event.auction.id);
      out = bids[event.auction.id];
    } else if (event.kind == EventKind::bid) {
      ++bids[event.bid.auction];
      out = auctions.count(event.bid.auction) > 0 ? 1 : 0;
    }
    outputs.push_back(out);
  }
  return outputs;
}

ByEvent query_23(const std::vector<Event>& events) {
  ByEvent outputs;
  struct Side {
    int bids = 0, persons = 0, auctions = 0;
  };
  std::unordered_map<std::int64_t, Side> sides;
  for (const Event& event : events) {
    int out = 0;
    if (event.kind == EventKind::bid) {
      Side& side = sides[event.bid.bidder];
      ++side.bids;
      out = side.persons * side.auctions;
    } else if (event.kind == EventKind::person) {
      Side& side = sides[event.person.id];
      ++side.persons;
      out = side.bids * side.auctions;
    } else {
      Side& side = sides[event.auction.seller];
      ++side.auctions;
      out = side.bids * side.persons;
    }
    outputs.push_back(out);
  }
  return outputs;
}

namespace {

// Records by group, of each window that is over when the last event has come.
template <class Key>
std::vector<Window> grouped(const std::vector<Event>& events, std::int64_t size_ms, std::int64_t slide_ms,
                            Key&& key) {
  std::map<std::int64_t, std::unordered_map<std::int64_t, std::int64_t>> windows;
  for (const Event& event : events) {
    if (event.kind != EventKind::bid) continue;
    const std::int64_t first_end = (event.time_ms / slide_ms + 1) * slide_ms;
    for (std::int64_t end = first_end; end < first_end + size_ms; end += slide_ms) ++windows[end][key(event)];
  }
  std::vector<Window> done;
  for (const auto& [end_ms, groups] : windows) {
    if (end_ms > events.back().time_ms) break;
    Window window{end_ms};
    std::int64_t largest = 0;
    window.keys = static_cast<std::int64_t>(groups.size());
    for (const auto& [group, records] : groups) {
      window.records += records;
      if (records > largest) {
        largest = records;
        window.outputs = 0;
      }
      if (records == largest) ++window.outputs;
    }
    window.top_share = static_cast<double>(largest) / static_cast<double>(window.records);
    done.push_back(window);
  }
  return done;
}

}  // namespace

std::vector<Window> query_5(const std::vector<Event>& events, std::int64_t size_ms, std::int64_t slide_ms) {
  return grouped(events, size_ms, slide_ms, [](const Event& event) { return event.bid.auction; });
}

std::vector<Window> bidders_in_windows(const std::vector<Event>& events, std::int64_t size_ms) {
  std::vector<Window> windows =
      grouped(events, size_ms, size_ms, [](const Event& event) { return event.bid.bidder; });
  for (Window& window : windows) window.outputs = window.keys;
  return windows;
}

// Every bid of a window whose price is the highest: of a price there may be several.
std::vector<Window> query_7(const std::vector<Event>& events, std::int64_t size_ms) {
  std::map<std::int64_t, std::vector<std::int64_t>> prices;
  for (const Event& event : events) {
    if (event.kind != EventKind::bid) continue;
    prices[(event.time_ms / size_ms + 1) * size_ms].push_back(price_of(event.bid.price_draw));
  }
  std::vector<Window> done;
  for (const auto& [end_ms, all] : prices) {
    if (end_ms > events.back().time_ms) break;
    const std::int64_t highest = *std::max_element(all.begin(), all.end());
    done.push_back(
        {end_ms, 1, std::count(all.begin(), all.end(), highest), static_cast<std::int64_t>(all.size()), 1});
  }
  return done;
}

std::vector<JoinedWindow> query_8(const std::vector<Event>& events, std::int64_t size_ms) {
  struct Sides {
    std::set<std::int64_t> persons, sellers;
  };
  std::map<std::int64_t, Sides> windows;
  for (const Event& event : events) {
    Sides& sides = windows[(event.time_ms / size_ms + 1) * size_ms];
    if (event.kind == EventKind::person) sides.persons.insert(event.person.id);
    if (event.kind == EventKind::auction) sides.sellers.insert(event.auction.seller);
  }
  std::vector<JoinedWindow> done;
  for (const auto& [end_ms, sides] : windows) {
    if (end_ms > events.back().time_ms) break;
    JoinedWindow window{end_ms, static_cast<std::int64_t>(sides.persons.size()),
                        static_cast<std::int64_t>(sides.sellers.size())};
    for (const std::int64_t person : sides.persons) window.outputs += sides.sellers.count(person) > 0 ? 1 : 0;
    done.push_back(window);
  }
  return done;
}

std::vector<std::int64_t> query_11_ends_ms(const std::vector<Event>& events, std::int64_t gap_ms) {
  std::unordered_map<std::int64_t, std::int64_t> last_bid_ms;
  std::vector<std::int64_t> ends;
  for (const Event& event : events) {
    if (event.kind != EventKind::bid) continue;
    const auto [it, is_new] = last_bid_ms.try_emplace(event.bid.bidder, event.time_ms);
    if (!is_new && event.time_ms >= it->second + gap_ms) ends.push_back(it->second + gap_ms);
    it->second = std::max(it->second, event.time_ms);
  }
  for (const auto& [bidder, last_ms] : last_bid_ms) ends.push_back(last_ms + gap_ms);
  std::sort(ends.begin(), ends.end());
  return ends;
}

}  // namespace weir::nexmark::reference

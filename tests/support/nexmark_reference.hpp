#pragma once

#include <cstdint>
#include <vector>

#include "models/workloads/nexmark/events.hpp"
#include "models/workloads/nexmark/timeline.hpp"

// What Nexmark's queries mean, record by record, with plain maps and sets over the events themselves: the
// oracle for everything that the models say about whole batches. Nothing here is shared with them but the
// events.

namespace weir::nexmark::reference {

struct Event {
  EventKind kind;
  std::int64_t time_ms;
  Person person;
  Auction auction;
  Bid bid;
  std::int64_t expires_ms;  // of the auction
};

// The first `count` events that a generator sends.
std::vector<Event> events_of(const EventLaw& law, const Timeline& timeline, std::int64_t count,
                             std::int64_t out_of_order_group = 1);

// Outputs at each input event (Q3, Q4, Q9, Q18, Q19, Q20): how many records event i of the input causes.
using ByEvent = std::vector<int>;

ByEvent query_3(const std::vector<Event>& events);
ByEvent query_4_matches(const std::vector<Event>& events);      // join results
ByEvent query_4_max_updates(const std::vector<Event>& events);  // changes of the highest price of an auction
ByEvent query_18(const std::vector<Event>& events);             // 1: a pair of bidder and auction that is new
ByEvent query_19(const std::vector<Event>& events);             // 1: enters the ten highest of its auction
ByEvent query_20(const std::vector<Event>& events);
ByEvent query_23(const std::vector<Event>& events);
std::int64_t total(const ByEvent& outputs);

struct Window {
  std::int64_t end_ms;
  std::int64_t keys = 0;     // groups
  std::int64_t outputs = 0;  // results of the query
  std::int64_t records = 0;
  double top_share = 0;  // of the records, those of the largest group
};
// Windows that end after the first event and not after the last one, in order.
std::vector<Window> query_5(const std::vector<Event>& events, std::int64_t size_ms = 10'000,
                            std::int64_t slide_ms = 2'000);
std::vector<Window> query_7(const std::vector<Event>& events, std::int64_t size_ms = 10'000);
struct JoinedWindow {
  std::int64_t end_ms;
  std::int64_t persons = 0;
  std::int64_t sellers = 0;
  std::int64_t outputs = 0;
};
std::vector<JoinedWindow> query_8(const std::vector<Event>& events, std::int64_t size_ms = 10'000);
std::vector<Window> bidders_in_windows(const std::vector<Event>& events, std::int64_t size_ms = 10'000);

// The ends (last bid + gap) of all sessions of all bidders, those that are still open too.
std::vector<std::int64_t> query_11_ends_ms(const std::vector<Event>& events, std::int64_t gap_ms = 10'000);

}  // namespace weir::nexmark::reference

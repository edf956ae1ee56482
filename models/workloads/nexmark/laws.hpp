#pragma once

#include <memory>

#include "models/workloads/nexmark/query_law.hpp"

// The laws of the queries, by what they do; make_law chooses.

namespace weir::nexmark {

// Takes one event after the other and says nothing of keys: which events pass.
using Passes = bool (*)(const EventLaw& law, const Position& at, EventKind kind);
std::unique_ptr<QueryLaw> make_stateless_law(const EventLaw& events, Passes passes);

// Regular joins, which keep both sides: Q3 (and DS2's), Q4 and Q9, Q20.
std::unique_ptr<QueryLaw> make_seller_join_law(const LawChoice& choice, const EventLaw& events,
                                               bool keeps_matched);
std::unique_ptr<QueryLaw> make_open_auction_join_law(const LawChoice& choice, const EventLaw& events);
std::unique_ptr<QueryLaw> make_category_join_law(const LawChoice& choice, const EventLaw& events);

// Results of windows: Q5 (and DS2's), Q7, Q8 (and DS2's), Q12.
std::unique_ptr<QueryLaw> make_auction_count_law(const LawChoice& choice, const EventLaw& events);
std::unique_ptr<QueryLaw> make_highest_bid_law(const LawChoice& choice, const EventLaw& events);
std::unique_ptr<QueryLaw> make_new_seller_law(const LawChoice& choice, const EventLaw& events);
std::unique_ptr<QueryLaw> make_bidder_count_law(const LawChoice& choice, const EventLaw& events);
// Sessions: Q11 (and DS2's).
std::unique_ptr<QueryLaw> make_bidder_session_law(const LawChoice& choice, const EventLaw& events);

// Views of campaigns, of the Yahoo streaming benchmark.
std::unique_ptr<QueryLaw> make_ad_view_law(const EventLaw& events);

// Running results of each key: Q17, Q18, Q19.
std::unique_ptr<QueryLaw> make_auction_totals_law(const LawChoice& choice, const EventLaw& events);
std::unique_ptr<QueryLaw> make_last_bid_law(const LawChoice& choice, const EventLaw& events);
std::unique_ptr<QueryLaw> make_top_bids_law(const LawChoice& choice, const EventLaw& events);

}  // namespace weir::nexmark

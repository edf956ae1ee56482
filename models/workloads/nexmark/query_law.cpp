#include "models/workloads/nexmark/query_law.hpp"

#include <map>

#include "models/workloads/nexmark/laws.hpp"
#include "sim/kernel/assert.hpp"

namespace weir::nexmark {

namespace {

// Bytes of a key in the state: what is kept of it, as rows of Flink's tables. Chosen: 8 bytes a number,
// records at their mean size.
constexpr double counter_bytes = 32, person_bytes = 200, auction_bytes = 500, bid_bytes = 100;

// Outputs in the long run are those that the tests compute record by record, at 10 000 to 100 000 events a
// second.
const std::map<std::string, LawTraits>& traits() {
  static const std::map<std::string, LawTraits> all = {
      {"q0", {.passed_per_event = 0.92}},
      {"q2", {.passed_per_event = 0.92 / 123}},
      {"q3", {.passed_per_event = 0.022, .outputs_per_record = 0.27, .bytes_per_key = auction_bytes}},
      {"q4", {.passed_per_event = 0.98, .outputs_per_record = 0.68, .bytes_per_key = bid_bytes}},
      {"q5",
       {.windowed = true,
        .passed_per_event = 0.92,
        .outputs_per_record = 0.327,
        .bytes_per_key = counter_bytes}},
      {"q7",
       {.windowed = true, .passed_per_event = 0.92, .outputs_per_record = 1e-5, .bytes_per_key = bid_bytes}},
      {"q8",
       {.windowed = true,
        .passed_per_event = 0.08,
        .outputs_per_record = 0.13,
        .bytes_per_key = person_bytes}},
      {"q11",
       {.windowed = true,
        .passed_per_event = 0.92,
        .outputs_per_record = 0.0217,
        .bytes_per_key = counter_bytes}},
      {"q12",
       {.windowed = true,
        .processing_time = true,
        .passed_per_event = 0.92,
        .outputs_per_record = 0.0224,
        .bytes_per_key = counter_bytes}},
      {"q14", {.passed_per_event = 0.92 * 0.2831}},
      {"q17", {.passed_per_event = 0.92, .outputs_per_record = 1, .bytes_per_key = 2 * counter_bytes}},
      {"q18", {.passed_per_event = 0.92, .outputs_per_record = 1, .bytes_per_key = bid_bytes}},
      {"q19", {.passed_per_event = 0.92, .outputs_per_record = 0.526, .bytes_per_key = bid_bytes}},
      {"q20", {.passed_per_event = 0.932, .outputs_per_record = 0.197, .bytes_per_key = bid_bytes}},
      {"q21", {.passed_per_event = 0.92 * 0.95}},
      {"yahoo",
       {.windowed = true,
        .passed_per_event = 1.0 / 3,
        .outputs_per_record = 1e-3,
        .bytes_per_key = counter_bytes}},
      {"ds2-q3", {.passed_per_event = 1, .outputs_per_record = 0.5, .bytes_per_key = person_bytes}},
      {"ds2-q5",
       {.windowed = true, .passed_per_event = 1, .outputs_per_record = 0.06, .bytes_per_key = counter_bytes}},
      {"ds2-q8",
       {.windowed = true, .passed_per_event = 1, .outputs_per_record = 0.01, .bytes_per_key = person_bytes}},
      {"ds2-q11",
       {.windowed = true, .passed_per_event = 1, .outputs_per_record = 0.2, .bytes_per_key = counter_bytes}},
  };
  return all;
}

bool passes_query_2(const EventLaw& law, const Position& at, EventKind kind) {
  return kind == EventKind::bid && law.auction_of_bid(at) % 123 == 0;
}

bool passes_query_14(const EventLaw& law, const Position& at, EventKind kind) {
  // 0.908 * price between a million and fifty millions.
  static const std::uint32_t from = price_draw_from(1e6 / 0.908), to = price_draw_from(5e7 / 0.908);
  if (kind != EventKind::bid) return false;
  const std::uint32_t draw = law.bid(at).price_draw;
  return draw >= from && draw < to;
}

bool passes_query_21(const EventLaw& law, const Position& at, EventKind kind) {
  if (kind != EventKind::bid) return false;
  const int channel = law.bid(at).channel;
  return channel < hot_channels || law.has_channel_id(channel);
}

}  // namespace

const LawTraits* law_traits(const std::string& query) {
  const auto it = traits().find(query);
  return it == traits().end() ? nullptr : &it->second;
}

std::vector<std::string> queries_with_law() {
  std::vector<std::string> names;
  for (const auto& [name, what] : traits()) names.push_back(name);
  return names;
}

LawInputs law_inputs(const std::string& query, bool keyed) {
  const LawTraits& law = *law_traits(query);
  const bool sessions = query == "q11" || query == "ds2-q11";
  // Auctions are open for some time, which joins of bids with them go by.
  const bool open_auctions = query == "q4";
  return {.keys = keyed,
          .event_time = (law.windowed && !law.processing_time) || open_auctions,
          .windows = law.windowed && !sessions,
          .slides = query == "q5" || query == "ds2-q5",
          .sessions = sessions,
          .watermarks = law.windowed && !law.processing_time};
}

std::int64_t slide_ms(const LawChoice& choice) {
  if (choice.query == "q5" || choice.query == "ds2-q5") return choice.slide_ms;
  // Sessions end when they end: their ends are looked at so often.
  if (choice.query == "q11" || choice.query == "ds2-q11") return 100;
  return choice.window_ms;
}

std::unique_ptr<QueryLaw> make_law(const LawChoice& choice, const EventLaw& events) {
  const std::string& query = choice.query;
  if (query == "q0") return make_stateless_law(events, nullptr);
  if (query == "q2") return make_stateless_law(events, passes_query_2);
  if (query == "q14") return make_stateless_law(events, passes_query_14);
  if (query == "q21") return make_stateless_law(events, passes_query_21);
  if (query == "q3") return make_seller_join_law(choice, events, true);
  if (query == "ds2-q3") return make_seller_join_law(choice, events, false);
  if (query == "q4") return make_open_auction_join_law(choice, events);
  if (query == "q5" || query == "ds2-q5") return make_auction_count_law(choice, events);
  if (query == "q7") return make_highest_bid_law(choice, events);
  if (query == "q8" || query == "ds2-q8") return make_new_seller_law(choice, events);
  if (query == "q11" || query == "ds2-q11") return make_bidder_session_law(choice, events);
  if (query == "q12") return make_bidder_count_law(choice, events);
  if (query == "yahoo") return make_ad_view_law(events);
  if (query == "q17") return make_auction_totals_law(choice, events);
  if (query == "q18") return make_last_bid_law(choice, events);
  if (query == "q19") return make_top_bids_law(choice, events);
  if (query == "q20") return make_category_join_law(choice, events);
  WEIR_ASSERT(false, "a query that has a law");
}

}  // namespace weir::nexmark

#pragma once

#include <array>

#include "sim/dataflow/logical_graph.hpp"

// The queries of Nexmark one by one: what each consists of, and what it costs. The costs are five constants,
// fitted to the published runs of 22 queries, and how often a query does each of five things. That is judged
// from its plan and its law, with the published numbers in sight: so leaving a query out of the fit says how
// well the constants carry over, not how well a query nobody has seen would be predicted.

namespace weir::nexmark {

// Of all events, by their mean sizes: 0.92 * 100 + 0.06 * 500 + 0.02 * 200.
inline constexpr double event_bytes = 126;
// Of what the published runs do not resolve (a projection, the sink). Chosen; not 0, or it would have no
// rate.
inline constexpr double light_us = 0.1;
inline constexpr const char* cost_source = "fitted to nexmark-flink's published runs: docs/nexmark.md";

enum class Main { none, law, running };
enum class Second { none, top, highest };

struct QueryPlan {
  const char* name;
  const char* help;
  const char* law;  // whose law says what passes and what comes of it
  double calc_bytes = 100;
  Main main = Main::none;
  const char* main_name = "main";
  const char* main_help = "";
  double main_bytes = 100;
  Second second = Second::none;
  const char* second_name = "";
  const char* second_help = "";
  double highest_share = 0;  // of the records of `second`, those that raise a highest price
  const char* third_name = nullptr;
  const char* third_help = "";
};

inline constexpr int query_count = 22;
const std::array<QueryPlan, query_count>& query_plans();

// What the costs are made of.
struct CostConstants {
  double event_us;     // make an event, look at it, drop the result: source, calc and sink of one chain
  double function_us;  // a function of strings
  double update_us;    // of an aggregate in memory (windows, mini-batches)
  double access_us;    // of keyed state on disk: reading or writing one entry
  double byte_ns;      // of an entry
};
// Fitted to all published runs, by fit_costs.
CostConstants fitted_costs();

// How often a query does each for an event, and the published time for which an event took one of eight
// slots: what it costs the operator that holds it up.
struct QueryWork {
  const char* query;
  double functions;  // in the chain of the source
  double updates;    // in the main operator
  double accesses, state_bytes;
  double second_accesses, second_bytes;  // in the operator behind it
  double published_slot_us;
  double source_us(const CostConstants& c) const { return c.event_us + c.function_us * functions; }
  double main_us(const CostConstants& c) const {
    return c.update_us * updates + c.access_us * accesses + c.byte_ns * 1e-3 * state_bytes;
  }
  double second_us(const CostConstants& c) const {
    return c.access_us * second_accesses + c.byte_ns * 1e-3 * second_bytes;
  }
  double slot_us(const CostConstants& c) const;  // the slowest of them
};
const std::array<QueryWork, query_count>& query_works();
// The constants with which the mean square of log(slot_us / published) is least over all queries but
// `left_out`
// (-1: none is).
CostConstants fit_costs(int left_out);

// Of query 4.
KeySpec category_keys();

}  // namespace weir::nexmark

#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "sim/allocation/plan_index.hpp"
#include "sim/dataflow/shared_nodes.hpp"

// What `weir plan` finds, as JSON and for people.

namespace weir {

struct PlanRequest {
  allocation::Search search = allocation::Search::automatic;
  double tolerance = 0.02;     // of the greatest rate; midpoint
  int rounds_max = 0;          // midpoint; 0: no limit
  allocation::Rates at_per_s;  // what to look up; empty: the declared rates
  bool timed = false;          // wall times of search and look-up
};

// Throws allocation::Unsolvable.
nlohmann::ordered_json plan_report(const SharedNodes& nodes, const PlanRequest& request);
std::string plan_text(const nlohmann::ordered_json& report);

}  // namespace weir

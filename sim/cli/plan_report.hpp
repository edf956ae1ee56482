#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "sim/allocation/plan_index.hpp"
#include "sim/dataflow/shared_nodes.hpp"

// What `weir plan` finds, as JSON and for people.

namespace weir {

struct PlanRequest {
  std::string search = "automatic";  // exact, midpoint
  double tolerance = 0.02;           // of the greatest rate; midpoint
  int rounds_max = 0;                // midpoint; 0: no limit
  allocation::Rates at_per_s;        // what to look up; empty: the declared rates
  bool timed = false;                // wall times of search and look-up
};

// std::length_error: too many sides for the exact search.
nlohmann::json plan_report(const SharedNodes& nodes, const PlanRequest& request);
std::string plan_text(const nlohmann::json& report);

}  // namespace weir

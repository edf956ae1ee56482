#pragma once

#include <cstdint>
#include <string>

#include "tests/support/dice.hpp"
#include "tests/support/scenario_text.hpp"

// Small random scenarios for the comparison with the reference simulator and for property tests: one or two
// sources, up to five operators, every partitioning, bounded and unbounded channels, one host or several.

namespace weir::test {

struct RandomKind {
  bool rescale = true;      // by the scripted policy
  bool hosts = true;        // several hosts with latency (and then records without bytes)
  bool random_laws = true;  // costs and routes that are drawn
  int batch_records = 1;
  double until_s = 2;
};

ScenarioText random_scenario(Dice& dice, const RandomKind& kind);

}  // namespace weir::test

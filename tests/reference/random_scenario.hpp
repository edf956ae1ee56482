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
  bool pull = false;        // queues that several instances take from
  bool join = false;        // forks that are joined again
  bool heron = false;       // on Heron, with buffers of a few records
  double until_s = 2;
};

ScenarioText random_scenario(Dice& dice, const RandomKind& kind);

// Changes to a scenario on one host: fewer cores than instances; three hosts with slow links; batches of up
// to a thousand records that are gathered for up to 100 ms.
void crowd_cores(ScenarioText& s, Dice& dice);
void contend_links(ScenarioText& s, Dice& dice);
void make_batches(ScenarioText& s, Dice& dice);
// Some operators deserialize what comes in, and serialize what goes out.
void convert_records(ScenarioText& s, Dice& dice);

}  // namespace weir::test

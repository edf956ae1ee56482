#pragma once

#include <map>
#include <string>
#include <vector>

#include "sim/scenario/params.hpp"

namespace weir {

struct SynergyUse {
  double per_record = 0;
};

struct SynergyCapacity {
  double per_s = 1;
};

// A resource of nodes besides the processor.
struct SynergyResource {
  std::string name;
  double per_s = 1;                              // of each node
  std::map<std::string, SynergyCapacity> nodes;  // those that differ
  std::map<std::string, SynergyUse> uses;        // by operator
};

struct SynergyFactors {
  std::vector<double> by_instance;
};

enum class Composition { even, cheapest };

struct SynergyParams {
  std::vector<SynergyResource> resources;
  std::map<std::string, SynergyFactors> cost_factors;
  std::map<std::string, SynergyFactors> shares;
  Composition composition = Composition::cheapest;
  double queue_ms = 500;
  double deadline_ms = 1000;
  double reconfiguration_ms = 100;
  double metrics_interval_s = 1;
  double metrics_delay_s = 0;
};

ParamTable<SynergyParams> synergy_table();

}  // namespace weir

#pragma once

#include <vector>

#include "sim/allocation/network.hpp"

// What an engine that splits rates among the components of a service knows of its nodes: the formulas'
// network (sim/allocation), and what of the job its parts are. Rates are in records/s, resources of a node
// are shares of it per record.
//
//   source            ─▶ application
//   operator          ─▶ service        (all but sources)
//   operator instance ─▶ component
//   host              ─▶ node           (the same number)

namespace weir {

struct SharedNodes {
  allocation::Network network;
  std::vector<int> sources;    // by application: the operator
  std::vector<int> operators;  // by service
  struct InstanceOf {
    int operator_id = 0;
    int index = 0;
  };
  std::vector<InstanceOf> instances;  // by component
  // Of each application, what it was admitted with: the rate at the start.
  std::vector<double> declared_per_s;
};

// The share of an operator's input that each of its instances gets from now on. Shares add up to 1.
struct SplitTarget {
  int operator_id = 0;
  std::vector<double> shares;  // by instance
  bool operator==(const SplitTarget&) const = default;
};

}  // namespace weir

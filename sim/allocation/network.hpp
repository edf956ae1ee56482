#pragma once

#include <span>
#include <string>
#include <vector>

// Applications on shared nodes, as BARRE's formulas see them (Drougas and Kalogeraki, "Accommodating bursts
// in distributed stream processing systems", IPDPS 2009): fluids, without queues or time.
//
//   application ── rate ──▶ service ──▶ service ──▶ …        a DAG of services
//                             │  │
//                     component  component                   each on a node, which has several resources
//
//   (1) node, resource:  sum over its components of rate * use  <= capacity
//   (2) service:         sum of its components' rates  = what its upstream services send
//
// Any component of a service may send to any component of the next one; a service that two others follow
// sends everything to both. Rates are in units of the caller's choice (records/s, ADU/ms), the same for all.

namespace weir::allocation {

struct Node {
  std::string name;
  std::vector<double> capacity;  // by resource
};

struct Component {
  int service = 0;
  int node = 0;
  std::vector<double> use;  // by resource, for each unit that comes in
  double selectivity = 1;   // units out for each one in
};

struct Service {
  std::string name;
  int application = 0;
  bool first = false;         // gets the application's rate
  std::vector<int> upstream;  // services whose output it gets; all have lower numbers
};

struct Network {
  std::vector<std::string> resources;
  std::vector<Node> nodes;
  std::vector<std::string> applications;
  std::vector<Service> services;
  std::vector<Component> components;
};

using Rates = std::vector<double>;           // by application
using ComponentRates = std::vector<double>;  // by component: a plan

// What each node uses of each resource as a part of its capacity: [node][resource].
std::vector<std::vector<double>> utilization(const Network& network, std::span<const double> plan);
// By how much the plan misses (1), (2) and rates >= 0 at most: of (1) as a part of the capacity, of (2) in
// units of rate. 0: it is a plan for `rates`.
double violation(const Network& network, std::span<const double> plan, std::span<const double> rates);
// The network with `part` of the capacity of each node.
Network scaled(const Network& network, std::span<const double> part_by_node);
Network scaled(const Network& network, double part);

// Of each component, the share of its service's input; equal shares where a service gets nothing.
std::vector<double> shares(const Network& network, std::span<const double> plan);
// The rates of the components when applications have `rates` and services are split by `shares`.
ComponentRates rates_of_shares(const Network& network, std::span<const double> shares,
                               std::span<const double> rates);

}  // namespace weir::allocation

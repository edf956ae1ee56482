#pragma once

#include <fmt/format.h>

#include <algorithm>

#include "sim/allocation/network.hpp"
#include "tests/support/dice.hpp"

// Networks to plan for.

namespace weir::test {

// The worked example of the authors' talk: two applications of one service and a destination each; the
// services have components on both of two nodes. Rates in ADU/ms. Components c1 (application 1 on A), c2
// (application 2 on A), c3 (1 on B), c4 (2 on B), then the destinations.
inline allocation::Network worked_example() {
  allocation::Network network;
  network.resources = {"cpu"};
  for (const char* name : {"A", "B", "dest1", "dest2"}) network.nodes.push_back({name, {1}});
  network.applications = {"app1", "app2"};
  network.services = {{"s1", 0, true, {}}, {"s2", 1, true, {}}, {"d1", 0, false, {0}}, {"d2", 1, false, {1}}};
  network.components = {{0, 0, {4}, 1},  {1, 0, {6}, 1}, {0, 1, {6.67}, 1},
                        {1, 1, {10}, 1}, {2, 2, {4}, 1}, {3, 3, {5}, 1}};
  return network;
}

// 2 to 5 applications (few of 5: the exact region then has hundreds of corners), 1 to 3 resources, 2 to 5
// nodes; chains and diamonds of 1 to 4 services (2 where there are many applications) with 1 to 3 components
// each, selectivities from 0.3 to 2.
inline allocation::Network random_network(Dice& dice) {
  allocation::Network network;
  const int applications = 2 + std::min(dice.below(4), dice.below(4)), resources = 1 + dice.below(3),
            nodes = 2 + dice.below(4);
  for (int j = 0; j < resources; ++j) network.resources.push_back(fmt::format("r{}", j));
  for (int n = 0; n < nodes; ++n) {
    allocation::Node node{fmt::format("n{}", n), {}};
    for (int j = 0; j < resources; ++j) node.capacity.push_back(dice.between(0.5, 2));
    network.nodes.push_back(node);
  }
  for (int q = 0; q < applications; ++q) {
    network.applications.push_back(fmt::format("a{}", q));
    const int services = 1 + dice.below(applications > 3 ? 2 : 4),
              first = static_cast<int>(network.services.size());
    const bool diamond = services == 4 && dice.coin();
    for (int s = 0; s < services; ++s) {
      allocation::Service service{fmt::format("s{}", first + s), q, s == 0, {}};
      if (diamond && s == 2) {
        service.upstream = {first};
      } else if (diamond && s == 3) {
        service.upstream = {first + 1, first + 2};
      } else if (s > 0) {
        service.upstream = {first + s - 1};
      }
      network.services.push_back(service);
      const int components = 1 + dice.below(3);
      for (int c = 0; c < components; ++c) {
        allocation::Component component{first + s, dice.below(nodes), {}, dice.between(0.3, 2)};
        for (int j = 0; j < resources; ++j)
          component.use.push_back(dice.below(4) == 0 && j > 0 ? 0 : dice.between(0.1, 2));
        network.components.push_back(component);
      }
    }
  }
  return network;
}

}  // namespace weir::test

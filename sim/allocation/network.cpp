#include "sim/allocation/network.hpp"

#include <algorithm>
#include <cmath>

namespace weir::allocation {

std::vector<std::vector<double>> utilization(const Network& network, std::span<const double> plan) {
  std::vector<std::vector<double>> used(network.nodes.size(),
                                        std::vector<double>(network.resources.size(), 0));
  for (std::size_t c = 0; c < network.components.size(); ++c) {
    const Component& component = network.components[c];
    for (std::size_t j = 0; j < component.use.size(); ++j) {
      used[component.node][j] += plan[c] * component.use[j] / network.nodes[component.node].capacity[j];
    }
  }
  return used;
}

double violation(const Network& network, std::span<const double> plan, std::span<const double> rates) {
  double most = 0;
  for (const std::vector<double>& node : utilization(network, plan)) {
    for (const double used : node) most = std::max(most, used - 1);
  }
  std::vector<double> in(network.services.size(), 0), out(network.services.size(), 0);
  for (std::size_t c = 0; c < network.components.size(); ++c) {
    const Component& component = network.components[c];
    most = std::max(most, -plan[c]);
    in[component.service] += plan[c];
    out[component.service] += plan[c] * component.selectivity;
  }
  for (std::size_t s = 0; s < network.services.size(); ++s) {
    const Service& service = network.services[s];
    double arriving = service.first ? rates[service.application] : 0;
    for (const int from : service.upstream) arriving += out[from];
    most = std::max(most, std::abs(in[s] - arriving));
  }
  return most;
}

Network scaled(const Network& network, std::span<const double> part_by_node) {
  Network result = network;
  for (std::size_t n = 0; n < result.nodes.size(); ++n) {
    for (double& capacity : result.nodes[n].capacity) capacity *= part_by_node[n];
  }
  return result;
}

Network scaled(const Network& network, double part) {
  return scaled(network, std::vector<double>(network.nodes.size(), part));
}

std::vector<double> shares(const Network& network, std::span<const double> plan) {
  std::vector<double> total(network.services.size(), 0);
  std::vector<int> components(network.services.size(), 0);
  for (std::size_t c = 0; c < network.components.size(); ++c) {
    total[network.components[c].service] += std::max(0.0, plan[c]);
    ++components[network.components[c].service];
  }
  std::vector<double> result;
  for (std::size_t c = 0; c < network.components.size(); ++c) {
    const int service = network.components[c].service;
    result.push_back(total[service] > 0 ? std::max(0.0, plan[c]) / total[service]
                                        : 1.0 / components[service]);
  }
  return result;
}

ComponentRates rates_of_shares(const Network& network, std::span<const double> shares,
                               std::span<const double> rates) {
  ComponentRates result(network.components.size(), 0);
  std::vector<double> out(network.services.size(), 0);
  for (std::size_t s = 0; s < network.services.size(); ++s) {
    const Service& service = network.services[s];
    double arriving = service.first ? rates[service.application] : 0;
    for (const int from : service.upstream) arriving += out[from];
    for (std::size_t c = 0; c < network.components.size(); ++c) {
      if (network.components[c].service != static_cast<int>(s)) continue;
      result[c] = arriving * shares[c];
      out[s] += result[c] * network.components[c].selectivity;
    }
  }
  return result;
}

}  // namespace weir::allocation

#include "sim/allocation/region.hpp"

#include "sim/kernel/assert.hpp"

namespace weir::allocation {

Region::Region(const Network& network) : network_(network) {
  for (const Component& component : network_.components) {
    program_.add_column(0, unlimited);
    double cost = 0;
    for (std::size_t j = 0; j < component.use.size(); ++j)
      cost += component.use[j] / network_.nodes[component.node].capacity[j];
    cost_.push_back(cost);
  }
  for (int q = 0; q < applications(); ++q) program_.add_column(0, unlimited);

  for (std::size_t n = 0; n < network_.nodes.size(); ++n) {
    for (std::size_t j = 0; j < network_.resources.size(); ++j) {
      std::vector<Term> terms;
      for (std::size_t c = 0; c < network_.components.size(); ++c) {
        const Component& component = network_.components[c];
        if (component.node != static_cast<int>(n) || component.use[j] == 0) continue;
        terms.push_back({static_cast<int>(c), component.use[j] / network_.nodes[n].capacity[j]});
      }
      if (!terms.empty()) program_.add_row(-unlimited, 1, std::move(terms));
    }
  }
  for (std::size_t s = 0; s < network_.services.size(); ++s) {
    const Service& service = network_.services[s];
    std::vector<Term> terms;
    for (std::size_t c = 0; c < network_.components.size(); ++c) {
      const Component& component = network_.components[c];
      if (component.service == static_cast<int>(s)) terms.push_back({static_cast<int>(c), 1});
      for (const int from : service.upstream)
        if (component.service == from) terms.push_back({static_cast<int>(c), -component.selectivity});
    }
    if (service.first) terms.push_back({rate_column(service.application), -1});
    program_.add_row(0, 0, std::move(terms));
  }
}

PlannedPoint Region::point_of(const LinearProgram::Solution& solution) const {
  const auto components = static_cast<std::ptrdiff_t>(network_.components.size());
  PlannedPoint point;
  point.plan.assign(solution.values.begin(), solution.values.begin() + components);
  point.rates.assign(solution.values.begin() + components,
                     solution.values.begin() + components + applications());
  return point;
}

std::vector<int> Region::unlimited_applications() const {
  std::vector<int> result;
  for (int q = 0; q < applications(); ++q) {
    LinearProgram program = program_;
    program.set_gain(rate_column(q), 1);
    if (!program.maximum().optimal()) result.push_back(q);
  }
  return result;
}

double Region::rate_max(int application) const {
  Rates direction(network_.applications.size(), 0);
  direction[static_cast<std::size_t>(application)] = 1;
  return furthest(direction).rates[static_cast<std::size_t>(application)];
}

PlannedPoint Region::furthest(const Rates& direction) const {
  LinearProgram program = program_;
  std::vector<double> sum(network_.components.size(), 0);
  for (int q = 0; q < applications(); ++q) {
    program.set_gain(rate_column(q), direction[static_cast<std::size_t>(q)]);
    sum.push_back(1);
  }
  const LinearProgram::Solution solution = program.maximum(sum);
  WEIR_ASSERT(solution.optimal(), "every application has a greatest rate");
  return point_of(solution);
}

std::optional<Region::Ray> Region::along(const Rates& from, const Rates& direction) const {
  LinearProgram program = program_;
  const int t = program.add_column(-unlimited, unlimited, 1);
  for (int q = 0; q < applications(); ++q) {
    const auto i = static_cast<std::size_t>(q);
    program.add_row(from[i], from[i], {{rate_column(q), 1}, {t, -direction[i]}});
  }
  const LinearProgram::Solution solution = program.maximum();
  if (!solution.optimal()) return std::nullopt;
  return Ray{solution.gain, point_of(solution)};
}

double Region::headroom(const Rates& p) const {
  LinearProgram program = program_;
  const int c = program.add_column(-unlimited, unlimited, 1);
  for (int q = 0; q < applications(); ++q)
    program.add_row(p[static_cast<std::size_t>(q)], unlimited, {{rate_column(q), 1}, {c, -1}});
  return program.maximum().gain;
}

std::optional<ComponentRates> Region::cheapest(const Rates& rates) const {
  LinearProgram program = program_;
  for (std::size_t c = 0; c < cost_.size(); ++c) program.set_gain(static_cast<int>(c), -cost_[c]);
  for (int q = 0; q < applications(); ++q) {
    const double rate = rates[static_cast<std::size_t>(q)];
    program.add_row(rate, rate, {{rate_column(q), 1}});
  }
  const LinearProgram::Solution solution = program.maximum();
  if (!solution.optimal()) return std::nullopt;
  return point_of(solution).plan;
}

}  // namespace weir::allocation

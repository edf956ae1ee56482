#include "sim/allocation/region.hpp"

#include <algorithm>

namespace weir::allocation {

namespace {

// About the greatest rate of any application: what its scarcest service bears when it has its nodes for
// itself. 0: no resource limits any.
double about_greatest_rate(const Network& network) {
  std::vector<double> borne(network.services.size(), 0), out(network.services.size(), 0);
  std::vector<double> alone(network.applications.size(), unlimited);
  for (std::size_t s = 0; s < network.services.size(); ++s) {
    double selectivity = 0;
    int components = 0;
    for (const Component& component : network.components) {
      if (component.service != static_cast<int>(s)) continue;
      double bears = unlimited;
      for (std::size_t j = 0; j < component.use.size(); ++j)
        if (component.use[j] > 0)
          bears = std::min(bears, network.nodes[component.node].capacity[j] / component.use[j]);
      borne[s] += bears;
      selectivity += component.selectivity;
      ++components;
    }
    double in = network.services[s].first ? 1 : 0;
    for (const int from : network.services[s].upstream) in += out[from];
    if (components > 0) out[s] = in * selectivity / components;
    double& rate = alone[network.services[s].application];
    if (in > 0) rate = std::min(rate, borne[s] / in);
  }
  double greatest = 0;
  for (const double rate : alone)
    if (rate < unlimited) greatest = std::max(greatest, rate);
  return greatest;
}

// A direction's length means nothing to the solver but trouble: 1 where it has to be changed.
double length_for_solver(const Rates& direction) {
  const double largest = *std::max_element(direction.begin(), direction.end());
  return largest > 0 && (largest < 1e-4 || largest > 1e4) ? largest : 1;
}

}  // namespace

Region::Region(const Network& network) : network_(network), unit_(solver_unit(about_greatest_rate(network))) {
  for (const Component& component : network_.components) {
    program_.add_column(0, unlimited);
    double cost = 0;
    for (std::size_t j = 0; j < component.use.size(); ++j)
      cost += component.use[j] / network_.nodes[component.node].capacity[j] * unit_;
    cost_.push_back(cost);
  }
  for (int q = 0; q < applications(); ++q) program_.add_column(0, unlimited);

  for (std::size_t n = 0; n < network_.nodes.size(); ++n) {
    for (std::size_t j = 0; j < network_.resources.size(); ++j) {
      std::vector<Term> terms;
      for (std::size_t c = 0; c < network_.components.size(); ++c) {
        const Component& component = network_.components[c];
        if (component.node != static_cast<int>(n) || component.use[j] == 0) continue;
        terms.push_back({static_cast<int>(c), component.use[j] / network_.nodes[n].capacity[j] * unit_});
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
  for (double& rate : point.plan) rate *= unit_;
  for (double& rate : point.rates) rate *= unit_;
  return point;
}

LinearProgram::Solution Region::solved(const LinearProgram& program, const std::vector<double>& then) const {
  ++programs_;
  return program.maximum(then);
}

std::vector<int> Region::unlimited_applications() const {
  std::vector<int> result;
  for (int q = 0; q < applications(); ++q) {
    LinearProgram program = program_;
    program.set_gain(rate_column(q), 1);
    if (!solved(program).optimal()) result.push_back(q);
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
  // Of 1 / rate, often: then it is as much out of scale as rates are.
  const double length = length_for_solver(direction);
  for (int q = 0; q < applications(); ++q) {
    program.set_gain(rate_column(q), direction[static_cast<std::size_t>(q)] / length);
    sum.push_back(1);
  }
  const LinearProgram::Solution solution = solved(program, sum);
  if (!solution.optimal()) throw Unsolvable("no greatest rate of an application was found");
  return point_of(solution);
}

std::optional<Region::Ray> Region::along(const Rates& from, const Rates& direction) const {
  LinearProgram program = program_;
  const int t = program.add_column(-unlimited, unlimited, 1);
  const double length = length_for_solver(direction);
  for (int q = 0; q < applications(); ++q) {
    const auto i = static_cast<std::size_t>(q);
    program.add_row(from[i] / unit_, from[i] / unit_, {{rate_column(q), 1}, {t, -direction[i] / length}});
  }
  const LinearProgram::Solution solution = solved(program);
  if (!solution.optimal()) return std::nullopt;
  return Ray{solution.gain / length * unit_, point_of(solution)};
}

Region::Ray Region::outward(const Rates& direction) const {
  auto ray = along(Rates(direction.size(), 0), direction);
  if (!ray) throw Unsolvable("no plan was found for any part of some rates");
  return std::move(*ray);
}

double Region::headroom(const Rates& p) const {
  LinearProgram program = program_;
  const int c = program.add_column(-unlimited, unlimited, 1);
  for (int q = 0; q < applications(); ++q)
    program.add_row(p[static_cast<std::size_t>(q)] / unit_, unlimited, {{rate_column(q), 1}, {c, -1}});
  return solved(program).gain * unit_;
}

std::optional<ComponentRates> Region::cheapest(const Rates& rates) const {
  LinearProgram program = program_;
  for (std::size_t c = 0; c < cost_.size(); ++c) program.set_gain(static_cast<int>(c), -cost_[c]);
  for (int q = 0; q < applications(); ++q) {
    const double rate = rates[static_cast<std::size_t>(q)] / unit_;
    program.add_row(rate, rate, {{rate_column(q), 1}});
  }
  const LinearProgram::Solution solution = solved(program);
  if (!solution.optimal()) return std::nullopt;
  return point_of(solution).plan;
}

}  // namespace weir::allocation

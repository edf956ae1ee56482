#include "models/arrivals/markov_chain.hpp"

#include <cstddef>

#include "sim/kernel/assert.hpp"

namespace weir {
namespace {

// Whether state 0 reaches all others along the edges, or against them.
bool reaches_all(const std::vector<std::vector<double>>& rates, bool backwards) {
  std::vector<bool> seen(rates.size(), false);
  std::vector<std::size_t> open{0};
  seen[0] = true;
  std::size_t count = 1;
  while (!open.empty()) {
    const std::size_t i = open.back();
    open.pop_back();
    for (std::size_t j = 0; j < rates.size(); ++j) {
      if (seen[j] || !((backwards ? rates[j][i] : rates[i][j]) > 0)) continue;
      seen[j] = true;
      ++count;
      open.push_back(j);
    }
  }
  return count == rates.size();
}

}  // namespace

bool is_irreducible(const std::vector<std::vector<double>>& rates) {
  return !rates.empty() && reaches_all(rates, false) && reaches_all(rates, true);
}

std::vector<double> stationary_distribution(std::vector<std::vector<double>> rates) {
  WEIR_ASSERT(is_irreducible(rates), "only an irreducible chain has one stationary distribution");
  const std::size_t n = rates.size();
  for (std::size_t k = n - 1; k > 0; --k) {
    double leaving = 0;
    for (std::size_t j = 0; j < k; ++j) leaving += rates[k][j];
    for (std::size_t i = 0; i < k; ++i) rates[i][k] /= leaving;
    for (std::size_t i = 0; i < k; ++i) {
      for (std::size_t j = 0; j < k; ++j) {
        if (i != j) rates[i][j] += rates[i][k] * rates[k][j];
      }
    }
  }
  std::vector<double> share(n, 0);
  share[0] = 1;
  double sum = 1;
  for (std::size_t k = 1; k < n; ++k) {
    for (std::size_t i = 0; i < k; ++i) share[k] += share[i] * rates[i][k];
    sum += share[k];
  }
  for (double& s : share) s /= sum;
  return share;
}

}  // namespace weir

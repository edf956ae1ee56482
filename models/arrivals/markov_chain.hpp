#pragma once

#include <vector>

// Small continuous-time Markov chains, given by their transition rates: rates[i][j] from state i to state j,
// the diagonal is not looked at.

namespace weir {

// Every state can be reached from every other.
bool is_irreducible(const std::vector<std::vector<double>>& rates);

// The share of time in each state, for an irreducible chain. Grassmann, Taksar and Heyman's elimination,
// which subtracts nothing and so loses no digits (Operations Research 33(5), 1985).
std::vector<double> stationary_distribution(std::vector<std::vector<double>> rates);

}  // namespace weir

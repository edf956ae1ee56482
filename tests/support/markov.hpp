#pragma once

#include <cmath>
#include <functional>
#include <map>
#include <utility>
#include <vector>

// The stationary distribution of a small continuous-time Markov chain, for tests whose oracle has no formula.
//
//   chain(start, [](const State& s) { return std::vector<std::pair<State, double>>{ {next, rate}, … }; })
//
// States are found from `start`; the chain must be irreducible. Solved by Gauss-Seidel sweeps until no
// probability changes by more than 1e-14.

namespace weir::test {

using State = std::vector<int>;
using Moves = std::vector<std::pair<State, double>>;

inline std::map<State, double> stationary(const State& start,
                                          const std::function<Moves(const State&)>& moves) {
  std::map<State, int> number{{start, 0}};
  std::vector<State> states{start};
  struct In {
    int from;
    double rate;
  };
  std::vector<std::vector<In>> in(1);
  std::vector<double> out(1, 0.0);
  for (std::size_t i = 0; i < states.size(); ++i) {
    const State state = states[i];
    for (const auto& [next, rate] : moves(state)) {
      const auto [it, is_new] = number.try_emplace(next, static_cast<int>(states.size()));
      if (is_new) {
        states.push_back(next);
        in.emplace_back();
        out.push_back(0);
      }
      in[it->second].push_back({static_cast<int>(i), rate});
      out[i] += rate;
    }
  }
  std::vector<double> p(states.size(), 1.0 / static_cast<double>(states.size()));
  for (double change = 1; change > 1e-14;) {
    change = 0;
    double sum = 0;
    for (std::size_t i = 0; i < states.size(); ++i) {
      double flow = 0;
      for (const In& from : in[i]) flow += p[from.from] * from.rate;
      const double next = flow / out[i];
      change = std::max(change, std::abs(next - p[i]));
      p[i] = next;
      sum += next;
    }
    for (double& x : p) x /= sum;
  }
  std::map<State, double> result;
  for (const auto& [state, i] : number) result[state] = p[i];
  return result;
}

}  // namespace weir::test

#include "policies/twres/nonnegative_least_squares.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "sim/kernel/assert.hpp"

namespace weir::twres {

namespace {

// Relative to the features' own size: what is less is rounding.
constexpr double negligible = 1e-10;

using Columns = std::vector<std::size_t>;

double product(const Features& a, const Features& b) {
  double sum = 0;
  for (std::size_t f = 0; f < features; ++f) sum += a[f] * b[f];
  return sum;
}

// The columns as unit vectors, so that their sizes do not matter.
struct Problem {
  std::vector<Features> rows;
  std::vector<double> values;
  Features norms{};
  double size = 0;  // of the values

  std::vector<double> column(std::size_t feature) const {
    std::vector<double> values_of;
    for (const Features& row : rows) values_of.push_back(row[feature]);
    return values_of;
  }
};

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Least squares over the columns that are passive, by Gram and Schmidt twice over. False if they depend on
// each other.
bool solve(const Problem& problem, const Columns& passive, Features& solution) {
  std::vector<std::vector<double>> basis;
  std::vector<std::vector<double>> upper(passive.size(), std::vector<double>(passive.size(), 0));
  for (std::size_t j = 0; j < passive.size(); ++j) {
    std::vector<double> rest = problem.column(passive[j]);
    for (int pass = 0; pass < 2; ++pass)
      for (std::size_t i = 0; i < j; ++i) {
        const double along = dot(basis[i], rest);
        upper[i][j] += along;
        for (std::size_t r = 0; r < rest.size(); ++r) rest[r] -= along * basis[i][r];
      }
    upper[j][j] = std::sqrt(dot(rest, rest));
    if (upper[j][j] <= negligible) return false;
    for (double& value : rest) value /= upper[j][j];
    basis.push_back(std::move(rest));
  }
  solution = {};
  for (std::size_t j = passive.size(); j-- > 0;) {
    double value = dot(basis[j], problem.values);
    for (std::size_t k = j + 1; k < passive.size(); ++k) value -= upper[j][k] * solution[passive[k]];
    solution[passive[j]] = value / upper[j][j];
  }
  return true;
}

// How fast the error falls with each coefficient.
Features slopes(const Problem& problem, const Features& solution) {
  Features slope{};
  for (std::size_t r = 0; r < problem.rows.size(); ++r) {
    const double residual = problem.values[r] - product(problem.rows[r], solution);
    for (std::size_t f = 0; f < features; ++f) slope[f] += problem.rows[r][f] * residual;
  }
  return slope;
}

Problem scaled(std::span<const Features> rows, std::span<const double> values) {
  Problem problem{{rows.begin(), rows.end()}, {values.begin(), values.end()}};
  for (std::size_t f = 0; f < features; ++f) {
    double squares = 0;
    for (const Features& row : problem.rows) squares += row[f] * row[f];
    problem.norms[f] = squares > 0 ? std::sqrt(squares) : 1;
    for (Features& row : problem.rows) row[f] /= problem.norms[f];
  }
  problem.size = std::sqrt(dot(problem.values, problem.values));
  return problem;
}

// Goes from `from` towards `to` until a coefficient is 0, and takes those that are out of the passive ones.
void step_back(Features& from, const Features& to, Columns& passive) {
  double step = 1;
  for (const std::size_t f : passive)
    if (to[f] <= 0) step = std::min(step, from[f] / (from[f] - to[f]));
  for (const std::size_t f : passive) from[f] += step * (to[f] - from[f]);
  std::erase_if(passive, [&](std::size_t f) {
    if (to[f] > 0 || from[f] > negligible * std::abs(to[f])) return false;
    from[f] = 0;
    return true;
  });
}

}  // namespace

Features nonnegative_least_squares(std::span<const Features> rows, std::span<const double> values) {
  WEIR_ASSERT(rows.size() == values.size() && !rows.empty(), "as many values as rows, and at least one");
  const Problem problem = scaled(rows, values);
  Features solution{};
  Columns passive;
  std::array<bool, features> dependent{};
  for (;;) {
    const Features slope = slopes(problem, solution);
    std::size_t best = features;
    for (std::size_t f = 0; f < features; ++f) {
      if (dependent[f] || std::find(passive.begin(), passive.end(), f) != passive.end()) continue;
      if (slope[f] > negligible * problem.size &&
          (best == features || slope[f] > slope[best] * (1 + negligible)))
        best = f;
    }
    if (best == features) break;
    passive.push_back(best);
    Features free{};
    if (!solve(problem, passive, free) || free[best] <= 0) {
      // It adds nothing that the others do not have.
      passive.pop_back();
      dependent[best] = true;
      continue;
    }
    dependent = {};
    const auto negative = [&] {
      return std::any_of(passive.begin(), passive.end(), [&](std::size_t f) { return free[f] <= 0; });
    };
    while (negative()) {
      step_back(solution, free, passive);
      solve(problem, passive, free);
    }
    solution = free;
  }
  for (std::size_t f = 0; f < features; ++f) solution[f] /= problem.norms[f];
  return solution;
}

}  // namespace weir::twres

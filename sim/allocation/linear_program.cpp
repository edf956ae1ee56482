#include "sim/allocation/linear_program.hpp"

#include <ClpSimplex.hpp>
#include <CoinPackedMatrix.hpp>
#include <algorithm>
#include <cmath>

namespace weir::allocation {

namespace {

// What the solver may be off by, in the units of rates and of parts of a capacity: as little as it manages.
constexpr double tolerances[] = {1e-11, 1e-9, 1e-7};

double for_solver(double bound) {
  return std::clamp(bound, -COIN_DBL_MAX, COIN_DBL_MAX);
}

std::vector<double> values_of(const ClpSimplex& solver) {
  const double* values = solver.primalColumnSolution();
  return {values, values + solver.numberColumns()};
}

// Leaves only the optimal face: what costs something to move stays at its bound.
void stay_optimal(ClpSimplex& solver) {
  constexpr double cost_min = 1e-9;
  const std::vector<double> values = values_of(solver);
  const double* costs = solver.dualColumnSolution();
  const std::vector<double> column_costs(costs, costs + solver.numberColumns());
  const double* prices = solver.dualRowSolution();
  const double* at = solver.primalRowSolution();
  for (int row = 0; row < solver.numberRows(); ++row) {
    if (std::abs(prices[row]) <= cost_min) continue;
    const double low = solver.rowLower()[row], high = solver.rowUpper()[row];
    const double bound = std::abs(at[row] - low) < std::abs(at[row] - high) ? low : high;
    solver.rowLower()[row] = solver.rowUpper()[row] = bound;
  }
  for (int column = 0; column < solver.numberColumns(); ++column) {
    if (std::abs(column_costs[column]) <= cost_min) continue;
    const double low = solver.columnLower()[column], high = solver.columnUpper()[column];
    const double bound = std::abs(values[column] - low) < std::abs(values[column] - high) ? low : high;
    solver.columnLower()[column] = solver.columnUpper()[column] = bound;
  }
}

}  // namespace

double solver_unit(double greatest) {
  if (!(greatest > 0) || !std::isfinite(greatest) || (greatest >= 1 && greatest <= 1000)) return 1;
  return std::ldexp(1.0, std::clamp(std::ilogb(greatest) - 8, -1000, 1000));
}

int LinearProgram::add_column(double low, double high, double gain) {
  columns_.push_back({low, high, gain});
  return static_cast<int>(columns_.size()) - 1;
}

int LinearProgram::add_row(double low, double high, std::vector<Term> terms) {
  rows_.push_back({low, high, std::move(terms)});
  return static_cast<int>(rows_.size()) - 1;
}

LinearProgram::Solution LinearProgram::maximum(const std::vector<double>& then) const {
  std::vector<int> rows, columns;
  std::vector<double> factors;
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    for (const Term& term : rows_[row].terms) {
      if (term.factor == 0) continue;
      rows.push_back(static_cast<int>(row));
      columns.push_back(term.column);
      factors.push_back(term.factor);
    }
  }
  CoinPackedMatrix matrix(true, rows.data(), columns.data(), factors.data(),
                          static_cast<CoinBigIndex>(factors.size()));
  matrix.setDimensions(static_cast<int>(rows_.size()), static_cast<int>(columns_.size()));
  std::vector<double> column_low, column_high, gains, row_low, row_high;
  for (const Column& column : columns_) {
    column_low.push_back(for_solver(column.low));
    column_high.push_back(for_solver(column.high));
    gains.push_back(column.gain);
  }
  for (const Row& row : rows_) {
    row_low.push_back(for_solver(row.low));
    row_high.push_back(for_solver(row.high));
  }
  for (const double tolerance : tolerances) {
    ClpSimplex solver;
    solver.setLogLevel(0);
    solver.setPrimalTolerance(tolerance);
    solver.setDualTolerance(tolerance);
    solver.setOptimizationDirection(-1);  // maximize
    solver.loadProblem(matrix, column_low.data(), column_high.data(), gains.data(), row_low.data(),
                       row_high.data());
    // Where the one algorithm gives up, mostly the other one does not.
    solver.primal();
    if (solver.status() > 2) solver.dual();
    if (solver.isProvenPrimalInfeasible()) return {};
    if (solver.isProvenDualInfeasible()) return {Status::unbounded, 0, {}};
    if (!solver.isProvenOptimal()) continue;
    Solution solution{Status::optimal, solver.objectiveValue(), values_of(solver)};
    if (then.empty()) return solution;
    stay_optimal(solver);
    for (std::size_t c = 0; c < then.size(); ++c) solver.setObjCoeff(static_cast<int>(c), then[c]);
    solver.primal();
    if (!solver.isProvenOptimal()) continue;
    solution.values = values_of(solver);
    return solution;
  }
  throw Unsolvable("the linear program has no proven optimum: costs and capacities are too far apart");
}

}  // namespace weir::allocation

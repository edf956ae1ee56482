#include "sim/calibrate/least_squares.hpp"

#include <Eigen/QR>
#include <Eigen/SVD>
#include <cmath>
#include <limits>
#include <unsupported/Eigen/NonLinearOptimization>
#include <unsupported/Eigen/NumericalDiff>

#include "sim/kernel/assert.hpp"

namespace weir::calibrate {
namespace {

constexpr double unseen_below = 1e-4;  // of the largest singular value
constexpr double part_of_it = 0.1;     // of a direction
// The square of the relative step. Models of queues have kinks, and a wide step would see across them.
constexpr double difference = 1e-12;
constexpr int evaluations_max = 200;
constexpr double tolerance = 1e-7;

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

VectorXd to_eigen(const Vector& values) {
  return Eigen::Map<const VectorXd>(values.data(), static_cast<Index>(values.size()));
}
Vector from_eigen(const VectorXd& values) {
  return {values.data(), values.data() + values.size()};
}
MatrixXd matrix_of(const std::vector<Vector>& columns) {
  MatrixXd matrix(columns.empty() ? 0 : static_cast<Index>(columns[0].size()),
                  static_cast<Index>(columns.size()));
  for (std::size_t c = 0; c < columns.size(); ++c) matrix.col(static_cast<Index>(c)) = to_eigen(columns[c]);
  return matrix;
}

// What Eigen's solver wants to call.
struct Functor {
  using Scalar = double;
  using InputType = VectorXd;
  using ValueType = VectorXd;
  using JacobianType = MatrixXd;
  enum { InputsAtCompileTime = Eigen::Dynamic, ValuesAtCompileTime = Eigen::Dynamic };
  const Residuals& residuals;
  int inputs_count, values_count;
  int inputs() const { return inputs_count; }
  int values() const { return values_count; }
  int operator()(const VectorXd& x, VectorXd& values) const {
    values = to_eigen(residuals({x.data(), static_cast<std::size_t>(x.size())}));
    return 0;
  }
};

double sum_of_squares(const Vector& values) {
  double sum = 0;
  for (const double v : values) sum += v * v;
  return sum;
}

}  // namespace

Minimum least_squares(const Residuals& residuals, const Vector& start) {
  Minimum minimum{start, 0, false};
  const Vector first = residuals(start);
  if (first.size() < start.size()) {  // MINPACK wants no fewer residuals than parameters
    minimum.sum_of_squares = sum_of_squares(first);
    return minimum;
  }
  const Functor functor{residuals, static_cast<int>(start.size()), static_cast<int>(first.size())};
  Eigen::NumericalDiff<Functor> with_differences(functor, difference);
  Eigen::LevenbergMarquardt<Eigen::NumericalDiff<Functor>> solver(with_differences);
  solver.parameters.maxfev = evaluations_max;
  solver.parameters.ftol = solver.parameters.xtol = tolerance;
  VectorXd x = to_eigen(start);
  const auto status = solver.minimize(x);
  minimum.x = from_eigen(x);
  minimum.sum_of_squares = sum_of_squares(residuals(minimum.x));
  minimum.converged = status != Eigen::LevenbergMarquardtSpace::ImproperInputParameters &&
                      status != Eigen::LevenbergMarquardtSpace::TooManyFunctionEvaluation;
  return minimum;
}

Minimum least_squares_with_kinks(const Residuals& residuals, const Vector& start, const Vector& scales) {
  constexpr double step_first = 0.5, step_last = 1e-3;
  Minimum best = least_squares(residuals, start);
  for (double step = step_first; step >= step_last;) {
    bool better = false;
    for (std::size_t i = 0; i < best.x.size(); ++i) {
      for (const double direction : {-1.0, 1.0}) {
        Vector x = best.x;
        x[i] += direction * step * scales[i];
        const double sum = sum_of_squares(residuals(x));
        if (!(sum < best.sum_of_squares)) continue;
        best.x = std::move(x);
        best.sum_of_squares = sum;
        better = true;
        break;
      }
    }
    if (!better) step /= 2;
  }
  return best;
}

std::vector<Vector> scaled_jacobian(const Residuals& residuals, const Vector& x, const Vector& scales) {
  WEIR_ASSERT(x.size() == scales.size(), "a scale for each parameter");
  constexpr double step = 1e-3;
  std::vector<Vector> columns;
  for (std::size_t i = 0; i < x.size(); ++i) {
    Vector up = x, down = x;
    up[i] += step * scales[i];
    down[i] -= step * scales[i];
    Vector column = residuals(up);
    const Vector below = residuals(down);
    for (std::size_t row = 0; row < column.size(); ++row)
      column[row] = (column[row] - below[row]) / (2 * step);
    columns.push_back(std::move(column));
  }
  return columns;
}

Identified identify(const std::vector<Vector>& scaled_columns) {
  const auto n = static_cast<Index>(scaled_columns.size());
  Identified result;
  result.parameter.assign(scaled_columns.size(), true);
  const MatrixXd matrix = matrix_of(scaled_columns);
  // Of a tall matrix, the triangle of its QR has the same singular values and right vectors.
  const MatrixXd triangle =
      matrix.rows() >= n
          ? MatrixXd(matrix.householderQr().matrixQR().topRows(n).triangularView<Eigen::Upper>())
          : matrix;
  const Eigen::JacobiSVD<MatrixXd> small(triangle, Eigen::ComputeFullV);
  const VectorXd& values = small.singularValues();
  const double largest = values.size() > 0 ? values[0] : 0;
  double smallest = largest;
  for (Index k = 0; k < n; ++k) {
    const double value = k < values.size() ? values[k] : 0;
    smallest = std::min(smallest, value);
    if (largest > 0 && value >= unseen_below * largest) {
      ++result.rank;
      continue;
    }
    std::vector<int> direction;
    for (Index i = 0; i < n; ++i) {
      if (std::abs(small.matrixV()(i, k)) < part_of_it) continue;
      direction.push_back(static_cast<int>(i));
      result.parameter[static_cast<std::size_t>(i)] = false;
    }
    result.unseen.push_back(direction);
  }
  result.condition = smallest > 0 ? largest / smallest : std::numeric_limits<double>::infinity();
  return result;
}

Vector linear_from_zero(const std::vector<Vector>& columns, const Vector& values, const Vector& weights) {
  WEIR_ASSERT(columns.size() <= 4 && weights.size() == values.size(),
              "few columns, and a weight for each value");
  const VectorXd root = to_eigen(weights).cwiseSqrt();
  const VectorXd target = root.asDiagonal() * to_eigen(values);
  const MatrixXd all = root.asDiagonal() * matrix_of(columns);
  Vector best(columns.size(), 0);
  double least = target.squaredNorm();
  for (unsigned chosen = 1; chosen < 1U << columns.size(); ++chosen) {
    std::vector<Index> indices;
    for (std::size_t c = 0; c < columns.size(); ++c)
      if ((chosen >> c & 1U) != 0) indices.push_back(static_cast<Index>(c));
    const MatrixXd part = all(Eigen::all, indices);
    const VectorXd solution = part.colPivHouseholderQr().solve(target);
    const double error = (part * solution - target).squaredNorm();
    if (solution.minCoeff() < 0 || !(error < least * (1 - 1e-12))) continue;
    least = error;
    std::fill(best.begin(), best.end(), 0);
    for (std::size_t k = 0; k < indices.size(); ++k)
      best[static_cast<std::size_t>(indices[k])] = solution[static_cast<Index>(k)];
  }
  return best;
}

}  // namespace weir::calibrate

#pragma once

#include <functional>
#include <span>
#include <vector>

// Nonlinear least squares, and what the data say of each parameter.
//
//   minimize | r(x) |^2            by Levenberg and Marquardt (MINPACK's, in Eigen), with differences
//
// Whether the data identify the parameters is read from the Jacobian J at the minimum. Its columns are scaled
// by the parameters' own scales, so that a column is what the residuals do when the parameter changes by its
// scale. A singular value that is small against the largest (less than 1e-4) belongs to a direction that the
// data do not see; every parameter with a noticeable part in such a direction (0.1) is not identified.

namespace weir::calibrate {

using Vector = std::vector<double>;
using Residuals = std::function<Vector(std::span<const double>)>;

struct Minimum {
  Vector x;
  double sum_of_squares = 0;
  bool converged = false;
};

Minimum least_squares(const Residuals& residuals, const Vector& start);

// The same, then polished by steps along the axes that are halved from `scales` on (compass search). Queues
// have kinks, at which derivatives of one side mislead: a backlog ends a row earlier or later.
Minimum least_squares_with_kinks(const Residuals& residuals, const Vector& start, const Vector& scales);

// The columns of the Jacobian, times the scale of their parameter: central differences of a thousandth of it.
std::vector<Vector> scaled_jacobian(const Residuals& residuals, const Vector& x, const Vector& scales);

struct Identified {
  std::vector<bool> parameter;  // of each, whether the data see it
  double condition = 0;         // largest to smallest singular value; infinite: rank is missing
  int rank = 0;
  std::vector<std::vector<int>> unseen;  // each direction that is not seen: the parameters in it
};
Identified identify(const std::vector<Vector>& scaled_columns);

// Weighted linear least squares with coefficients that are not negative (Lawson and Hanson's problem, solved
// by trying which are zero: up to four of them). `columns` all have the size of `values`.
Vector linear_from_zero(const std::vector<Vector>& columns, const Vector& values, const Vector& weights);

}  // namespace weir::calibrate

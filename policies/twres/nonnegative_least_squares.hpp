#pragma once

#include <array>
#include <span>

// Least squares with coefficients that are not negative, for a handful of features: the active set method of
// Lawson and Hanson, Solving Least Squares Problems, 1974, chapter 23 (NNLS).

namespace weir::twres {

inline constexpr std::size_t features = 4;
using Features = std::array<double, features>;

// Minimizes the sum of (x_i' c - y_i)^2 over c >= 0. Features that the rows cannot tell apart: the first of
// them.
Features nonnegative_least_squares(std::span<const Features> rows, std::span<const double> values);

}  // namespace weir::twres

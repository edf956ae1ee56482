#pragma once

#include <span>
#include <vector>

// A Gaussian process of one variable, with mean 0 and the squared exponential kernel
//
//   k(a, b) = sigma^2 exp(-(a - b)^2 / (2 length^2))
//
// Source: Rasmussen and Williams, Gaussian Processes for Machine Learning, 2006, section 2.2 and
// algorithm 2.1. `noise` is that of the observations, as a share of sigma^2; it keeps the matrix regular,
// too.

namespace weir::contune {

struct Kernel {
  double length = 1;
  double sigma = 1;
  double noise = 1e-8;
};

class GaussianProcess {
 public:
  // As many x as y, no x twice.
  GaussianProcess(std::span<const double> x, std::span<const double> y, const Kernel& kernel);
  double mean(double x) const;
  double variance(double x) const;
  // The best sigma for this length, by likelihood, and the logarithm of the likelihood then.
  double likeliest_sigma() const;
  double log_likelihood_at_likeliest_sigma() const;

 private:
  std::vector<double> column(double x) const;

  std::vector<double> x_, weights_;  // weights_: K^-1 y, with sigma 1
  std::vector<double> lower_;        // Cholesky factor of K with sigma 1, row by row
  double fit_ = 0;                   // y' K^-1 y
  Kernel kernel_;
};

// The length in [low, high] that is likeliest, with the likeliest sigma for it: the best of a logarithmic
// grid.
double likeliest_length(std::span<const double> x, std::span<const double> y, double noise, double low,
                        double high);

}  // namespace weir::contune

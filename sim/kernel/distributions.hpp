#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "sim/kernel/random.hpp"

// How the cost of one record varies around its mean: the shape of a distribution, scaled to mean 1 when it is
// drawn from. A batch pays for its n records at once, with one draw of their sum:
//
//   const CostDistribution cost = CostDistribution::gamma_cv(0.5);
//   const double service_s = cost.sample_sum(batch.count, 20e-6, stream);
//
// The sum of n draws is exact for deterministic, exponential and gamma costs (sums of gammas are gammas).
// Lognormal and empirical costs are summed draw by draw up to `exact_terms`. Beyond, the sum has the right
// mean and variance, and the shape of a lognormal (L. F. Fenton, "The sum of log-normal probability
// distributions in scatter transmission systems", IRE Trans. Comm. Systems 8(1), 1960) or, for empirical
// costs, of a gamma. The largest distance between the true and the drawn distribution function is at n = 33,
// by simulation:
//
//   lognormal, cv 0.5: 0.004    1: 0.009    2: 0.034    3: 0.07      (a gamma in its place: 0.007, 0.019,
//   0.051, 0.10) empirical: as coarse as the sums are, 0.11 for { 0, 0, 0, 10 }; it falls with sqrt(n)

namespace weir {

class CostDistribution {
 public:
  enum class Kind : std::uint8_t { deterministic, exponential, gamma, lognormal, empirical };

  static constexpr std::int64_t exact_terms = 32;

  CostDistribution() = default;  // deterministic
  static CostDistribution deterministic();
  static CostDistribution exponential();
  static CostDistribution gamma_shape(double shape);  // shape > 0; an integer k is an Erlang distribution
  static CostDistribution gamma_cv(double cv);        // cv >= 0; 0 is deterministic
  static CostDistribution lognormal_cv(double cv);    // cv >= 0; 0 is deterministic
  // Values with these weights (none: all alike), scaled to mean 1. empirical_error() must find nothing.
  static CostDistribution empirical(std::span<const double> values, std::span<const double> weights = {});

  // What is wrong with values and weights from outside, in words; empty when they are fine.
  static std::string empirical_error(std::span<const double> values, std::span<const double> weights = {});

  Kind kind() const { return kind_; }
  double mean() const { return 1; }
  double variance() const { return cv_ * cv_; }
  double third_central_moment() const { return third_; }
  double cv() const { return cv_; }  // standard deviation over mean

  // One cost, in the unit of its mean. mean >= 0.
  double sample(double mean, RandomStream& stream) const;

  // The sum of n independent costs of this mean. n >= 0.
  double sample_sum(std::int64_t n, double mean, RandomStream& stream) const;

 private:
  struct Table;

  CostDistribution(Kind kind, double cv, double third) : kind_(kind), cv_(cv), third_(third) {}
  double sum_of_draws(std::int64_t n, RandomStream& stream) const;

  Kind kind_ = Kind::deterministic;
  double cv_ = 0;
  double third_ = 0;
  double shape_ =
      0;  // gamma: its shape; lognormal and empirical: 1 / cv^2, the shape of the gamma that stands in
  double sigma_ = 0;                    // lognormal: the standard deviation of the logarithm
  std::shared_ptr<const Table> table_;  // empirical: never changed, so copies share it
};

}  // namespace weir

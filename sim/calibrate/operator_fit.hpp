#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/calibrate/operator_samples.hpp"
#include "sim/calibrate/parameter.hpp"

// Costs of single operators. At a parallelism p, the cost of a record is busy time over records; over several
// p
//
//   cost(p) = cost(1) (1 + sigma (p-1) + kappa p (p-1))     (Gunther's law; ContentionSpec of a scenario)
//
// which is linear in cost(1), cost(1) sigma, cost(1) kappa: weighted least squares with coefficients from 0
// on. With one p, contention cannot be seen; with two, only sigma; kappa needs three.

namespace weir::calibrate {

struct CostAt {
  int parallelism = 1;
  std::size_t samples = 0;
  double cost_us = 0;
  std::optional<Interval> interval;
};

// How far the costs of other windows are from what was fitted: sums of busy time are compared.
struct CostError {
  std::size_t samples = 0;
  double relative = 0;           // mean of |predicted busy - busy| over mean busy
  double relative_constant = 0;  // the same with one cost for every parallelism
};

struct OperatorFit {
  std::string name;
  bool source = false;  // costs are per record out
  std::size_t samples = 0;
  std::vector<CostAt> costs;
  double cost_us = 0;  // alone (p = 1) by the law; at the one p there is, if there is one only
  double sigma = 0, kappa = 0;
  double selectivity = 0;  // records out per record in
  std::vector<Parameter> parameters;
  CostError train;
  std::optional<CostError> held_out;
};

struct OperatorQuestion {
  std::optional<double> train_until_s;  // the first third
  int resamples = 200;
  std::uint64_t seed = 1;
  const std::atomic<bool>* stop = nullptr;
};

struct OperatorCalibration {
  OperatorData data;
  double train_until_s = 0;
  std::vector<OperatorFit> operators;
  OperatorQuestion question;
};

OperatorCalibration calibrate_operators(OperatorData data, const OperatorQuestion& question);

}  // namespace weir::calibrate

#include "policies/twres/capacity.hpp"

#include <algorithm>
#include <vector>

#include "sim/kernel/assert.hpp"

namespace weir::twres {

namespace {

Features features_of(int parallelism) {
  const double p = parallelism;
  return {p, 1, 1 / p, 1 / (p * p)};
}

}  // namespace

void CapacityModel::observe(int parallelism, double rate_per_s) {
  Sum& sum = seen_[parallelism];
  sum.total += rate_per_s;
  ++sum.count;
  coefficients_.reset();
}

void CapacityModel::fit() const {
  WEIR_ASSERT(known(), "a model of nothing");
  std::vector<Features> rows;
  std::vector<double> rates;
  for (const auto& [parallelism, sum] : seen_) {
    rows.push_back(features_of(parallelism));
    rates.push_back(sum.total / sum.count);
  }
  coefficients_ = nonnegative_least_squares(rows, rates);
}

double CapacityModel::rate_per_s(int parallelism) const {
  if (!coefficients_) fit();
  double rate = 0;
  const Features x = features_of(parallelism);
  for (std::size_t f = 0; f < features; ++f) rate += (*coefficients_)[f] * x[f];
  return rate;
}

int choose(const CapacityModel& model, const Situation& now) {
  int enough = 0, best = now.least;
  for (int p = now.least; p <= now.most && enough == 0; ++p) {
    if (model.rate_per_s(p) * now.horizon_s > now.forecast_records) enough = p;
    if (model.rate_per_s(p) > model.rate_per_s(best)) best = p;
  }
  const int wanted = enough > 0 ? enough : best;
  const bool overloaded = now.forecast_records >= model.rate_per_s(now.parallelism) * now.horizon_s;
  if (!overloaded && now.latency_s > now.latency_limit_s) return std::min(now.parallelism + 1, now.most);
  return wanted;
}

}  // namespace weir::twres

#include "sim/kernel/distributions.hpp"

#include <cmath>
#include <vector>

#include <fmt/format.h>

#include "sim/kernel/assert.hpp"

namespace weir {

// Walker's alias method, built as M. D. Vose, "A linear algorithm for generating random numbers with a given
// distribution", IEEE TSE 17(9), 1991: a cell is chosen evenly, and keeps or passes on the draw.
struct CostDistribution::Table {
  struct Cell {
    double keep;  // probability of the cell's own value
    double own, other;
  };
  std::vector<Cell> cells;

  double draw(RandomStream& stream) const {
    const Cell& cell = cells[stream.below(cells.size())];
    return cell.keep >= 1 || stream.uniform01() < cell.keep ? cell.own : cell.other;
  }
};

CostDistribution CostDistribution::deterministic() {
  return {};
}

CostDistribution CostDistribution::exponential() {
  return {Kind::exponential, 1, 2};
}

CostDistribution CostDistribution::gamma_shape(double shape) {
  WEIR_ASSERT(shape > 0 && std::isfinite(shape), "the shape of a gamma distribution is not positive");
  CostDistribution result(Kind::gamma, 1 / std::sqrt(shape), 2 / (shape * shape));
  result.shape_ = shape;
  return result;
}

CostDistribution CostDistribution::gamma_cv(double cv) {
  WEIR_ASSERT(cv >= 0 && std::isfinite(cv), "a coefficient of variation is negative");
  if (cv == 0) return {};
  CostDistribution result = gamma_shape(1 / (cv * cv));
  result.cv_ = cv;
  return result;
}

CostDistribution CostDistribution::lognormal_cv(double cv) {
  WEIR_ASSERT(cv >= 0 && std::isfinite(cv), "a coefficient of variation is negative");
  if (cv == 0) return {};
  CostDistribution result(Kind::lognormal, cv, cv * cv * cv * cv * (3 + cv * cv));
  result.sigma_ = std::sqrt(math_log1p(cv * cv));
  return result;
}

std::string CostDistribution::empirical_error(std::span<const double> values,
                                              std::span<const double> weights) {
  if (values.empty()) return "there are no values";
  if (!weights.empty() && weights.size() != values.size()) {
    return fmt::format("there are {} weights for {} values", weights.size(), values.size());
  }
  double sum = 0, weight_sum = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double weight = weights.empty() ? 1 : weights[i];
    if (!(values[i] >= 0 && std::isfinite(values[i])))
      return fmt::format("value {} is negative or not finite", i);
    if (!(weight >= 0 && std::isfinite(weight))) return fmt::format("weight {} is negative or not finite", i);
    sum += values[i] * weight;
    weight_sum += weight;
  }
  if (!(weight_sum > 0)) return "all weights are zero";
  if (!(sum > 0)) return "the mean is zero";
  if (!std::isfinite(sum) || !std::isfinite(weight_sum))
    return "the values or weights are too large to be added up";
  return {};
}

CostDistribution CostDistribution::empirical(std::span<const double> values,
                                             std::span<const double> weights) {
  WEIR_ASSERT(empirical_error(values, weights).empty(), "the values or weights were not checked before");
  const std::size_t size = values.size();
  std::vector<double> share(size);  // probability times size: 1 is a full cell
  double weight_sum = 0;
  for (std::size_t i = 0; i < size; ++i) weight_sum += weights.empty() ? 1 : weights[i];
  double mean = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const double probability = (weights.empty() ? 1 : weights[i]) / weight_sum;
    share[i] = probability * static_cast<double>(size);
    mean += probability * values[i];
  }
  double variance = 0, third = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const double deviation = values[i] / mean - 1;
    const double square = share[i] / static_cast<double>(size) * deviation * deviation;
    variance += square;
    third += square * deviation;
  }

  auto table = std::make_shared<Table>();
  std::vector<std::size_t> small, large;
  for (std::size_t i = 0; i < size; ++i) {
    table->cells.push_back({1, values[i] / mean, values[i] / mean});
    (share[i] < 1 ? small : large).push_back(i);
  }
  while (!small.empty() && !large.empty()) {
    const std::size_t poor = small.back(), rich = large.back();
    small.pop_back();
    table->cells[poor].keep = share[poor];
    table->cells[poor].other = table->cells[rich].own;
    share[rich] -= 1 - share[poor];
    if (share[rich] < 1) {
      large.pop_back();
      small.push_back(rich);
    }
  }

  CostDistribution result(Kind::empirical, std::sqrt(variance), third);
  result.shape_ = variance > 0 ? 1 / variance : 0;
  result.table_ = std::move(table);
  return result;
}

double CostDistribution::sample(double mean, RandomStream& stream) const {
  return sample_sum(1, mean, stream);
}

double CostDistribution::sample_sum(std::int64_t n, double mean, RandomStream& stream) const {
  WEIR_ASSERT(n >= 0 && mean >= 0, "a negative number of costs, or a negative mean");
  const double total = static_cast<double>(n) * mean;
  if (n == 0 || kind_ == Kind::deterministic) return total;
  const double n_real = static_cast<double>(n);
  if (kind_ == Kind::exponential) return n == 1 ? stream.exponential(mean) : stream.gamma(n_real, mean);
  if (kind_ != Kind::gamma) {
    if (n <= exact_terms) return mean * sum_of_draws(n, stream);
    if (cv_ == 0 || total == 0) return total;
    if (kind_ == Kind::lognormal) return stream.lognormal(total, cv_ / std::sqrt(n_real));
  }
  return stream.gamma(n_real * shape_, mean / shape_);
}

double CostDistribution::sum_of_draws(std::int64_t n, RandomStream& stream) const {
  double sum = 0;
  if (kind_ == Kind::lognormal) {
    const double shift = -0.5 * sigma_ * sigma_;
    for (std::int64_t i = 0; i < n; ++i) sum += math_exp(sigma_ * stream.normal() + shift);
  } else {
    for (std::int64_t i = 0; i < n; ++i) sum += table_->draw(stream);
  }
  return sum;
}

}  // namespace weir

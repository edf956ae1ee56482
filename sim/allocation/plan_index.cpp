#include "sim/allocation/plan_index.hpp"

#include <Eigen/LU>
#include <algorithm>

#include "sim/allocation/linear_program.hpp"

namespace weir::allocation {

namespace {

constexpr double rounding = 1e-9;

std::vector<Rates> rates_of(const IndexPoints& index) {
  std::vector<Rates> result;
  for (const PlannedPoint& point : index.points) result.push_back(point.rates);
  return result;
}

double greatest(const IndexPoints& index) {
  double result = 0;
  for (const PlannedPoint& point : index.points)
    for (const double rate : point.rates) result = std::max(result, rate);
  return result;
}

}  // namespace

PlanIndex::PlanIndex(IndexPoints points)
    : index_(std::move(points)), unit_(solver_unit(greatest(index_))), tree_(rates_of(index_)) {
  const std::size_t applications = index_.points[0].rates.size();
  sides_at_.resize(index_.points.size());
  // sum a_k p_k - b_q [q is free] - c = p_q for each q, and sum a_k = 1: unknown a, b, c.
  const auto size = static_cast<Eigen::Index>(applications) + 1;
  for (const Side& side : index_.sides) {
    Eigen::MatrixXd system = Eigen::MatrixXd::Zero(size, size);
    Eigen::Index column = 0;
    for (const int point : side.points) {
      sides_at_[static_cast<std::size_t>(point)].push_back(static_cast<int>(inverses_.size()));
      for (Eigen::Index q = 0; q + 1 < size; ++q)
        system(q, column) =
            index_.points[static_cast<std::size_t>(point)].rates[static_cast<std::size_t>(q)] / unit_;
      system(size - 1, column++) = 1;
    }
    for (const int q : side.free) system(q, column++) = -1;
    for (Eigen::Index q = 0; q + 1 < size; ++q) system(q, column) = -1;
    const Eigen::FullPivLU<Eigen::MatrixXd> solver(system);
    std::vector<double> inverse;
    if (solver.isInvertible()) {
      const Eigen::MatrixXd solved = solver.inverse().transpose();  // row after row
      inverse.assign(solved.data(), solved.data() + solved.size());
    }
    inverses_.push_back(std::move(inverse));
  }
}

bool PlanIndex::meets(int number, const Rates& p, std::vector<std::pair<int, double>>& weights) const {
  const Side& side = index_.sides[static_cast<std::size_t>(number)];
  const std::vector<double>& inverse = inverses_[static_cast<std::size_t>(number)];
  if (inverse.empty()) return false;
  const std::size_t size = p.size() + 1;
  const double scale = *std::max_element(p.begin(), p.end()) / unit_ + 1e-300;
  weights.clear();
  double sum = 0;
  for (std::size_t row = 0; row + 1 < size; ++row) {
    double value = inverse[row * size + p.size()];
    for (std::size_t q = 0; q < p.size(); ++q) value += inverse[row * size + q] * (p[q] / unit_);
    const bool point = row < side.points.size();
    if (value < -rounding * (point ? 1 : scale)) return false;
    if (!point || value <= 0) continue;
    weights.emplace_back(side.points[row], value);
    sum += value;
  }
  for (auto& [point, weight] : weights) weight /= sum;
  return true;
}

PlanIndex::Answer PlanIndex::combined(const Rates& p, std::vector<std::pair<int, double>> weights,
                                      Way way) const {
  Answer answer;
  answer.way = way;
  answer.rates.assign(p.size(), 0);
  answer.plan.assign(index_.points[0].plan.size(), 0);
  for (const auto& [number, weight] : weights) {
    const PlannedPoint& point = index_.points[static_cast<std::size_t>(number)];
    for (std::size_t q = 0; q < p.size(); ++q) answer.rates[q] += weight * point.rates[q];
    for (std::size_t c = 0; c < answer.plan.size(); ++c) answer.plan[c] += weight * point.plan[c];
  }
  answer.headroom = answer.rates[0] - p[0];
  for (std::size_t q = 1; q < p.size(); ++q)
    answer.headroom = std::min(answer.headroom, answer.rates[q] - p[q]);
  answer.weights = std::move(weights);
  return answer;
}

PlanIndex::Answer PlanIndex::at(const Rates& p) const {
  const int nearest_point = tree_.nearest(p);
  if (index_.points[static_cast<std::size_t>(nearest_point)].rates == p)
    return combined(p, {{nearest_point, 1.0}}, Way::point);
  std::vector<std::pair<int, double>> weights;
  int looked_at = 0;
  for (const int side : sides_at_[static_cast<std::size_t>(nearest_point)]) {
    ++looked_at;
    if (!meets(side, p, weights)) continue;
    Answer answer = combined(p, std::move(weights), Way::side);
    answer.sides_looked_at = looked_at;
    return answer;
  }
  Answer answer = best_of_all(p);
  answer.sides_looked_at = looked_at;
  return answer;
}

PlanIndex::Answer PlanIndex::best_of_all(const Rates& p) const {
  LinearProgram program;
  std::vector<Term> sum;
  std::vector<std::vector<Term>> rows(p.size());
  for (std::size_t k = 0; k < index_.points.size(); ++k) {
    const int column = program.add_column(0, 1);
    sum.push_back({column, 1});
    for (std::size_t q = 0; q < p.size(); ++q) rows[q].push_back({column, index_.points[k].rates[q] / unit_});
  }
  const int headroom = program.add_column(-unlimited, unlimited, 1);
  program.add_row(1, 1, std::move(sum));
  for (std::size_t q = 0; q < p.size(); ++q) {
    rows[q].push_back({headroom, -1});
    program.add_row(p[q] / unit_, unlimited, std::move(rows[q]));
  }
  const LinearProgram::Solution solution = program.maximum();
  if (!solution.optimal()) throw Unsolvable("no combination of index points was found");
  std::vector<std::pair<int, double>> weights;
  for (std::size_t k = 0; k < index_.points.size(); ++k)
    if (solution.values[k] > 0) weights.emplace_back(static_cast<int>(k), solution.values[k]);
  return combined(p, std::move(weights), Way::program);
}

}  // namespace weir::allocation

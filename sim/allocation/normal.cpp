#include "sim/allocation/normal.hpp"

#include <Eigen/LU>

namespace weir::allocation {

std::optional<Rates> normal_through(const std::vector<const Rates*>& points, const std::vector<int>& free,
                                    int applications) {
  Eigen::MatrixXd system = Eigen::MatrixXd::Zero(applications, applications);
  Eigen::VectorXd right = Eigen::VectorXd::Zero(applications);
  Eigen::Index row = 0;
  for (const Rates* point : points) {
    for (int q = 0; q < applications; ++q) system(row, q) = (*point)[static_cast<std::size_t>(q)];
    right(row++) = 1;
  }
  // As large as the other rows, so that the rank is judged by directions alone.
  const double size = points.empty() ? 1 : system.cwiseAbs().maxCoeff();
  for (const int q : free) system(row++, q) = size;
  const Eigen::FullPivLU<Eigen::MatrixXd> solver(system);
  if (!solver.isInvertible()) return std::nullopt;
  const Eigen::VectorXd normal = solver.solve(right);
  return Rates(normal.data(), normal.data() + normal.size());
}

}  // namespace weir::allocation

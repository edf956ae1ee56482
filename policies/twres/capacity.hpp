#pragma once

#include <map>
#include <optional>

#include "policies/twres/nonnegative_least_squares.hpp"

// TWRES' capacity model and its choice. Source: Phoebe (ICWS 2022), its baseline TWRES,
// analytics/app/baselines/ models.py: the maximum sustainable throughput of a job at a parallelism,
//
//   MST(p) = c1 p + c2 + c3 / p + c4 / p^2,  c >= 0
//
// The order of the features decides where few parallelisms were seen: in proportion to p.

namespace weir::twres {

class CapacityModel {
 public:
  // The mean of what was seen at a parallelism counts.
  void observe(int parallelism, double rate_per_s);
  bool known() const { return !seen_.empty(); }
  double rate_per_s(int parallelism) const;

 private:
  void fit() const;
  struct Sum {
    double total = 0;
    int count = 0;
  };
  std::map<int, Sum> seen_;
  mutable std::optional<Features> coefficients_;
};

struct Situation {
  int parallelism = 1, least = 1, most = 1;
  double forecast_records = 0;  // in the next horizon_s
  double horizon_s = 600;
  double latency_s = 0, latency_limit_s = 2;
};

// The least parallelism whose MST exceeds the forecast, or that with the largest: at once where the present
// one does not, one more where it does and latency is too high, else again the least.
int choose(const CapacityModel& model, const Situation& now);

}  // namespace weir::twres

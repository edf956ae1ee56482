#pragma once

#include <map>
#include <optional>

#include "policies/contune/gaussian_process.hpp"

// ContTune's small phase: how many instances of an operator a load takes, as its own history tells, as far as
// that can be trusted. Source: ContTune (PVLDB 16, 2023), section on conservative Bayesian optimization;
// ljqcodelove/ContTune, README and GPofContTune.py.

namespace weir::contune {

// What an operator could process with a parallelism, in records/s over all instances: the mean of what was
// seen.
class Abilities {
 public:
  void observe(int parallelism, double true_per_s);
  bool empty() const { return seen_.empty(); }
  std::size_t size() const { return seen_.size(); }
  double at(int parallelism) const { return seen_.at(parallelism).mean(); }
  int largest() const { return seen_.rbegin()->first; }
  int distance_to(int parallelism) const;  // from the nearest that was seen

  struct Sum {
    double total = 0;
    int count = 0;
    double mean() const { return total / count; }
  };
  const std::map<int, Sum>& seen() const { return seen_; }

 private:
  std::map<int, Sum> seen_;
};

struct Surrogate {
  double length = 4.37;
  bool fit_length = false;
  double noise = 1e-8;
};

// The least parallelism, of at most `most`, whose expected ability is `load_per_s`; none if that is too far
// (more than alpha) from all that were seen.
std::optional<int> trusted_parallelism(const Abilities& abilities, double load_per_s, int most, double alpha,
                                       const Surrogate& surrogate);

}  // namespace weir::contune

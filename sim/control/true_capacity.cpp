#include "sim/control/true_capacity.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sim/control/policy.hpp"
#include "sim/control/snapping_ceil.hpp"

namespace weir {

TrueCapacity::TrueCapacity(const Job& job) : job_(job), flow_(job.graph(), job.seed()) {}

std::vector<int> TrueCapacity::present_parallelism() const {
  if (job_.deployment() >= 0) return job_.parallelism();
  std::vector<int> initial;
  for (const LogicalOperator& op : job_.graph().operators) initial.push_back(op.parallelism());
  return initial;
}

const TrueCapacity::Window& TrueCapacity::window(double from_s, double to_s) const {
  if (window_.from_s == from_s && window_.to_s == to_s && window_.deployment == job_.deployment()) {
    return window_;
  }
  const auto& operators = job_.graph().operators;
  window_ = {.from_s = from_s,
             .to_s = to_s,
             .deployment = job_.deployment(),
             .offered_per_s = {},
             .present_per_s = {},
             .optima = {}};
  window_.offered_per_s.assign(operators.size(), 0);
  for (int op = 0; op < static_cast<int>(operators.size()); ++op) {
    if (!operators[op].source) continue;
    for (int i = 0; i < operators[op].parallelism(); ++i)
      window_.offered_per_s[op] += job_.instance(op, i).max_rate_per_s(from_s, to_s);
  }
  const std::vector<int> parallelism = present_parallelism();
  const std::vector<Reaching> reaching = flow_.reaching(window_.offered_per_s, parallelism);
  for (std::size_t op = 0; op < operators.size(); ++op) {
    window_.present_per_s.push_back(reaching[op].total_per_s(parallelism[op]));
  }
  return window_;
}

double TrueCapacity::demand_per_s(int operator_id, double from_s, double to_s) const {
  return window(from_s, to_s).present_per_s[operator_id];
}

bool TrueCapacity::has_optimum() const {
  return job_.knows_load() && flow_.rounds(present_parallelism()) <= rounds_max;
}

double TrueCapacity::speed(int operator_id) const {
  if (speed_deployment_ != job_.deployment() || speed_.empty()) {
    constexpr double none = std::numeric_limits<double>::infinity();
    const Cluster& cluster = job_.cluster();
    speed_.assign(job_.graph().operators.size(), none);
    for (std::size_t op = 0; op < speed_.size(); ++op) {
      const int instances = job_.deployment() >= 0 ? job_.parallelism()[op] : 0;
      for (int i = 0; i < instances; ++i)
        speed_[op] = std::min(speed_[op], cluster.host(job_.host_of(static_cast<int>(op), i)).speed);
    }
    double anywhere = none;
    for (int host = 0; host < cluster.host_count(); ++host) {
      if (cluster.host(host).slots > 0) anywhere = std::min(anywhere, cluster.host(host).speed);
    }
    std::replace(speed_.begin(), speed_.end(), none, anywhere);
    speed_deployment_ = job_.deployment();
  }
  return speed_[operator_id];
}

double TrueCapacity::instance_rate_per_s(int operator_id, int parallelism) const {
  const LogicalOperator& op = job_.graph().operators[operator_id];
  const double records_out = op.sink() ? 0 : flow_.selectivity(operator_id);
  double cost_s = mean_cost_per_record_s(op.cost(), op.input_bytes, records_out, op.output_bytes());
  if (!op.source) cost_s *= op.operator_spec.contention.factor(parallelism);
  return cost_s > 0 ? speed(operator_id) / cost_s : std::numeric_limits<double>::infinity();
}

double TrueCapacity::instances_needed(int operator_id, int parallelism, const Reaching& reaching) const {
  const double rate = instance_rate_per_s(operator_id, parallelism);
  return std::isinf(rate) ? 0 : reaching.most_per_s(parallelism) * parallelism / rate;
}

bool TrueCapacity::is_linear(int operator_id) const {
  const ContentionSpec& contention = job_.graph().operators[operator_id].operator_spec.contention;
  return contention.sigma == 0 && contention.kappa == 0;
}

int TrueCapacity::optimal_workers(double from_s, double to_s) const {
  const auto& operators = job_.graph().operators;
  const auto count = static_cast<int>(operators.size());
  int most = std::numeric_limits<int>::max();
  bool linear = !flow_.depends_on_parallelism();
  for (int op = 0; op < count; ++op) {
    if (operators[op].source) continue;
    most = std::min(most, operators[op].operator_spec.max_parallelism);
    linear = linear && is_linear(op);
  }
  std::vector<int> parallelism = present_parallelism();
  std::vector<Reaching> reaching;
  for (int workers = 1;; ++workers) {
    if (workers == 1 || flow_.depends_on_parallelism()) {
      for (int op = 0; op < count; ++op) parallelism[op] = operators[op].source ? parallelism[op] : workers;
      reaching = flow_.reaching(window(from_s, to_s).offered_per_s, parallelism);
    }
    double needed = 0;
    for (int op = 0; op < count; ++op) {
      if (!operators[op].source) needed += instances_needed(op, workers, reaching[op]);
    }
    if (needed > most) return most;
    if (linear || workers >= most) return std::min(most, std::max(workers, snapping_ceil(needed)));
    if (snapping_ceil(needed) <= workers) return workers;
  }
}

// The fewest instances, from `least` to `most`, that can bear it; 0: none can.
int TrueCapacity::bearing_parallelism(int operator_id, const Reaching& reaching, int least, int most) const {
  for (int p = least; p <= most; ++p) {
    const double instances = instances_needed(operator_id, p, reaching);
    // More instances never need fewer.
    if (instances > most) return 0;
    if (snapping_ceil(instances) <= p) return p;
    // With linear scaling the answer is known at once.
    if (is_linear(operator_id) && !is_concentrated(reaching)) {
      const int needed = std::max(p, snapping_ceil(instances));
      return needed <= most ? needed : 0;
    }
  }
  return 0;
}

// The fewest with which the busiest of them has least to do.
int TrueCapacity::least_busy_parallelism(int operator_id, const Reaching& reaching, int least,
                                         int most) const {
  if (!std::isfinite(reaching.total_per_s(1))) return most;
  if (is_linear(operator_id)) return reaching.shared_per_s > 0 ? most : least;
  int best = least;
  double best_busy = std::numeric_limits<double>::infinity();
  for (int p = least; p <= most; ++p) {
    const double busy = instances_needed(operator_id, p, reaching) / p;
    if (busy < best_busy) {
      best = p;
      best_busy = busy;
    }
  }
  return best;
}

// The fewest instances that can bear it, or that come nearest to it.
int TrueCapacity::fitting_parallelism(int operator_id, const Reaching& reaching) const {
  const LogicalOperator& op = job_.graph().operators[operator_id];
  if (op.source) return op.parallelism();
  const int least = op.operator_spec.min_parallelism, most = op.operator_spec.max_parallelism;
  const int bearing = bearing_parallelism(operator_id, reaching, least, most);
  return bearing > 0 ? bearing : least_busy_parallelism(operator_id, reaching, least, most);
}

std::optional<Unborne> TrueCapacity::unborne(int operator_id, double from_s, double to_s) const {
  const LogicalOperator& op = job_.graph().operators[operator_id];
  if (op.source) return std::nullopt;
  optimal_parallelism(operator_id, from_s, to_s);
  const Reaching reaching = flow_.reaching(window(from_s, to_s).offered_per_s, window_.optima)[operator_id];
  const int least = op.operator_spec.min_parallelism, most = op.operator_spec.max_parallelism;
  if (bearing_parallelism(operator_id, reaching, least, most) > 0) return std::nullopt;
  Unborne found;
  found.allowed = most;
  const int more = bearing_parallelism(operator_id, reaching, most, instances_max);
  if (more > 0) found.would_bear = more;
  return found;
}

// Where copies are made, an optimum depends on those before it: from below, so that it is the least solution.
std::vector<int> TrueCapacity::optima(const std::vector<double>& offered_per_s) const {
  const auto& operators = job_.graph().operators;
  std::vector<int> parallelism;
  for (const LogicalOperator& op : operators) {
    parallelism.push_back(op.source ? op.parallelism() : op.operator_spec.min_parallelism);
  }
  for (bool grew = true; grew;) {
    grew = false;
    const std::vector<Reaching> reaching = flow_.reaching(offered_per_s, parallelism);
    for (int op = 0; op < static_cast<int>(operators.size()); ++op) {
      const int fitting = fitting_parallelism(op, reaching[op]);
      grew = grew || (fitting > parallelism[op] && flow_.depends_on_parallelism());
      parallelism[op] = std::max(parallelism[op], fitting);
    }
  }
  return parallelism;
}

int TrueCapacity::optimal_parallelism(int operator_id, double from_s, double to_s) const {
  if (operator_id == all_workers) return optimal_workers(from_s, to_s);
  window(from_s, to_s);
  if (window_.optima.empty()) window_.optima = optima(window_.offered_per_s);
  return window_.optima[operator_id];
}

}  // namespace weir

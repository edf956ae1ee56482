#include "policies/irm/rules.hpp"

#include <cmath>

namespace weir::irm {

bool enqueue(RequestTtl& ttl, int initial) {
  if (!ttl) {
    ttl = initial;
    return true;
  }
  if (*ttl <= 0) return false;
  --*ttl;
  return true;
}

int LoadPredictor::amount(std::int64_t queue, double rate_per_s) const {
  const bool long_queue = queue > p_.queue_size_limit;
  if (rate_per_s > p_.upper_rate_limit_per_s) return p_.large_scaleup_amount;
  if (long_queue && rate_per_s > p_.slowdown_rate_per_s) return p_.large_scaleup_amount;
  if (rate_per_s > p_.lower_rate_limit_per_s) return p_.small_scaleup_amount;
  return long_queue ? p_.small_scaleup_amount : 0;
}

int LoadPredictor::step(std::int64_t queue, double now_s) {
  const double rate_per_s = std::trunc(static_cast<double>(queue - queue_before_) / p_.predictor_interval_s);
  queue_before_ = queue;
  const auto second = static_cast<std::int64_t>(now_s);
  if (last_start_s_ && !(static_cast<double>(second - *last_start_s_) > p_.scaleup_waiting_time_s)) return 0;
  const int containers = amount(queue, rate_per_s);
  if (containers > 0) last_start_s_ = second;
  return containers;
}

}  // namespace weir::irm

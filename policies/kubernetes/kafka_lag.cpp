#include "policies/kubernetes/kafka_lag.hpp"

namespace weir::kubernetes {

std::int64_t even_replicas(std::int64_t lag_records, std::int64_t partitions, std::int64_t lag_threshold) {
  for (std::int64_t replicas = 1; replicas < partitions; ++replicas)
    if (partitions % replicas == 0 && replicas * lag_threshold >= lag_records) return replicas;
  return partitions;
}

std::int64_t reported_lag(std::int64_t lag_records, const LagRules& rules) {
  if (!rules.partitions || (rules.allow_idle_consumers && !rules.even_partitions)) return lag_records;
  if (rules.even_partitions)
    lag_records = even_replicas(lag_records, *rules.partitions, rules.lag_threshold) * rules.lag_threshold;
  if (lag_records / rules.lag_threshold > *rules.partitions)
    lag_records = *rules.partitions * rules.lag_threshold;
  return lag_records;
}

}  // namespace weir::kubernetes

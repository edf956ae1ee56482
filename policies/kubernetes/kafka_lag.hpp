#pragma once

#include <cstdint>
#include <optional>

// What KEDA's Kafka scaler tells the autoscaler of the lag of a consumer group. Source: kedacore/keda 2.20,
// pkg/scalers/kafka_scaler.go (getTotalLag).

namespace weir::kubernetes {

struct LagRules {
  std::int64_t lag_threshold = 10;              // records for each replica
  std::optional<std::int64_t> partitions = {};  // of all topics; unknown: nothing is cut
  bool allow_idle_consumers = false;
  bool even_partitions = false;  // replicas divide the partitions (ensureEvenDistributionOfPartitions)
};

// Cut so that no more replicas are asked for than there are partitions, unless consumers may be idle. As
// upstream it is cut where the whole part of lag / threshold exceeds the partitions, so that a lag between
// partitions and partitions + 1 thresholds still asks for one replica too many.
std::int64_t reported_lag(std::int64_t lag_records, const LagRules& rules);

// The least divisor of the partitions whose replicas have no more than the threshold each; all partitions if
// there is none.
std::int64_t even_replicas(std::int64_t lag_records, std::int64_t partitions, std::int64_t lag_threshold);

}  // namespace weir::kubernetes

#pragma once

#include <cstdint>
#include <map>

#include "sim/analyzer/pag.hpp"

// How many activities there were in a window, for how long, and of how many records: by where they begin,
// where they end, and what they are (ST2's metrics). Nothing about paths.

namespace weir::analyzer {

struct MetricKey {
  std::int64_t from_worker = 0;
  std::int64_t to_worker = 0;  // the same, but for messages
  Activity activity{};
  auto operator<=>(const MetricKey&) const = default;
};

struct MetricSum {
  std::int64_t activities =
      0;  // edges: what messages divide, and what reaches over windows, counts by its parts
  Nanos duration_ns = 0;
  std::int64_t records = 0;
  MetricSum& operator+=(const MetricSum& other) {
    activities += other.activities;
    duration_ns += other.duration_ns;
    records += other.records;
    return *this;
  }
};

using MetricSums = std::map<MetricKey, MetricSum>;

MetricSums edge_metrics(const Pag& pag);

}  // namespace weir::analyzer

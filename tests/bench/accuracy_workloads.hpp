#pragma once

#include <cstdint>
#include <string>
#include <vector>

// The workloads on which the accuracy dial is measured. Each has the same total rate of 20,000 records/s or
// so at the sources, so that a batch of n records spans about as long everywhere.

namespace weir::bench {

struct AccuracyWorkload {
  std::string name;
  std::string description;
  double source_rate_per_s;  // of one source instance, on average: what the span of a batch is matched to
  double until_s;
  std::string cluster_and_jobs;  // JSON members

  // A batch of n records spans as long as n records take to arrive; record by record, nothing is gathered.
  double span_ms(int batch) const { return batch == 1 ? 0 : 1e3 * batch / source_rate_per_s; }
  std::string scenario(int batch, std::uint64_t seed, bool smoke) const;
};

std::vector<AccuracyWorkload> accuracy_workloads();

}  // namespace weir::bench

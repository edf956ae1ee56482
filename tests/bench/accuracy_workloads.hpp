#pragma once

#include <cstdint>
#include <string>
#include <vector>

// The workloads on which the accuracy dial is measured.

namespace weir::bench {

// One setting of the dial: what stands in a scenario under `fidelity`.
struct Dial {
  int batch_records;
  double batch_span_ms;
};

struct AccuracyWorkload {
  std::string name;
  std::string description;
  Dial finest;  // record by record
  std::vector<Dial> dials;
  double until_s;
  std::string cluster_and_jobs;  // JSON members

  std::string scenario(const Dial& dial, std::uint64_t seed, bool smoke) const;
};

std::vector<AccuracyWorkload> accuracy_workloads();

}  // namespace weir::bench

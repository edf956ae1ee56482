#pragma once

#include <cstdint>
#include <optional>

// Justin's choice between more memory and more instances for one operator. Source: Justin, its fork of
// Flink's Kubernetes operator (flink-justin), policy function and options.
//
// It needs the hit rate of the state's cache and the latency of accesses to state. No engine of weir has
// either yet, nor memory by operator, so nothing registers a policy `justin`: this is its decision alone.

namespace weir::justin {

struct Options {
  double hit_rate_min = 0.7, hit_rate_max = 0.95;
  double hit_rate_improved = 0.05;    // at least so much better is an improvement
  double throughput_improved = 0.05;  // likewise, as a share
  double state_latency_ns_max = 100'000;
  int levels = 2;  // of memory that can be used: 0 .. levels - 1
};

inline constexpr int no_memory_level = -1;  // an operator without state

// Of one operator, as measured now and at the previous decision.
struct Seen {
  double hit_rate = 0;  // of the cache; 0: no state
  double state_latency_ns = 0;
  double throughput_per_s = 0;
};

struct Configuration {
  int parallelism = 1;
  int level = 0;          // of memory
  bool vertical = false;  // it came to be by a change of memory
  bool operator==(const Configuration&) const = default;
};

struct Previous {
  Configuration configuration;
  Seen seen;
};

// `wanted`: the parallelism that Flink's autoscaler computes.
Configuration decide(int wanted, const Seen& now, const std::optional<Previous>& previous,
                     const Options& options);

// Managed memory of a level, in MB, for task managers of about 2 GB, or of more than 3 GB.
double managed_memory_mb(int level, bool large_task_managers);

}  // namespace weir::justin

#pragma once

#include <cstdint>
#include <string>

#include "tests/bench/harness.hpp"

// One pipeline, twice: in weir, and in plain SimGrid with actors and mailboxes.
//
//   source x4 ──rebalance──▶ map x4 ──key──▶ sink x4        two hosts of 16 cores, instances by turns
//
// Batches of 1,024 records of 100 bytes, 1 ms each; map and sink are busy 70 % of the time; channels are
// bounded, and nobody waits long. The work counted is batches that reached the sinks.

namespace weir::bench {

struct Pipeline {
  int instances = 4;  // of each operator
  static constexpr std::int64_t batch_records = 1024;
  static constexpr double rate_per_s = 1'024'000;  // of one source
  static constexpr double cost_s = 0.7e-6;         // a record, in map and in sink
  static constexpr double record_bytes = 100;
  double until_s = 100;
  double batches() const { return until_s * instances * rate_per_s / batch_records; }
};

// Metrics recorded: windows of one second in run.h5.
Sample pipeline_in_weir(const Pipeline& pipeline);
// A service is an Exec, as one writes it in SimGrid; or a sleep, which is cheaper and cannot share a core.
enum class ActorService { execute, sleep };
// A channel is bounded as weir's is: four batches under way, sent while the sender works on. Or a rendezvous,
// which is cheaper and another system: the sender does nothing until the receiver has got the batch.
enum class ActorChannels { windowed, rendezvous };
// SimGrid as it comes, which is what somebody who writes plain actors and mailboxes gets: network model LV08,
// cross-traffic. Or tuned for this: CM02 without cross-traffic. Contexts are raw either way, on x86-64.
enum class ActorSettings { plain, tuned };
Sample pipeline_with_actors(const Pipeline& pipeline, ActorService service, ActorChannels channels,
                            ActorSettings settings);

// The scenario of the pipeline, with operators of this parallelism on as many hosts as they need, at this
// rate of each source.
std::string pipeline_scenario(int instances, double source_rate_per_s, double cost_us, double until_s,
                              double metrics_interval_s, const char* map_partitioning, int batch_records);

}  // namespace weir::bench

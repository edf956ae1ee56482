#pragma once

#include <cstdint>
#include <optional>

// What the Intelligent Resource Manager decides besides packing, free of any state but what is shown: its
// parameters, how often a container request is tried, and when its load predictor asks for containers.
//
// Source: HarmonicIO, branch adding_irm_real, irm_components.py; parameters from where each set says.

namespace weir::irm {

struct Parameters {
  double packing_interval_s = 1;
  double default_cpu_share = 0.125;  // size of a container of which nothing is known
  double profiling_interval_s = 4;
  double predictor_interval_s = 1;  // the step over which the queue's rate of change is taken
  double lower_rate_limit_per_s = 2;
  double upper_rate_limit_per_s = 5;
  double slowdown_rate_per_s = -2;
  std::int64_t queue_size_limit = 10;
  double scaleup_waiting_time_s = 10;
  int large_scaleup_amount = 2;
  int small_scaleup_amount = 1;
  int container_request_ttl = 1;

  bool operator==(const Parameters&) const = default;
};

// IRM_default_parameters.md of 2020, which is also IRM_configuration_parameters.md of the paper's repository.
inline constexpr Parameters documented{};
// irm_configuration.json, from 2018-09-30 on.
inline constexpr Parameters configured{.packing_interval_s = 1,
                                       .default_cpu_share = 0.5,
                                       .profiling_interval_s = 5,
                                       .predictor_interval_s = 2,
                                       .lower_rate_limit_per_s = 5,
                                       .upper_rate_limit_per_s = 10,
                                       .slowdown_rate_per_s = -10,
                                       .queue_size_limit = 100,
                                       .scaleup_waiting_time_s = 5,
                                       .large_scaleup_amount = 4,
                                       .small_scaleup_amount = 1,
                                       .container_request_ttl = 50};

// The times that a container request may still be put back into the container queue; nothing: it was not in
// the queue yet.
using RequestTtl = std::optional<int>;

// Puts a request into the queue, for the first time or after a start that failed; false: it is dropped. With
// an initial time to live of T, T + 1 starts are tried.
bool enqueue(RequestTtl& ttl, int initial);

// Looks at the length of the message queue of one kind of container, once every predictor_interval_s. It only
// ever asks for more: containers leave when they were idle for long enough.
class LoadPredictor {
 public:
  explicit LoadPredictor(const Parameters& parameters) : p_(parameters) {}
  // How many containers to ask for. With the rate of change r, rounded towards zero (in the first step the
  // queue was empty before), and not within scaleup_waiting_time_s, whole seconds, of the last time:
  // 1. r > upper limit: the large amount; 2. queue > limit and r > slowdown rate: the large amount;
  // 3. r > lower limit: the small amount; 4. queue > limit: the small amount.
  int step(std::int64_t queue, double now_s);

 private:
  int amount(std::int64_t queue, double rate_per_s) const;
  Parameters p_;
  std::int64_t queue_before_ = 0;
  std::optional<std::int64_t> last_start_s_;  // that it asked
};

}  // namespace weir::irm

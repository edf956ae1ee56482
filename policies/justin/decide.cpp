#include "policies/justin/decide.hpp"

namespace weir::justin {

namespace {

bool short_of_memory(const Seen& now, const Options& o) {
  return now.hit_rate < o.hit_rate_min || now.state_latency_ns > o.state_latency_ns_max;
}

// More memory was tried last time.
Configuration after_vertical(int wanted, const Seen& now, const Previous& previous, const Options& o) {
  const Configuration& last = previous.configuration;
  const bool improved = now.hit_rate - previous.seen.hit_rate > o.hit_rate_improved ||
                        now.state_latency_ns < previous.seen.state_latency_ns;
  if (!improved) return {wanted, last.level - 1, false};
  const bool faster = now.throughput_per_s > (1 + o.throughput_improved) * previous.seen.throughput_per_s;
  if (faster && now.hit_rate < o.hit_rate_max && last.level + 1 < o.levels)
    return {last.parallelism, last.level + 1, true};
  return {wanted, last.level, false};
}

}  // namespace

Configuration decide(int wanted, const Seen& now, const std::optional<Previous>& previous, const Options& o) {
  if (now.hit_rate == 0) return {wanted, no_memory_level, false};
  if (!previous) {
    if (wanted != 1 && short_of_memory(now, o)) return {1, 1, true};
    return {wanted, 0, false};
  }
  const Configuration& last = previous->configuration;
  if (wanted == last.parallelism) return last;
  if (last.vertical) return after_vertical(wanted, now, *previous, o);
  if (short_of_memory(now, o) && last.level + 1 < o.levels) return {last.parallelism, last.level + 1, true};
  return {wanted, last.level, false};
}

double managed_memory_mb(int level, bool large_task_managers) {
  if (level == no_memory_level) return 0;
  double mb = large_task_managers ? 343 : 158;
  for (int l = 0; l < level; ++l) mb *= 2;
  return mb;
}

}  // namespace weir::justin

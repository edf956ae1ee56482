#include "policies/flink_autoscaler/vertex_scaler.hpp"

#include <algorithm>
#include <cmath>

#include "policies/flink_autoscaler/alignment.hpp"
#include "sim/control/snapping_ceil.hpp"

namespace weir::flink_autoscaler {

namespace {

bool ineffective(const Change& growth, double true_per_s, const Options& options) {
  const double expected = growth.expected_per_s - growth.true_per_s;
  const double actual = true_per_s - growth.true_per_s;
  return !(actual / expected >= options.effectiveness_threshold);
}

}  // namespace

int target_parallelism(const Vertex& vertex, const Rates& rates, const Options& options, double restart_s,
                       double scalability) {
  const double wanted_per_s = capacity_per_s(rates, options, options.utilization_target, restart_s);
  const double factor = std::clamp(wanted_per_s / rates.true_per_s / scalability,
                                   1 - options.scale_down_max_factor, 1 + options.scale_up_max_factor);
  const int now = vertex.parallelism;
  const int least = std::max(vertex.least, std::min(now, options.min_parallelism));
  const int most = std::min(vertex.most, std::max(now, options.max_parallelism));
  const int bound = std::max(1, std::min(vertex.max_parallelism, most));
  const int wanted = std::min(std::max(least, snapping_ceil(factor * now)), bound);
  const bool aligns = vertex.aligns || options.alignment == Alignment::divisor_up_to_half;
  if (!aligns) return wanted;
  const Aligned aligned{
      .groups = vertex.groups, .current = now, .wanted = wanted, .least = least, .most = bound};
  return align(aligned, options.alignment, options.unaligned);
}

VertexDecision scale_vertex(const Vertex& vertex, const Rates& rates, const Thresholds& thresholds,
                            const Options& options, double restart_s, const ChangeHistory& history,
                            DelayedScaleDown& delayed, Nanos now_ns) {
  const int now = vertex.parallelism;
  const VertexDecision stays{now, Verdict::stays, false, rates.true_per_s};
  if (std::isnan(rates.true_per_s) || std::isnan(rates.target_per_s + rates.catch_up_per_s))
    return {now, Verdict::unknown, false, 0};
  const double scalability = options.observed_scalability ? history.scalability(options) : 1;
  const int wanted = target_parallelism(vertex, rates, options, restart_s, scalability);
  if (wanted == now) {
    delayed.clear();
    return stays;
  }
  const bool outside = thresholds.outside(rates.true_per_s);
  const Change* growth = history.last_growth_to(now);
  VertexDecision decision{wanted, Verdict::changes, outside, rates.true_per_s / now * wanted};
  if (wanted > now) {
    delayed.clear();
    if (growth != nullptr && options.effectiveness_detection &&
        ineffective(*growth, rates.true_per_s, options))
      return {now, Verdict::ineffective, false, rates.true_per_s};
    return decision;
  }
  if (growth != nullptr && now_ns < growth->time_ns + to_nanos(options.scale_up_grace_period_s))
    return {now, Verdict::delayed, false, rates.true_per_s};
  const auto recommended =
      delayed.recommend(now_ns, to_nanos(options.scale_down_interval_s), {wanted, outside});
  if (!recommended) return {now, Verdict::delayed, false, rates.true_per_s};
  decision.parallelism = recommended->parallelism;
  decision.outside = recommended->outside;
  return decision;
}

}  // namespace weir::flink_autoscaler

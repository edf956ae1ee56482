#pragma once

#include <optional>

#include "policies/dhalion/formulas.hpp"

// The parameters of the dhalion policy; the table with units, ranges and sources is in policies/dhalion.cpp.

namespace weir::dhalion {

enum class Variant { paper, heron };
enum class WaitFrom { decision, done };
enum class SkewTest { ratio, mad };
enum class ScaleDown { off, pending, small_queue, unsaturated };
enum class Scope { pair, operator_, similar };
enum class Switch { as_variant, off, on };

struct Params {
  Variant variant = Variant::paper;
  double interval_s = 60;
  double first_evaluation_s = 0;  // 0: after one interval
  double wait_s = 180;
  WaitFrom wait_from = WaitFrom::decision;
  // Sensors.
  double window_s = 300;
  bool partial_windows = true;
  bool earlier_deployments = false;
  // Symptoms.
  std::optional<double> backpressure_noise_ms_per_s;
  double large_queue_records = 1000;
  double growing_queue_per_s = 10;
  int growing_queue_points = 3;
  double rate_skew_ratio = 1.5;
  double queue_disparity_ratio = 20;
  SkewTest skew_test = SkewTest::ratio;
  double data_skew_ratio = 2;
  double slow_instance_ratio = 0.5;
  double mad_threshold = 3.5;
  // Scale-up.
  double max_added_factor = 4;
  // Scale-down.
  ScaleDown scale_down = ScaleDown::pending;
  double pending_records = 0;
  double scale_down_share = 0.1;
  double small_queue_records = 5;
  double small_queue_share = 0.05;
  double unsaturated_ratio = 0.8;
  bool unsaturated_low_confidence = false;
  // Sources.
  double throughput_slo_per_s = 0;
  // Action log and blacklist.
  Switch blacklist = Switch::as_variant;
  double blacklist_threshold = 0.5;
  Scope blacklist_scope = Scope::similar;
  double similar_factor = 2;
  double expected_share = 0.9;
};

// With what the variant decides filled in.
inline Params resolved(Params p) {
  const bool paper = p.variant == Variant::paper;
  if (!p.backpressure_noise_ms_per_s) p.backpressure_noise_ms_per_s = paper ? 0 : 20;
  if (p.blacklist == Switch::as_variant) p.blacklist = paper ? Switch::on : Switch::off;
  if (!paper) p.scale_down = ScaleDown::off;
  if (!paper) p.throughput_slo_per_s = 0;
  return p;
}

inline ScaleUpRule scale_up_rule(const Params& p) {
  ScaleUpRule rule = p.variant == Variant::paper ? dhalion_rule : heron_rule;
  rule.max_added = p.max_added_factor > 0 ? p.max_added_factor : std::numeric_limits<double>::infinity();
  return rule;
}

}  // namespace weir::dhalion

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/scenario/params.hpp"

// What a user of flink-autoscaler can set, and what it runs with. Options that changed between versions are
// null by default and come from the preset:
//
//   Params (JSON) --options()--> Options (every value)

namespace weir::flink_autoscaler {

enum class Preset : std::uint8_t { v1_4, v1_6, v1_7 };
enum class Switch : std::uint8_t { as_preset, off, on };
enum class Aggregator : std::uint8_t { max, avg, min };
// The rate of a vertex's input that its true rate is taken from.
enum class InputRate : std::uint8_t {
  counter,  // numRecordsIn over the metrics window: releases up to 1.15
  gauge     // mean of the numRecordsInPerSecond that were sampled: the main branch
};
enum class Alignment : std::uint8_t {
  as_preset,
  off,
  balanced,
  evenly_spread,
  maximize_utilisation,
  divisor_up_to_half
};
// What happens when no aligned parallelism is found.
enum class Unaligned : std::uint8_t { as_preset, keep_target, walk_down };

struct Params {
  Preset preset = Preset::v1_7;
  double interval_s = 60;
  std::optional<double> metrics_window_s;
  double stabilization_s = 300;
  double utilization_target = 0.7;
  std::optional<double> utilization_boundary, utilization_max, utilization_min;
  std::optional<double> scale_down_interval_s, scale_up_grace_period_s;
  int min_parallelism = 1;
  std::optional<int> max_parallelism;
  double scale_down_max_factor = 0.6;
  std::optional<double> scale_up_max_factor;
  std::optional<double> catch_up_s, restart_s;
  bool track_restart = false;
  double tracked_restart_max_s = 900;
  std::optional<double> backlog_lag_threshold_s;
  Switch observed_rate = Switch::as_preset;
  double observed_rate_lag_threshold_s = 30;
  double observed_rate_switch_threshold = 0.15;
  int observed_rate_min_observations = 2;
  Switch effectiveness_detection = Switch::as_preset;
  double effectiveness_threshold = 0.1;
  bool observed_scalability = false;
  int observed_scalability_min_observations = 3;
  double observed_scalability_coefficient_min = 0.5;
  std::optional<int> history_max_count;
  double history_max_age_s = 86400;
  Aggregator busy_aggregator = Aggregator::max;
  InputRate input_rate = InputRate::counter;
  double gauge_s = 60;
  Alignment alignment = Alignment::as_preset;
  Unaligned unaligned = Unaligned::as_preset;
  std::optional<int> key_groups, source_partitions;
  std::vector<std::string> exclude;
  int slots_per_task_manager = 1;
  std::optional<double> quota_cores;
  double cores_per_task_manager = 1;
};

ParamTable<Params> table();

// As Params, with the preset's values in; infinite: no limit.
struct Options {
  double metrics_window_s, stabilization_s;
  double utilization_target, utilization_max, utilization_min;
  double scale_down_interval_s, scale_up_grace_period_s;
  int min_parallelism, max_parallelism;
  double scale_down_max_factor, scale_up_max_factor;
  double catch_up_s, restart_s;
  bool track_restart;
  double tracked_restart_max_s;
  double backlog_lag_threshold_s;
  bool observed_rate;
  double observed_rate_lag_threshold_s, observed_rate_switch_threshold;
  int observed_rate_min_observations;
  bool effectiveness_detection;
  double effectiveness_threshold;
  bool observed_scalability;
  int observed_scalability_min_observations;
  double observed_scalability_coefficient_min;
  int history_max_count;
  double history_max_age_s;
  Aggregator busy_aggregator;
  InputRate input_rate;
  double gauge_s;
  Alignment alignment;
  Unaligned unaligned;
};

Options options(const Params& params);

}  // namespace weir::flink_autoscaler

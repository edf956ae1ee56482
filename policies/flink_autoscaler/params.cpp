#include "policies/flink_autoscaler/params.hpp"

#include <fmt/format.h>

#include <limits>

#include "sim/control/policy.hpp"
#include "sim/scenario/node.hpp"

namespace weir::flink_autoscaler {

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

struct PresetValues {
  double metrics_window_s, utilization_boundary, scale_down_interval_s, scale_up_grace_period_s;
  int max_parallelism;
  double scale_up_max_factor, catch_up_s, restart_s, backlog_lag_threshold_s;
  bool observed_rate, effectiveness_detection;
  int history_max_count;
  Alignment alignment;
  Unaligned unaligned;
};

// AutoScalerOptions.java of these releases.
PresetValues values_of(Preset preset) {
  switch (preset) {
    case Preset::v1_4:
      return {300,
              0.1,
              0,
              600,
              std::numeric_limits<int>::max(),
              infinite,
              600,
              300,
              infinite,
              false,
              true,
              1,
              Alignment::divisor_up_to_half,
              Unaligned::keep_target};
    case Preset::v1_6:
      return {600,
              0.4,
              0,
              3600,
              200,
              1e5,
              300,
              180,
              300,
              false,
              false,
              3,
              Alignment::divisor_up_to_half,
              Unaligned::keep_target};
    case Preset::v1_7:
      break;
  }
  return {900,
          0.3,
          3600,
          0,
          200,
          1e5,
          1800,
          300,
          300,
          true,
          false,
          3,
          Alignment::evenly_spread,
          Unaligned::walk_down};
}

// Policies register themselves while static variables are initialised: this must not be among those.
constexpr const char* options_file = "flink-kubernetes-operator, AutoScalerOptions";
std::string key(const char* name) {
  return fmt::format("{}, {}", options_file, name);
}
Range share() {
  return between(0, 1);
}

std::vector<std::pair<std::string, Switch>> switches() {
  return {{"as-preset", Switch::as_preset}, {"off", Switch::off}, {"on", Switch::on}};
}

void add_times(ParamTable<Params>& t) {
  t.real("interval_s", &Params::interval_s,
         {.unit = "s",
          .help = "time between two loops; the stand-alone autoscaler: 10 s",
          .source = "flink-kubernetes-operator, kubernetes.operator.reconcile.interval"},
         interval_range());
  t.real("metrics_window_s", &Params::metrics_window_s,
         {.unit = "s",
          .help = "rates and means are of this time; null: 300 in 1.4, 600 in 1.6, 900 in 1.7",
          .source = key("metrics.window")},
         waiting_range());
  t.real("stabilization_s", &Params::stabilization_s,
         {.unit = "s",
          .help = "after a start, before the first sample that fills the metrics window",
          .source = key("stabilization.interval")},
         waiting_range());
  t.real("scale_down_interval_s", &Params::scale_down_interval_s,
         {.unit = "s",
          .help = "an operator shrinks when it should for this long, to the largest parallelism that was "
                  "recommended in it; 0: at once; null: 0 in 1.4 and 1.6, 3600 in 1.7",
          .source = key("scale-down.interval (since 1.10)")},
         waiting_range());
  t.real(
      "scale_up_grace_period_s", &Params::scale_up_grace_period_s,
      {.unit = "s",
       .help = "an operator that grew does not shrink for this long; null: 600 in 1.4, 3600 in 1.6, 0 in 1.7",
       .source = key("scale-up.grace-period (until 1.9)")},
      waiting_range());
  t.real("catch_up_s", &Params::catch_up_s,
         {.unit = "s",
          .help = "in which lag, and what a restart leaves, should be worked off; 0: not planned for; null: "
                  "600 in 1.4, 300 in 1.6, 1800 in 1.7",
          .source = key("catch-up.duration")},
         waiting_range());
  t.real("restart_s", &Params::restart_s,
         {.unit = "s",
          .help = "time of a restart, planned for; null: 300 in 1.4 and 1.7, 180 in 1.6",
          .source = key("restart.time")},
         waiting_range());
  t.boolean("track_restart", &Params::track_restart,
            {.help = "plan for the longest restart that was seen instead",
             .source = key("restart.time-tracking.enabled")});
  t.real("tracked_restart_max_s", &Params::tracked_restart_max_s,
         {.unit = "s", .help = "most that is planned for then", .source = key("restart.time-tracking.limit")},
         waiting_range());
  t.real(
      "backlog_lag_threshold_s", &Params::backlog_lag_threshold_s,
      {.unit = "s",
       .help = "a source with more lag than it reads in this time works off a backlog: nothing shrinks, and "
               "operators grow only above full utilization; null: never in 1.4, 300 in 1.6 and 1.7",
       .source = key("backlog-processing.lag-threshold")},
      waiting_range());
}

void add_limits(ParamTable<Params>& t) {
  t.real("utilization_target", &Params::utilization_target,
         {.unit = "1", .help = "busy share that it aims at", .source = key("utilization.target")}, share());
  t.real(
      "utilization_boundary", &Params::utilization_boundary,
      {.unit = "1",
       .help = "how far from the target an operator has to be for the job to be rescaled; null: 0.1 in 1.4, "
               "0.4 in 1.6, 0.3 in 1.7",
       .source = key("target.utilization.boundary")},
      share());
  t.real("utilization_max", &Params::utilization_max,
         {.unit = "1", .help = "null: target + boundary", .source = key("utilization.max")}, share());
  t.real("utilization_min", &Params::utilization_min,
         {.unit = "1", .help = "null: target - boundary", .source = key("utilization.min")}, share());
  t.integer("min_parallelism", &Params::min_parallelism,
            {.unit = "instances",
             .help = "least of an operator, unless it has fewer",
             .source = key("vertex.min-parallelism")},
            at_least(1));
  t.integer("max_parallelism", &Params::max_parallelism,
            {.unit = "instances",
             .help = "most of an operator, unless it has more; null: any in 1.4, 200 in 1.6 and 1.7",
             .source = key("vertex.max-parallelism")},
            at_least(1));
  t.real("scale_down_max_factor", &Params::scale_down_max_factor,
         {.unit = "1",
          .help = "most that an operator shrinks at once, as a share of what it has",
          .source = key("scale-down.max-factor")},
         share());
  t.real(
      "scale_up_max_factor", &Params::scale_up_max_factor,
      {.unit = "1",
       .help =
           "most that an operator grows at once, as a multiple of what it has; null: any in 1.4, 100000 in "
           "1.6 and 1.7",
       .source = key("scale-up.max-factor")},
      non_negative());
  t.texts("exclude", &Params::exclude,
          {.help = "operators that it leaves alone", .source = key("vertex.exclude.ids")});
  t.integer("slots_per_task_manager", &Params::slots_per_task_manager,
            {.unit = "slots",
             .help = "nothing is done that takes more task managers than the cluster has slots for",
             .source = "Flink, taskmanager.numberOfTaskSlots"},
            at_least(1));
  t.real("quota_cores", &Params::quota_cores,
         {.unit = "cores",
          .help = "most that the task managers may have; null: any",
          .source = key("quota.cpu")},
         positive());
  t.real("cores_per_task_manager", &Params::cores_per_task_manager,
         {.unit = "cores", .help = "for the quota", .source = "Flink, kubernetes.taskmanager.cpu"},
         positive());
}

void add_measures(ParamTable<Params>& t) {
  t.choice("busy_aggregator", &Params::busy_aggregator,
           {.help = "which instance's busy time counts for its operator; avg: their sum over the window",
            .source = key("metrics.busy-time.aggregator")},
           {{"max", Aggregator::max}, {"avg", Aggregator::avg}, {"min", Aggregator::min}});
  t.choice("input_rate", &Params::input_rate,
           {.help = "input rate in the true rate: numRecordsIn over the window (releases), or the mean of "
                    "numRecordsInPerSecond (the main branch after 1.15); sources and avg: always the counter",
            .source = "flink-kubernetes-operator, ScalingMetricEvaluator"},
           {{"counter", InputRate::counter}, {"gauge", InputRate::gauge}});
  t.real(
      "gauge_s", &Params::gauge_s,
      {.unit = "s",
       .help = "what busy, back pressure and records per second are means of, whatever the engine's metric "
               "windows: the last of these that begin in this time, at least one",
       .source = "Flink, TimerGauge and MeterView: 60 s"},
      positive());
  t.choice(
      "observed_rate", &Params::observed_rate,
      {.help = "sources under lag: what they really read, less back pressure, instead of a true rate that "
               "is higher; as-preset: on in 1.7",
       .source = key("observed-true-processing-rate")},
      switches());
  t.real("observed_rate_lag_threshold_s", &Params::observed_rate_lag_threshold_s,
         {.unit = "s",
          .help = "lag from which on that is observed, in reading time",
          .source = key("observed-true-processing-rate.lag-threshold")},
         waiting_range());
  t.real("observed_rate_switch_threshold", &Params::observed_rate_switch_threshold,
         {.unit = "1",
          .help = "how much higher the true rate has to be",
          .source = key("observed-true-processing-rate.switch-threshold")},
         non_negative());
  t.integer("observed_rate_min_observations", &Params::observed_rate_min_observations,
            {.unit = "samples",
             .help = "least in the window",
             .source = key("observed-true-processing-rate.min-observations")},
            at_least(1));
}

void add_learning(ParamTable<Params>& t) {
  t.choice("effectiveness_detection", &Params::effectiveness_detection,
           {.help = "an operator whose last growth did not help does not grow again; as-preset: on in 1.4",
            .source = key("scaling.effectiveness.detection.enabled")},
           switches());
  t.real("effectiveness_threshold", &Params::effectiveness_threshold,
         {.unit = "1",
          .help = "least share of the expected growth of the true rate that is a help",
          .source = key("scaling.effectiveness.threshold")},
         share());
  t.boolean("observed_scalability", &Params::observed_scalability,
            {.help = "ask for more by how much less than linearly an operator grew before",
             .source = key("observed-scalability.enabled")});
  t.integer("observed_scalability_min_observations", &Params::observed_scalability_min_observations,
            {.unit = "actions",
             .help = "least in the history",
             .source = key("observed-scalability.min-observations")},
            at_least(1));
  t.real("observed_scalability_coefficient_min", &Params::observed_scalability_coefficient_min,
         {.unit = "1",
          .help = "least of the coefficient; 1: linear",
          .source = key("observed-scalability.coefficient-min")},
         between(0.01, 1));
  t.integer("history_max_count", &Params::history_max_count,
            {.unit = "actions",
             .help = "kept of each operator; null: 1 in 1.4, 3 in 1.6 and 1.7",
             .source = key("history.max.count")},
            at_least(1));
  t.real("history_max_age_s", &Params::history_max_age_s,
         {.unit = "s", .help = "kept for this long", .source = key("history.max.age")}, waiting_range());
}

void add_alignment(ParamTable<Params>& t) {
  const char* aligner = "flink-kubernetes-operator, ParallelismAligner";
  t.choice(
      "alignment", &Params::alignment,
      {.help = "of the parallelism, to the key groups of operators that are partitioned by key and the "
               "partitions of sources. evenly-spread: the next that divides them; balanced and "
               "maximize-utilisation: the next that divides them or gives an instance fewer; "
               "divisor-up-to-half: releases until 1.9, of all operators; as-preset: evenly-spread in 1.7, "
               "divisor-up-to-half in 1.4 and 1.6",
       .source = key("scaling.key-group.partitions.adjust.mode, scaling.parallelism-alignment.mode")},
      {{"as-preset", Alignment::as_preset},
       {"off", Alignment::off},
       {"balanced", Alignment::balanced},
       {"evenly-spread", Alignment::evenly_spread},
       {"maximize-utilisation", Alignment::maximize_utilisation},
       {"divisor-up-to-half", Alignment::divisor_up_to_half}});
  t.choice(
      "unaligned", &Params::unaligned,
      {.help = "where none is found: keep what was computed (the main branch after 1.15), or the least that "
               "gives no instance more, and nothing if that turns the direction (1.10 to 1.15); as-preset: "
               "walk-down in 1.7",
       .source = aligner},
      {{"as-preset", Unaligned::as_preset},
       {"keep-target", Unaligned::keep_target},
       {"walk-down", Unaligned::walk_down}});
  t.integer(
      "key_groups", &Params::key_groups,
      {.unit = "key groups",
       .help = "maximum parallelism of each operator; null: as Flink does, the power of two from 1.5 times "
               "its parallelism at the start on, at least 128, at most 32768",
       .source = "Flink, pipeline.max-parallelism, KeyGroupRangeAssignment"},
      between(1, 32768));
  t.integer("source_partitions", &Params::source_partitions,
            {.unit = "partitions", .help = "of each source; null: not known", .source = "the topics"},
            between(1, 1e6));
}

}  // namespace

ParamTable<Params> table() {
  ParamTable<Params> t;
  t.choice(
      "preset", &Params::preset,
      {.help = "whose defaults: release 1.4; 1.5 and 1.6; 1.7 to 1.15 (1.7 to 1.9 have the grace period of "
               "1.6 instead of the scale-down interval, and its alignment)",
       .source = options_file},
      {{"1.4", Preset::v1_4}, {"1.6", Preset::v1_6}, {"1.7", Preset::v1_7}});
  add_times(t);
  add_limits(t);
  add_measures(t);
  add_learning(t);
  add_alignment(t);
  t.check({"utilization_max", "utilization_target"}, [](const Params& p, const Node& at, Errors& errors) {
    if (p.utilization_max && *p.utilization_max < p.utilization_target)
      errors.add(at.at_or_self("utilization_max"), "utilization_max is below utilization_target",
                 "utilization_target <= utilization_max");
  });
  t.check({"utilization_min", "utilization_target"}, [](const Params& p, const Node& at, Errors& errors) {
    if (p.utilization_min && *p.utilization_min > p.utilization_target)
      errors.add(at.at_or_self("utilization_min"), "utilization_min is above utilization_target",
                 "utilization_min <= utilization_target");
  });
  t.check({"min_parallelism", "max_parallelism"}, [](const Params& p, const Node& at, Errors& errors) {
    if (p.max_parallelism && *p.max_parallelism < p.min_parallelism)
      errors.add(at.at_or_self("max_parallelism"), "max_parallelism is below min_parallelism",
                 "min_parallelism <= max_parallelism");
  });
  t.check({"preset", "metrics_window_s", "interval_s"}, [](const Params& p, const Node& at, Errors& errors) {
    const double window_s = options(p).metrics_window_s;
    if (window_s < p.interval_s)
      errors.add(at.at_or_self("metrics_window_s"),
                 fmt::format("a metrics window of {:g} s never has two samples, one each {:g} s", window_s,
                             p.interval_s),
                 "metrics_window_s >= interval_s");
  });
  t.check({"utilization_target"}, [](const Params& p, const Node& at, Errors& errors) {
    if (!(p.utilization_target > 0))
      errors.add(at.at_or_self("utilization_target"), "utilization_target is 0", "above 0, at most 1");
  });
  return t;
}

Options options(const Params& p) {
  const PresetValues preset = values_of(p.preset);
  const double boundary = p.utilization_boundary.value_or(preset.utilization_boundary);
  const auto is_on = [](Switch s, bool by_preset) {
    return s == Switch::as_preset ? by_preset : s == Switch::on;
  };
  return {
      .metrics_window_s = p.metrics_window_s.value_or(preset.metrics_window_s),
      .stabilization_s = p.stabilization_s,
      .utilization_target = p.utilization_target,
      .utilization_max = p.utilization_max.value_or(p.utilization_target + boundary),
      .utilization_min = p.utilization_min.value_or(p.utilization_target - boundary),
      .scale_down_interval_s = p.scale_down_interval_s.value_or(preset.scale_down_interval_s),
      .scale_up_grace_period_s = p.scale_up_grace_period_s.value_or(preset.scale_up_grace_period_s),
      .min_parallelism = p.min_parallelism,
      .max_parallelism = p.max_parallelism.value_or(std::max(preset.max_parallelism, p.min_parallelism)),
      .scale_down_max_factor = p.scale_down_max_factor,
      .scale_up_max_factor = p.scale_up_max_factor.value_or(preset.scale_up_max_factor),
      .catch_up_s = p.catch_up_s.value_or(preset.catch_up_s),
      .restart_s = p.restart_s.value_or(preset.restart_s),
      .track_restart = p.track_restart,
      .tracked_restart_max_s = p.tracked_restart_max_s,
      .backlog_lag_threshold_s = p.backlog_lag_threshold_s.value_or(preset.backlog_lag_threshold_s),
      .observed_rate = is_on(p.observed_rate, preset.observed_rate),
      .observed_rate_lag_threshold_s = p.observed_rate_lag_threshold_s,
      .observed_rate_switch_threshold = p.observed_rate_switch_threshold,
      .observed_rate_min_observations = p.observed_rate_min_observations,
      .effectiveness_detection = is_on(p.effectiveness_detection, preset.effectiveness_detection),
      .effectiveness_threshold = p.effectiveness_threshold,
      .observed_scalability = p.observed_scalability,
      .observed_scalability_min_observations = p.observed_scalability_min_observations,
      .observed_scalability_coefficient_min = p.observed_scalability_coefficient_min,
      .history_max_count = p.history_max_count.value_or(preset.history_max_count),
      .history_max_age_s = p.history_max_age_s,
      .busy_aggregator = p.busy_aggregator,
      .input_rate = p.input_rate,
      .gauge_s = p.gauge_s,
      .alignment = p.alignment == Alignment::as_preset ? preset.alignment : p.alignment,
      .unaligned = p.unaligned == Unaligned::as_preset ? preset.unaligned : p.unaligned,
  };
}

}  // namespace weir::flink_autoscaler

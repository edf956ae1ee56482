// Threshold scaling: a metric above a high mark for some windows in a row adds instances, one below a low
// mark for some windows in a row takes some away. What SEEP, StreamCloud, AUTOSCALE and most
// home-made controllers do. Sources: facts on heuristic policies; SEEP's code (2 alerts in a row, queue
// 30 000), AUTOSCALE of LIRIS (window 60 s, 0.3 / 0.8).
//
//   metric        what is compared, in every window of the present deployment
//   utilization   by operator: mean share of the window that its instances were useful        0 .. 1
//   queue         by operator: records waiting at the window's end, mean over its instances   records
//   latency       of the job: a statistic of what its sinks finished in the window            s
//                 up acts on the operator with the highest utilization, down on the one with the lowest
//                 among those that can still shrink: latency does not say where it comes from
//
// A value between the marks breaks both streaks (that is the hysteresis), as does an action; windows during
// the cool-down count. A window in which nothing was measured (no record finished, for latency) neither
// prolongs nor breaks a streak. All operators that are due are scaled in one action. Sources, and what the
// engine cannot scale, are left alone.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "sim/control/fresh_windows.hpp"
#include "sim/control/policy.hpp"
#include "sim/control/snapping_ceil.hpp"
#include "sim/scenario/node.hpp"

namespace weir {
namespace {

enum class Metric { utilization, queue, latency };
enum class Statistic { mean, p50, p95, p99, max };
enum class Mode { step, proportional };

struct ThresholdParams {
  double interval_s = 60;
  Metric metric = Metric::utilization;
  Statistic latency = Statistic::p99;
  std::optional<double> high, low, target;
  int up_windows = 2, down_windows = 5;
  double cooldown_s = 180;
  Mode mode = Mode::step;
  int step_up = 1, step_down = 1;
  int max_up = 0, max_down = 0;
  bool down = true;
};

struct Marks {
  double high, low;
};

constexpr Marks default_marks(Metric metric) {
  switch (metric) {
    case Metric::utilization:
      return {0.8, 0.3};
    case Metric::queue:
      return {30'000, 1'000};
    case Metric::latency:
      return {1.0, 0.1};
  }
  return {0, 0};
}

Marks marks_of(const ThresholdParams& p) {
  const Marks marks = default_marks(p.metric);
  return {p.high.value_or(marks.high), p.low.value_or(marks.low)};
}

ParamTable<ThresholdParams> table() {
  const std::string unit_of_metric = "share of time, records per instance, or s: by metric";
  ParamTable<ThresholdParams> t;
  t.real("interval_s", &ThresholdParams::interval_s,
         {.unit = "s", .help = "time between two decisions", .source = "AUTOSCALE (LIRIS): window 60 s"},
         interval_range());
  t.choice("metric", &ThresholdParams::metric,
           {.help = "what is compared with the marks", .source = "DS2, OSDI 2018, table 1"},
           {{"utilization", Metric::utilization}, {"queue", Metric::queue}, {"latency", Metric::latency}});
  t.choice("latency", &ThresholdParams::latency,
           {.help = "statistic of end-to-end latency that metric latency compares", .source = "chosen"},
           {{"mean", Statistic::mean},
            {"p50", Statistic::p50},
            {"p95", Statistic::p95},
            {"p99", Statistic::p99},
            {"max", Statistic::max}});
  t.real("high", &ThresholdParams::high,
         {.unit = unit_of_metric,
          .help = "above it: scale up; null: 0.8, 30000 or 1 by metric",
          .source = "AUTOSCALE (LIRIS) 0.8; SEEP code 30000; 1 s chosen"},
         non_negative());
  t.real("low", &ThresholdParams::low,
         {.unit = unit_of_metric,
          .help = "below it: scale down; null: 0.3, 1000 or 0.1 by metric",
          .source = "AUTOSCALE (LIRIS) 0.3; others chosen"},
         non_negative());
  t.integer("up_windows", &ThresholdParams::up_windows,
            {.unit = "windows",
             .help = "in a row above the high mark before scaling up",
             .source = "SEEP code: 2 consecutive alerts"},
            at_least(1));
  t.integer(
      "down_windows", &ThresholdParams::down_windows,
      {.unit = "windows", .help = "in a row below the low mark before scaling down", .source = "chosen"},
      at_least(1));
  t.real("cooldown_s", &ThresholdParams::cooldown_s,
         {.unit = "s", .help = "no action within this time after the end of the last", .source = "chosen"},
         waiting_range());
  t.choice("mode", &ThresholdParams::mode,
           {.help = "step: add or take a fixed number; proportional: ceil(present * value / target)",
            .source = "step: SEEP, AUTOSCALE; proportional: Kubernetes HPA"},
           {{"step", Mode::step}, {"proportional", Mode::proportional}});
  t.real("target", &ThresholdParams::target,
         {.unit = unit_of_metric,
          .help = "the value that mode proportional aims at; null: half way between the marks",
          .source = "chosen"},
         non_negative());
  t.integer("step_up", &ThresholdParams::step_up,
            {.unit = "instances", .help = "added by mode step", .source = "SEEP splits one operator in two"},
            at_least(1));
  t.integer("step_down", &ThresholdParams::step_down,
            {.unit = "instances", .help = "taken away by mode step", .source = "chosen"}, at_least(1));
  t.integer(
      "max_up", &ThresholdParams::max_up,
      {.unit = "instances", .help = "most that one action adds to an operator; 0: any", .source = "chosen"},
      at_least(0));
  t.integer("max_down", &ThresholdParams::max_down,
            {.unit = "instances",
             .help = "most that one action takes from an operator; 0: any",
             .source = "chosen"},
            at_least(0));
  t.boolean("down", &ThresholdParams::down, {.help = "whether it ever scales down", .source = "SEEP: never"});
  t.check({"metric", "low", "high"}, [](const ThresholdParams& p, const Node& at, Errors& errors) {
    const Marks marks = marks_of(p);
    if (marks.low >= marks.high) errors.add(at.at_or_self("low"), "low is not below high", "low < high");
  });
  t.check({"target"}, [](const ThresholdParams& p, const Node& at, Errors& errors) {
    if (p.target == 0) errors.add(at.at_or_self("target"), "target is 0", "a positive target, or null");
  });
  t.check({"metric", "high"}, [](const ThresholdParams& p, const Node& at, Errors& errors) {
    if (p.metric == Metric::utilization && marks_of(p).high >= 1)
      errors.add(at.at_or_self("high"), "high is not below 1, which no utilization exceeds", "high < 1");
  });
  return t;
}

double latency_of(const LatencySummary& latency, Statistic statistic) {
  switch (statistic) {
    case Statistic::mean:
      return latency.mean_s;
    case Statistic::p50:
      return latency.p50_s;
    case Statistic::p95:
      return latency.p95_s;
    case Statistic::p99:
      return latency.p99_s;
    case Statistic::max:
      return latency.max_s;
  }
  return 0;
}

// How often in a row a value was beyond a mark.
struct Streak {
  int above = 0, below = 0;
  double last = 0;
  // Of the whole run.
  std::int64_t seen = 0;
  double lowest = 0, highest = 0;

  void add(double value, const Marks& marks) {
    above = value > marks.high ? above + 1 : 0;
    below = value < marks.low ? below + 1 : 0;
    last = value;
    lowest = seen == 0 ? value : std::min(lowest, value);
    highest = seen == 0 ? value : std::max(highest, value);
    ++seen;
  }
  void forget() { above = below = 0; }
};

class Threshold final : public Policy {
 public:
  Threshold(const ThresholdParams& params, const JobView& job)
      : p_(params),
        marks_(marks_of(params)),
        target_(p_.target.value_or((marks_.high + marks_.low) / 2)),
        streaks_(job.operators.size()) {}

  double interval_s() const override { return p_.interval_s; }
  std::vector<Decision> evaluate(const Observation& seen) override;
  std::string why_nothing(const JobView& job) const override;

 private:
  void count(const Observation& seen, const MetricWindow& window);
  void forget();
  bool cooling_down(const Observation& seen) const;
  int wanted(const OperatorView& op, int now, const Streak& streak, bool up) const;
  std::optional<ScaleTarget> due(const Observation& seen, std::size_t id, const Streak& streak) const;
  std::vector<ScaleTarget> due_by_latency(const Observation& seen) const;
  std::string symptom(const Observation& seen, const std::vector<ScaleTarget>& targets) const;

  ThresholdParams p_;
  Marks marks_;
  double target_;
  FreshWindows fresh_;
  int deployment_ = -1;
  std::vector<Streak> streaks_;      // by operator
  Streak job_;                       // latency
  std::vector<double> utilization_;  // by operator, in the last window
};

void Threshold::count(const Observation& seen, const MetricWindow& window) {
  utilization_.assign(window.operators.size(), 0);
  for (std::size_t i = 0; i < window.operators.size(); ++i) {
    const OperatorMetrics& op = window.operators[i];
    utilization_[i] = op.utilization(window.duration_s());
    if (!may_scale(seen.job.operators[i])) continue;
    if (p_.metric == Metric::utilization) streaks_[i].add(utilization_[i], marks_);
    if (p_.metric == Metric::queue) streaks_[i].add(op.queue_records() / op.parallelism(), marks_);
  }
  if (p_.metric == Metric::latency && window.latency.records > 0)
    job_.add(latency_of(window.latency, p_.latency), marks_);
}

void Threshold::forget() {
  for (Streak& streak : streaks_) streak.forget();
  job_.forget();
}

bool Threshold::cooling_down(const Observation& seen) const {
  return seen.last_action_done_ns >= 0 && seen.now_ns < seen.last_action_done_ns + to_nanos(p_.cooldown_s);
}

int Threshold::wanted(const OperatorView& op, int now, const Streak& streak, bool up) const {
  int to = 0;
  if (p_.mode == Mode::step) {
    to = up ? now + p_.step_up : now - p_.step_down;
  } else {
    to = snapping_ceil(now * streak.last / target_);
    // Rounding, or a target outside the marks, never turns the direction around.
    to = up ? std::max(to, now) : std::min(to, now);
  }
  if (up && p_.max_up > 0) to = std::min(to, now + p_.max_up);
  if (!up && p_.max_down > 0) to = std::max(to, now - p_.max_down);
  return clamp_parallelism(op, to);
}

std::optional<ScaleTarget> Threshold::due(const Observation& seen, std::size_t id,
                                          const Streak& streak) const {
  const bool up = streak.above >= p_.up_windows;
  if (!up && !(p_.down && streak.below >= p_.down_windows)) return std::nullopt;
  const int to = wanted(seen.job.operators[id], seen.parallelism[id], streak, up);
  if (to == seen.parallelism[id]) return std::nullopt;
  return ScaleTarget{static_cast<int>(id), to};
}

std::vector<ScaleTarget> Threshold::due_by_latency(const Observation& seen) const {
  const bool up = job_.above >= p_.up_windows;
  std::optional<ScaleTarget> best;
  double best_utilization = 0;
  for (std::size_t i = 0; i < utilization_.size(); ++i) {
    if (!may_scale(seen.job.operators[i])) continue;
    const std::optional<ScaleTarget> target = due(seen, i, job_);
    if (!target) continue;
    if (best && (up ? utilization_[i] <= best_utilization : utilization_[i] >= best_utilization)) continue;
    best = target;
    best_utilization = utilization_[i];
  }
  if (!best) return {};
  return {*best};
}

std::string Threshold::symptom(const Observation& seen, const std::vector<ScaleTarget>& targets) const {
  if (p_.metric == Metric::latency) return fmt::format("latency {:.3g} s", job_.last);
  std::string text;
  for (const ScaleTarget& target : targets) {
    const auto id = static_cast<std::size_t>(target.operator_id);
    text += fmt::format("{}{} of {} is {:.3g}", text.empty() ? "" : ", ",
                        p_.metric == Metric::queue ? "queue" : "utilization", seen.job.operators[id].name,
                        streaks_[id].last);
  }
  return text;
}

std::string Threshold::why_nothing(const JobView& job) const {
  const char* metric = p_.metric == Metric::latency ? "latency"
                       : p_.metric == Metric::queue ? "queue"
                                                    : "utilization";
  std::string ranges;
  const auto add = [&](const std::string& of, const Streak& streak) {
    if (streak.seen == 0) return;
    ranges +=
        fmt::format("{}{}{:.3g} to {:.3g}", ranges.empty() ? "" : ", ", of, streak.lowest, streak.highest);
  };
  if (p_.metric == Metric::latency) {
    add("", job_);
  } else {
    for (std::size_t i = 0; i < streaks_.size(); ++i) add(job.operators[i].name + " ", streaks_[i]);
  }
  if (ranges.empty()) return "it saw no whole window with something to measure";
  std::string down;
  if (p_.down)
    down = fmt::format(", or below {:.3g} in {} with instances to spare", marks_.low, p_.down_windows);
  return fmt::format("{} was never above {:.3g} in {} windows in a row with room to grow{} (seen: {})",
                     metric, marks_.high, p_.up_windows, down, ranges);
}

std::vector<Decision> Threshold::evaluate(const Observation& seen) {
  if (seen.deployment != deployment_) {
    deployment_ = seen.deployment;
    forget();
  }
  for (const MetricWindow* window : fresh_.take(seen)) count(seen, *window);
  if (seen.action_running || cooling_down(seen)) return {};

  std::vector<ScaleTarget> targets;
  if (p_.metric == Metric::latency) {
    targets = due_by_latency(seen);
  } else {
    for (std::size_t i = 0; i < streaks_.size(); ++i)
      if (const auto target = due(seen, i, streaks_[i])) targets.push_back(*target);
  }
  if (targets.empty()) return {};
  bool up = false, down = false;
  for (const ScaleTarget& target : targets) {
    const bool grows = target.parallelism > seen.parallelism[static_cast<std::size_t>(target.operator_id)];
    up = up || grows;
    down = down || !grows;
  }
  Decision decision{.symptom = symptom(seen, targets),
                    .diagnosis = up && down ? "beyond both marks"
                                 : up       ? "above the high mark"
                                            : "below the low mark",
                    .reason = describe_targets(seen, targets),
                    .targets = targets};
  forget();
  return {decision};
}

const auto registered = PolicyRegistry::add<ThresholdParams>(
    {.name = "threshold",
     .help = "Scales where utilization, queue or latency stays beyond a high or a low mark.",
     .source = "SEEP (SIGMOD 2013) code; AUTOSCALE (LIRIS); DS2, OSDI 2018, table 1"},
    table(), [](const ThresholdParams& p, PolicyContext& c) -> std::unique_ptr<Policy> {
      return std::make_unique<Threshold>(p, c.job);
    });

}  // namespace
}  // namespace weir

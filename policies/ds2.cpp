// DS2: all operators get the parallelism that the target rates need, in one decision, from true rates.
//
// Sources: V. Kalavri et al., "Three steps is all you need: fast, accurate, automatic scaling decisions for
// distributed streaming dataflows", OSDI 2018, sections 3.2 (the model: policies/ds2/model.hpp) and 4.2 (the
// scaling manager: this file); and the published controller, strymon-system/ds2, controller/src/{bin/
// manager.rs, policy/scaling.rs}. Where the two differ, `variant` chooses, and a knob of its own overrides:
//
//                              paper                                published-code
//   combination of decisions   median of the last K (or max)        the last; K only delays
//   target rate correction     when target_rate_ratio is set        only in the offline evaluator: never
//   ignored changes            none                                 scale-down by exactly one
//   rollback                   when an action degraded throughput   none
//
// An epoch is the running windows of the present deployment that arrived since the last call: a call without
// any counts for nothing (the published loop waits until the rates of the epoch are there). What is not in
// either source: operators that were not measured keep their parallelism; loops are iterated (model.hpp).
// An operator that emits only now and then (a window) has output rate 0 in the epochs between, and what is
// behind it is then planned for nothing: choose an interval that covers the window, or K with max.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "policies/ds2/model.hpp"
#include "sim/control/fresh_windows.hpp"
#include "sim/control/policy.hpp"
#include "sim/control/snapping_ceil.hpp"
#include "sim/scenario/node.hpp"

namespace weir {
namespace {

enum class Variant { paper, published_code };
enum class Combine { as_variant, last, median, max };
enum class Switch { as_variant, off, on };
enum class SourceRate { at_end, mean };
enum class EdgeRates { full, observed };

struct Ds2Params {
  Variant variant = Variant::paper;
  double interval_s = 10;
  int warm_up_intervals = 2;
  int activation_intervals = 1;
  Combine combine = Combine::as_variant;
  double scaling_factor = 0;
  double target_rate_ratio = 0;
  Switch correction = Switch::as_variant;
  std::optional<int> ignore_up;
  std::optional<int> ignore_down;
  Switch rollback = Switch::as_variant;
  double rollback_tolerance = 0.1;
  int max_decisions = 0;
  SourceRate source_rate = SourceRate::at_end;
  EdgeRates edge_rates = EdgeRates::full;
  ds2::Feedback feedback = ds2::Feedback::iterate;
};

ParamTable<Ds2Params> table() {
  const std::string paper = "DS2, OSDI 2018, 4.2";
  const std::string code = "strymon-system/ds2, controller";
  const std::vector<std::pair<std::string, Switch>> switches = {
      {"as-variant", Switch::as_variant}, {"off", Switch::off}, {"on", Switch::on}};
  ParamTable<Ds2Params> t;
  t.choice("variant", &Ds2Params::variant,
           {.help = "the scaling manager of the paper's text, or of the published controller",
            .source = paper + "; " + code},
           {{"paper", Variant::paper}, {"published-code", Variant::published_code}});
  t.real("interval_s", &Ds2Params::interval_s,
         {.unit = "s",
          .help = "time between two decisions: 5 to 30 s on Flink, 60 s on Heron",
          .source = code + ", ds2.toml"},
         interval_range());
  t.integer("warm_up_intervals", &Ds2Params::warm_up_intervals,
            {.unit = "intervals",
             .help = "epochs ignored after each start of a deployment",
             .source = code + ", ds2.toml"},
            at_least(0));
  t.integer(
      "activation_intervals", &Ds2Params::activation_intervals,
      {.unit = "decisions", .help = "K: decisions needed, and combined, before an action", .source = paper},
      at_least(1));
  t.choice("combine", &Ds2Params::combine,
           {.help = "how the last K decisions become one, by operator; paper: median, published-code: last",
            .source = paper},
           {{"as-variant", Combine::as_variant},
            {"last", Combine::last},
            {"median", Combine::median},
            {"max", Combine::max}});
  t.real("scaling_factor", &Ds2Params::scaling_factor,
         {.unit = "1", .help = "head room: parallelism = ceil(required * (1 + factor))", .source = code},
         non_negative());
  t.real(
      "target_rate_ratio", &Ds2Params::target_rate_ratio,
      {.unit = "1",
       .help = "target / observed source rate above which a plan that scales nothing up is corrected by that "
               "ratio; 0: never, else at least 1",
       .source = paper},
      non_negative());
  t.choice("correction", &Ds2Params::correction,
           {.help = "whether target_rate_ratio acts; paper: on, published-code: off (offline evaluator only)",
            .source = paper + "; " + code},
           switches);
  t.integer("ignore_up", &Ds2Params::ignore_up,
            {.unit = "instances",
             .help = "a plan with no larger scale-up than this is no reason to act; null: 0",
             .source = paper + ".2"},
            non_negative());
  t.integer("ignore_down", &Ds2Params::ignore_down,
            {.unit = "instances",
             .help = "a plan with no larger scale-down than this is no reason to act; null: 0 in paper, 1 in "
                     "published-code",
             .source = paper + ".2; " + code + ", consider_change"},
            non_negative());
  t.choice("rollback", &Ds2Params::rollback,
           {.help = "undo an action that degraded throughput, and do not try it again; paper: on, "
                    "published-code: off",
            .source = paper},
           switches);
  t.real("rollback_tolerance", &Ds2Params::rollback_tolerance,
         {.unit = "1",
          .help = "least relative loss of observed / target source rate that is a degradation",
          .source = "chosen: not published"},
         between(0, 1));
  t.integer("max_decisions", &Ds2Params::max_decisions,
            {.unit = "actions",
             .help = "actions allowed while the target is not met and does not change; 0: any",
             .source = paper + " (the number is not published)"},
            at_least(0));
  t.choice("source_rate", &Ds2Params::source_rate,
           {.help = "target of a source: what is offered when the epoch ends, or its mean", .source = code},
           {{"at-end", SourceRate::at_end}, {"mean", SourceRate::mean}});
  t.choice(
      "edge_rates", &Ds2Params::edge_rates,
      {.help = "what each successor gets of an operator's output: all of it (the paper's 0/1 matrix), or "
               "the share that was observed on the edge, where the engine counts that",
       .source = "full: DS2 3.2; observed: an extension"},
      {{"full", EdgeRates::full}, {"observed", EdgeRates::observed}});
  t.choice("feedback", &Ds2Params::feedback,
           {.help = "edges that close a loop: iterate until the rates settle, or ignore them",
            .source = "an extension: DS2 has only acyclic dataflows"},
           {{"iterate", ds2::Feedback::iterate}, {"ignore", ds2::Feedback::ignore}});
  t.check({"target_rate_ratio"}, [](const Ds2Params& p, const Node& at, Errors& errors) {
    if (p.target_rate_ratio > 0 && p.target_rate_ratio < 1)
      errors.add(at.at_or_self("target_rate_ratio"), "target_rate_ratio is between 0 and 1",
                 "0 for never, else at least 1");
  });
  return t;
}

// The source targets count as changed beyond this. It ends what was learnt at the old rates (a rollback, a
// correction, the limit on decisions), so it must be wider than the noise of a measured mean.
constexpr double targets_changed_by = 0.05;

int median_of(std::vector<int> values) {
  // Of an even number the upper one: too much is cheaper than too little.
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

class Ds2 final : public Policy {
 public:
  explicit Ds2(const Ds2Params& params) : p_(params) {
    const bool paper = p_.variant == Variant::paper;
    if (p_.combine == Combine::as_variant) p_.combine = paper ? Combine::median : Combine::last;
    if (p_.correction == Switch::as_variant) p_.correction = paper ? Switch::on : Switch::off;
    if (p_.rollback == Switch::as_variant) p_.rollback = paper ? Switch::on : Switch::off;
    ignore_up_ = p_.ignore_up.value_or(0);
    ignore_down_ = p_.ignore_down.value_or(paper ? 0 : 1);
  }

  double interval_s() const override { return p_.interval_s; }
  ActsOn acts_on() const override { return ActsOn::true_rates; }
  // Late windows of the last epoch are still to be seen.
  double history_s() const override { return 4 * p_.interval_s; }

  std::vector<Decision> evaluate(const Observation& seen) override;
  nlohmann::json state() const override;
  std::string why_nothing(const JobView&) const override;

 private:
  using Plan = std::vector<int>;  // by operator id; one entry for all workers of a uniform job

  struct Trial {  // an action whose effect has not been seen yet
    Plan before, after;
    double achieved = 1;
  };

  Plan present(const Observation& seen) const;
  Plan plan(const Observation& seen, const MetricWindow& epoch);
  Plan combined() const;
  bool correct(const Observation& seen, const MetricWindow& epoch, Plan& wanted);
  bool considerable(const Plan& from, const Plan& to) const;
  double target_of(const OperatorMetrics& source, double window_s) const;
  double achieved(const Observation& seen, const MetricWindow& epoch) const;
  void watch_targets(const Observation& seen, const MetricWindow& epoch);
  std::optional<Decision> roll_back(const Observation& seen, const Plan& wanted, double achieved_now);
  Decision act(const Observation& seen, const Plan& wanted, double achieved_now, std::string diagnosis);
  std::vector<ScaleTarget> targets(const Observation& seen, const Plan& wanted) const;
  std::vector<double> shares(const JobView& job, const MetricWindow& epoch, int to) const;

  Ds2Params p_;
  int ignore_up_ = 0, ignore_down_ = 0;
  FreshWindows fresh_;
  int deployment_ = -1;
  int epochs_ = 0;           // of this deployment, warm-up included
  std::vector<Plan> plans_;  // the last K decisions on this deployment
  std::vector<ds2::Requirement> required_;
  std::vector<double> targets_;  // by operator id, at which what follows was learnt
  double compensation_ = 1;      // of the target rate correction
  std::optional<Trial> trial_;
  std::vector<Plan> rejected_;  // rolled back at these targets
  int decisions_ = 0;           // actions at these targets without meeting them
  bool limit_told_ = false;
  int actions_ = 0, rollbacks_ = 0, corrections_ = 0, evaluations_ = 0;
  int ignored_ = 0;  // plans that differ from what ran, within ignore_up and ignore_down
  std::vector<std::string> names_;
};

Ds2::Plan Ds2::present(const Observation& seen) const {
  if (seen.job.uniform_workers) return {seen.parallelism.empty() ? 1 : seen.parallelism.front()};
  return {seen.parallelism.begin(), seen.parallelism.end()};
}

double Ds2::target_of(const OperatorMetrics& source, double window_s) const {
  const double target = p_.source_rate == SourceRate::at_end ? source.target_per_s() : source.offered_per_s;
  return target >= 0 ? target : source.observed_output_rate_per_s(window_s);
}

// The least share of its target rate that a source achieved.
double Ds2::achieved(const Observation& seen, const MetricWindow& epoch) const {
  double least = 1;
  for (std::size_t i = 0; i < epoch.operators.size(); ++i) {
    if (!seen.job.operators[i].source) continue;
    const double target = target_of(epoch.operators[i], epoch.duration_s());
    if (target > 0)
      least = std::min(least, epoch.operators[i].observed_output_rate_per_s(epoch.duration_s()) / target);
  }
  return least;
}

void Ds2::watch_targets(const Observation& seen, const MetricWindow& epoch) {
  std::vector<double> now(epoch.operators.size(), 0);
  for (std::size_t i = 0; i < now.size(); ++i)
    if (seen.job.operators[i].source) now[i] = target_of(epoch.operators[i], epoch.duration_s());
  bool changed = targets_.size() != now.size();
  for (std::size_t i = 0; !changed && i < now.size(); ++i)
    changed = std::abs(now[i] - targets_[i]) > targets_changed_by * std::max(now[i], targets_[i]);
  if (!changed) return;
  targets_ = now;
  compensation_ = 1;
  trial_.reset();
  rejected_.clear();
  decisions_ = 0;
  limit_told_ = false;
}

// The k-th edge from u to v in v's list of inputs is the k-th to v in u's list of outputs.
std::vector<double> Ds2::shares(const JobView& job, const MetricWindow& epoch, int to) const {
  const std::vector<int>& upstream = job.operators[static_cast<std::size_t>(to)].upstream;
  std::vector<double> share(upstream.size(), 1.0);
  if (p_.edge_rates == EdgeRates::full) return share;
  for (std::size_t e = 0; e < upstream.size(); ++e) {
    const auto from = static_cast<std::size_t>(upstream[e]);
    const OperatorMetrics& sender = epoch.operators[from];
    const std::vector<int>& downstream = job.operators[from].downstream;
    const auto all = static_cast<double>(sender.records_out());
    if (sender.records_out_by_edge.size() != downstream.size() || !(all > 0)) continue;
    auto skip = std::count(upstream.begin(), upstream.begin() + static_cast<std::ptrdiff_t>(e), upstream[e]);
    for (std::size_t d = 0; d < downstream.size(); ++d) {
      if (downstream[d] != to || skip-- > 0) continue;
      share[e] = static_cast<double>(sender.records_out_by_edge[d]) / all;
      break;
    }
  }
  return share;
}

Ds2::Plan Ds2::plan(const Observation& seen, const MetricWindow& epoch) {
  std::vector<ds2::OperatorRates> rates(epoch.operators.size());
  for (std::size_t i = 0; i < rates.size(); ++i) {
    const OperatorMetrics& measured = epoch.operators[i];
    const OperatorView& view = seen.job.operators[i];
    rates[i] = {.source = view.source,
                .parallelism = measured.parallelism(),
                .measured = measured.has_true_rate(),
                .true_processing_per_s = measured.true_processing_rate_per_s(),
                .true_output_per_s = measured.true_output_rate_per_s(),
                .target_per_s = view.source ? target_of(measured, epoch.duration_s()) : 0,
                .inputs = {}};
    const std::vector<double> share = shares(seen.job, epoch, static_cast<int>(i));
    for (std::size_t e = 0; e < share.size(); ++e) rates[i].inputs.push_back({view.upstream[e], share[e]});
  }
  required_ = ds2::required_instances(rates, p_.feedback);
  const auto rounded = [&](double instances) {
    return snapping_ceil(compensation_ * snapping_ceil(instances * (1 + p_.scaling_factor)));
  };

  Plan wanted = present(seen);
  if (seen.job.uniform_workers) {
    // All operators share the workers, so their fractions add up (4.3).
    double instances = 0;
    for (std::size_t i = 0; i < required_.size(); ++i) {
      if (seen.job.operators[i].source) continue;
      if (!required_[i].known) return wanted;
      instances += required_[i].instances;
    }
    wanted = {std::max(1, rounded(instances))};
    return wanted;
  }
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (required_[i].known && may_scale(seen.job.operators[i]))
      wanted[i] = clamp_parallelism(seen.job.operators[i], rounded(required_[i].instances));
  return wanted;
}

Ds2::Plan Ds2::combined() const {
  Plan wanted = plans_.back();
  if (p_.combine == Combine::last) return wanted;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    std::vector<int> values;
    for (const Plan& plan : plans_) values.push_back(plan[i]);
    wanted[i] =
        p_.combine == Combine::max ? *std::max_element(values.begin(), values.end()) : median_of(values);
  }
  return wanted;
}

// What the instrumentation does not see (overheads, contention) shows as a source that stays behind though
// the model wants nothing more. One correction by the missing ratio, kept until the targets change: if it
// were forgotten, the model would take it back in the next epoch, and if repeated, skew would run away.
bool Ds2::correct(const Observation& seen, const MetricWindow& epoch, Plan& wanted) {
  if (p_.correction != Switch::on || p_.target_rate_ratio < 1 || compensation_ > 1) return false;
  const Plan now = present(seen);
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i] > now[i]) return false;
  const double share = achieved(seen, epoch);
  if (!(share > 0) || 1 / share <= p_.target_rate_ratio) return false;
  compensation_ = 1 / share;
  ++corrections_;
  wanted = plan(seen, epoch);
  return true;
}

bool Ds2::considerable(const Plan& from, const Plan& to) const {
  for (std::size_t i = 0; i < from.size(); ++i)
    if (to[i] - from[i] > ignore_up_ || from[i] - to[i] > ignore_down_) return true;
  return false;
}

std::vector<ScaleTarget> Ds2::targets(const Observation& seen, const Plan& wanted) const {
  if (seen.job.uniform_workers) return {{all_workers, wanted.front()}};
  std::vector<ScaleTarget> changed;
  for (std::size_t i = 0; i < wanted.size(); ++i)
    if (wanted[i] != seen.parallelism[i]) changed.push_back({static_cast<int>(i), wanted[i]});
  return changed;
}

Decision Ds2::act(const Observation& seen, const Plan& wanted, double achieved_now, std::string diagnosis) {
  Decision decision{
      .symptom = fmt::format("sources achieve {:.1f} % of their target rate", 100 * achieved_now),
      .diagnosis = std::move(diagnosis),
      .reason = "",
      .targets = targets(seen, wanted)};
  decision.reason = describe_targets(seen, decision.targets);
  epochs_ = 0;
  plans_.clear();
  ++actions_;
  return decision;
}

// A scale-down that went too far because true rates were better with more instances is part of DS2's own way
// (table 4: 16, 12, 14): as long as the model asks for more, it corrects itself.
std::optional<Decision> Ds2::roll_back(const Observation& seen, const Plan& wanted, double achieved_now) {
  if (!trial_) return std::nullopt;
  const Trial trial = *std::exchange(trial_, std::nullopt);
  if (p_.rollback != Switch::on || present(seen) != trial.after) return std::nullopt;
  if (achieved_now >= trial.achieved * (1 - p_.rollback_tolerance)) return std::nullopt;
  bool shrank = false, corrects = false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    shrank = shrank || trial.after[i] < trial.before[i];
    corrects = corrects || wanted[i] > trial.after[i];
  }
  if (shrank && corrects) return std::nullopt;
  rejected_.push_back(trial.after);
  ++rollbacks_;
  return act(seen, trial.before, achieved_now,
             fmt::format("rollback: {:.1f} % before the last action", 100 * trial.achieved));
}

std::vector<Decision> Ds2::evaluate(const Observation& seen) {
  if (names_.empty())
    for (const OperatorView& op : seen.job.operators) names_.push_back(op.name);
  if (seen.action_running) return {};
  if (seen.deployment != deployment_) {
    deployment_ = seen.deployment;
    epochs_ = 0;
    plans_.clear();
  }
  const std::vector<const MetricWindow*> windows = fresh_.take(seen);
  if (windows.empty()) return {};
  if (epochs_++ < p_.warm_up_intervals) return {};

  const MetricWindow epoch = merge_windows(windows);
  ++evaluations_;
  watch_targets(seen, epoch);
  plans_.push_back(plan(seen, epoch));
  if (static_cast<int>(plans_.size()) > p_.activation_intervals) plans_.erase(plans_.begin());
  if (static_cast<int>(plans_.size()) < p_.activation_intervals) return {};

  const double achieved_now = achieved(seen, epoch);
  Plan wanted = combined();
  if (auto decision = roll_back(seen, wanted, achieved_now)) return {*decision};
  const bool corrected = correct(seen, epoch, wanted);
  const Plan now = present(seen);
  if (!considerable(now, wanted)) {
    if (wanted != now) ++ignored_;
    return {};
  }
  if (std::find(rejected_.begin(), rejected_.end(), wanted) != rejected_.end()) return {};

  const bool met = achieved_now >= 1 - targets_changed_by;
  if (met) decisions_ = 0;
  if (p_.max_decisions > 0 && decisions_ >= p_.max_decisions) {
    if (std::exchange(limit_told_, true)) return {};
    return {{.symptom = fmt::format("sources achieve {:.1f} % of their target rate", 100 * achieved_now),
             .diagnosis = "the target cannot be met",
             .reason = fmt::format("{} actions have not met it: no more until it changes", decisions_),
             .targets = {}}};
  }
  ++decisions_;
  trial_ = Trial{now, wanted, achieved_now};
  bool up = false, down = false;
  for (std::size_t i = 0; i < now.size(); ++i) {
    up = up || wanted[i] > now[i];
    down = down || wanted[i] < now[i];
  }
  return {act(seen, wanted, achieved_now,
              corrected    ? fmt::format("target rate correction by {:.3f}", compensation_)
              : up && down ? "wrongly provisioned"
              : up         ? "under-provisioned"
                           : "over-provisioned")};
}

std::string Ds2::why_nothing(const JobView&) const {
  if (evaluations_ < p_.activation_intervals)
    return fmt::format("it had {} of the {} intervals that it decides on, after {} of warm-up", evaluations_,
                       p_.activation_intervals, p_.warm_up_intervals);
  if (ignored_ > 0)
    return fmt::format(
        "what it computed differed from what ran in {} of {} intervals, by no more than ignore_up and "
        "ignore_down allow",
        ignored_, evaluations_);
  return fmt::format("what it computed was what ran, in all {} intervals", evaluations_);
}

nlohmann::json Ds2::state() const {
  nlohmann::json required = nlohmann::json::object();
  for (std::size_t i = 0; i < required_.size(); ++i)
    if (required_[i].known) required[names_[i]] = required_[i].instances;
  return {{"evaluations", evaluations_},
          {"actions", actions_},
          {"rollbacks", rollbacks_},
          {"corrections", corrections_},
          {"required_instances", required}};
}

const auto registered = PolicyRegistry::add<Ds2Params>(
    {.name = "ds2",
     .help = "Gives all operators at once the parallelism that the target rates need, from true rates.",
     .source = "Kalavri et al., Three steps is all you need, OSDI 2018; strymon-system/ds2"},
    table(),
    [](const Ds2Params& p, PolicyContext&) -> std::unique_ptr<Policy> { return std::make_unique<Ds2>(p); });

}  // namespace
}  // namespace weir

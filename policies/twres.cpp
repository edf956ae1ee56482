// TWRES: the least parallelism of the whole job that can take what is forecast for the next ten minutes.
//
// Source: the baseline of that name of Phoebe (Geldenhuys et al., ICWS 2022),
// phoebe/analytics/app/baselines. The capacity model and the choice are in policies/twres, and the
// forecasters: not Phoebe's ARIMA, but what a word in `forecast` says.
//
//   sources' rates --forecaster--> records in the next horizon_s
//   true rates, profile --non-negative least squares--> what the job can sustain at each parallelism
//   --choose--> one parallelism for all operators, no more often than every hold_s
//
// Phoebe measures capacity in profiling runs beforehand: `profile`. Here what runs is measured, too
// (`learn`): by DS2's model, the rate at which the first operator would be full.

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "policies/ds2/measured.hpp"
#include "policies/twres/capacity.hpp"
#include "policies/twres/forecast.hpp"
#include "sim/control/fresh_windows.hpp"
#include "sim/control/policy.hpp"
#include "sim/scenario/node.hpp"

namespace weir {
namespace twres {
namespace {

struct Profiled {
  int parallelism = 1;
  double rate_per_s = 1;
};

struct Params {
  double interval_s = 60;
  double horizon_s = 600, hold_s = 600;
  double latency_limit_s = 2;
  int min_parallelism = 1;
  std::optional<int> max_parallelism;
  bool learn = true;
  std::vector<Profiled> profile;
  ForecastParams forecast;
};

constexpr const char* phoebe = "phoebe, analytics/app/baselines";

ParamTable<Profiled> profile_table() {
  ParamTable<Profiled> t("profiling run");
  t.integer("parallelism", &Profiled::parallelism,
            {.unit = "instances", .help = "of all operators", .source = "profiling"}, at_least(1));
  t.real("rate_per_s", &Profiled::rate_per_s,
         {.unit = "records/s", .help = "of the sources, sustained", .source = "profiling"}, positive());
  t.required("parallelism");
  t.required("rate_per_s");
  return t;
}

ParamTable<ForecastParams> forecast_table() {
  ParamTable<ForecastParams> t("forecast");
  t.choice("method", &ForecastParams::method,
           {.help = "last: as now; mean: as lately; holt: level and trend, smoothed",
            .source = "simpler than Phoebe's ARIMA; holt: Holt 1957"},
           {{"last", ForecastMethod::last}, {"mean", ForecastMethod::mean}, {"holt", ForecastMethod::holt}});
  t.real("level_weight", &ForecastParams::level_weight,
         {.unit = "1", .help = "holt: weight of the newest interval in the level", .source = "chosen"},
         between(0, 1));
  t.real("trend_weight", &ForecastParams::trend_weight,
         {.unit = "1", .help = "holt: weight of the newest interval in the trend", .source = "chosen"},
         between(0, 1));
  t.real("mean_over_s", &ForecastParams::mean_over_s,
         {.unit = "s", .help = "mean: over this", .source = "chosen"}, interval_range());
  return t;
}

ParamTable<Params> table() {
  ParamTable<Params> t;
  t.real("interval_s", &Params::interval_s, {.unit = "s", .help = "time between two looks", .source = phoebe},
         interval_range());
  t.real("horizon_s", &Params::horizon_s,
         {.unit = "s", .help = "the capacity is for what comes in this time", .source = phoebe},
         interval_range());
  t.real("hold_s", &Params::hold_s, {.unit = "s", .help = "least time between two changes", .source = phoebe},
         waiting_range());
  t.real("latency_limit_s", &Params::latency_limit_s,
         {.unit = "s", .help = "mean latency from which on one more is added", .source = phoebe}, positive());
  t.integer("min_parallelism", &Params::min_parallelism,
            {.unit = "instances", .help = "least of each operator", .source = phoebe}, at_least(1));
  t.integer("max_parallelism", &Params::max_parallelism,
            {.unit = "instances",
             .help = "most of each operator; null: what operators and slots allow",
             .source = phoebe},
            at_least(1));
  t.boolean("learn", &Params::learn,
            {.help = "take capacities from the metrics of the job, too", .source = "an extension"});
  t.objects("profile", &Params::profile, profile_table(),
            {.help = "what the job sustained in profiling runs", .source = phoebe});
  t.object("forecast", &Params::forecast, forecast_table(),
           {.help = "of the sources' rates", .source = phoebe});
  t.check({"min_parallelism", "max_parallelism"}, [](const Params& p, const Node& at, Errors& errors) {
    if (p.max_parallelism && *p.max_parallelism < p.min_parallelism)
      errors.add(at.at_or_self("max_parallelism"), "max_parallelism is below min_parallelism",
                 "min_parallelism <= max_parallelism");
  });
  t.check({"learn", "profile"}, [](const Params& p, const Node& at, Errors& errors) {
    if (!p.learn && p.profile.empty())
      errors.add(at.at_or_self("profile"),
                 "nothing is known of the capacity: learn is false, and profile empty",
                 "at least one profiling run");
  });
  return t;
}

class Twres final : public Policy {
 public:
  Twres(const Params& params, const JobView& job)
      : p_(params), forecaster_(make_forecaster(params.forecast)) {
    for (std::size_t id = 0; id < job.operators.size(); ++id)
      if (may_scale(job.operators[id])) operators_.push_back(id);
    for (const Profiled& run : p_.profile) model_.observe(run.parallelism, run.rate_per_s);
  }

  double interval_s() const override { return p_.interval_s; }
  double history_s() const override { return 4 * p_.interval_s; }
  ActsOn acts_on() const override { return ActsOn::true_rates; }
  std::vector<Decision> evaluate(const Observation& seen) override;
  nlohmann::json state() const override {
    return {{"evaluations", evaluations_}, {"actions", actions_}, {"forecast_records", forecast_records_}};
  }
  std::string why_nothing(const JobView& job) const override;

 private:
  void forecast(const Observation& seen);
  void learn(const Observation& seen, const MetricWindow& epoch, int present);
  Situation situation(const Observation& seen, const MetricWindow& epoch, int present) const;

  Params p_;
  std::unique_ptr<Forecaster> forecaster_;
  CapacityModel model_;
  std::vector<std::size_t> operators_;  // that it scales
  FreshWindows fresh_;
  Nanos forecast_end_ns_ = -1;
  double forecast_records_ = 0;
  int evaluations_ = 0, actions_ = 0, held_ = 0;
};

// What sources are offered is known also while the job restarts.
void Twres::forecast(const Observation& seen) {
  double records = 0, elapsed_s = 0;
  for (const MetricWindow& window : seen.windows) {
    if (window.end_ns <= forecast_end_ns_) continue;
    forecast_end_ns_ = window.end_ns;
    elapsed_s += window.duration_s();
    for (std::size_t id = 0; id < window.operators.size(); ++id)
      if (seen.job.operators[id].source) records += window.operators[id].offered_per_s * window.duration_s();
  }
  if (elapsed_s > 0) forecaster_->observe(records / elapsed_s, elapsed_s);
  forecast_records_ = forecaster_->records_in(p_.horizon_s);
}

// Operators that are not at the same parallelism count as if they were, in proportion.
void Twres::learn(const Observation& seen, const MetricWindow& epoch, int present) {
  const std::vector<ds2::OperatorRates> rates = ds2::measured_rates(seen.job, epoch);
  const std::vector<ds2::Requirement> required = ds2::required_instances(rates, ds2::Feedback::iterate);
  double offered_per_s = 0, fullest = 0;
  for (std::size_t id = 0; id < rates.size(); ++id)
    if (rates[id].source) offered_per_s += rates[id].target_per_s;
  for (const std::size_t id : operators_)
    if (required[id].known) fullest = std::max(fullest, required[id].instances / present);
  if (offered_per_s > 0 && fullest > 0) model_.observe(present, offered_per_s / fullest);
}

Situation Twres::situation(const Observation& seen, const MetricWindow& epoch, int present) const {
  int most = std::numeric_limits<int>::max();
  std::int64_t others = std::accumulate(seen.parallelism.begin(), seen.parallelism.end(), std::int64_t{0});
  for (const std::size_t id : operators_) {
    most = std::min(most, seen.job.operators[id].max_parallelism);
    others -= seen.parallelism[id];
  }
  if (seen.job.slots > 0) {
    const std::int64_t each = seen.job.slots_shared
                                  ? seen.job.slots
                                  : (seen.job.slots - others) / static_cast<std::int64_t>(operators_.size());
    most = static_cast<int>(std::clamp<std::int64_t>(each, 1, most));
  }
  most = std::min(most, p_.max_parallelism.value_or(most));
  return {.parallelism = present,
          .least = std::min(p_.min_parallelism, most),
          .most = most,
          .forecast_records = forecast_records_,
          .horizon_s = p_.horizon_s,
          .latency_s = epoch.latency.records > 0 ? epoch.latency.mean_s : 0,
          .latency_limit_s = p_.latency_limit_s};
}

std::vector<Decision> Twres::evaluate(const Observation& seen) {
  forecast(seen);
  if (operators_.empty() || seen.action_running || seen.job.uniform_workers) return {};
  const std::vector<const MetricWindow*> windows = fresh_.take(seen);
  if (windows.empty()) return {};
  const MetricWindow epoch = merge_windows(windows);
  int present = 1;
  for (const std::size_t id : operators_) present = std::max(present, seen.parallelism[id]);
  if (p_.learn) learn(seen, epoch, present);
  if (!model_.known()) return {};
  ++evaluations_;
  const Situation now = situation(seen, epoch, present);
  const int wanted = choose(model_, now);
  if (wanted == present) return {};
  if (seen.last_action_done_ns >= 0 && seen.now_ns < seen.last_action_done_ns + to_nanos(p_.hold_s)) {
    ++held_;
    return {};
  }
  Decision decision{
      .symptom = fmt::format(
          "{:.4g} records are forecast for {:g} s, {:.4g} can be taken; mean latency {:.3g} s",
          now.forecast_records, now.horizon_s, model_.rate_per_s(present) * now.horizon_s, now.latency_s),
      .diagnosis = wanted > present ? "under-provisioned" : "over-provisioned",
      .reason = "",
      .targets = {}};
  for (const std::size_t id : operators_) {
    const int to = clamp_parallelism(seen.job.operators[id], wanted);
    if (to != seen.parallelism[id]) decision.targets.push_back({static_cast<int>(id), to});
  }
  if (decision.targets.empty()) return {};
  decision.reason = describe_targets(seen, decision.targets);
  ++actions_;
  return {decision};
}

std::string Twres::why_nothing(const JobView& job) const {
  if (operators_.empty()) return "there is no operator that it may scale";
  if (job.uniform_workers) return "it sets the parallelism of operators, and those of this job share workers";
  if (evaluations_ == 0) return "nothing was known of the capacity: no window had true rates";
  if (held_ > 0) return fmt::format("in {} of {} looks the last change was too recent", held_, evaluations_);
  return fmt::format("what it computed was what ran, in all {} looks", evaluations_);
}

const auto registered = PolicyRegistry::add<Params>(
    {.name = "twres",
     .help = "TWRES: the least parallelism of the whole job that, by regression, can take what is forecast.",
     .source = "Geldenhuys et al., Phoebe, ICWS 2022 (its baseline TWRES); phoebe, analytics/app/baselines"},
    table(), [](const Params& p, PolicyContext& c) -> std::unique_ptr<Policy> {
      return std::make_unique<Twres>(p, c.job);
    });

}  // namespace
}  // namespace twres
}  // namespace weir
